"""How often somebody may begin, send, or try a receipt: bounds for a network, far above need.

A campus is one address, so these are high; beyond them a page says so and shows the numbers that
answer. Nobody is locked out, and danger is never counted at all.
"""

from django.http import HttpRequest

from accounts.limits import network_of
from peersupport.core import clock
from peersupport.core.counters import count

BEGIN, SEND, LOOK_UP, WRONG_CODES = 600, 200, 120, 30
_WINDOW = 600  # seconds


def _counted(name: str) -> int:
    return count(name, window=_WINDOW, now=clock.now())


def may_begin(request: HttpRequest) -> bool:
    """Return whether another draft may begin in this network, and count it."""
    return _counted(f"more help|begin|{network_of(request)}") <= BEGIN


def may_send(request: HttpRequest) -> bool:
    """Return whether something more may be sent from this network, and count it."""
    return _counted(f"more help|send|{network_of(request)}") <= SEND


def may_look_up(request: HttpRequest) -> bool:
    """Return whether another receipt may be tried from this network, and count it.

    Sixteen digits cannot be guessed; each try costs this host a moment and some memory.
    """
    return _counted(f"more help|receipt|{network_of(request)}") <= LOOK_UP


def may_try_code(supporter: str) -> bool:
    """Return whether this supporter may try another code of a student, and count it."""
    return _counted(f"more help|code|{supporter}") <= WRONG_CODES
