"""Words of referrals: when somebody reads, by when they answer, how a referral stands."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from peersupport.core import clock, words
from program.queries import facts
from referrals import reading_rules, recipients
from referrals.queries import reading
from referrals.queries.mine import Mine, Opened
from referrals.rules import Outcome, State, Urgency, Word

_HALF = timedelta(minutes=30)


def by(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return what follows "by": "3pm today", "tomorrow noon", "Tuesday noon"."""
    day, today = clock.local_date(moment, zone), clock.local_date(now, zone)
    time = words.time_of_day(moment, zone)
    if day == today:
        return _("%s today") % time
    return _("%(day)s %(time)s") % {"day": words.day_near(day, today), "time": time}


def rounded(moment: datetime) -> datetime:
    """Return the next full or half hour: a promise is made in round times."""
    over = timedelta(minutes=moment.minute % 30, seconds=moment.second)
    over += timedelta(microseconds=moment.microsecond)
    return moment + (_HALF - over if over else timedelta())


def reading_words(now: datetime, zone: ZoneInfo | None = None) -> dict[str, Any]:
    """Return when somebody reads and by when they answer: three queries.

    `next` is empty where nobody reads within a month: then the numbers stand in its place.
    `by` are the urgencies that may be chosen now, with what each means.
    """
    zone = zone or facts().zone
    plan = reading.plan(now, zone)
    begins = reading_rules.next_reading(plan.windows, now, zone)
    is_now = begins == now
    answers = {}
    for urgency in Urgency:
        timer = plan.timers[urgency]
        due = reading_rules.due(plan.windows, now, timer.contact, zone)
        if due is not None:
            answers[urgency] = by(rounded(due), now, zone)
    return {
        "is_read_now": is_now,
        "next": "" if begins is None else words.moment_near(begins, now, zone),
        "reads": begins is not None,
        "by": [(URGENCIES(one), answers[one]) for one in Urgency if one in answers],
        "answers": answers,
    }


def URGENCIES(urgency: Urgency) -> str:  # noqa: N802 - a table, in the reader's language
    """Return an urgency in a word."""
    return {
        Urgency.ROUTINE: _("Routine"),
        Urgency.SOON: _("Soon"),
        Urgency.URGENT: _("Urgent"),
    }[urgency]


def may_take(read: dict[str, Any]) -> bool:
    """Return whether anything can be taken here now: there is a key, and somebody reads."""
    return bool(read["reads"]) and recipients.is_ready()


def _owner_calls(one: Mine, now: datetime, zone: ZoneInfo) -> str:
    if one.contact_by is None:
        return _("%s has it and will call.") % one.owner
    if one.contact_by <= now:
        return _("%s has it and is late with calling. If it cannot wait, call a number above.") % (
            one.owner
        )
    said = {"name": one.owner, "when": by(rounded(one.contact_by), now, zone)}
    return _("%(name)s will call by %(when)s.") % said


def _waits(one: Mine, now: datetime, zone: ZoneInfo) -> str:
    if one.acknowledge_by is not None and one.acknowledge_by > now:
        when = by(rounded(one.acknowledge_by), now, zone)
        return (
            _("By %s a counselor says that they take it on. Then you see here who calls.") % when
        )
    return _("A counselor reads it at the next reading time. Then you see here who calls.")


_ENDINGS = {
    Outcome.CONNECTED: lambda: _("You got in. What was written is destroyed after 90 days."),
    Outcome.OTHER_HELP: lambda: _("You chose other help. You can always ask again."),
    Outcome.COULD_NOT_REACH: lambda: _(
        "They could not reach you in the ways you gave. Ask again with another way if you like."
    ),
    Outcome.DECLINED: lambda: _("You did not want it any more. You can always ask again."),
}


def _ended(one: Mine) -> tuple[str, str]:
    if one.is_withdrawn:
        return _("You took it back"), _("Nobody opens it any more.")
    if one.state == State.REDIRECTED and not one.owner:
        return _("Nobody here could take it"), _(
            "Everybody here was left out of it, or it could not be opened. Nobody has read it. "
            "Call one of the numbers above, or ask again."
        )
    if one.state == State.REDIRECTED:
        return _("It was passed on"), _(
            "Other help fits better. The counselor who has it told you, or will tell you, where."
        )
    if one.state == State.REFUSED:
        return _("It was not taken on"), _("Call one of the numbers above, or ask again.")
    said = _ENDINGS.get(Outcome(one.outcome)) if one.outcome else None
    return _("It is closed"), said() if said else _("You can always ask again.")


def standing(one: Mine, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Return how a referral stands, as a heading and a sentence."""
    if not one.is_live:
        return _ended(one)
    if one.state == State.ACKNOWLEDGED:
        return _("A counselor has it"), _owner_calls(one, now, zone)
    if one.state == State.IN_CONTACT:
        return _("You are in contact"), _("%s has reached you.") % one.owner
    if one.state == State.TRANSFERRED:
        said = _("It was handed on to %s.") % one.asked
        return _("It was handed on"), f"{said} {_waits(one, now, zone)}"
    return _("It has arrived"), _waits(one, now, zone)


def opened_words(openings: list[Opened], zone: ZoneInfo) -> list[str]:
    """Return who opened it and when, by the hour."""
    found = []
    for one in openings:
        hour = one.at.replace(minute=0, second=0, microsecond=0)
        day = words.day(clock.local_date(hour, zone))
        later = words.time_range(hour, hour + timedelta(hours=1), zone)
        said = {"name": one.name, "day": day, "time": later}
        if one.is_for_chart:
            found.append(
                _("Copied to the service's own chart by %(name)s, %(day)s, %(time)s") % said
            )
        else:
            found.append(_("Opened by %(name)s, %(day)s, %(time)s") % said)
    return found


def told_words(word: str) -> str:
    """Return what the student said, as a sentence; empty if nothing."""
    if not word:
        return ""
    return {
        Word.GOT_IN: _("You said that you got in."),
        Word.COULD_NOT: _("You said that you could not get in."),
    }[Word(word)]


def listed(one: Mine, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return a line of one's own list."""
    heading, sentence = standing(one, now, zone)
    day = words.day(clock.local_date(one.received_at, zone))
    return {
        "url": reverse("referrals:show", args=[one.id]),
        "code": one.code,
        "day": day,
        "heading": heading,
        "sentence": sentence,
    }
