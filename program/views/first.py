"""The guide through the first steps, and the short page of each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from accounts.permissions import require_recent, require_role, signed_in
from accounts.rules import NotAllowed, Role, TooMany
from accounts.services import grant_role
from accounts.services.invitations import invite
from accounts.services.naming import name_supporters
from peersupport.core import clock
from peersupport.core.datamap.registry import Words
from peersupport.core.ui.crisis import numbers
from program.forms.first import (
    BehindForm,
    ConfidentialForm,
    CoordinatorForm,
    NumbersForm,
    PlaceForm,
    SchoolForm,
    SupportersForm,
)
from program.guide import Standing, Step, register_step
from program.queries import facts
from program.queries import first_steps as states
from program.registry import KEEPERS, Line, Values, register_lines, value_of
from program.services import add_coverage, change_setting, change_zone
from program.services.crisis import check_all

_GET_OR_POST = ["GET", "HEAD", "POST"]
_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})


def _page(name: str) -> Callable[[], str]:
    return lambda: reverse("program:first-step", args=[name])


def _named(name: str) -> Callable[[], str]:
    return lambda: reverse(name)


_STEPS = [
    Step(
        "school",
        gettext_lazy("What the program is called, and where it is"),
        gettext_lazy("The name stands on every page. All hours are meant in the school's time."),
        1,
        KEEPERS,
        _page("school"),
        states.school,
        10,
    ),
    Step(
        "coordinator",
        gettext_lazy("Who runs it"),
        gettext_lazy("Hours, people and promises need somebody who answers for them."),
        1,
        _ADMINISTRATOR,
        _named("program:first-coordinator"),
        states.coordinator,
        20,
    ),
    Step(
        "confidential",
        gettext_lazy("What stays confidential"),
        gettext_lazy("Supporters say it before every talk, so it has to be true at your school."),
        4,
        KEEPERS,
        _page("confidential"),
        states.confidential,
        30,
    ),
    Step(
        "numbers",
        gettext_lazy("The crisis numbers"),
        gettext_lazy("They stand at the top of every page. A wrong one is worse than none."),
        4,
        KEEPERS,
        _page("numbers"),
        states.numbers,
        40,
    ),
    Step(
        "behind",
        gettext_lazy("Who stands behind the supporters"),
        gettext_lazy("No supporter is alone with a danger: somebody answers in every minute."),
        2,
        KEEPERS,
        _page("behind"),
        states.behind,
        50,
    ),
    Step(
        "place",
        gettext_lazy("A room"),
        gettext_lazy("Students walk in. They need to know which door."),
        1,
        KEEPERS,
        _page("place"),
        states.place,
        60,
    ),
    Step(
        "supporters",
        gettext_lazy("The first supporters"),
        gettext_lazy("One is enough to begin; two in the room are better."),
        2,
        KEEPERS,
        _page("supporters"),
        states.supporters,
        70,
    ),
]


def _index_lines(values: Values, today: date) -> list[Line]:
    """Say on the index what of the first steps is open: nothing once all are done."""
    way = states.current_way()
    if not way.left:
        return []
    said = _("%(done)d of %(all)d done. Next: %(next)s.") % {
        "done": len(way.rows) - len(way.left),
        "all": len(way.rows),
        "next": way.left[0].step.title,
    }
    title = _("First steps")
    return [Line(_("To begin"), title, said, reverse("program:first"), True, 1)]


def register() -> None:
    """Put this app's steps into the guide, and the guide onto the index."""
    for step in _STEPS:
        register_step(step)
    register_lines("first steps", _index_lines)


def _row(row: Standing, person: Person, following: Standing | None) -> dict[str, Any]:
    step = row.step
    return {
        "title": step.title,
        "why": step.why,
        "minutes": step.minutes,
        "address": step.address(),
        "words": row.state.words,
        "is_done": row.state.is_done,
        "is_mine": bool({str(role) for role in step.roles} & person.roles),
        "is_next": row is following,
    }


@require_role(*KEEPERS)
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Show the whole way: what is done, what is next, what it is for and how long it takes."""
    person, way = signed_in(request), states.current_way()
    following = way.next_for(person.roles)
    context = {
        "personal": True,
        "rows": [_row(row, person, following) for row in way.rows],
        "next": _row(following, person, following) if following else None,
        "done": len(way.rows) - len(way.left),
        "all": len(way.rows),
        "minutes": way.minutes_left,
        "is_over": not way.left,
        "runs": not {Role.COORDINATOR, Role.STUDENT_LEAD}.isdisjoint(person.roles),
    }
    return render(request, "program/first.html", context)


@dataclass(frozen=True, slots=True)
class _Page:
    """One short page: its form, what is kept, and what saving does."""

    title: Words
    lead: Words
    form: Callable[[Any, Values, date], Any]
    save: Callable[[HttpRequest, Any, datetime], bool]
    other: tuple[str, Words] = ("", "")  # the longer page for the same thing, and its link


def _set(request: HttpRequest, key: str, value: Any, now: datetime) -> None:
    change_setting(key=key, value=value, by=signed_in(request), now=now)


def _school_form(data: Any, values: Values, today: date) -> SchoolForm:
    kept = value_of(values, "school") or {"name": settings.SITE_NAME}
    zone = facts().zone.key
    return SchoolForm(data, zone=zone, initial={"name": kept["name"], "zone": zone})


def _save_school(request: HttpRequest, form: Any, now: datetime) -> bool:
    zone = form.cleaned_data["zone"]
    if zone != facts().zone:
        change_zone(zone=zone, by=signed_in(request), now=now)
    value = {"name": form.cleaned_data["name"], "zone": zone.key}
    _set(request, "school", value, now)
    return True


def _confidential_form(data: Any, values: Values, today: date) -> ConfidentialForm:
    kept = {key: found for key, found in values.items() if key.startswith("topic-") and found}
    initial: dict[str, Any] = {key: found["status"] for key, found in kept.items()}
    one: dict[str, Any] = next(iter(kept.values()), {})
    return ConfidentialForm(data, initial={"on": today, "owner": one.get("owner", ""), **initial})


def _save_confidential(request: HttpRequest, form: Any, now: datetime) -> bool:
    for key, value in form.values().items():
        _set(request, key, value, now)
    return True


def _save_numbers(request: HttpRequest, form: Any, now: datetime) -> bool:
    check_all(**form.values(), by=signed_in(request), now=now)
    return True


def _save_behind(request: HttpRequest, form: Any, now: datetime) -> bool:
    always: dict[str, Any] = {"weekday": None, "starts": time(0), "ends": time(0), "until": None}
    person = signed_in(request)
    always["answered_by"] = person.called or person.email
    add_coverage(**form.cleaned_data, **always, by=person, now=now)
    return True


def _save_place(request: HttpRequest, form: Any, now: datetime) -> bool:
    _set(request, "place", form.values(), now)
    return True


def _save_supporters(request: HttpRequest, form: Any, now: datetime) -> bool:
    people = form.cleaned_data["people"]
    refused = name_supporters(people=people, by=signed_in(request), now=now)
    if refused:
        said = _("The school says that they are no students, or their account is closed: %s")
        form.add_error("people", said % ", ".join(refused))
    return not refused


_PAGES: dict[str, _Page] = {
    "school": _Page(
        _STEPS[0].title,
        _STEPS[0].why,
        _school_form,
        _save_school,
    ),
    "confidential": _Page(
        _STEPS[2].title,
        gettext_lazy(
            "“Must be reported” is filled in, since it promises nothing that might not hold. Ask "
            "whoever answers for it, and change what is settled otherwise. You can come back."
        ),
        _confidential_form,
        _save_confidential,
    ),
    "numbers": _Page(
        _STEPS[3].title,
        gettext_lazy(
            "Call each of your own numbers once, and say who you are; not 988 or 911, which are "
            "known to answer. It takes a minute each."
        ),
        lambda data, values, today: NumbersForm(data, initial={"on": today}, today=today),
        _save_numbers,
        ("program:crisis", gettext_lazy("A number is wrong, or one is missing")),
    ),
    "behind": _Page(
        _STEPS[4].title,
        gettext_lazy(
            "A phone that somebody answers day and night, such as the on-call counselor. "
            "Different people on different days: there is a longer page for that."
        ),
        lambda data, values, today: BehindForm(data),
        _save_behind,
        ("program:coverage", gettext_lazy("Several, or other hours")),
    ),
    "place": _Page(
        _STEPS[5].title,
        _STEPS[5].why,
        lambda data, values, today: PlaceForm(data, initial=value_of(values, "place")),
        _save_place,
    ),
    "supporters": _Page(
        _STEPS[6].title,
        gettext_lazy(
            "Each gets an account and one neutral e-mail. They sign in with a code, and can "
            "change what is shown of them."
        ),
        lambda data, values, today: SupportersForm(data),
        _save_supporters,
        ("accounts:invitations", gettext_lazy("Ask them by e-mail instead, and wait for a yes")),
    ),
}


@require_role(*KEEPERS)
@require_http_methods(_GET_OR_POST)
def step(request: HttpRequest, name: str) -> HttpResponse:
    """Show one step and take its answers; then the guide says what is next."""
    page = _PAGES.get(name)
    if page is None:
        raise Http404
    now, known = clock.now(), facts()
    data = request.POST if request.method == "POST" else None
    form = page.form(data, known.values, clock.local_date(now, known.zone))
    if data is not None and form.is_valid() and page.save(request, form, now):
        messages.success(request, _("Saved."))
        return redirect("program:first")
    context: dict[str, Any] = {"personal": True, "form": form}
    context |= {"title": page.title, "lead": page.lead}
    if page.other[0]:
        context["other"], context["other_label"] = reverse(page.other[0]), page.other[1]
    if name == "numbers":
        context["lines"] = numbers().own
    status = 200 if data is None else 400
    return render(request, "program/first_step.html", context, status=status)


@require_role(Role.ADMINISTRATOR)
@require_recent(30, back="program:first")
@require_http_methods(_GET_OR_POST)
def coordinator(request: HttpRequest) -> HttpResponse:
    """Say who runs the program: the administrator too, or somebody asked by e-mail."""
    form = CoordinatorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _name_coordinator(request, form):
        return redirect("program:first")
    context = {
        "personal": True,
        "form": form,
        "title": _STEPS[1].title,
        "lead": _(
            "Whoever runs the program decides about hours and people. In the beginning one person "
            "may do both; it is on record, and either role can be given on later."
        ),
    }
    status = 200 if request.method != "POST" else 400
    return render(request, "program/first_step.html", context, status=status)


def _name_coordinator(request: HttpRequest, form: CoordinatorForm) -> bool:
    by, now = signed_in(request), clock.now()
    if form.cleaned_data["who"] == "me":
        grant_role(person=by, role=Role.COORDINATOR, by=by, now=now)
        messages.success(request, _("You are coordinator as well now."))
        return True
    try:
        invite(email=form.cleaned_data["email"].lower(), role=Role.COORDINATOR, by=by, now=now)
    except (NotAllowed, TooMany):
        form.add_error("email", _("This address was asked often enough. Talk to them."))
        return False
    messages.success(request, _("Asked. You can go on meanwhile."))
    return True
