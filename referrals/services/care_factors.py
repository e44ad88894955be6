"""One's own passkeys and recovery codes on the care side."""

import uuid
from datetime import datetime

from django.db import transaction

from peersupport.core import ids
from peersupport.core.audit.services import record
from peersupport.core.crypto import care_keyring
from peersupport.core.states import NotAllowedFrom
from referrals import rules
from referrals.models import Counselor, Passkey, RecoveryCode
from referrals.seals import is_genuine, is_genuine_passkey, retire
from referrals.services.counselors import keep_passkey, new_code, plain_code


def _mark(counselor: uuid.UUID, code: str) -> bytes:
    said = f"{counselor}|{plain_code(code)}"
    return care_keyring().mac(said.encode(), purpose="recovery-code")


def _myself(by: Counselor) -> Counselor:
    """Return one's own row, held until this transaction ends. Raises NotAllowed."""
    row = Counselor.objects.select_for_update().filter(pk=by.pk).first()
    if row is None or row.state != Counselor.State.ACTIVE or not is_genuine(row):
        raise rules.NotAllowed
    return row


@transaction.atomic(durable=True)
def add_passkey(
    *, credential: bytes, name: str, is_proved: bool, by: Counselor, now: datetime
) -> Passkey:
    """Add a passkey to oneself. Raises NotAllowed, TooMany.

    Proved by one that was confirmed, it is confirmed with it; else it waits for the lead.
    """
    row = _myself(by)
    if Passkey.objects.filter(counselor=row).count() >= rules.MOST_PASSKEYS:
        raise rules.TooMany
    made = keep_passkey(row, credential, name, is_confirmed=is_proved, now=now)
    note = "" if is_proved else "waits for the lead"
    record(by=by, verb="add passkey", thing="counselor", thing_id=str(row.pk), now=now, note=note)
    return made


@transaction.atomic(durable=True)
def remove_passkey(*, passkey: uuid.UUID, by: Counselor, now: datetime) -> None:
    """Remove one's own passkey. Raises NotAllowed, NotAllowedFrom, LastPasskey."""
    row = _myself(by)
    mine = [key for key in Passkey.objects.filter(counselor=row) if is_genuine_passkey(key)]
    if passkey not in {key.pk for key in mine}:
        raise NotAllowedFrom
    if not any(key.is_confirmed for key in mine if key.pk != passkey):
        raise rules.LastPasskey
    retire([bytes(key.seal) for key in mine if key.pk == passkey])
    Passkey.objects.filter(pk=passkey).delete()
    record(by=by, verb="remove passkey", thing="counselor", thing_id=str(row.pk), now=now)


@transaction.atomic(durable=True)
def make_codes(*, by: Counselor, now: datetime) -> list[str]:
    """Make recovery codes, shown once; those before are good no longer. Raises NotAllowed."""
    row = _myself(by)
    RecoveryCode.objects.filter(counselor=row).delete()
    codes = [new_code() for _ in range(rules.RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(counselor=row, mark=_mark(row.pk, code)) for code in codes
    )
    record(by=by, verb="make recovery codes", thing="counselor", thing_id=str(row.pk), now=now)
    return codes


@transaction.atomic(durable=True)
def spend_code(*, email: str, typed: str, now: datetime) -> Counselor | None:
    """Spend a recovery code, and return whose it was. The same questions for every answer."""
    row = (
        Counselor.objects.select_related("card")
        .filter(email=email.lower(), state=Counselor.State.ACTIVE)
        .first()
    )
    asked = row or Counselor(pk=ids.new_id(), email="", epoch=ids.new_id(), seal=b"")
    is_good = is_genuine(asked)
    codes = RecoveryCode.objects.filter(counselor_id=asked.pk, mark=_mark(asked.pk, typed))
    if not codes.delete()[0] or row is None or not is_good:
        return None
    record(
        by=row, verb="sign in by recovery code", thing="counselor", thing_id=str(row.pk), now=now
    )
    return row
