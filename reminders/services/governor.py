"""The governor at sending: asks the rules, remembers what was said, writes the ledger.

It is a gate of the outbox and stands before all others. What was asked for passes untouched.
"""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from peersupport.core import clock
from peersupport.core.crypto import keyring
from peersupport.core.outbox.kinds import Kind, Verdict
from peersupport.core.outbox.models import Outgoing
from reminders.emails import gaps_before
from reminders.limit_rules import Decision, Known, Outcome, Rival, SaidOnce, Why, decide
from reminders.models import NO_CAMPAIGN, Held, Said, Tally
from reminders.planning_rules import monday_of
from reminders.queries.audience import Reader, is_for, reader
from reminders.queries.batches import shared
from reminders.queries.ground import KINDS, Ground, Time, ground, kind_of
from reminders.rules import Ref, ref_from

# What no campaign says is as useful as most.
_USUAL = 3
_HELD_FOR = timedelta(days=14)


def tag_of(person: uuid.UUID) -> bytes:
    """Return the mark under which what went to somebody is counted."""
    return keyring().mac(person.bytes, purpose="reminders-person")


def _topic(outgoing: Outgoing, ref: Ref | None) -> bytes:
    """Return the mark of what is said to somebody, whatever row says it."""
    if ref is None:
        return bytes(outgoing.key)
    said = f"{ref.topic}|{outgoing.recipient}"
    return keyring().mac(said.encode(), purpose="reminders-topic")


def _rival(time: Time, person: uuid.UUID) -> Rival:
    key = keyring().mac(f"{time.ref.topic}|{person}".encode(), purpose="reminders-topic")
    return Rival(
        time.campaign.priority, time.at.milestone, time.at.due_at, time.at.expires_at, key
    )


def _mine(known: Ground, one: Reader, now: datetime) -> list[Time]:
    """Return every time that campaigns speak to somebody and that is not over."""
    return [
        time
        for time in known.times()
        if time.at.expires_at > now
        and is_for(time.campaign, time.entry, one)
        and one.wants(kind_of(time.campaign))
    ]


def _is_live(
    outgoing: Outgoing, ref: Ref | None, known: Ground, one: Reader | None, now: datetime
) -> bool:
    """Return whether a campaign still says this at this time, to this person."""
    for time in known.times():
        if time.ref != ref:
            continue
        return (
            kind_of(time.campaign) == outgoing.kind
            and (one is None or is_for(time.campaign, time.entry, one))
            and (not time.campaign.is_staffing or gaps_before(time.entry, now) > 0)
        )
    return False


def _message(outgoing: Outgoing, ref: Ref | None, known: Ground) -> Rival:
    priority = next((c.priority for c in known.campaigns if ref and c.pk == ref.campaign), _USUAL)
    return Rival(
        priority,
        ref.milestone if ref else None,
        ref.due_at if ref else outgoing.due_at,
        outgoing.expires_at,
        _topic(outgoing, ref),
    )


def _known(
    kind: Kind, outgoing: Outgoing, person: uuid.UUID, said: list[Said], now: datetime
) -> Known:
    """Return all that decides about one message."""
    known = shared(outgoing, now, "ground", lambda: ground(now))
    one = reader(person)
    ref = ref_from(bytes(outgoing.ref)) if kind.name in KINDS else None
    message = _message(outgoing, ref, known)
    mine = _mine(known, one, now) if one else []
    spoken = {bytes(row.what) for row in said}
    rivals = tuple(_rival(time, person) for time in mine)
    return Known(
        now=now,
        zone=known.zone,
        message=message,
        is_live=_is_live(outgoing, ref, known, one, now)
        if kind.name in KINDS
        else kind.compose(outgoing, now) is not None,
        is_there=one is not None,
        is_wanted=one is None or one.wants(kind.name),
        was_said=message.key in spoken,
        waits_for_incident=kind.is_cheerful and known.is_critical,
        quiets=known.quiets(one.class_name, one.rotation) if one else (),
        said=tuple(SaidOnce(row.day, row.milestone) for row in said),
        term_first=known.term_first,
        rivals=tuple(each for each in rivals if each.key not in spoken | {message.key}),
    )


def governor(kind: Kind, outgoing: Outgoing, now: datetime) -> Verdict:
    """Decide about one message that nobody asked for. One that names nobody passes."""
    if kind.asked or kind.side == "care":
        return "pass"
    person = kind.recipient(outgoing, now)
    if person is None:
        return "pass"
    said = list(Said.objects.filter(tag=tag_of(person)))
    if any(bytes(row.row) == bytes(outgoing.key) for row in said):
        return "pass"  # it was let through before, and is tried again
    known = _known(kind, outgoing, person, said, now)
    decision = decide(known)
    with transaction.atomic():
        if decision.outcome is Outcome.WENT and not _reserve(known, outgoing, person):
            decision = Decision(Outcome.DROPPED, Why.WEEK)  # another worker was quicker
        _write(kind, outgoing, decision, known)
    verdicts: dict[Outcome, Verdict] = {
        Outcome.WENT: "pass",
        Outcome.HELD: "hold",
        Outcome.DROPPED: "drop",
    }
    return verdicts[decision.outcome]


def _reserve(known: Known, outgoing: Outgoing, person: uuid.UUID) -> bool:
    """Remember that it goes. The database lets one through each week; False for the other."""
    day = clock.local_date(known.now, known.zone)
    row = Said(
        tag=tag_of(person),
        what=known.message.key,
        row=bytes(outgoing.key),
        day=day,
        week_on=monday_of(day),
        milestone=known.message.milestone,
    )
    Said.objects.bulk_create([row], ignore_conflicts=True)
    return Said.objects.filter(pk=row.pk).exists()


def _write(kind: Kind, outgoing: Outgoing, decision: Decision, known: Known) -> None:
    """Count a decision in the ledger; of one that waits, the first time alone."""
    if decision.outcome is Outcome.HELD:
        mark = bytes(outgoing.key)
        if Held.objects.filter(row=mark).exists():
            return
        waits = Held(row=mark, until=known.now + _HELD_FOR)
        Held.objects.bulk_create([waits], ignore_conflicts=True)
    ref = ref_from(bytes(outgoing.ref)) if kind.name in KINDS else None
    line = {
        "day": clock.local_date(known.now, known.zone),
        "kind": kind.name,
        "campaign": ref.campaign if ref else uuid.UUID(NO_CAMPAIGN),
        "outcome": str(decision.outcome),
        "why": str(decision.why),
    }
    Tally.objects.bulk_create([Tally(**line)], ignore_conflicts=True)
    Tally.objects.filter(**line).update(number=F("number") + 1)
