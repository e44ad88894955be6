"""Sealing, opening, and wrapping ten thousand data keys anew, beside what that is made of.

Each part runs inside a `manage.py shell` of the program under test, as the side that does it.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from uuid import UUID

from django.conf import settings
from django.db import transaction
from nacl.public import PrivateKey, SealedBox

from peersupport.core import clock, crypto, ids
from referrals import envelope
from referrals.content import Content, Reach, to_bytes
from referrals.models import Counselor, Opening, Referral, Routed, Sealed, Wrap
from referrals.recipients import recipients
from referrals.services import opening, rotation
from tests.care import care_cast
from tests.referrals.care_host import outside

_ROUNDS = 300
_KEYS = 10_000
_BATCH = 500


def _took(act: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Return the median of what one takes, in milliseconds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _whole(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _bare_box() -> Callable[[], bytes]:
    """Return what seals one data key to a public key and opens it again, and does no more."""
    secret = PrivateKey.generate()
    to, mine, key = SealedBox(secret.public_key), SealedBox(secret), os.urandom(64)
    return lambda: mine.decrypt(to.encrypt(key))


def _insert_opening() -> None:
    with transaction.atomic(durable=True):
        Opening(at=clock.now(), referral_id=ids.new_id(), name="bare", what="case").save()


def _fill(count: int) -> None:
    now = clock.now()
    to, plain = recipients(), to_bytes(Content(words="x" * 2000, reach=(Reach("phone", "2"),)))
    for _ in range(count // _BATCH):
        rows = [outside(now) for _ in range(_BATCH)]
        made = {row.pk: envelope.seal(plain, referral=row.pk, recipients=to) for row in rows}
        with transaction.atomic():
            Referral.objects.bulk_create(rows)
            Sealed.objects.bulk_create(
                [Sealed(pk=key, blob=one.blob) for key, one in made.items()]
            )
            Wrap.objects.bulk_create(
                [
                    Wrap(referral_id=key, recipient=wrap.recipient, sealed=wrap.sealed)
                    for key, one in made.items()
                    for wrap in one.wraps
                ]
            )


def _bare_inserts(keys: list[UUID]) -> float:
    """Return how long it takes to insert as many rows of the same size, in the same batches."""

    def insert() -> None:
        for start in range(0, len(keys), 50):
            part = keys[start : start + 50]
            with transaction.atomic():
                Wrap.objects.bulk_create(
                    [Wrap(referral_id=k, recipient="bare", sealed=os.urandom(128)) for k in part]
                )

    taken = _whole(insert)
    Wrap.objects.filter(recipient="bare").delete()
    return taken


def prepare() -> None:
    """Make the keys, and somebody who opens. As the care side."""
    rotation.make_keys(Path(settings.KEYS_DIR), clock.now())
    crypto.forget_keyring()
    rotation.publish()
    care_cast(clock.now())


def send() -> None:
    """Print what sealing takes, then fill the tables. As the web side."""
    plain, box = to_bytes(Content(words="x" * 2000)), _took(_bare_box())
    seal = _took(lambda: envelope.seal(plain, referral=ids.new_id(), recipients=recipients()))
    print(f"seal one referral, key looked up and its signature checked: {seal:.2f} ms; "
          f"bare sealed box, there and back: {box:.2f} ms; ratio {seal / box:.1f}")  # fmt: skip
    _fill(_KEYS)


def keep() -> None:
    """Print what opening takes, and wrapping everything anew. As the care side."""
    now, bare_box = clock.now(), _bare_box()
    dee, one = Counselor.objects.get(email__startswith="dee@"), Referral.objects.all()[0]
    Routed.objects.create(referral=one)
    bare = _took(_insert_opening)
    opened = _took(lambda: opening.open_case(referral=one, counselor=dee, what="case", now=now))
    print(f"open one case, who may, record and all: {opened:.2f} ms; bare record: {bare:.2f} ms; "
          f"ratio {opened / bare:.1f}")  # fmt: skip
    keys = list(Referral.objects.values_list("pk", flat=True))
    inserts, boxes = _bare_inserts(keys), _whole(lambda: [bare_box() for _ in keys])
    taken = _whole(lambda: rotation.rotate(now=now, is_early=True))
    both = taken / (boxes + inserts)
    print(f"wrap {len(keys)} data keys anew: {taken:.1f} s; as many bare boxes: {boxes:.1f} s, "
          f"bare inserts: {inserts:.1f} s; ratio to both {both:.1f}")  # fmt: skip
