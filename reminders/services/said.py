"""What is remembered of what went to whom, and the ledger: reserved, counted, given back.

A mark is written before its message is handed over: too few letters are better than too many. A
message that then does not go gives its mark back, in the transaction that ends it.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, OuterRef

from peersupport.core.crypto import keyring
from peersupport.core.outbox.kinds import kind_of
from peersupport.core.outbox.models import Outgoing, Tombstone
from reminders.limit_rules import Decision, Outcome, Why
from reminders.models import NO_CAMPAIGN, Held, Said, Tally
from reminders.queries.ground import KINDS
from reminders.rules import ref_from

_HELD_FOR = timedelta(days=14)
_LATELY = timedelta(days=8)


def tag_of(person: uuid.UUID) -> bytes:
    """Return the mark under which what went to somebody is counted."""
    return keyring().mac(person.bytes, purpose="reminders-person")


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line of the ledger."""

    day: date
    kind: str
    campaign: uuid.UUID
    outcome: str
    why: str


def line_of(outgoing: Outgoing, day: date, decision: Decision) -> Line:
    """Return in which line a decision about a message is counted."""
    ref = ref_from(bytes(outgoing.ref)) if outgoing.kind in KINDS else None
    campaign = ref.campaign if ref else uuid.UUID(NO_CAMPAIGN)
    return Line(day, outgoing.kind, campaign, str(decision.outcome), str(decision.why))


def reserve(rows: Iterable[Said]) -> set[uuid.UUID]:
    """Remember that messages go; return which the database let through.

    Always in the same order, so that two workers wait for each other and never in a ring.
    """
    wanted = sorted(rows, key=lambda row: (bytes(row.tag), bytes(row.what)))
    if not wanted:
        return set()
    Said.objects.bulk_create(wanted, ignore_conflicts=True)
    asked = [row.pk for row in wanted]
    return set(Said.objects.filter(pk__in=asked).values_list("pk", flat=True))


def first_held(keys: Collection[bytes], now: datetime) -> set[bytes]:
    """Remember which messages wait; return which of them did not wait before."""
    if not keys:
        return set()
    known = Held.objects.filter(row__in=list(keys)).values_list("row", flat=True)
    fresh = set(keys) - {bytes(row) for row in known}
    rows = [Held(row=key, until=now + _HELD_FOR) for key in sorted(fresh)]
    Held.objects.bulk_create(rows, ignore_conflicts=True)
    return fresh


def count(lines: Counter[Line]) -> None:
    """Write into the ledger what became of messages, and take off what is less than nothing."""
    if not lines:
        return
    ordered = sorted(line for line, number in lines.items() if number)
    rows = [Tally(**_columns(line)) for line in ordered if lines[line] > 0]
    Tally.objects.bulk_create(rows, ignore_conflicts=True)
    for line in ordered:
        there = Tally.objects.filter(**_columns(line), number__gte=max(0, -lines[line]))
        there.update(number=F("number") + lines[line])


def _columns(line: Line) -> dict[str, object]:
    return {name: getattr(line, name) for name in Line.__slots__}


def give_back(outgoing: Outgoing, state: Outgoing.State, now: datetime) -> None:
    """Give back the mark of a message that ends without having gone; the ledger says why.

    Whoever ends it does so once; and a mark that is not there is given back by nobody.
    """
    kind = kind_of(outgoing.kind)
    if kind is None or kind.asked or kind.side == "care":
        return
    mine = list(Said.objects.filter(row=bytes(outgoing.key)))
    if not mine:
        return
    why = Why.FAILED if state == Outgoing.State.DEAD else Why.CHANGED
    lines = taken_back(outgoing, mine)
    for row in mine:
        lines[line_of(outgoing, row.day, Decision(Outcome.DROPPED, why))] += 1
    count(lines)


def taken_back(outgoing: Outgoing, mine: Sequence[Said]) -> Counter[Line]:
    """Delete the marks of one message; return what that takes off the ledger."""
    lines: Counter[Line] = Counter()
    for row in mine:
        if Said.objects.filter(pk=row.pk).delete()[0]:
            lines[line_of(outgoing, row.day, Decision(Outcome.WENT, Why.FINE))] -= 1
    return lines


def give_back_vanished(now: datetime) -> int:
    """Give back the marks of messages that were taken out of the outbox before they went.

    Whoever pauses a campaign has no right to the marks: the next round of planning does this.
    What was delivered has left its tombstone.
    """
    key = OuterRef("row")
    old = Said.objects.filter(
        ~Exists(Outgoing.objects.filter(key=key)),
        ~Exists(Tombstone.objects.filter(key=key)),
        day__gte=(now - _LATELY).date(),
    )
    return int(old.delete()[0])
