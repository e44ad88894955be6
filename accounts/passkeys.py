"""Passkeys: what the browser is asked, and what its answer is worth.

A question waits in the session for one answer, for one purpose: what was asked in order to sign
in cannot be answered in order to prove oneself. fido2 does the cryptography.
"""

import ipaddress
import json
import time
import uuid
from base64 import b64decode, b64encode
from typing import Any

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

from accounts import factors
from accounts.factors import Factor, Kind
from accounts.models import Person

_ASKED = "passkey"
_LASTS = 600  # seconds
_LARGEST = 20_000


class NotRight(Exception):
    """The answer is not one to what was asked."""


def work_here(request: HttpRequest) -> bool:
    """Return whether passkeys are on and possible: browsers refuse them for bare IP addresses."""
    host = _host(request)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return bool(settings.PASSKEYS)
    return False


def _host(request: HttpRequest) -> str:
    host = request.get_host()
    return host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host


def _server(request: HttpRequest) -> Fido2Server:
    # Exactly this site: fido2 itself would take answers from any subdomain.
    here = f"{request.scheme}://{request.get_host()}"
    site = PublicKeyCredentialRpEntity(id=_host(request), name=settings.SITE_NAME)
    return Fido2Server(site, verify_origin=lambda origin: bool(origin == here))


def _credentials(found: list[Factor]) -> list[AttestedCredentialData]:
    return [
        AttestedCredentialData(b64decode(each.content["credential"]))
        for each in found
        if each.kind == Kind.PASSKEY
    ]


def _keep(request: HttpRequest, purpose: str, state: Any) -> None:
    request.session[_ASKED] = {"for": purpose, "state": state, "at": int(time.time())}


def _take(request: HttpRequest, purpose: str) -> Any:
    """Return what was asked for this purpose, once. Raises NotRight."""
    asked = request.session.pop(_ASKED, None)
    if not isinstance(asked, dict) or asked.get("for") != purpose:
        raise NotRight
    if not 0 <= time.time() - asked["at"] <= _LASTS:
        raise NotRight
    return asked["state"]


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


def ask_to_make(request: HttpRequest, person: Person) -> dict[str, Any]:
    """Return what the browser needs for a new passkey."""
    user = PublicKeyCredentialUserEntity(
        id=person.pk.bytes, name=person.email, display_name=person.called or person.email
    )
    options, state = _server(request).register_begin(
        user,
        credentials=_credentials(factors.all_of(person.pk)),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    _keep(request, "make", state)
    return dict(options)


def made(request: HttpRequest, answer: str) -> str:
    """Return the new passkey, to be stored. Raises NotRight."""
    state = _take(request, "make")
    read = _read(answer)
    try:
        data = _server(request).register_complete(state, read)
    except Exception:
        # Whatever a forged answer makes the decoder stumble over, it is not right.
        raise NotRight from None
    if data.credential_data is None:
        raise NotRight
    return b64encode(bytes(data.credential_data)).decode()


def ask_to_use(request: HttpRequest, purpose: str, person: Person | None) -> dict[str, Any]:
    """Return what the browser needs to use a passkey: a person's, or whichever it has.

    Whoever signs in with a passkey alone must have unlocked it (a finger, a PIN): it then stands
    for both factors.
    """
    found = factors.all_of(person.pk) if person is not None else []
    options, state = _server(request).authenticate_begin(
        credentials=_credentials(found),
        user_verification=UserVerificationRequirement.REQUIRED
        if person is None
        else UserVerificationRequirement.PREFERRED,
    )
    _keep(request, purpose, state)
    return dict(options)


def used(request: HttpRequest, purpose: str, person: Person | None, answer: str) -> Person:
    """Return whose passkey this was: `person`'s, or whoever signs in. Raises NotRight."""
    state = _take(request, purpose)
    read = _read(answer)
    who = person if person is not None else _whose(read)
    credentials = _credentials(factors.usable(factors.all_of(who.pk)))
    if not credentials:
        raise NotRight
    try:
        _server(request).authenticate_complete(state, credentials, read)
    except Exception:
        raise NotRight from None
    return who


def _whose(answer: dict[str, Any]) -> Person:
    try:
        handle = uuid.UUID(bytes=websafe_decode(answer["response"]["userHandle"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotRight from None
    person = Person.objects.filter(pk=handle, is_active=True).first()
    if person is None:
        raise NotRight
    return person
