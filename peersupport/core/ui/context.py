"""What every page knows: the site's name, the chosen look, the numbers that answer now."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from peersupport.core.ui.crisis import extra_lines

LOOKS = ("light", "dark", "system")
LOOK_COOKIE = "look"


def look_of(request: HttpRequest) -> str:
    """Return "light", "dark" or "system". A cookie that says anything else says nothing."""
    look = request.COOKIES.get(LOOK_COOKIE, "")
    return look if look in LOOKS else "system"


def bare(request: HttpRequest | None) -> dict[str, Any]:
    """Return what a page needs when nothing may be asked: no database, session or person."""
    return {
        "site_name": settings.SITE_NAME,
        "look": "system" if request is None else look_of(request),
        "crisis_lines": extra_lines(),
        "exit_url": settings.EXIT_URL,
    }


def page(request: HttpRequest) -> dict[str, Any]:
    """Return what every page needs. Asks nobody who is reading: the templates do, if they must."""
    return bare(request)
