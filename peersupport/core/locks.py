"""One writer at a time per person or supporter, without leaving a trace of who.

A row lock (SELECT FOR UPDATE) would write the transaction's number onto the person's row, and
the visit made by the same transaction carries that number too: a copy of the data files would
join them. An advisory lock is only in memory. On SQLite the IMMEDIATE transaction is the lock.
"""

import struct
from collections.abc import Iterable

from django.db import connection

from peersupport.core.crypto import keyring

Name = tuple[str, bytes]  # what kind of thing, and which


def hold(kind: str, key: bytes) -> None:
    """Wait until no other transaction holds (kind, key), and hold it until this one ends.

    Must be called inside a transaction.
    """
    hold_in_order([(kind, key)])


def hold_all(kind: str, keys: Iterable[bytes]) -> None:
    """Hold several of one kind, always in one order: two who want the same wait, never for ever.

    Kinds are taken in the order roster, supporter, person, shift, line.
    """
    hold_in_order([(kind, key) for key in sorted(set(keys))])


def hold_in_order(names: Iterable[Name]) -> None:
    """Hold several one after the other, in one query. The order of kinds is that of `hold_all`."""
    if connection.vendor != "postgresql":
        return
    numbers = [_number(kind, key) for kind, key in names]
    if not numbers:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(n) FROM unnest(%s::bigint[]) n", [numbers])


def _number(kind: str, key: bytes) -> int:
    name = keyring().mac(kind.encode() + b"|" + key, purpose="lock")
    number: int = struct.unpack(">q", name[:8])[0]
    return number
