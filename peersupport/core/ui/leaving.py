"""What else ends when somebody leaves fast. Apps with sessions of their own register here."""

from collections.abc import Callable
from contextlib import suppress

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

Ender = Callable[[HttpRequest, HttpResponse], None]
_enders: dict[str, Ender] = {}


def register(name: str, ender: Ender) -> None:
    """End this as well. It must take the browser's cookie away before it asks the database."""
    _enders[name] = ender


def end_all(request: HttpRequest, response: HttpResponse) -> None:
    """End everything that was registered. A dead database keeps nobody here."""
    for ender in _enders.values():
        with suppress(DatabaseError):
            ender(request, response)
