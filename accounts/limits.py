"""How often somebody may ask for codes and try them: per address, and per network far higher.

A campus is one network: hundreds of students must get in within minutes, while whoever hammers
one address only wears out that address. Counted in the cache that all workers share, under names
that say nothing (`core.crypto.cache_key`). Hardening across proxies comes with the next issue of
accounts; behind a proxy all people share its address, hence the high ceiling.
"""

import uuid

from django.core.cache import cache
from django.http import HttpRequest

ASK_ADDRESS, TRY_ADDRESS, NETWORK, PROVE = 6, 15, 2000, 10
_WINDOW = 600  # seconds


def _count(name: str, most: int) -> bool:
    cache.add(name, 0, _WINDOW)
    try:
        return int(cache.incr(name)) <= most
    except ValueError:  # it expired between the two
        return True


def _network(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def may_ask(request: HttpRequest, email: str) -> bool:
    """Return whether another code may be sent to this address, and count it."""
    by_network = _count(f"ask|network|{_network(request)}", NETWORK)
    return _count(f"ask|address|{email}", ASK_ADDRESS) and by_network


def may_try(request: HttpRequest, email: str) -> bool:
    """Return whether another code may be tried for this address, and count it."""
    by_network = _count(f"try|network|{_network(request)}", NETWORK)
    return _count(f"try|address|{email}", TRY_ADDRESS) and by_network


def may_answer(request: HttpRequest) -> bool:
    """Return whether another passkey may be tried from this network, and count it.

    Nobody is named before the answer is right, and an answer cannot be guessed.
    """
    return _count(f"passkey|network|{_network(request)}", NETWORK)


def may_go_to_campus(request: HttpRequest) -> bool:
    """Return whether another way to the school's sign-on may be opened, and count it.

    Each writes a session, and may ask the provider something.
    """
    return _count(f"campus|network|{_network(request)}", NETWORK)


def may_prove(person_id: uuid.UUID) -> bool:
    """Return whether this person may try another code of a second factor, and count it.

    Only who has come past the first step can use this up.
    """
    return _count(f"prove|{person_id}", PROVE)
