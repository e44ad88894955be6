"""Who stands behind the supporters, and when nobody does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from peersupport.core import clock
from peersupport.core.crypto import keyring
from program import rules
from program.models import Away, Coverage


@dataclass(frozen=True, slots=True)
class Behind:
    """Who stands behind the supporters, to be called by them; `rung` 1 is called first."""

    label: str
    phone: str
    rung: int = 1


def coverage() -> list[Coverage]:
    """Return everybody named, in the order to call them, with their days away: two queries."""
    rows = Coverage.objects.order_by("rung", "weekday", "starts", "label")
    return list(rows.prefetch_related("away"))


def window_of(row: Coverage) -> rules.Window:
    """Return when an entry is answered, by whoever is named or instead of them."""
    bare = (one for one in row.away.all() if not one.instead)
    away = tuple(rules.Days(one.first_on, one.last_on) for one in bare)
    return rules.Window(row.weekday, row.starts, row.ends, row.until, row.first_on, away)


def counting(rows: Iterable[Coverage]) -> list[rules.Window]:
    """Return when the entries are answered that count: only who has said yes does."""
    return [window_of(row) for row in rows if row.answer in rules.STANDS]


def windows() -> list[rules.Window]:
    """Return when somebody answers, as wall time: for whoever asks about many hours at once."""
    return counting(coverage())


def coverage_gaps(start: datetime, end: datetime, zone: ZoneInfo) -> list[rules.Span]:
    """Return every stretch between two instants for which nobody is named as answering."""
    return rules.gaps(windows(), start, end, zone)


@dataclass(frozen=True, slots=True)
class DayAhead:
    """A local day to come, when nobody answers on it, and whether that is all day.

    `start` and `end` are the day's own bounds; what is over today is no gap.
    """

    day: date
    gaps: tuple[rules.Span, ...]
    is_bare: bool
    start: datetime
    end: datetime


def days_ahead(
    rows: Iterable[Coverage], now: datetime, zone: ZoneInfo, days: int = 14
) -> list[DayAhead]:
    """Return each day from today on with its gaps, from entries already read: no query."""
    answering = counting(rows)
    today, found = clock.local_date(now, zone), []
    for offset in range(days):
        day = today + timedelta(days=offset)
        start, end = clock.day_bounds(day, zone)
        # What is over today is no gap that anybody could still mend.
        missing = rules.gaps(answering, max(start, now), end, zone)
        is_bare = missing == [rules.Span(start, end)]
        found.append(DayAhead(day, tuple(missing), is_bare, start, end))
    return found


def behind(now: datetime, zone: ZoneInfo) -> list[Behind]:
    """Return who answers at this minute, in the order to call them: two queries."""
    today, found = clock.local_date(now, zone), []
    for row in coverage():
        if row.answer not in rules.STANDS:
            continue
        there = rules.spans([window_of(row)], now, now, zone)
        if not any(span.start <= now < span.end for span in there):
            continue
        instead = _instead(row, today)
        label, phone = (
            (instead.instead, instead.instead_phone) if instead else (row.label, row.phone)
        )
        found.append(Behind(label, phone, row.rung))
    return found


def _instead(row: Coverage, today: date) -> Away | None:
    fits = (one for one in row.away.all() if one.instead and one.first_on <= today <= one.last_on)
    return next(fits, None)


def mark_of(token: str) -> bytes:
    """Return what is kept of a letter's link: without the keyring nobody can try links on it."""
    return keyring().mac(token.encode("utf-8", "replace"), purpose="coverage")


def asked_with(token: str, today: date) -> Coverage | None:
    """Return the entry a letter asks about; None alike for every link that opens nothing."""
    row = Coverage.objects.filter(mark=mark_of(token), answer=rules.Answer.ASKED).first()
    if row is None or row.asked_on is None or today > row.asked_on + rules.ASK_STANDS:
        return None
    return row
