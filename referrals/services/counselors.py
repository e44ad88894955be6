"""Who is a counselor: asked by the lead, joined with a passkey, confirmed in person, ended.

Every write is guarded by the seal that was read: of two who change the same row one wins. Acts of
a lead hold the rows of all leads, so that two of them cannot end each other.
"""

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from peersupport.core import ids
from peersupport.core.actors import SYSTEM, Actor
from peersupport.core.audit.services import record
from peersupport.core.crypto import care_keyring
from peersupport.core.states import NotAllowedFrom
from referrals import rules
from referrals.care_sessions import end_all
from referrals.models import Card, Counselor, Passkey, RecoveryCode
from referrals.rules import CareRole
from referrals.seals import is_genuine, is_genuine_passkey, passkey_seal, retire, seal_of

_State = Counselor.State
_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
THE_HOST = "the care host"


class CodeNotRight(Exception):
    """This address and this code let nobody in: wrong, used up, over, or never made."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was asked to join, and the code that is read to them once."""

    counselor: Counselor
    code: str


def new_code() -> str:
    """Return twelve letters and figures to be read aloud, such as "7KQ4-MXPD-3H9T"."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))


def plain_code(typed: str) -> str:
    """Return a code as it was made, however it was typed."""
    return "".join(each for each in typed.upper() if each in _READABLE)


def _marks(counselor: Counselor, typed: str) -> bytes:
    """Return the mark of a code: half of it names its first letters, half the whole of it.

    Only whoever has the first letters right counts as somebody who tries: others can type what
    they like, and use up nobody's code. It is bound to the row's epoch and end, so that no other
    row and no other time can be given to it.
    """
    plain = plain_code(typed)
    until = counselor.code_until.astimezone(UTC).isoformat() if counselor.code_until else ""
    place = f"{counselor.pk}|{counselor.epoch}|{until}|"
    ring = care_keyring()
    first = ring.mac((place + plain[:4]).encode(), purpose="join-first")
    return first[:16] + ring.mac((place + plain).encode(), purpose="join")[:16]


def _change(counselor: Counselor, **changes: Any) -> None:
    """Write, and seal anew, if nobody wrote since it was read. Raises NotAllowedFrom."""
    before = bytes(counselor.seal)
    for name, value in changes.items():
        setattr(counselor, name, value)
    counselor.seal = seal_of(counselor)
    here = Counselor.objects.filter(pk=counselor.pk, seal=before)
    if here.update(**changes, seal=counselor.seal) != 1:
        raise NotAllowedFrom
    retire([before])


def _leads() -> list[Counselor]:
    """Return the active leads, and hold their rows until this transaction ends."""
    rows = Counselor.objects.select_for_update().filter(role=CareRole.LEAD).order_by("pk")
    return [row for row in rows if row.state == _State.ACTIVE and is_genuine(row)]


def _held(counselor: uuid.UUID, by: Counselor) -> tuple[Counselor, list[Counselor]]:
    """Return somebody the lead acts on, and the leads. Raises NotAllowed.

    Whoever is no lead any more by the time the rows are theirs may do nothing.
    """
    leads = _leads()
    if by.pk not in {lead.pk for lead in leads}:
        raise rules.NotAllowed
    row = Counselor.objects.select_for_update().filter(pk=counselor).first()
    if row is None or not is_genuine(row):
        raise rules.NotAllowed
    return row, leads


def _ask(name: str, email: str, role: CareRole, *, confirmed_by: str, now: datetime) -> Invited:
    card = Card.objects.create(name=name, is_there=False)
    row = Counselor(
        card=card,
        email=email.lower(),
        role=str(role),
        confirmed_by=confirmed_by,
        confirmed_on=now.date() if confirmed_by else None,
        code_until=now + rules.JOIN_LASTS,
    )
    code = new_code()
    row.code, row.seal = _marks(row, code), seal_of(row)
    Counselor.objects.bulk_create([row], ignore_conflicts=True)
    if not Counselor.objects.filter(pk=row.pk).exists():
        raise rules.AlreadyThere
    return Invited(row, code)


def _note(by: Actor, verb: str, counselor: uuid.UUID, now: datetime, note: str = "") -> None:
    thing_id = str(counselor)
    record(by=by, verb=verb, thing="counselor", thing_id=thing_id, now=now, note=note)


@transaction.atomic(durable=True)
def first_lead(*, name: str, email: str, now: datetime) -> Invited:
    """Ask the first lead to join, on the care host itself. Raises LeadIsThere, AlreadyThere.

    Whoever was asked this way before and has not come is asked no longer.
    """
    if _leads():
        raise rules.LeadIsThere
    waiting = Counselor.objects.filter(confirmed_by=THE_HOST, state=_State.ASKED)
    for row in waiting.select_for_update():
        if is_genuine(row):
            _end(row)
    asked = _ask(name, email, CareRole.LEAD, confirmed_by=THE_HOST, now=now)
    _note(SYSTEM, "ask first lead", asked.counselor.pk, now)
    return asked


@transaction.atomic(durable=True)
def ask_to_join(*, name: str, email: str, role: CareRole, by: Counselor, now: datetime) -> Invited:
    """Ask somebody to join. Raises NotAllowed, AlreadyThere."""
    if by.pk not in {lead.pk for lead in _leads()}:
        raise rules.NotAllowed
    asked = _ask(name, email, role, confirmed_by="", now=now)
    _note(by, "ask counselor", asked.counselor.pk, now, str(role))
    return asked


@transaction.atomic(durable=True)
def ask_again(*, counselor: uuid.UUID, by: Counselor, now: datetime) -> Invited:
    """Make a new code for somebody who has not joined; the one before is good no longer.

    Raises NotAllowed, NotAllowedFrom.
    """
    row, _leads_now = _held(counselor, by)
    if row.state != _State.ASKED:
        raise NotAllowedFrom
    code = new_code()
    row.epoch, row.code_until = ids.new_id(), now + rules.JOIN_LASTS
    _change(row, epoch=row.epoch, code_until=row.code_until, code=_marks(row, code), code_tries=0)
    _note(by, "ask counselor again", row.pk, now)
    return Invited(row, code)


def check_code(*, email: str, typed: str, now: datetime) -> Counselor:
    """Return who may join with this code; it is used up when they have. Raises CodeNotRight."""
    found = _with_code(email=email, typed=typed, now=now)
    if found is None:
        raise CodeNotRight
    return found


@transaction.atomic(durable=True)
def _with_code(*, email: str, typed: str, now: datetime) -> Counselor | None:
    # Nothing is raised here: what was counted must stay. The same questions for every answer.
    row = (
        Counselor.objects.select_related("card")
        .filter(email=email.lower(), state=_State.ASKED)
        .first()
    )
    asked = row or Counselor(pk=ids.new_id(), code=b"", epoch=ids.new_id(), code_until=now)
    said, kept = _marks(asked, typed), bytes(asked.code or b"")
    is_near = hmac.compare_digest(said[:16], kept[:16])
    is_right = hmac.compare_digest(said, kept)
    is_good = is_genuine(asked) and asked.code_until is not None and asked.code_until > now
    if is_near and not is_right:
        tries = Counselor.objects.filter(pk=asked.pk, epoch=asked.epoch)
        tries.update(code_tries=F("code_tries") + 1)
    if row is None or not (is_right and is_good) or row.code_tries >= rules.MOST_JOIN_TRIES:
        return None
    return row


@transaction.atomic(durable=True)
def join(*, counselor: uuid.UUID, epoch: str, credential: bytes, now: datetime) -> Counselor:
    """Take in somebody's first passkey; they wait for the lead. Raises CodeNotRight.

    The first lead, whom the care host asked, waits for nobody while there is no other.
    """
    leads = _leads()
    row = (
        Counselor.objects.select_for_update(of=("self",))
        .select_related("card")
        .filter(pk=counselor, state=_State.ASKED)
        .first()
    )
    if row is None or not is_genuine(row) or row.epoch.hex != epoch or row.code is None:
        raise CodeNotRight
    if row.code_until is None or row.code_until <= now or row.code_tries >= rules.MOST_JOIN_TRIES:
        raise CodeNotRight
    is_first = row.confirmed_by == THE_HOST and not leads
    state = _State.ACTIVE if is_first else _State.JOINED
    who = {} if is_first else {"confirmed_by": "", "confirmed_on": None}
    try:
        _change(row, state=state, code=None, code_until=None, epoch=ids.new_id(), **who)
    except NotAllowedFrom:
        raise CodeNotRight from None
    keep_passkey(row, credential, "First passkey", is_confirmed=is_first, now=now)
    if is_first:
        Card.objects.filter(pk=row.pk).update(is_there=True)
    _note(row, "join", row.pk, now, "first lead" if is_first else "")
    return row


def keep_passkey(
    counselor: Counselor, credential: bytes, name: str, *, is_confirmed: bool, now: datetime
) -> Passkey:
    """Write a passkey down, sealed, in the caller's transaction."""
    row = Passkey(
        counselor=counselor,
        name=name,
        credential=credential,
        added_on=now.date(),
        is_confirmed=is_confirmed,
    )
    row.seal = passkey_seal(row)
    row.save(force_insert=True)
    return row


@transaction.atomic(durable=True)
def confirm(*, passkey: uuid.UUID, by: Counselor, now: datetime) -> Counselor:
    """Confirm a passkey whose mark was compared in person, and with the first one its owner.

    Raises NotAllowed, NotAllowedFrom.
    """
    found = Passkey.objects.filter(pk=passkey).first()
    if found is None:
        raise rules.NotAllowed
    row, _leads_now = _held(found.counselor_id, by)
    # Read anew, now that nobody else can end its owner.
    key = Passkey.objects.select_for_update().filter(pk=passkey).first()
    if key is None or key.is_confirmed or not is_genuine_passkey(key):
        raise NotAllowedFrom
    if row.state == _State.JOINED:
        _change(
            row,
            state=_State.ACTIVE,
            confirmed_by=str(by.pk),
            confirmed_on=now.date(),
            epoch=ids.new_id(),
        )
        Card.objects.filter(pk=row.pk).update(is_there=True)
        _note(by, "confirm counselor", row.pk, now, row.role)
    elif row.state != _State.ACTIVE:
        raise NotAllowedFrom
    before, key.is_confirmed = bytes(key.seal), True
    key.seal = passkey_seal(key)
    here = Passkey.objects.filter(pk=key.pk, seal=before)
    if here.update(is_confirmed=True, seal=key.seal) != 1:
        raise NotAllowedFrom
    retire([before])
    _note(by, "confirm passkey", row.pk, now)
    return row


@transaction.atomic(durable=True)
def end_counselor(*, counselor: uuid.UUID, by: Counselor, now: datetime) -> None:
    """End somebody: their sessions, passkeys and codes are gone when this returns.

    Raises NotAllowed, NotAllowedFrom, LastLead.
    """
    row, leads = _held(counselor, by)
    if row.state == _State.ENDED:
        raise NotAllowedFrom
    _keep_a_lead(row, leads)
    _end(row)
    _note(by, "end counselor", row.pk, now)


@transaction.atomic(durable=True)
def end_on_host(*, email: str, now: datetime) -> int:
    """End whoever has this address, on the care host itself; the last lead too. Returns how many.

    For a lead who lost every passkey and every code, with no other lead to confirm a new one; and
    for a row that somebody planted, or that an old copy of the database brought back.
    """
    _leads()
    rows = Counselor.objects.select_for_update().filter(email=email.lower())
    found = [*rows.exclude(state=_State.ENDED)]
    for row in found:
        _end(row)
        _note(SYSTEM, "end counselor", row.pk, now)
    return len(found)


def _end(row: Counselor) -> None:
    _change(row, state=_State.ENDED, epoch=ids.new_id(), code=None, code_until=None)
    _clear(row)


def _clear(row: Counselor) -> None:
    """Take away everything by which somebody could come in."""
    end_all(row)
    keys = Passkey.objects.filter(counselor=row)
    retire([bytes(seal) for seal in keys.values_list("seal", flat=True)])
    keys.delete()
    RecoveryCode.objects.filter(counselor=row).delete()
    Card.objects.filter(pk=row.pk).update(is_there=False)


def _keep_a_lead(row: Counselor, leads: list[Counselor]) -> None:
    if row.pk in {lead.pk for lead in leads} and len(leads) == 1:
        raise rules.LastLead


@transaction.atomic(durable=True)
def change_role(*, counselor: uuid.UUID, role: CareRole, by: Counselor, now: datetime) -> None:
    """Make somebody a lead, or a counselor again; they sign in anew.

    Raises NotAllowed, NotAllowedFrom, LastLead.
    """
    row, leads = _held(counselor, by)
    if row.state != _State.ACTIVE or row.role == str(role):
        raise NotAllowedFrom
    _keep_a_lead(row, leads)
    _change(row, role=str(role), epoch=ids.new_id())
    end_all(row)
    _note(by, "change role of counselor", row.pk, now, str(role))


@transaction.atomic(durable=True)
def change_address(*, counselor: uuid.UUID, email: str, by: Counselor, now: datetime) -> bool:
    """Write where somebody is told that something waits; return whether it is another address.

    With another one they sign in anew. Either way the lead has looked: that mail was refused is
    over until it is refused again. Raises NotAllowed, NotAllowedFrom, AlreadyThere.
    """
    row, _leads_now = _held(counselor, by)
    if row.state not in (_State.JOINED, _State.ACTIVE):
        raise NotAllowedFrom
    email = email.lower()
    if email != row.email:
        same = Counselor.objects.filter(email=email).exclude(state=_State.ENDED)
        if same.exists():
            raise rules.AlreadyThere
        # A new epoch: going back to an address must not bring back a seal that is retired.
        _change(row, email=email, epoch=ids.new_id())
        end_all(row)
        _note(by, "change address of counselor", row.pk, now)
        is_another = True
    else:
        is_another = False
    Counselor.objects.filter(pk=row.pk).update(is_mail_refused=False)
    return is_another


@transaction.atomic(durable=True)
def flag_address(email: str, now: datetime) -> None:
    """Note that no mail server takes mail for an address; found out when a letter was refused.

    Letters go on being tried: a call about somebody in need is worth one more refusal.
    """
    here = Counselor.objects.filter(email=email.lower()).exclude(state=_State.ENDED)
    here.update(is_mail_refused=True)
