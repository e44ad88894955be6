"""Plain forms: what they trim, what they refuse, and in which words."""

from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template

from peersupport.core.ui.forms import PlainForm


class Sample(PlainForm):
    """One field of each kind that matters."""

    called = forms.CharField(label="What should we call you?", max_length=10, required=False)
    place = forms.CharField(label="Place")
    words = forms.CharField(label="Words", widget=forms.Textarea, required=False)
    address = forms.EmailField(label="E-mail", required=False)
    weight = forms.ChoiceField(
        label="How heavy?", choices=[("1", "Light")], widget=forms.RadioSelect, required=False
    )
    own = forms.CharField(error_messages={"required": "Our very own words."}, required=False)


def _said(name: str, value: Any) -> list[str]:
    form = Sample({"place": "Room 214", name: value})
    return [str(said) for said in form.errors.get(name, [])]


def test_text_is_trimmed() -> None:
    form = Sample({"place": "  Room 214 \t", "words": " a\r\nb "})

    assert form.is_valid(), form.errors
    assert form.cleaned_data["place"] == "Room 214"
    assert form.cleaned_data["words"] == "a\r\nb"


@pytest.mark.parametrize(
    "bad",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x9f",
        "\u202a",
        "\u202e",
        "\u2066",
        "\u2069",
        chr(0xD800),
        chr(0xDFFF),
        "\ufffd",
    ],
)
@pytest.mark.parametrize("name", ["place", "words", "address"])
def test_what_is_not_writing_is_refused(bad: str, name: str) -> None:
    said = _said(name, f"a{bad}b@school.example")

    assert any("a character we cannot use" in words for words in said), said
    assert "\ud800" not in "".join(said)


def test_without_the_guard_it_would_pass() -> None:
    class Bare(forms.Form):
        place = forms.CharField()

    assert Bare({"place": "a\u202eb"}).is_valid()


@pytest.mark.parametrize("good", ["Zoë", "李", "O’Brien", "שלום", "👋🏽", "a\u200db", "½ past"])
def test_writing_of_all_kinds_is_taken(good: str) -> None:
    assert _said("place", good) == []


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\tb", "a\u2028b"])
def test_one_line_stays_one_line(bad: str) -> None:
    assert _said("place", bad) == ["Place: write this on one line."]


def test_several_lines_are_taken_where_there_is_room() -> None:
    assert _said("words", "a\n\tb") == []


def test_a_missing_answer_is_named() -> None:
    assert _said("place", "") == ["Place: fill this in."]


def test_a_label_that_asks_keeps_its_mark() -> None:
    assert _said("called", "a\x00") == [
        "What should we call you? It holds a character we cannot use. Type it again by hand."
    ]


def test_words_of_the_form_itself_stay() -> None:
    form = Sample({"place": "x"})
    form.fields["own"].required = True

    assert form.errors["own"] == ["Our very own words."]


def test_a_length_is_said_in_figures() -> None:
    assert _said("called", "x" * 12) == ["Use at most 10 characters. You have used 12."]


def test_a_choice_never_offered_is_not_repeated() -> None:
    assert _said("weight", "<evil>") == ["How heavy? Choose from the list."]


def test_an_address_gets_an_example() -> None:
    assert _said("address", "ana") == ["E-mail: write an address like name@school.example."]


def test_a_refused_half_character_can_be_drawn_again() -> None:
    data = QueryDict(mutable=True)
    data["place"] = "a\ud800b"
    form = Sample(data)

    drawn = Template("{% error_summary form %}{% field form.place %}").render(
        Context({"form": form})
    )

    assert drawn.encode()
    assert "There is a problem" in drawn
    assert data["place"] == "a\ud800b"


def test_fields_leave_checking_to_us() -> None:
    assert " required" not in str(Sample()["place"])


def test_one_form_does_not_speak_for_the_next() -> None:
    Sample({"place": "\x00"}).is_valid()

    assert Sample.base_fields["place"].error_messages["required"] == "This field is required."
