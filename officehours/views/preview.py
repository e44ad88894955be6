"""How a plan is shown before anything is done: every day, what becomes of it, and why."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.permissions import signed_in
from accounts.queries.profiles import with_room
from officehours import rules
from officehours.forms import WAYS
from officehours.planning_forms import KeepForm, booked_in
from officehours.planning_rules import PUBLISHES, REFUSED, Fate, Hours, Plan, Row
from peersupport.core import words
from peersupport.core.datamap.registry import Words
from peersupport.core.ui.forms import PlainForm

_TAGS: dict[Fate, tuple[str, Words]] = {
    Fate.NEW: ("ok", gettext_lazy("New")),
    Fate.SAME: ("off", gettext_lazy("As it is")),
    Fate.CHANGED: ("info", gettext_lazy("Changed")),
    Fate.KEPT: ("warn", gettext_lazy("Somebody has a time")),
    Fate.HAND: ("off", gettext_lazy("Changed for this day alone, stays")),
    Fate.SHARED: ("off", gettext_lazy("Somebody else is in them, stays")),
    Fate.BEGUN: ("off", gettext_lazy("Has begun, stays")),
    Fate.CALLED_OFF: ("off", gettext_lazy("Cancelled")),
    Fate.ENDS: ("warn", gettext_lazy("Withdrawn")),
    Fate.SKIPPED: ("off", gettext_lazy("Left out")),
    Fate.HOLIDAY: ("off", gettext_lazy("Holiday")),
    Fate.UNCOVERED: ("danger", gettext_lazy("Nobody stands behind you")),
    Fate.OVERLAP: ("danger", gettext_lazy("You have other hours then")),
    Fate.LENGTH: ("danger", gettext_lazy("Too short or too long")),
}


def tag_of(fate: Fate) -> tuple[str, Words]:
    """Return the kind and the word of what becomes of a day."""
    return _TAGS[fate]


def when(row: Row, zone: ZoneInfo) -> str:
    """Return the day and the hours of a row."""
    hours = words.time_range(row.starts_at, row.ends_at, zone)
    return _("%(day)s, %(hours)s") % {"day": words.day(row.day), "hours": hours}


def minutes_without(row: Row, zone: ZoneInfo) -> str:
    """Return the stretches of a day for which nobody is named."""
    return ", ".join(words.time_range(gap.start, gap.end, zone) for gap in row.gaps)


def why(row: Row, zone: ZoneInfo) -> str:
    """Return the sentence that explains a day, if it needs one."""
    said = {
        Fate.HOLIDAY: row.holiday,
        Fate.UNCOVERED: _("Nobody is named from %s. Choose other hours or ask your coordinator.")
        % minutes_without(row, zone),
        Fate.OVERLAP: _("You hold other hours in part of that time."),
        Fate.LENGTH: _("Hours last from 15 minutes to 12 hours."),
        Fate.ENDS: _("Nobody has a time in them."),
    }.get(row.fate, "")
    if row.fate in REFUSED and row.existing is not None:
        said += " " + _("What is published for that day is withdrawn.")
    if row.fate in PUBLISHES and row.holiday:
        said = _("That day is a holiday: %s.") % row.holiday
    if row.fate in PUBLISHES and not row.has_partner:
        said += " " + _("Your partner has other hours then.")
    return said.strip()


def summary(wanted: Hours, day: str) -> str:
    """Return hours in one line."""
    start, end = rules.bounds(wanted.first_on, wanted.starts, wanted.ends, wanted.zone)
    ways = ", ".join(str(WAYS[rules.Way(way)]).lower() for way in wanted.ways.split(","))
    hours = words.time_range(start, end, wanted.zone)
    said = f"{day}, {hours}, {wanted.place}, {ways}"
    if wanted.last_on is None:
        return said
    return _("%(hours)s, until %(day)s") % {"hours": said, "day": words.day(wanted.last_on)}


def keep_form(plan: Plan, data: Any = None) -> KeepForm:
    """Return the form that asks about hours with people in them."""
    return KeepForm(data, shifts=booked_in(plan))


def _lacks_room(request: HttpRequest, form: PlainForm) -> bool:
    """Return whether video or voice is chosen by somebody who has no room to meet in."""
    chosen = set(str(form.cleaned_data.get("ways") or "").split(","))
    return bool(chosen & rules.REMOTE) and not with_room([signed_in(request).pk])


def show(
    request: HttpRequest,
    *,
    plan: Plan,
    zone: ZoneInfo,
    form: PlainForm,
    title: Words,
    yes: Words,
    no: str,
    text: str,
    nothing: Words,
    keep: KeepForm | None = None,
    changed: frozenset[date] = frozenset(),
    crowded: list[date] | None = None,
    exams: list[date] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the page before anything is done. All values go along in the form; nothing is kept."""
    asks = keep if keep is not None else keep_form(plan)
    context = {
        "personal": True,
        "title": title,
        "yes": yes,
        "no": no,
        "text": text,
        "nothing": nothing,
        "values": form,
        "form": asks,
        "seen": plan.mark,
        "rows": [_row(row, zone, asks, changed) for row in plan.rows],
        "has_changed": status == 409,
        "lacks_room": _lacks_room(request, form),
        "crowded": [words.day(monday) for monday in crowded or []],
        "exams": [words.day(day) for day in exams or []],
    }
    return render(request, "officehours/preview.html", context, status=status)


def _row(row: Row, zone: ZoneInfo, asks: KeepForm, changed: frozenset[date]) -> dict[str, Any]:
    name = f"shift-{row.existing.shift.hex}" if row.existing else ""
    return {
        "when": when(row, zone),
        "tag": _TAGS[row.fate],
        "why": why(row, zone),
        "field": asks[name] if name in asks.fields else None,
        "is_changed": row.day in changed,
    }
