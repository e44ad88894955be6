"""The ladder: which rung is due, and whom it tells. Pure: no clock, no content, no database.

A round begins when a referral comes, is handed on or is put back. Four rungs follow each other
until somebody says "it is mine": whoever reads now, everybody who may see it, the lead, the
on-call line. There it ends. docs/decisions/0025-the-ladder.md has the reasons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from program.rules import Window
from referrals import reading_rules
from referrals.rules import RUNGS, Kind, Rung, State, Urgency

LAST = len(RUNGS) - 1
_LEAD = RUNGS.index(Rung.LEAD)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that the ladder knows of a referral. What it is about is not among it."""

    key: UUID
    kind: str
    urgency: str
    state: str
    rung: int
    round: int
    ring_at: datetime
    asked_of: UUID | None = None
    is_whole: bool = True
    out: frozenset[UUID] = frozenset()

    @property
    def is_pressing(self) -> bool:
        """Whether it cannot wait for somebody to notice that nobody is told."""
        return self.kind == Kind.DANGER or self.urgency == Urgency.URGENT


@dataclass(frozen=True, slots=True)
class Reader:
    """A counselor who works here now, and when they read."""

    key: UUID
    is_lead: bool
    windows: tuple[Window, ...] = ()
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes between two rungs: in reading hours, or by the clock on the wall."""

    windows: tuple[Window, ...]
    zone: ZoneInfo
    step: timedelta
    by_wall: bool

    def stands(self, at: datetime) -> datetime:
        """Return when a rung planned for `at` is due, by the reading hours as they are now.

        `at` itself, unless hours were moved, or a holiday came between, after it was planned:
        then when somebody reads next. Where nobody has reading hours the clock on the wall holds.
        """
        if self.by_wall or self._is_read(at):
            return at
        return reading_rules.next_reading(self.windows, at, self.zone) or at

    def _is_read(self, at: datetime) -> bool:
        # What falls on the end of somebody's hours was due in them.
        return any(
            reading_rules.is_read_now(self.windows, moment, self.zone)
            for moment in (at, at - _INSTANT)
        )

    def after(self, at: datetime) -> datetime:
        """Return when the next rung is due."""
        if not self.by_wall:
            found = reading_rules.due(self.windows, at, self.step, self.zone)
            if found is not None:
                return found
        return at + self.step


@dataclass(frozen=True, slots=True)
class Call:
    """One rung, whom it tells, and whether the line is told. An alarm: nobody else can be."""

    rung: int
    counselors: tuple[UUID, ...]
    line: bool = False
    is_alarm: bool = False


def highest_due(waiting: Waiting, pace: Pace, now: datetime) -> tuple[int, datetime]:
    """Return the highest rung that is due, and when it fell due; a later time: none is yet.

    If the clock stood still, the rungs below it are passed over: nobody is rung for each.
    """
    rung, at = waiting.rung, pace.stands(waiting.ring_at)
    while at <= now and rung < LAST:
        onward = pace.after(at)
        if onward > now:
            break
        rung, at = rung + 1, onward
    return rung, at


def _on_duty(readers: Sequence[Reader], now: datetime, zone: ZoneInfo) -> list[Reader]:
    """Return who reads now, else who reads next."""
    reading = [one for one in readers if reading_rules.is_read_now(one.windows, now, zone)]
    if reading:
        return reading
    begins = [(reading_rules.next_reading(one.windows, now, zone), one) for one in readers]
    first = min((at for at, _ in begins if at is not None), default=None)
    return [one for at, one in begins if at is not None and at == first]


def _told(
    rung: Rung, waiting: Waiting, allowed: Sequence[Reader], now: datetime, zone: ZoneInfo
) -> list[Reader]:
    """Return the counselors whom a rung tells, of those who may see the referral."""
    leads = [one for one in allowed if one.is_lead]
    if rung in (Rung.LEAD, Rung.LINE) or not waiting.is_whole:
        return _there(leads) or leads  # what does not open only the lead sees
    if waiting.state == State.TRANSFERRED:
        asked = [one for one in allowed if one.key == waiting.asked_of]
        return _there(asked) or ([] if leads else asked)
    there = _there(allowed)
    if rung is Rung.AGAIN:
        return there or list(allowed)
    return _on_duty(there, now, zone)


def _there(readers: Iterable[Reader]) -> list[Reader]:
    """Return who is not away today. Where nobody is, whoever is away is told, not nobody."""
    return [one for one in readers if not one.is_away]


def call(
    waiting: Waiting,
    rung: int,
    readers: Iterable[Reader],
    *,
    has_line: bool,
    now: datetime,
    zone: ZoneInfo,
) -> Call | None:
    """Return whom this rung tells, or the next one above it that has anybody; None if none has.

    Nobody who is left out is ever among them. The line can open nothing by itself: where the
    lead's rung was passed over, or there is no line, the lead is told in its place or beside it.
    """
    allowed = [one for one in readers if one.key not in waiting.out]
    for number in range(rung, LAST):
        found = _told(RUNGS[number], waiting, allowed, now, zone)
        if found:
            return Call(number, tuple(one.key for one in found))
    leads = tuple(one.key for one in _told(Rung.LINE, waiting, allowed, now, zone))
    beside = () if has_line and waiting.rung > _LEAD else leads
    if not has_line and not beside:
        return None
    is_alarm = waiting.is_pressing and not allowed
    return Call(LAST, beside, line=has_line, is_alarm=is_alarm)
