"""Who stands behind the supporters, in words and as bars of a day."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from peersupport.core import words
from program.models import Away, Coverage
from program.queries.standing_behind import DayAhead
from program.rules import STANDS, Answer, Span

WIDE = 1000
_NO_ZONE = ZoneInfo("UTC")


def _clock_time(wall: time) -> str:
    """Return a wall time that belongs to no day: "5:30pm"."""
    return words.time_of_day(datetime.combine(date(2024, 1, 1), wall, tzinfo=_NO_ZONE), _NO_ZONE)


def hours(row: Coverage) -> str:
    """Return "Every day, 8pm to 7am"."""
    day = _("Every day") if row.weekday is None else str(row.get_weekday_display())
    if row.starts == row.ends:
        times = _("all 24 hours")
        if row.starts != time(0):
            times = _("24 hours from %s") % _clock_time(row.starts)
    else:
        both = {"start": _clock_time(row.starts), "end": _clock_time(row.ends)}
        times = _("%(start)s to %(end)s") % both
    return f"{day}, {times}"


def days(row: Coverage) -> str:
    """Return "from Monday 3 January 2027 until ...", or nothing where both ends are open."""
    parts = []
    if row.first_on:
        parts.append(_("from %s") % words.dated(row.first_on))
    if row.until:
        parts.append(_("until %s") % words.dated(row.until))
    return " ".join(parts)


def standing(row: Coverage, today: date) -> str:
    """Return what they said to it, and until when that holds without being looked at."""
    if row.answer == Answer.ASKED:
        return _("Asked by letter, no answer yet. They do not count until they say yes.")
    if row.answer == Answer.DECLINED:
        return _("Said no. They do not count.")
    on = words.dated(row.answered_on) if row.answered_on else ""
    if row.answer == Answer.ACCEPTED:
        said = _("Said yes by letter, %s.") % on
    elif not row.answered_by:
        said = _("Named before anybody was asked for a yes.")
    else:
        said = _("Said yes to %(who)s, %(day)s.") % {"who": row.answered_by, "day": on}
    if row.review_on and row.review_on <= today:
        return f"{said} {_('Ask once more whether it still holds.')}"
    if row.review_on:
        return f"{said} {_('Ask again by %s.') % words.dated(row.review_on)}"
    return said


@dataclass(frozen=True, slots=True)
class DaysAway:
    """Days away as a page shows them."""

    key: UUID
    days: str
    instead: str


def _away(one: Away) -> DaysAway:
    said = words.dates(one.first_on, one.last_on)
    instead = f"{one.instead}, {one.instead_phone}" if one.instead else ""
    return DaysAway(one.pk, said, instead)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as a page shows it."""

    key: UUID
    label: str
    phone: str
    kind: str
    rung: str
    hours: str
    days: str
    standing: str
    counts: bool
    may_be_asked: bool
    away: list[DaysAway]


def entry(row: Coverage, today: date) -> Entry:
    """Return an entry in words."""
    return Entry(
        key=row.pk,
        label=row.label,
        phone=row.phone,
        kind=str(row.get_kind_display()),
        rung=str(row.get_rung_display()),
        hours=hours(row),
        days=days(row),
        standing=standing(row, today),
        counts=row.answer in STANDS,
        may_be_asked=row.answer not in STANDS,
        away=[
            _away(one)
            for one in sorted(row.away.all(), key=lambda one: one.first_on)
            if one.last_on >= today
        ],
    )


def bar(gap: Span, one: DayAhead) -> tuple[int, int]:
    """Return where a gap begins and how wide it is, in thousandths of its day.

    Of the day as it is: on the days the clocks change it is an hour longer or shorter.
    """
    length = (one.end - one.start).total_seconds()
    start = round((gap.start - one.start).total_seconds() / length * WIDE)
    end = round((gap.end - one.start).total_seconds() / length * WIDE)
    return start, max(end - start, 4)
