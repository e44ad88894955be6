"""Tags and components: what they draw, and how it is tied together for those who cannot see it."""

from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from peersupport.core.ui import nav
from peersupport.core.ui.crisis import Line
from peersupport.core.ui.forms import PlainForm


def draw(text: str, **context: Any) -> str:
    """Render a piece of template."""
    return Template(text).render(Context(context))


class Sample(PlainForm):
    """A few fields."""

    called = forms.CharField(label="Called", help_text="Anything.", required=False)
    place = forms.CharField(label="Place")
    weight = forms.ChoiceField(
        label="How heavy?", choices=[("1", "Light"), ("2", "Heavy")], widget=forms.RadioSelect
    )
    topics = forms.MultipleChoiceField(
        label="About",
        choices=[("a", "Study"), ("b", "Life")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    mail = forms.BooleanField(label="Write to me", help_text="Or not.", required=False)
    key = forms.CharField(widget=forms.HiddenInput, required=False)
    slot = forms.CharField(label="Choose a time", widget=forms.HiddenInput)


def test_a_field_is_tied_to_its_hint_and_error() -> None:
    form = Sample({"called": "\x00"})

    drawn = draw("{% field form.called autocomplete='nickname' width='short' %}", form=form)

    assert (
        '<label for="id_called">Called <span class="optional">(optional)</span></label>' in drawn
    )
    assert 'aria-describedby="id_called-hint id_called-error"' in drawn
    assert 'id="id_called-hint"' in drawn
    assert 'id="id_called-error"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'autocomplete="nickname"' in drawn
    assert 'data-width="short"' in drawn


def test_a_field_without_hint_or_error_describes_nothing() -> None:
    drawn = draw("{% field form.place %}", form=Sample())

    assert "aria-describedby" not in drawn
    assert "aria-invalid" not in drawn


@pytest.mark.parametrize(("look", "mark"), [("", 'class="choices"'), ("chips", 'class="slots"')])
def test_radios_stand_in_a_fieldset(look: str, mark: str) -> None:
    form = Sample({})

    drawn = draw("{% field form.weight look=look %}", form=form, look=look)

    assert drawn.count('type="radio"') == 2
    assert "<legend>How heavy?</legend>" in drawn
    assert '<fieldset class="field has-error" aria-describedby="id_weight-error">' in drawn
    assert mark in drawn


def test_boxes_and_one_box_and_what_is_hidden() -> None:
    drawn = draw("{% field form.topics %}{% field form.mail %}{% field form.key %}", form=Sample())

    assert drawn.count('type="checkbox"') == 3
    assert '<label for="id_mail">Write to me</label>' in drawn
    assert 'aria-describedby="id_mail-hint"' in drawn
    assert '<input type="hidden" name="key"' in drawn


def test_the_summary_leads_to_the_first_control() -> None:
    form = Sample({})
    form.add_error(None, "Together it does not work.")

    drawn = draw("{% error_summary form %}", form=form)

    assert "There is a problem" in drawn
    assert "<li>Together it does not work.</li>" in drawn
    assert '<a href="#id_place">Place: fill this in.</a>' in drawn
    assert '<a href="#id_weight_0">How heavy? Choose one.</a>' in drawn
    assert 'role="alert"' in drawn
    assert "autofocus" in drawn


def test_the_summary_of_nothing_is_nothing() -> None:
    assert draw("{% error_summary form %}", form=Sample()).strip() == ""
    assert draw("{% error_summary form %}", form=None).strip() == ""


def test_the_summary_joins_several_forms() -> None:
    drawn = draw("{% error_summary forms %}", forms=[Sample({}, prefix="a"), Sample(prefix="b")])

    assert "#id_a-place" in drawn
    assert "#id_b-place" not in drawn


@dataclass(frozen=True)
class _Time:
    value: str
    who: str = ""


def test_times_are_chips_and_the_first_takes_the_link() -> None:
    days = [
        {
            "title": "Tuesday 24 November",
            "times": [
                {"time": _Time("a", "Marcus"), "words": "5:30pm"},
                {"time": _Time("b"), "words": "6pm", "is_taken": True},
            ],
        }
    ]
    form = Sample({"slot": "a"})
    form.add_error("slot", "That time has just been taken. Choose another.")

    drawn = draw("{% error_summary form %}{% slot_picker form.slot days %}", form=form, days=days)

    assert '<a href="#id_slot">That time has just been taken. Choose another.</a>' in drawn
    assert 'value="a" id="id_slot" checked' in drawn
    assert 'value="b" id="id_slot_1" disabled' in drawn
    assert "Marcus" in drawn
    assert "taken" in drawn
    assert 'aria-describedby="id_slot-error"' in drawn


def test_what_people_write_is_escaped() -> None:
    form = Sample({"place": "<script>", "called": "\x00"})

    drawn = draw("{% field form.place %}{% tag 'ok' words %}", form=form, words="<b>")

    assert "<script>" not in drawn
    assert "&lt;b&gt;" in drawn


def test_a_tag_of_unknown_kind_is_quiet() -> None:
    assert 'class="tag off"' in draw("{% tag 'x\" onclick=' 'Odd' %}")


def test_every_icon_is_decoration() -> None:
    names = [path.stem for path in (settings.BASE_DIR / "templates" / "_icons").glob("*.svg")]

    assert len(names) >= 20
    for name in names:
        drawn = draw("{% icon name %}", name=name)
        assert drawn.startswith("<svg")
        assert 'aria-hidden="true"' in drawn
        assert "style=" not in drawn


def test_the_crisis_bar_shows_the_numbers_themselves(settings: Settings) -> None:
    settings.CRISIS_EXTRA = [("On-call counselor", "555-0100")]

    drawn = draw("{% crisis_bar %}")

    assert '<a href="tel:988">Call or text 988</a>' in drawn
    assert '<a href="tel:5550100">On-call counselor 555-0100</a>' in drawn
    assert 'href="/help-now/"' in drawn


@pytest.mark.parametrize(
    ("number", "href"),
    [("555-0100", "tel:5550100"), ("+1 (555) 0100", "tel:+15550100"), (" 911 ", "tel:911")],
)
def test_a_number_becomes_an_address(number: str, href: str) -> None:
    assert Line("x", number).href == href


@pytest.fixture
def _own_nav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nav, "_items", {})
    nav.register(nav.NavItem("Late", "ui:theme", frozenset(), 20))
    nav.register(nav.NavItem("Early", "ui:exit", frozenset({"supporter"}), 10))
    nav.register(nav.NavItem("Nowhere", "no:such", frozenset(), 5))


@pytest.mark.usefixtures("_own_nav")
def test_navigation_is_by_role_and_in_order() -> None:
    assert [link.label for link in nav.links([], "/")] == ["Late"]
    assert [link.label for link in nav.links(["supporter"], "/")] == ["Early", "Late"]


@pytest.mark.usefixtures("_own_nav")
def test_registering_again_replaces() -> None:
    nav.register(nav.NavItem("Other", "ui:theme", frozenset(), 20))

    assert [link.label for link in nav.links([], "/")] == ["Other"]


@pytest.mark.usefixtures("_own_nav")
def test_the_current_page_and_section_are_marked() -> None:
    nav.register(nav.NavItem("Root", "portal:today", frozenset(), 1))

    assert [link.current for link in nav.links([], "/")] == ["page", ""]
    assert [link.current for link in nav.links([], "/theme/")] == ["", "page"]
    assert [link.current for link in nav.links([], "/theme/more/")] == ["", "true"]


@pytest.mark.usefixtures("_own_nav")
def test_only_the_nearest_section_is_marked() -> None:
    found = [
        nav.NavLink("Hours", "/hours/", "true"),
        nav.NavLink("All", "/hours/program/", "page"),
        nav.NavLink("Today", "/", ""),
    ]

    assert [link.current for link in nav._only_nearest(found)] == ["", "page", ""]


def test_navigation_of_nobody_asks_nobody() -> None:
    drawn = draw("{% main_nav request %}", request=RequestFactory().get("/"))

    assert "<nav" in drawn
