"""Planning: what campaigns say in the next days becomes rows in the outbox, one a person.

It may run at any time, twice, or late. What has moved or ended is taken back and put in anew;
whoever joins gets what is still to come, and nothing that is past.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from peersupport.core import clock
from peersupport.core.outbox.many import (
    ask_again,
    enqueue_many,
    take_back,
    waiting_for,
    waiting_refs,
)
from peersupport.core.outbox.wake import wake
from reminders.emails import gaps_before
from reminders.models import Meant, PlanRun
from reminders.queries.audience import Reader, readers
from reminders.queries.ground import HORIZON, KINDS, Time, ground, kind_of
from reminders.queries.meant import letter_to, mark_of, meant, packed, readers_of
from reminders.rules import ref_from
from reminders.services.said import give_back_vanished

PLAN = "reminders.tasks.plan"


def wake_planner() -> None:
    """Ask a worker to plan soon; the beat does it anyway."""
    wake(PLAN)


@dataclass(slots=True)
class Planned:
    """What one round of planning did."""

    put: int = 0
    taken_back: int = 0


def _since(now: datetime) -> datetime:
    """Return from when on nobody has planned yet: now, or where a planner that stood still ended.

    A message of an hour ago is of the past for whoever joined since, but not if nobody planned.
    """
    to = planned_to()
    return min(to, now) if to is not None else now


def planned_to() -> datetime | None:
    """Return up to when messages are planned: one query."""
    return PlanRun.objects.filter(pk=1).values_list("planned_to", flat=True).first()


def plan(*, now: datetime) -> Planned:
    """Write what is said until the horizon into the outbox, and take back what is not any more.

    Queries do not grow with the number of people; they do with the times that campaigns speak.
    """
    done = Planned()
    known = ground(now)
    done.taken_back = _take_back(list(known.times()))
    give_back_vanished(now)
    since = _since(now)
    ahead = [
        time
        for time in known.times()
        if since < time.at.due_at <= now + HORIZON and time.at.expires_at > now
    ]
    everybody = readers() if ahead else []
    for time in ahead:
        done.put += _put(time, everybody, now)
    _note(now)
    return done


def _take_back(times: Sequence[Time]) -> int:
    """Take out of the outbox what no campaign says any more at that time."""
    stands = {(kind_of(time.campaign), time.ref.packed()) for time in times}
    count = 0
    for kind in KINDS:
        gone = [ref for each, ref in waiting_refs([kind]) if (each, ref) not in stands]
        count += take_back(kind, gone) if gone else 0
    # What no campaign says at that time was meant for nobody, should it be said again.
    Meant.objects.exclude(ref__in=[ref for _kind, ref in stands]).delete()
    return count


@transaction.atomic(durable=True)
def _put(time: Time, everybody: Sequence[Reader], now: datetime) -> int:
    """Write one message to everybody it is for and who has none of it yet: a few queries."""
    kind, ref = kind_of(time.campaign), time.ref
    if time.campaign.is_staffing and not gaps_before(time.entry, now):
        return 0
    waiting = waiting_for(kind, ref.packed())
    people = [one.person for one in readers_of(time, everybody)]
    _remember(time, people, now)
    keys = {one: letter_to(one, time).key for one in people if one not in waiting}
    if not keys:
        return 0
    return enqueue_many(
        kind=kind,
        keys=keys,
        ref=ref.packed(),
        due_at=time.at.due_at,
        expires_at=time.at.expires_at,
        now=now,
    )


def _remember(time: Time, people: Sequence[uuid.UUID], now: datetime) -> None:
    """Note for whom a time is planned, beside whom it was planned for before."""
    ref = time.ref.packed()
    before = meant([time], now).get(ref, frozenset())
    marks = before | {mark_of(one, time) for one in people}
    if marks == before:
        return
    values = {"marks": packed(marks), "until": time.at.expires_at}
    if not Meant.objects.filter(ref=ref).update(**values):
        row = Meant(ref=ref, campaign=time.campaign.pk, **values)
        Meant.objects.bulk_create([row], ignore_conflicts=True)


def take_back_campaign(campaign: uuid.UUID) -> int:
    """Take back everything of one campaign that has not gone, in the caller's transaction."""
    count = 0
    Meant.objects.filter(campaign=campaign).delete()
    for kind in KINDS:
        rows = [ref for _kind, ref in waiting_refs([kind])]
        own = [raw for raw in rows if (ref := ref_from(raw)) and ref.campaign == campaign]
        count += take_back(kind, own) if own else 0
    return count


@transaction.atomic(durable=True)
def ask_held_again(*, now: datetime) -> int:
    """Ask soon about what is held past its own time: a date that moved may have set it free."""
    count = 0
    for kind in KINDS:
        held = [raw for _kind, raw in waiting_refs([kind]) if _is_past(raw, now)]
        count += ask_again(kind, held, now) if held else 0
    return count


def _is_past(raw: bytes, now: datetime) -> bool:
    ref = ref_from(raw)
    return ref is not None and ref.due_at <= now


def on_change() -> None:
    """The calendar has changed: look again at what waits for it, and plan anew."""
    ask_held_again(now=clock.now())
    wake_planner()


def _note(now: datetime) -> None:
    values = {"last_at": now, "planned_to": now + HORIZON}
    if not PlanRun.objects.filter(pk=1).update(**values):
        PlanRun.objects.bulk_create([PlanRun(pk=1, **values)], ignore_conflicts=True)
