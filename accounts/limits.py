"""How often somebody may ask for codes and try them. Nobody is locked out by somebody else.

A code is bound to the browser that asked for it and takes a few tries, so what must be bounded is
asking. Each of these lets somebody hammer without closing the door to others:

- a browser that has signed in with an address before has an allowance of its own;
- other browsers share one allowance for each address *and network*; a whole day of asking from
  everywhere has its own, much higher bound, since a mailbox must not be flooded;
- whoever has a code can type it: typing has no bound beside those tries;
- where many wrong codes come from a network, or many codes are asked for, nobody is refused:
  the codes only become longer (ten figures instead of six), so that guessing leads nowhere;
- a network as a whole (a campus is one address) is refused only far above what a whole class
  needs, and even then not to browsers that have signed in before.
"""

import ipaddress
import uuid

from django.conf import settings
from django.http import HttpRequest

from accounts.known_browser import mark_of
from peersupport.core import clock
from peersupport.core.counters import count

ASK_ADDRESS, ASK_KNOWN, NETWORK, PROVE = 6, 6, 10_000, 10
_ASK_DAY = 60
# From here on codes have ten figures.
LONG_AFTER_ASKED, LONG_AFTER_WRONG, _LONG_AFTER_WRONG_ALL, _LONG_AFTER_NETWORK = (
    20,
    300,
    1500,
    1000,
)
SHORT, LONG = 6, 10
_WINDOW, _DAY = 600, 86400  # seconds


def _counted(name: str, *, window: int = _WINDOW, add: int = 1) -> int:
    return count(name, window=window, now=clock.now(), add=add)


def _count(name: str, most: int) -> bool:
    return _counted(name) <= most


def network_of(request: HttpRequest) -> str:
    """Return the network somebody asks from: an IPv4 address, or an IPv6 network of 64 bits.

    Of X-Forwarded-For only the entries that our own proxies wrote are believed: the last ones,
    as many as TRUSTED_PROXIES says. What a client writes before them changes nothing.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    trusted = settings.TRUSTED_PROXIES
    if trusted:
        passed_on = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        if len(passed_on) >= trusted:
            address = passed_on[-trusted].strip()
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def may_ask(request: HttpRequest, email: str) -> bool:
    """Return whether another code may be sent to this address, and count it."""
    network, known = network_of(request), mark_of(request, email)
    if known:
        return _count(f"ask|known|{known}", ASK_KNOWN)
    if not _count(f"ask|{email}|{network}", ASK_ADDRESS):
        return False  # and it does not count against the others in the network
    by_day = _counted(f"ask|{email}", window=_DAY) <= _ASK_DAY
    return _count(f"ask|network|{network}", NETWORK) and by_day


def may_try(request: HttpRequest) -> bool:
    """Return whether another code may be tried from this network, and count it."""
    return _count(f"try|network|{network_of(request)}", NETWORK)


def note_wrong(request: HttpRequest) -> None:
    """Count a wrong code."""
    _counted(f"wrong|{network_of(request)}", window=_DAY)
    _counted("wrong", window=_DAY)


def is_guessing(request: HttpRequest) -> bool:
    """Return whether so many wrong codes came from this network today, or from everywhere, that
    somebody seems to guess.
    """
    here = _counted(f"wrong|{network_of(request)}", window=_DAY, add=0)
    return (
        here >= LONG_AFTER_WRONG or _counted("wrong", window=_DAY, add=0) >= _LONG_AFTER_WRONG_ALL
    )


def code_length(request: HttpRequest, email: str) -> int:
    """Return how many figures a code for this address needs now. Counts nothing."""
    if mark_of(request, email):
        return SHORT
    asked = _counted(f"ask|{email}", window=_DAY, add=0)
    crowd = _counted(f"ask|network|{network_of(request)}", add=0)
    if asked > LONG_AFTER_ASKED or crowd > _LONG_AFTER_NETWORK or is_guessing(request):
        return LONG
    return SHORT


def may_answer(request: HttpRequest) -> bool:
    """Return whether another passkey may be tried from this network, and count it.

    Nobody is named before the answer is right, and an answer cannot be guessed.
    """
    return _count(f"passkey|network|{network_of(request)}", NETWORK)


def may_go_to_campus(request: HttpRequest) -> bool:
    """Return whether another way to the school's sign-on may be opened, and count it.

    Each writes a session, and may ask the provider something.
    """
    return _count(f"campus|network|{network_of(request)}", NETWORK)


def may_prove(person_id: uuid.UUID) -> bool:
    """Return whether this person may try another code of a second factor, and count it.

    Only who has come past the first step can use this up.
    """
    return _count(f"prove|{person_id}", PROVE)
