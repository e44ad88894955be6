"""How often the doors of the care side may be tried. Nobody is locked out by somebody else.

What is typed here cannot be guessed (codes of 59 random bits, passkeys), so a right answer is
always let in, however many wrong ones came from wherever. The bounds keep the wrong ones cheap.
"""

from django.http import HttpRequest

from accounts.limits import network_of
from peersupport.core import clock
from peersupport.core.counters import count

WRONG, ASKED = 60, 10_000
_WINDOW = 600  # seconds


def is_hammering(request: HttpRequest) -> bool:
    """Count one more wrong answer from this network; return whether there are too many.

    The same for every address that was typed: it tells nothing of who is here.
    """
    name = f"care|wrong|{network_of(request)}"
    return count(name, window=_WINDOW, now=clock.now()) > WRONG


def may_ask(request: HttpRequest) -> bool:
    """Return whether another question for a passkey may be written down, and count it."""
    name = f"care|asked|{network_of(request)}"
    return count(name, window=_WINDOW, now=clock.now()) <= ASKED
