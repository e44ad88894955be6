"""Setting up, using and removing second factors.

Nobody else can do any of this for a person. What can be used once is spent by a guarded update
of the sealed row, so that of two requests with the same code one wins, whatever the cache does.
"""

import hmac
import re
import secrets
import uuid
from base64 import b32decode, b32encode
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from django.db import transaction

from accounts import factors
from accounts.emails import tell_of_change
from accounts.factors import Factor, Kind
from accounts.models import Person
from peersupport.core import ids
from peersupport.core.audit.services import record
from peersupport.core.crypto import keyring

_STEP = 30  # seconds that a code of the app stands
_CODES = 10
# No letters or figures that are read as each other.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_MOST_PASSKEYS = 20


class WrongCode(Exception):
    """The code does not fit."""


class AlreadyThere(Exception):
    """There is one already."""


# -- the app ------------------------------------------------------------------------------------
def new_secret() -> str:
    """Return a fresh secret for an app, as apps want it typed."""
    return b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """Return the six digits of one step of thirty seconds (RFC 6238)."""
    hotp = HOTP(b32decode(secret), 6, SHA1(), enforce_key_length=False)  # noqa: S303
    return hotp.generate(step).decode()


def _fitting_step(secret: str, typed: str, now: datetime) -> int | None:
    """Return the step that a code is of: this one, or a neighbour for clocks that differ."""
    here = int(now.timestamp()) // _STEP
    for step in (here, here - 1, here + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), typed.encode()):
            return step
    return None


def plain_code(typed: str) -> str:
    """Return a typed code without spaces and dashes, in small letters."""
    return re.sub(r"[\s-]", "", typed).lower()


# -- setting up and removing ----------------------------------------------------------------------
@transaction.atomic(durable=True)
def add_app(*, person: Person, secret: str, typed: str, now: datetime) -> list[str]:
    """Set up an authenticator app that has shown a right code. Returns fresh recovery codes, or
    none if there are some. Raises WrongCode or AlreadyThere.
    """
    _lock(person)
    found = factors.all_of(person.pk)
    if any(each.kind == Kind.APP for each in found):
        raise AlreadyThere
    step = _fitting_step(secret, plain_code(typed), now)
    if step is None:
        raise WrongCode
    factors.add(person, Kind.APP, {"secret": secret, "last": step}, now)
    codes = _first_codes(person, found, now)
    _changed(person, "set up an app", now)
    return codes


@transaction.atomic(durable=True)
def add_passkey(*, person: Person, name: str, credential: str, now: datetime) -> list[str]:
    """Store a passkey. Returns fresh recovery codes, or none if there are some.

    Raises AlreadyThere for the same passkey again, or for far too many.
    """
    _lock(person)
    found = factors.all_of(person.pk)
    kept = [each for each in found if each.kind == Kind.PASSKEY]
    if len(kept) >= _MOST_PASSKEYS or credential in {e.content["credential"] for e in kept}:
        raise AlreadyThere
    content = {"ref": str(ids.new_id()), "name": name, "credential": credential}
    factors.add(person, Kind.PASSKEY, content, now)
    codes = _first_codes(person, found, now)
    _changed(person, "add a passkey", now)
    return codes


@transaction.atomic(durable=True)
def rename_passkey(*, person: Person, ref: uuid.UUID, name: str) -> bool:
    """Give a passkey another name; return whether there is such a passkey."""
    found = passkey(person, ref)
    return found is not None and factors.replace(person.pk, found, {**found.content, "name": name})


@transaction.atomic(durable=True)
def remove_app(*, person: Person, now: datetime) -> None:
    """Take the app away, and the recovery codes with the last factor."""
    _lock(person)
    found = factors.all_of(person.pk)
    _remove(person, [each for each in found if each.kind == Kind.APP], found, now)


@transaction.atomic(durable=True)
def remove_passkey(*, person: Person, ref: uuid.UUID, now: datetime) -> None:
    """Take a passkey away, and the recovery codes with the last factor."""
    _lock(person)
    found = factors.all_of(person.pk)
    gone = [e for e in found if e.kind == Kind.PASSKEY and e.content["ref"] == str(ref)]
    _remove(person, gone, found, now)


@transaction.atomic(durable=True)
def new_codes(*, person: Person, now: datetime) -> list[str]:
    """Put fresh recovery codes in place of the old ones; none for whoever has no factor."""
    _lock(person)
    found = factors.all_of(person.pk)
    if not any(each.kind != Kind.CODES for each in found):
        return []
    factors.delete([each.key for each in found if each.kind == Kind.CODES])
    codes = _make_codes(person, now)
    _changed(person, "make new recovery codes", now)
    return codes


def passkey(person: Person, ref: uuid.UUID) -> Factor | None:
    """Return one of a person's passkeys."""
    for each in factors.all_of(person.pk):
        if each.kind == Kind.PASSKEY and each.content["ref"] == str(ref):
            return each
    return None


def _lock(person: Person) -> None:
    """Let one change of a person's factors happen after the other.

    Where rows cannot be locked (SQLite), the transaction has taken the one writer's lock.
    """
    Person.objects.select_for_update().only("pk").get(pk=person.pk)


def _remove(person: Person, gone: list[Factor], found: list[Factor], now: datetime) -> None:
    if not gone:
        return
    left = [each for each in found if each not in gone]
    if all(each.kind == Kind.CODES for each in left):
        gone = found
    factors.delete([each.key for each in gone])
    _changed(person, "remove a second factor", now)


def _changed(person: Person, verb: str, now: datetime) -> None:
    """End the other sessions, tell the person, and record it for staff."""
    person.session_epoch = ids.new_id()
    Person.objects.filter(pk=person.pk).update(session_epoch=person.session_epoch)
    tell_of_change(person=person, now=now)
    if person.is_staff_member:
        record(by=person, verb=verb, thing="person", thing_id=str(person.pk), now=now)


# -- recovery codes -------------------------------------------------------------------------------
def _mark_of(person: Person, code: str) -> str:
    return keyring().mac(f"{person.pk}|{code}".encode(), purpose="recovery-code").hex()


def _make_codes(person: Person, now: datetime) -> list[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(_CODES)]
    content = {"left": sorted(_mark_of(person, code) for code in codes)}
    factors.add(person, Kind.CODES, content, now)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _first_codes(person: Person, found: list[Factor], now: datetime) -> list[str]:
    if any(each.kind == Kind.CODES for each in found):
        return []
    return _make_codes(person, now)


# -- using ----------------------------------------------------------------------------------------
@transaction.atomic(durable=True)
def spend_code(*, person: Person, typed: str, now: datetime) -> Kind | None:
    """Use a code of the app or a recovery code, once. Returns which it was; None if neither."""
    code = plain_code(typed)
    if not code.isascii():
        return None
    for each in factors.usable(factors.all_of(person.pk)):
        after = _after_use(person, each, code, now)
        if after is not None and factors.replace(person.pk, each, after):
            return each.kind
    return None


def _after_use(person: Person, factor: Factor, code: str, now: datetime) -> dict[str, Any] | None:
    """Return the content of a factor once this code is spent, or None if it does not fit."""
    if factor.kind == Kind.APP:
        step = _fitting_step(factor.content["secret"], code, now)
        # A step that was used, and every step before it, is over.
        if step is None or step <= factor.content["last"]:
            return None
        return {**factor.content, "last": step}
    if factor.kind == Kind.CODES:
        mark, left = _mark_of(person, code), factor.content["left"]
        if mark in left:
            return {**factor.content, "left": [each for each in left if each != mark]}
    return None


def keeps_old_use(*, before: datetime) -> bool:
    """Return whether any app still says that it was used before then: nobody mixes factors."""
    oldest = int(before.timestamp()) // _STEP
    return any(
        each.kind == Kind.APP and 0 < each.content["last"] < oldest
        for person_id in factors.everybody_with_one()
        for each in factors.all_of(person_id)
    )


@transaction.atomic(durable=True)
def mix_factors(*, now: datetime) -> None:
    """Seal every factor anew, in one transaction, and forget when an app was last used.

    The row of an app or of recovery codes is written when its person signs in; a day later
    neither its content nor the number of that transaction tells when that was. Steps that can
    still be used again are kept.
    """
    over = int(now.timestamp()) // _STEP - 10
    for person_id in factors.everybody_with_one():
        for each in factors.all_of(person_id):
            content = each.content
            if each.kind == Kind.APP and content["last"] < over:
                content = {**content, "last": 0}
            factors.replace(person_id, each, content)
