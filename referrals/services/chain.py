"""The chain over openings and grants of roles: what was edited, taken out or put in is named.

The care side's clock adds what is new, one sealer at a time. Every link is a MAC, under the care
side's keyring, over the one before and a salted mark of its row: who can write the whole database
can make none. Where the chain ends is written down on the care host as well, so that one cut short
or written anew shows. When a row's two years are over its salt goes with it, and the chain holds.

What the chain cannot see: a row that is changed before the next round of the clock has sealed it,
and one that is put in with a time that is still to be sealed.
"""

import hmac
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from peersupport.core import locks
from peersupport.core.audit.models import Entry
from peersupport.core.audit.services import KEPT
from peersupport.core.crypto import care_keyring
from referrals import care_ledger
from referrals.care_ledger import Head
from referrals.models import Link, Opening

_log = logging.getLogger(__name__)
OPENING, GRANT = "opening", "grant"
# Who was given or lost a role (accounts/services/people.py), and everything done to a counselor.
GRANTS = ("grant role", "revoke role")
_START = b"\0" * 32
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# Hosts' clocks differ, and a row is written a moment after its time was read.
_LATE = timedelta(minutes=10)
# A row may be sealed so long after its time (a clock that stood still), and still end with it.
_SLACK = timedelta(days=31)
_ENTRY = ("id", "at", "actor_id", "actor_label", "verb", "thing", "thing_id", "note")
_OPENED = ("id", "at", "referral_id", "counselor_id", "name", "what")
Row = Entry | Opening


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that is not as it was sealed, and where. `what` is a word for tests and pages."""

    number: int
    what: str  # edited, missing, inserted, broken, rewritten, cut
    thing: str = ""
    row_id: UUID | None = None


def grants(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Return those entries of the audit that say who was given what."""
    return entries.filter(Q(verb__in=GRANTS) | Q(thing="counselor"))


# -- marks ----------------------------------------------------------------------------------------


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex if isinstance(value, UUID) else str(value)


def _row_hash(row: Row, salt: bytes) -> bytes:
    names = _OPENED if isinstance(row, Opening) else _ENTRY
    said = json.dumps([_plain(getattr(row, name)) for name in names]).encode()
    return care_keyring().mac(bytes(salt) + said, purpose="chain-row")


def _link_hash(before: bytes, link: Link) -> bytes:
    said = json.dumps([link.number, link.thing, link.row_id.hex]).encode()
    return care_keyring().mac(before + bytes(link.row_hash) + said, purpose="chain")


def _thing(row: Row) -> str:
    return OPENING if isinstance(row, Opening) else GRANT


# -- sealing --------------------------------------------------------------------------------------


def _begun(heads: list[Head], now: datetime) -> datetime:
    """Return from when on the chain knows rows: a while before its first day."""
    day = heads[0].on if heads else now.date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - _SLACK


def _unsealed(since: datetime) -> list[Row]:
    linked = Exists(Link.objects.filter(row_id=OuterRef("pk")))
    opened = Opening.objects.filter(at__gte=since).exclude(linked)
    granted = grants(Entry.objects.filter(at__gte=since)).exclude(linked)
    rows: list[Row] = [*opened, *granted]
    return sorted(rows, key=lambda row: (row.at, row.pk.hex))


@transaction.atomic(durable=True)
def _add_links(since: datetime) -> tuple[int, Link | None]:
    """Seal what is new, while nobody else does. Returns how many, and the last link there is."""
    locks.hold("chain", b"")
    last = Link.objects.order_by("-number").first()
    new: list[Link] = []
    for row in _unsealed(since):
        before, number = (last.hash, last.number) if last else (_START, 0)
        salt = os.urandom(16)
        last = Link(
            number=number + 1,
            thing=_thing(row),
            row_id=row.pk,
            salt=salt,
            row_hash=_row_hash(row, salt),
        )
        last.hash = _link_hash(bytes(before), last)
        new.append(last)
    Link.objects.bulk_create(new)
    return len(new), last


def seal_chain(*, now: datetime) -> int:
    """Add what is new to the chain, and note where it ends off the database. Returns how many."""
    known = care_ledger.heads()
    count, last = _add_links(_begun(known, now))
    if last is None:
        return count
    head = Head(now.date(), care_ledger.SEALED, last.number, bytes(last.hash))
    if not known or (known[-1].number, known[-1].hash) != (head.number, head.hash):
        care_ledger.note_head(head)
    return count


def note_restored(*, now: datetime) -> int:
    """Note that the chain goes on from an older copy of the database. Returns its last number.

    What was sealed after that copy is lost with it; `verify` no longer calls that a cut.
    """
    last = Link.objects.order_by("-number").first()
    number, said = (last.number, bytes(last.hash)) if last else (0, _START)
    care_ledger.note_head(Head(now.date(), care_ledger.RESTORED, number, said))
    return number


def length() -> int:
    """Return how many links the chain has."""
    return Link.objects.count()


# -- looking --------------------------------------------------------------------------------------


def verify(*, now: datetime) -> list[Break]:
    """Return everything that is not as it was sealed; nothing when all is well."""
    heads = care_ledger.heads()
    since = _begun(heads, now)
    links = list(Link.objects.order_by("number"))
    rows: dict[UUID, Row] = {row.pk: row for row in Opening.objects.filter(at__gte=since)}
    rows |= {row.pk: row for row in grants(Entry.objects.filter(at__gte=since))}
    standing = _standing(heads)
    found = [*_ties(links), *_ends(links, standing)]
    found += [*_rows(links, rows, _old(standing, now), now), *_put_in(links, rows)]
    return sorted(found, key=lambda one: (one.number, one.what))


def _standing(heads: list[Head]) -> list[Head]:
    """Return the ends that still hold: those beyond a restore were lost with what they sealed."""
    held: list[Head] = []
    for head in heads:
        if head.what == care_ledger.RESTORED:
            held = [one for one in held if one.number <= head.number]
        held.append(head)
    return held


def _ties(links: list[Link]) -> Iterator[Break]:
    """Each link follows the one before, in number and in mark."""
    before, expected = _START, 1
    for link in links:
        if link.number != expected:
            yield Break(expected, "missing", "link")
        if not hmac.compare_digest(bytes(link.hash), _link_hash(before, link)):
            yield Break(link.number, "broken", link.thing, link.row_id)
        before, expected = bytes(link.hash), link.number + 1


def _ends(links: list[Link], heads: list[Head]) -> Iterator[Break]:
    """Where the chain has ended on some day, it still passes through."""
    there = {link.number: bytes(link.hash) for link in links}
    last = max(there, default=0)
    beyond = [head.number for head in heads if head.number > last]
    if beyond:
        yield Break(max(beyond), "cut", "link")
    for head in heads:
        if 0 < head.number <= last and there.get(head.number) != head.hash:
            yield Break(head.number, "rewritten", "link")
            return


def _old(heads: list[Head], now: datetime) -> int:
    """Return up to which number a row's time may be over, by the days noted off the database."""
    day = (now - KEPT + _SLACK).date()
    return max((head.number for head in heads if head.on <= day), default=0)


def _rows(links: list[Link], rows: dict[UUID, Row], old: int, now: datetime) -> Iterator[Break]:
    """Each row is there as it was sealed, unless its two years are over."""
    for link in links:
        row, place = rows.get(link.row_id), (link.thing, link.row_id)
        if row is None:
            if link.number > old:
                yield Break(link.number, "missing", *place)
        elif link.salt is None:
            if row.at > now - KEPT + _SLACK:
                yield Break(link.number, "edited", *place)
        elif _thing(row) != link.thing or not hmac.compare_digest(
            bytes(link.row_hash), _row_hash(row, bytes(link.salt))
        ):
            yield Break(link.number, "edited", *place)


def _put_in(links: list[Link], rows: dict[UUID, Row]) -> Iterator[Break]:
    """No row was sealed after much younger ones, and none is left out that is older than one."""
    latest = _NEVER
    for link in links:
        row = rows.get(link.row_id)
        if row is None:
            continue
        if row.at < latest - _LATE:
            yield Break(link.number, "inserted", link.thing, link.row_id)
        latest = max(latest, row.at)
    sealed = {link.row_id for link in links}
    for row in rows.values():
        if row.pk not in sealed and row.at < latest - _LATE:
            yield Break(links[-1].number + 1, "inserted", _thing(row), row.pk)
