"""Campaigns in words: where they stand, when they speak, for whom, what became of them."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from peersupport.core import words
from peersupport.core.datamap.registry import Words
from program.calendar_rules import Kind
from program.models import Milestone
from program.views.milestone_words import clock_time, whom
from reminders.limit_rules import Outcome, Why
from reminders.models import Campaign
from reminders.planning_rules import CountsFrom
from reminders.queries.ground import CAMPAIGN, STAFFING, Time
from reminders.queries.pages import FEW, Total, When
from reminders.rules import Audience, State, Verb

KINDS = dict(Milestone.Kind.choices)
# The word of a state, and the look of its tag.
STATES: dict[str, tuple[Words, str]] = {
    State.DRAFT: (gettext_lazy("Not switched on"), ""),
    State.ON: (gettext_lazy("On"), "ok"),
    State.PAUSED: (gettext_lazy("Paused"), "warn"),
    State.ENDED: (gettext_lazy("Ended"), ""),
}
VERBS: dict[Verb, Words] = {
    Verb.SWITCH_ON: gettext_lazy("Switch it on"),
    Verb.PAUSE: gettext_lazy("Pause it"),
    Verb.RESUME: gettext_lazy("Go on with it"),
    Verb.END: gettext_lazy("End it"),
}
DONE: dict[Verb, Words] = {
    Verb.SWITCH_ON: gettext_lazy("It is on."),
    Verb.PAUSE: gettext_lazy("It is paused. What was about to go is taken back."),
    Verb.RESUME: gettext_lazy("It goes on with what is still to come."),
    Verb.END: gettext_lazy("It has ended."),
}
OUTCOMES: dict[str, Words] = {
    Outcome.WENT: gettext_lazy("Went"),
    Outcome.HELD: gettext_lazy("Held for a while"),
    Outcome.DROPPED: gettext_lazy("Not sent"),
}
WHYS: dict[str, Words] = {
    Why.FINE: gettext_lazy("nothing stood against it"),
    Why.LATE: gettext_lazy("it would have come too late"),
    Why.CHANGED: gettext_lazy("the date moved or ended, or the reminder was paused"),
    Why.GONE: gettext_lazy("the account is gone"),
    Why.UNWANTED: gettext_lazy("they do not want such letters"),
    Why.SAID: gettext_lazy("it was said already"),
    Why.INCIDENT: gettext_lazy("something terrible has happened"),
    Why.NIGHT: gettext_lazy("quiet hours"),
    Why.EXAM: gettext_lazy("an exam of theirs, or the evening before"),
    Why.WEEK: gettext_lazy("they had a letter that week"),
    Why.MILESTONE: gettext_lazy("they had three letters about that date"),
    Why.TERM: gettext_lazy("they had ten letters that term"),
    Why.WEAKER: gettext_lazy("a more useful letter comes that week"),
    Why.FAILED: gettext_lazy("the mail server did not take it"),
}
PLACES: dict[str, Words] = {
    "{next_hours}": gettext_lazy("when somebody is there next, and where"),
    "{today_link}": gettext_lazy("the page that says who is in at this moment"),
    "{milestone}": gettext_lazy("the name of the date"),
    "{first_day}": gettext_lazy("its first day"),
    "{crisis_line}": gettext_lazy("whom to call in a crisis"),
    "{gaps}": gettext_lazy("how many times have nobody yet; in calls to supporters alone"),
}
OTHERS: dict[str, Words] = {
    CAMPAIGN: gettext_lazy("A reminder that is gone"),
    STAFFING: gettext_lazy("A call to supporters that is gone"),
}


def days_of(campaign: Campaign) -> str:
    """Return "3 days before", "on the day itself", "every week"."""
    if campaign.counts_from == CountsFrom.WEEKLY:
        return _("Every week")
    number = abs(campaign.offset)
    if not number:
        return _("That very day")
    if campaign.offset < 0:
        return ngettext("%d day before", "%d days before", number) % number
    return ngettext("%d day after", "%d days after", number) % number


def about(campaign: Campaign) -> str:
    """Return around what it speaks."""
    if campaign.milestone:
        return _("one date")
    kind = str(KINDS[Kind(campaign.kind)]) if campaign.kind else _("anything")
    if campaign.words:
        return _("%(kind)s named “%(words)s”") % {"kind": kind, "words": campaign.words}
    return kind


def audience_of(campaign: Campaign) -> str:
    """Return for whom it is."""
    if campaign.audience == Audience.COHORT:
        return ", ".join(filter(None, [campaign.class_name, campaign.rotation]))
    return str(campaign.get_audience_display())


def rule_of(campaign: Campaign) -> str:
    """Return when it speaks, in one line."""
    at: time = campaign.at
    return _("%(days)s at %(time)s. Around: %(about)s.") % {
        "days": days_of(campaign),
        "time": clock_time(at),
        "about": about(campaign),
    }


def people(number: int) -> str:
    """Return how many; small numbers are not told apart."""
    if number == 0:
        return _("nobody yet")
    if number < FEW:
        return _("fewer than %d people") % FEW
    return _("%d people") % number


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return "Monday 30 November 2026, 10am"."""
    return f"{words.dated(at.astimezone(zone).date())}, {words.time_of_day(at, zone)}"


def when(one: When, zone: ZoneInfo) -> dict[str, Any]:
    """Return one time as the preview shows it."""
    note = ""
    if one.is_too_many:
        note = _("Not sent: three letters about one date are the most.")
    elif one.is_lost:
        note = _("Not sent: it falls into an exam.")
    elif one.waits_to is not None:
        note = _("Waits for an exam to be over: %s.") % moment(one.waits_to, zone)
    return {
        "when": moment(one.time.at.due_at, zone),
        "title": one.time.entry.title,
        "whom": whom(one.time.entry),
        "people": people(one.people),
        "note": note,
    }


def next_line(times: list[Time], zone: ZoneInfo, *, is_on: bool) -> str:
    """Return when a campaign speaks next, or would if it were on."""
    if not times:
        return _("Nothing in the calendar of the coming year fits.")
    first = times[0]
    said = _("Next: %(when)s (%(title)s)") if is_on else _("It would go %(when)s (%(title)s)")
    return said % {"when": moment(first.at.due_at, zone), "title": first.entry.title}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger in words."""

    outcome: str
    why: str
    number: str


def line(total: Total) -> Line:
    """Return a line of the ledger; small numbers are not told apart."""
    number = _("fewer than %d") % FEW if total.is_few else str(total.number)
    return Line(str(OUTCOMES[total.outcome]), str(WHYS[total.why]), number)
