"""Campus sign-on: any OpenID Connect provider, by settings. Authlib speaks the protocol (state,
nonce, PKCE, the token's signature and claims); this module says what we ask for and believe.

Nothing the provider hands over is kept: no token, no name, no address of its pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from joserfc.errors import JoseError

from peersupport.core.crypto import keyring

_TIMEOUT = 5  # seconds, each time the provider is asked
# Only what is signed with the provider's own key: never "none", never a shared secret.
_SIGNED = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_LONGEST = 255
_WRONG = (AuthlibBaseError, JoseError, requests.RequestException, RuntimeError)
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


class CampusFailed(Exception):
    """The provider did not answer as it must, or somebody's answer is not for us."""


class CampusAway(CampusFailed):
    """The provider cannot be reached."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the school says of whoever came. Its repr shows nothing."""

    mark: bytes = field(repr=False)
    email: str = field(repr=False)
    # None: the school said nothing about affiliation.
    affiliations: frozenset[str] | None = field(repr=False)
    has_second_factor: bool
    proved_at: int


@lru_cache(maxsize=4)
def _client(issuer: str, client_id: str, secret: str, scopes: str) -> Any:
    client = OAuth().register(
        "campus",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": scopes,
            "code_challenge_method": "S256",
            "default_timeout": _TIMEOUT,
        },
    )
    return client


def _provider() -> Any:
    """Return the client, with the provider's own facts read. Raises CampusFailed."""
    client = _client(
        settings.OIDC_ISSUER,
        settings.OIDC_CLIENT_ID,
        settings.OIDC_CLIENT_SECRET,
        settings.OIDC_SCOPES,
    )
    facts = client.load_server_metadata()
    # Another issuer's facts under this address would let that issuer sign for ours.
    if str(facts["issuer"]).rstrip("/") != settings.OIDC_ISSUER:
        raise CampusFailed
    facts["id_token_signing_alg_values_supported"] = _SIGNED
    return client


def is_offered() -> bool:
    """Return whether this school has campus sign-on."""
    return bool(settings.OIDC_ISSUER)


def lead_there(request: HttpRequest, *, anew: bool) -> HttpResponse:
    """Return the way to the provider; `anew` asks it to have the person show that it is them.

    Raises CampusFailed.
    """
    asked = {"prompt": "login", "max_age": "0"} if anew else {}
    if settings.OIDC_REQUIRED_ACR:
        asked["acr_values"] = " ".join(settings.OIDC_REQUIRED_ACR)
    back = settings.PUBLIC_URL.rstrip("/") + reverse("accounts:campus-back")
    try:
        response: HttpResponse = _provider().authorize_redirect(request, back, **asked)
    except requests.RequestException:
        raise CampusAway from None
    except (*_WRONG, *_MALFORMED):
        raise CampusFailed from None
    return response


def arrived(request: HttpRequest) -> Arrival:
    """Return who came back from the provider. Raises CampusFailed, CampusAway."""
    try:
        client = _provider()
        issuer = client.server_metadata["issuer"]
        token = client.authorize_access_token(
            request,
            claims_options={
                "iss": {"essential": True, "values": [issuer]},
                "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
                "sub": {"essential": True},
            },
        )
        return _read(token["userinfo"])
    except requests.RequestException:
        raise CampusAway from None
    except (*_WRONG, *_MALFORMED):
        raise CampusFailed from None


def _read(claims: Mapping[str, Any]) -> Arrival:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST:
        raise CampusFailed
    acr = claims.get("acr")
    if settings.OIDC_REQUIRED_ACR and acr not in settings.OIDC_REQUIRED_ACR:
        raise CampusFailed
    ways = {acr, *claims.get("amr", [])}
    return Arrival(
        mark=keyring().mac(f"{settings.OIDC_ISSUER}|{subject}".encode(), purpose="campus"),
        email=_address(claims),
        affiliations=_affiliations(claims),
        has_second_factor=bool(ways & settings.OIDC_SECOND_FACTOR_VALUES),
        proved_at=int(claims.get("auth_time") or 0),
    )


def _address(claims: Mapping[str, Any]) -> str:
    """Return the address, if the provider says that it is verified; else nothing."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return ""
    is_plain = email.isascii() and email.isprintable() and email.count("@") == 1
    return email.lower() if is_plain and len(email) <= 200 else ""


def _affiliations(claims: Mapping[str, Any]) -> frozenset[str] | None:
    said = claims.get(settings.OIDC_AFFILIATION_CLAIM)
    if said is None:
        return None
    each = said if isinstance(said, list) else [said]
    return frozenset(one.strip().lower() for one in each if isinstance(one, str))
