"""Referrals as the ladder finds them: routed rows, reading hours, a line; nothing sealed."""

import itertools
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from peersupport.core import ids
from peersupport.core.outbox.models import Outgoing
from program.models import Holiday
from referrals import rules
from referrals.models import (
    Counselor,
    Exclusion,
    Reading,
    Referral,
    Ring,
    Routed,
    Timers,
    Withdrawal,
)
from referrals.queries.reading import plan
from referrals.services import ladder
from tests.care import care_cast
from tests.roles import acting_as

NEW_YORK = ZoneInfo("America/New_York")
LINE = "line@oncall.example"
_codes = itertools.count()


@acting_as("care")
def reads(who: Counselor, *weekdays: int, starts: time = time(9), ends: time = time(17)) -> None:
    """Let a counselor read on these weekdays."""
    for weekday in weekdays:
        Reading.objects.create(card=who.card, weekday=weekday, starts=starts, ends=ends)


def office_hours(*who: Counselor) -> None:
    """Let counselors read Monday to Friday from nine to five."""
    for one in who:
        reads(one, *range(5))


def thanksgiving() -> None:
    """Close the school on Thanksgiving and the day after."""
    holiday("Thanksgiving", date(2026, 11, 26), date(2026, 11, 27))


@acting_as("web")
def holiday(name: str, first: date, last: date) -> None:
    """Close the school on some days."""
    Holiday.objects.create(name=name, first_on=first, last_on=last)


@acting_as("care")
def on_call_line(email: str = LINE) -> None:
    """Set the on-call line."""
    Timers.objects.update_or_create(pk=1, defaults={"line_name": "On call", "line_email": email})


@acting_as("owner")
def referral(now: datetime, **more: Any) -> Referral:
    """Return a referral that came now and is routed; it rings when the plan says so."""
    out = more.pop("out", ())
    is_whole = more.pop("is_whole", True)
    kind = more.get("kind", "student")
    fields = {
        "code": f"T{next(_codes):07d}",
        "kind": kind,
        "urgency": "urgent" if kind == "danger" else "soon",
        "consent": "awaiting" if kind == "danger" else "given",
        "request_key": ids.new_id(),
        "received_at": now.replace(minute=0, second=0, microsecond=0),
        "ring_at": plan(now, NEW_YORK).begins(kind, now),
        **more,
    }
    row = Referral.objects.create(**fields)
    Routed.objects.create(referral=row, is_whole=is_whole)
    for one in out:
        leave_out(one, row)
    return row


@acting_as("owner")
def leave_out(who: Counselor, row: Referral) -> None:
    """Let a counselor never see a referral."""
    Exclusion.objects.create(referral=row, counselor=who, why=Exclusion.Why.STUDENT)


@acting_as("web")
def take_back(row: Referral, now: datetime) -> None:
    """Withdraw, as the web side does."""
    Withdrawal.objects.create(referral=row, at=now)


@acting_as("owner")
def acknowledge(row: Referral, who: Counselor) -> None:
    """Say "it is mine", as the desk does."""
    Referral.objects.filter(pk=row.pk).update(state="acknowledged", owner=who.pk, ring_at=None)


@acting_as("owner")
def hand_on(row: Referral, who: Counselor, now: datetime) -> None:
    """Hand a referral to somebody, as the desk does: a new round begins."""
    row.refresh_from_db()
    Referral.objects.filter(pk=row.pk).update(
        state="transferred",
        owner=None,
        asked=who.pk,
        rung=0,
        round=row.round + 1,
        ring_at=plan(now, NEW_YORK).begins(row.kind, now),
    )


def at(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    """Return an instant by the clock on the wall in New York."""
    wall = datetime(year, month, day, hour, minute, tzinfo=NEW_YORK)
    return wall.astimezone(ZoneInfo("UTC"))


def minutes(first: datetime, last: datetime, step: int = 1) -> "itertools.takewhile[datetime]":
    """Yield every minute, or every few, of a stretch of time."""
    moments = (first + timedelta(minutes=step * n) for n in itertools.count())
    return itertools.takewhile(lambda moment: moment <= last, moments)


def keys(*who: Counselor) -> set[UUID]:
    """Return the keys of counselors."""
    return {one.pk for one in who}


def ladder_cast() -> dict[str, Counselor]:
    """Return Dee, who leads and reads in the morning, and Eli, who reads after noon."""
    people = care_cast(at(11, 2, 9))
    reads(people["dee"], *range(5), ends=time(12))
    reads(people["eli"], *range(5), starts=time(12))
    thanksgiving()
    on_call_line()
    return people


def rung_of(row: Referral) -> list[tuple[int, datetime]]:
    """Return which rungs of a referral rang, and when by the clock on the wall."""
    rows = Ring.objects.filter(referral=row).order_by("round", "rung")
    return [(ring.rung, ring.at.astimezone(NEW_YORK)) for ring in rows]


def climb(row: Referral, comes: datetime, step: int) -> None:
    """Let the clock go round every few minutes until the ladder has ended, and for a day more."""
    for now in minutes(comes, comes + timedelta(days=9), step):
        done = ladder.ring_due(now=now) and Ring.objects.filter(referral=row).count()
        if done == len(rules.RUNGS):
            break
    for hours in range(24):
        assert ladder.ring_due(now=now + timedelta(hours=hours)) == 0


def told() -> Counter[UUID | None]:
    """Return whom the outbox tells, and how often."""
    return Counter(Outgoing.objects.values_list("recipient", flat=True))


def clear() -> None:
    """Take out of the outbox what is in it."""
    Outgoing.objects.all().delete()
