"""What every page knows: the site's name, the chosen look, the numbers that answer now."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from peersupport.core.ui.crisis import extra_lines, numbers

LOOKS = ("light", "dark", "system")
LOOK_COOKIE = "look"


_name: list[Callable[[], str]] = []


def register_name(source: Callable[[], str]) -> None:
    """Say where the name of the site is kept: it must answer without asking the database."""
    _name[:] = [source]


def site_name() -> str:
    """Return the name at the top of every page: what the school says, else the settings."""
    said = _name[0]() if _name else ""
    return said or str(settings.SITE_NAME)


def look_of(request: HttpRequest) -> str:
    """Return "light", "dark" or "system". A cookie that says anything else says nothing."""
    look = request.COOKIES.get(LOOK_COOKIE, "")
    return look if look in LOOKS else "system"


def bare(request: HttpRequest | None) -> dict[str, Any]:
    """Return what a page needs when nothing may be asked: no database, session or person."""
    return {
        "site_name": site_name(),
        "look": "system" if request is None else look_of(request),
        "crisis": numbers(),
        "crisis_lines": extra_lines(),
        "exit_url": settings.EXIT_URL,
    }


def page(request: HttpRequest) -> dict[str, Any]:
    """Return what every page needs. Asks nobody who is reading: the templates do, if they must."""
    return bare(request)
