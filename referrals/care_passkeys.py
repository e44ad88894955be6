"""Passkeys of counselors: what the browser is asked, and what its answer is worth.

A question waits in a sealed row for one answer, for one purpose. The row is found by the question
itself, which the browser signs: no cookie and no field says which it was. fido2 does the
cryptography. Every passkey here is discoverable and was unlocked by a finger or a PIN, so that it
stands for both factors.
"""

import ipaddress
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from peersupport.core.crypto import CannotOpen, care_keyring
from referrals import rules
from referrals.models import Asked, Counselor, Passkey
from referrals.seals import is_genuine, is_genuine_passkey

_LARGEST = 20_000
SIGN_IN, PROVE, JOIN, ADD = "sign-in", "prove", "join", "add"


class NotRight(Exception):
    """The answer is not one to what was asked."""


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that was just made, and in which epoch of its counselor it was asked for."""

    counselor: Counselor
    credential: bytes
    epoch: str


def _site(request: HttpRequest) -> tuple[str, str]:
    """Return the name and the origin passkeys belong to: on the care host, its PUBLIC_URL's."""
    here = f"{request.scheme}://{request.get_host()}"
    found = urlsplit(settings.PUBLIC_URL if settings.PLANE == "care" else here)
    return found.hostname or "", f"{found.scheme}://{found.netloc}"


def work_here(request: HttpRequest) -> bool:
    """Return whether passkeys can be used at the address this page was opened by."""
    name, origin = _site(request)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return origin == f"{request.scheme}://{request.get_host()}"
    return False


def _server(request: HttpRequest) -> Fido2Server:
    # Exactly this site: fido2 itself would take answers from any subdomain.
    name, here = _site(request)
    entity = PublicKeyCredentialRpEntity(id=name, name=settings.SITE_NAME)
    return Fido2Server(entity, verify_origin=lambda origin: bool(origin == here))


def _usable(counselor: Counselor) -> list[AttestedCredentialData]:
    """Return the passkeys that were confirmed; a row somebody planted is none."""
    rows = Passkey.objects.filter(counselor=counselor, is_confirmed=True)
    return [
        AttestedCredentialData(bytes(each.credential)) for each in rows if is_genuine_passkey(each)
    ]


def _row_of(challenge: bytes) -> uuid.UUID:
    return uuid.UUID(bytes=care_keyring().mac(challenge, purpose="passkey-asked")[:16])


def _context(key: uuid.UUID, purpose: str, counselor: Counselor | None) -> str:
    return f"{key}|{purpose}|{counselor.pk if counselor else ''}"


def _keep(state: Any, purpose: str, counselor: Counselor | None, now: datetime) -> None:
    """Write down what was asked, and forget what nobody answered in time."""
    Asked.objects.filter(until__lte=now).delete()
    key, until = _row_of(websafe_decode(state["challenge"])), now + rules.ASKED_LASTS
    said = {
        "state": state,
        "until": until.timestamp(),
        "epoch": counselor.epoch.hex if counselor else "",
    }
    sealed = care_keyring().seal(
        json.dumps(said).encode(),
        purpose="passkey-asked",
        context=_context(key, purpose, counselor),
    )
    Asked.objects.create(pk=key, purpose=purpose, counselor=counselor, state=sealed, until=until)


def _take(
    answer: dict[str, Any], purpose: str, now: datetime
) -> tuple[Counselor | None, dict[str, Any]]:
    """Return whom this question was asked and what it was, once. Raises NotRight."""
    try:
        client = json.loads(websafe_decode(answer["response"]["clientDataJSON"]))
        key = _row_of(websafe_decode(client["challenge"]))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise NotRight from None
    row = Asked.objects.select_related("counselor__card").filter(pk=key, purpose=purpose).first()
    if row is None or not Asked.objects.filter(pk=key).delete()[0]:
        raise NotRight
    try:
        plain = care_keyring().open(
            bytes(row.state),
            purpose="passkey-asked",
            context=_context(key, purpose, row.counselor),
        )
    except CannotOpen:
        raise NotRight from None
    said: dict[str, Any] = json.loads(plain)
    if now.timestamp() >= said["until"]:
        raise NotRight
    return row.counselor, said


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LARGEST:
        raise NotRight
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError):
        raise NotRight from None
    if not isinstance(read, dict):
        raise NotRight
    return read


def ask_to_make(
    request: HttpRequest, purpose: str, counselor: Counselor, now: datetime
) -> dict[str, Any]:
    """Return what the browser needs for a new passkey."""
    user = PublicKeyCredentialUserEntity(
        id=counselor.pk.bytes, name=counselor.email, display_name=counselor.card.name
    )
    options, state = _server(request).register_begin(
        user,
        credentials=_usable(counselor),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _keep(state, purpose, counselor, now)
    return dict(options)


def made(request: HttpRequest, purpose: str, answer: str, now: datetime) -> Made:
    """Return the new passkey and whose it is. Raises NotRight."""
    read = _read(answer)
    counselor, said = _take(read, purpose, now)
    if counselor is None:
        raise NotRight
    try:
        data = _server(request).register_complete(said["state"], read)
    except Exception:
        # Whatever a forged answer makes the decoder stumble over, it is not right.
        raise NotRight from None
    if data.credential_data is None:
        raise NotRight
    return Made(counselor, bytes(data.credential_data), said["epoch"])


def ask_to_use(
    request: HttpRequest, purpose: str, counselor: Counselor | None, now: datetime
) -> dict[str, Any]:
    """Return what the browser needs to use a passkey: a counselor's, or whichever it has."""
    options, state = _server(request).authenticate_begin(
        credentials=_usable(counselor) if counselor else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _keep(state, purpose, counselor, now)
    return dict(options)


def used(
    request: HttpRequest, purpose: str, counselor: Counselor | None, answer: str, now: datetime
) -> Passkey:
    """Return which passkey this was: one of `counselor`, or of whoever signs in.

    It may be one that nobody has confirmed yet: it shows who somebody is and lets them in to
    nothing. Raises NotRight.
    """
    read = _read(answer)
    asked, said = _take(read, purpose, now)
    if asked != counselor:
        raise NotRight
    whose = counselor or _whose(read)
    rows = [row for row in Passkey.objects.filter(counselor=whose) if is_genuine_passkey(row)]
    known = {bytes(row.credential): row for row in rows}
    if not known:
        raise NotRight
    try:
        found = _server(request).authenticate_complete(
            said["state"], [AttestedCredentialData(each) for each in known], read
        )
    except Exception:
        raise NotRight from None
    return known[bytes(found)]


def _whose(answer: dict[str, Any]) -> Counselor:
    try:
        handle = uuid.UUID(bytes=websafe_decode(answer["response"]["userHandle"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotRight from None
    found = Counselor.objects.select_related("card").filter(pk=handle).first()
    if found is None or not is_genuine(found):
        raise NotRight
    return found
