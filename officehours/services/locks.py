"""One writer at a time per person or supporter, without leaving a trace of who.

A row lock (SELECT FOR UPDATE) would write the transaction's number onto the person's row, and
the visit made by the same transaction carries that number too: a copy of the data files would
join them. An advisory lock is only in memory. On SQLite the IMMEDIATE transaction is the lock.
"""

import struct
from collections.abc import Iterable

from django.db import connection

from peersupport.core.crypto import keyring


def hold(kind: str, key: bytes) -> None:
    """Wait until no other transaction holds (kind, key), and hold it until this one ends.

    Must be called inside a transaction.
    """
    if connection.vendor != "postgresql":
        return
    name = keyring().mac(kind.encode() + b"|" + key, purpose="lock")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [struct.unpack(">q", name[:8])[0]])


def hold_all(kind: str, keys: Iterable[bytes]) -> None:
    """Hold several of one kind, always in one order: two who want the same wait, never for ever.

    Kinds are taken in the order supporter, person, shift, line.
    """
    for key in sorted(set(keys)):
        hold(kind, key)
