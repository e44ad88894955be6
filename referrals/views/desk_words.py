"""Words of the desk: how long something waits, what is left, how it stands. No state by name in
templates."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from peersupport.core import words
from peersupport.core.datamap.registry import Words
from referrals.models import Opening
from referrals.queries.desk import Case, Closed, Colleague, Opened
from referrals.queries.held import Gone
from referrals.rules import State, Urgency
from referrals.views.said import rounded

_QUARTER = timedelta(minutes=15)
# Shape, color and words: a square, a diamond, a ring.
URGENCIES: dict[str, tuple[str, Words]] = {
    str(Urgency.URGENT): ("danger", gettext_lazy("Urgent")),
    str(Urgency.SOON): ("warn", gettext_lazy("Soon")),
    str(Urgency.ROUTINE): ("info", gettext_lazy("Routine")),
}


def reading_left(left: timedelta) -> str:
    """Return "2 reading hours left", or minutes by the quarter below two hours."""
    hours = int(left.total_seconds() // 3600)
    if left >= timedelta(hours=2):
        return ngettext("%d reading hour left", "%d reading hours left", hours) % hours
    quarters = max(_QUARTER, timedelta(minutes=15 * round(left / _QUARTER)))
    return _("%s of reading time left") % words.minutes(quarters)


def _left(case: Case, now: datetime, zone: ZoneInfo) -> str:
    if case.due_at is None:
        return ""
    if case.due_at <= now:
        return _("late since %s") % words.since(case.due_at, now, zone)
    if case.is_danger:
        return _("answer by %s") % words.moment_near(case.due_at, now, zone)
    return reading_left(case.left)


def _stands(case: Case, now: datetime, zone: ZoneInfo) -> str:
    """Return how a case stands, as a sentence."""
    if case.gone is not None and not case.is_asked:
        return f"{_gone(case, case.gone)} {_told(case, now, zone)}"
    since = _("waiting since %s") % words.since(case.received_at, now, zone)
    left = _left(case, now, zone)
    if case.state == State.RECEIVED:
        return ", ".join(filter(None, [words.upper_first(since), left])) + "."
    if case.state == State.TRANSFERRED:
        return _handed(case) + (f" {words.upper_first(left)}." if left else "")
    if case.state == State.ACKNOWLEDGED:
        return _held(case, now, zone)
    if case.state == State.IN_CONTACT:
        return _("In contact.") if case.is_mine else _("%s is in contact.") % case.owner
    return _("Ended.")


def away_until(one: Gone) -> str:
    """Return "away, and back on Tuesday 1 December"; or that they are no more who they were."""
    if one.back_on is None:
        return _("can no longer sign in")
    return _("away, and back on %s") % words.day(one.back_on)


def _gone(case: Case, gone: Gone) -> str:
    """Return that whoever has a case, or was asked to take it, is not there."""
    back = words.day(gone.back_on) if gone.back_on else ""
    name = case.asked if case.state == State.TRANSFERRED else case.owner
    if case.is_mine and case.state != State.TRANSFERRED and back:
        return _("You are away until %s: hand this on.") % back
    if not back:
        return _("%s can no longer sign in: somebody else must take this.") % name
    said = _("%(name)s is away, and back on %(day)s: somebody else must take this.")
    return said % {"name": name, "day": back}


def _told(case: Case, now: datetime, zone: ZoneInfo) -> str:
    """Return what its student knows."""
    if case.due_at is None:
        return _("The student has been reached.")
    if case.state == State.TRANSFERRED:
        return f"{words.upper_first(_left(case, now, zone))}."
    when = words.moment_near(rounded(case.due_at), now, zone)
    if case.due_at <= now:
        late = words.since(case.due_at, now, zone)
        said = _("Should have been reached by %(when)s: late since %(late)s.")
        return said % {"when": when, "late": late}
    return _("The student was told: a call by %s.") % when


def _handed(case: Case) -> str:
    if case.is_asked:
        by = case.owner or _("A colleague")
        return _("%s asks you to take it.") % by
    return _("Handed to %s, who has not answered yet.") % case.asked


def _held(case: Case, now: datetime, zone: ZoneInfo) -> str:
    if case.due_at is None:
        return _("To be reached.")
    # In the round times in which the student's own page says it.
    when = words.moment_near(rounded(case.due_at), now, zone)
    if case.due_at <= now:
        late = words.since(case.due_at, now, zone)
        said = _("Should have been reached by %(when)s: late since %(late)s.")
        return said % {"when": when, "late": late}
    if case.is_mine:
        return _("The student was told: you call by %s.") % when
    return _("%(name)s has it, and calls by %(when)s.") % {"name": case.owner, "when": when}


def described(case: Case, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return a case with the words its pages need."""
    kind, word = URGENCIES[case.urgency]
    return {
        "id": case.id,
        "code": case.code,
        "is_danger": case.is_danger,
        "awaits_yes": case.awaits_yes,
        "urgency_kind": kind,
        "urgency_word": str(word),
        "stands": _stands(case, now, zone),
        "is_late": case.due_at is not None and case.due_at <= now,
        "waits": case.waits,
        "is_held": case.gone is not None and not case.is_asked and not case.waits,
        "is_ended": case.state not in (
            State.RECEIVED, State.ACKNOWLEDGED, State.IN_CONTACT, State.TRANSFERRED
        ),
    }  # fmt: skip


def colleague(one: Colleague) -> str:
    """Return a colleague as the list of whom to hand a case to shows them."""
    if one.is_me:
        return _("Me: I take it now")
    return f"{one.name}: {away_until(one.gone)}" if one.gone is not None else one.name


def closed(one: Closed, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return a case that nobody may open, or that does not open."""
    since = words.since(one.received_at, now, zone)
    return {"id": one.id, "code": one.code, "since": since}


_OPENED: dict[str, Words] = {
    Opening.What.CASE: gettext_lazy("opened"),
    Opening.What.CHART: gettext_lazy("copied to the chart"),
    Opening.What.CONTACT: gettext_lazy("opened where somebody is"),
    Opening.What.ROUTING: gettext_lazy("read by the program, to find who is left out"),
    Opening.What.REFUSED: gettext_lazy("did not open"),
}


def opened(one: Opened, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return an opening as the log shows it."""
    day = words.day(one.at.astimezone(zone).date())
    return {
        "when": f"{day}, {words.time_of_day(one.at, zone)}",
        "name": one.name or _("the program"),
        "what": str(_OPENED[one.what]),
        "code": one.code,
    }
