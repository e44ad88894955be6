"""Keys of the care side over time: made, published, followed by the next, and destroyed.

A new epoch is made and published, then every live referral is wrapped for it, in short
transactions and in any order: each step may be done twice, and a run that was killed is taken up
by the next. Meanwhile new referrals arrive, sealed to the old key or the new one; both open.

The wraps of the previous epoch stay as long as its key does: a copy of the key store that was
made before the last rotation opens everything, until the next one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from peersupport.core.crypto import CannotOpen
from peersupport.core.keyfiles import KeysUnusable
from referrals import care_keys, envelope
from referrals.content import NotContent, from_bytes
from referrals.envelope import Envelope
from referrals.models import PublishedKey, Referral, Sealed, Wrap
from referrals.models.cases import ReferralSet

_BATCH = 50
_FIRST = UUID(int=0)
LASTS = care_keys.EPOCH


@dataclass(frozen=True, slots=True)
class Rotated:
    """What one run did: the epoch that is current, and how many data keys were wrapped for it."""

    epoch: int
    is_new: bool
    wrapped: int
    broken: int
    destroyed: tuple[int, ...]


def is_here() -> bool:
    """Return whether this host has the key store of the care side."""
    try:
        care_keys.current()
    except KeysUnusable:
        return False
    return True


def check_store() -> None:
    """Raise KeysUnusable unless every secret file of the care side is here and can be used."""
    care_keys.check()


def due_on() -> date:
    """Return the day on which the current epoch is over."""
    return care_keys.current().since + care_keys.EPOCH


def is_due(now: datetime) -> bool:
    """Return whether the epoch is over and `care_keys rotate` should be run."""
    return due_on() <= now.date()


def make_keys(directory: Path, now: datetime) -> bool:
    """Make the care side's key files where they are missing. Returns whether the root is new."""
    return care_keys.create(directory, now)


def publish() -> int:
    """Publish the store's keys, signed, for the web side to seal to."""
    return care_keys.publish()


def refuse_gone() -> list[int]:
    """Destroy the keys of epochs that are gone and came back with a file. Returns which."""
    return care_keys.purge_gone()


def unlike_store() -> list[tuple[int, str]]:
    """Return in what the published keys are not those of the store, by epoch."""
    store = {one.number: one.recipient.public for one in care_keys.epochs()}
    there = {row.epoch: bytes(row.public) for row in PublishedKey.objects.all()}
    said = [(number, "not published") for number in store if number not in there]
    said += [(number, "published without a key here") for number in there if number not in store]
    said += [
        (number, "published with another key")
        for number, public in there.items()
        if store.get(number, public) != public
    ]
    return sorted(said)


# -- wrapping anew --------------------------------------------------------------------------------


def _unwrapped(recipient: str) -> ReferralSet:
    """Return the live referrals that the key of this name does not open."""
    wrapped = Wrap.objects.filter(referral=OuterRef("pk"), recipient=recipient)
    return Referral.objects.live().filter(sealed__isnull=False).exclude(Exists(wrapped))


def _envelopes(referrals: list[UUID]) -> dict[UUID, Envelope]:
    wraps: dict[UUID, list[envelope.Wrap]] = {}
    for row in Wrap.objects.filter(referral__in=referrals):
        one = envelope.Wrap(row.recipient, bytes(row.sealed))
        wraps.setdefault(row.referral_id, []).append(one)
    return {
        row.pk: Envelope(bytes(row.blob), tuple(wraps.get(row.pk, ())))
        for row in Sealed.objects.filter(pk__in=referrals)
    }


def _made_for(recipient: envelope.Recipient, batch: list[UUID]) -> list[Wrap]:
    """Return one more wrap for each of a batch, outside any transaction; none for the broken."""
    secrets, made = care_keys.secrets(), []
    for referral, one in _envelopes(batch).items():
        try:
            new = envelope.wrap_for(one, referral=referral, secrets=secrets, to=recipient)
        except CannotOpen:
            continue
        made.append(Wrap(referral_id=referral, recipient=new.recipient, sealed=new.sealed))
    return made


@transaction.atomic(durable=True)
def _store(made: list[Wrap], recipient: str, keep: list[str]) -> int:
    """Add the new wraps, take away those of keys that are neither current nor previous.

    Their referrals are held for this moment, so that none is destroyed underneath; whoever
    wrapped one first has done it.
    """
    rows = Referral.objects.filter(pk__in=[wrap.referral_id for wrap in made]).order_by("pk")
    there = set(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    new = [wrap for wrap in made if wrap.referral_id in there]
    Wrap.objects.bulk_create(new, ignore_conflicts=True)
    has_new = Wrap.objects.filter(referral=OuterRef("referral"), recipient=recipient)
    old = Wrap.objects.filter(Exists(has_new), referral__in=there).exclude(recipient__in=keep)
    old.delete()
    return len(new)


def rewrap(*, batch: int = _BATCH) -> tuple[int, int]:
    """Wrap every live referral for the current epoch. Returns how many, and how many are broken.

    Goes round in the order of their keys, and once more whenever it has found some: others
    arrive meanwhile. What does not open is passed by.
    """
    store = care_keys.epochs()
    newest, keep = store[-1].recipient, [one.recipient.name for one in store[-2:]]
    wrapped, broken, after = 0, set[UUID](), _FIRST
    while True:
        rest = _unwrapped(newest.name).filter(pk__gt=after).exclude(pk__in=broken)
        pending = list(rest.order_by("pk").values_list("pk", flat=True)[:batch])
        if not pending and after == _FIRST:
            break
        made = _made_for(newest, pending)
        broken |= set(pending) - {wrap.referral_id for wrap in made}
        wrapped += _store(made, newest.name, keep) if made else 0
        after = pending[-1] if pending else _FIRST
    return wrapped, len(broken)


def _mend(*, batch: int = _BATCH) -> int:
    """Take away wraps that stand under the current key's name and do not open. Returns how many.

    The web side can add a wrap: one planted under the new key's name would pass for the real one
    until the old key is gone. Looks only where another wrap may still help.
    """
    newest = care_keys.current().recipient.name
    secrets = {newest: care_keys.secrets()[newest]}
    named = Wrap.objects.filter(referral=OuterRef("pk"), recipient=newest)
    others = Wrap.objects.filter(referral=OuterRef("pk")).exclude(recipient=newest)
    both = Referral.objects.live().filter(Exists(named), Exists(others))
    todo, planted = list(both.values_list("pk", flat=True)), []
    for start in range(0, len(todo), batch):
        planted += [
            referral
            for referral, one in _envelopes(todo[start : start + batch]).items()
            if not _opens(one, referral, secrets)
        ]
    Wrap.objects.filter(referral__in=planted, recipient=newest).delete()
    return len(planted)


def _opens(one: Envelope, referral: UUID, secrets: dict[str, bytes]) -> bool:
    try:
        envelope.open_envelope(one, referral=referral, secrets=secrets)
    except CannotOpen:
        return False
    return True


# -- over time ------------------------------------------------------------------------------------


def _highest_published() -> int:
    row = PublishedKey.objects.order_by("-epoch").values_list("epoch", flat=True).first()
    return row or 0


def rotate(*, now: datetime, is_early: bool = False) -> Rotated:
    """Begin a new epoch if this one is over, or when asked to early, and carry everything over.

    Run again after it was killed, and not "early", it finishes what it began.
    """
    if connection.in_atomic_block:
        raise RuntimeError("Keys are rotated outside of transactions only.")
    latest = care_keys.current().number
    is_new = False
    if is_early or is_due(now):
        # A planted row cannot make the numbers run out: they are 63 bits wide, its column 31.
        is_new = care_keys.begin_epoch(now, after=latest, above=min(_highest_published(), 10**6))
    care_keys.publish()
    _mend()
    wrapped, broken = rewrap()
    destroyed = destroy_old(now=now)
    return Rotated(care_keys.current().number, is_new, wrapped, broken, tuple(destroyed))


def destroy_old(*, now: datetime) -> list[int]:
    """Destroy the keys of epochs before the previous, 90 days after they were succeeded.

    Nothing live hangs on them any more: it is wrapped anew first, and what ended before has been
    destroyed by then. What does not open at all keeps no key alive. Returns which are gone.
    """
    gone = []
    for epoch in care_keys.outdated(now):
        _mend()
        rewrap()
        Wrap.objects.filter(recipient=epoch.recipient.name).delete()
        care_keys.destroy_epoch(epoch, now=now)
        gone.append(epoch.number)
    if gone:
        care_keys.publish()
    return gone


def tend(*, now: datetime) -> int:
    """Keep the keys in order on the care side's clock. Returns how many were destroyed.

    Publishes what a restored database has lost, wraps what arrived under the previous key, and
    destroys what is due. It begins no epoch: after that the store must be copied by somebody.
    """
    if not is_here():
        return 0
    refuse_gone()
    publish()
    rewrap()
    return len(destroy_old(now=now))


# -- looking, without showing ---------------------------------------------------------------------


def is_whole(referral: Referral, secrets: dict[str, bytes] | None = None) -> bool:
    """Return whether the content of a referral opens and is one. It is thrown away."""
    found = _envelopes([referral.pk]).get(referral.pk)
    if found is None:
        return False
    keys = care_keys.secrets() if secrets is None else secrets
    try:
        from_bytes(envelope.open_envelope(found, referral=referral.pk, secrets=keys))
    except (CannotOpen, NotContent):
        return False
    return True
