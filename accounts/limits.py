"""How often somebody may ask for codes and try them: per address, and per network far higher.

A campus is one network: hundreds of students must get in within minutes, while whoever hammers
one address only wears out that address. Counted in the cache that all workers share, under names
that say nothing (`core.crypto.cache_key`). Hardening across proxies comes with the next issue of
accounts; behind a proxy all people share its address, hence the high ceiling.
"""

from django.core.cache import cache
from django.http import HttpRequest

ASK_ADDRESS, TRY_ADDRESS, NETWORK = 6, 15, 2000
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
