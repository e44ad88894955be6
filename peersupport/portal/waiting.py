"""A process that starts while its database is away: it serves the pages of help, nothing else.

Whether a start is safe is asked of the database. Until it can be asked, everything but help gets
the calm page that says we will be back, and each such request asks again, one at a time. So a web
server whose workers start anew in an outage still shows the numbers, and mends itself.
"""

import logging
import threading
import time
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from peersupport.core.keyfiles import KeysUnusable
from peersupport.core.ui.errors import calm_page
from peersupport.portal.startup import recall_facts, refuse_unsafe_start

log = logging.getLogger(__name__)
HELP = "/help-now/"
_AGAIN_SECONDS = 2.0


class _Start:
    """Whether this process has been found safe to run."""

    def __init__(self) -> None:
        self.is_safe = True
        self.asked = 0.0
        self.lock = threading.Lock()

    def ask(self) -> bool:
        """Ask the database again, if nobody does and nobody just did."""
        if time.monotonic() - self.asked < _AGAIN_SECONDS or not self.lock.acquire(blocking=False):
            return self.is_safe
        try:
            refuse_unsafe_start()
            recall_facts()
            self.is_safe = True
            log.info("The database answers: everything is served again.")
        except DatabaseError:
            pass
        except (ImproperlyConfigured, KeysUnusable) as refusal:
            log.error("Refused to start: %s", refusal)
        finally:
            self.asked = time.monotonic()
            self.lock.release()
        return self.is_safe


_start = _Start()


def begin() -> None:
    """Wait for the database: from now on only help is served, until it was asked."""
    _start.is_safe = False


class Waiting:
    """Let a process that could not ask its database serve the pages of help alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if _start.is_safe or request.path.startswith(HELP) or _start.ask():
            return self.get_response(request)
        return calm_page(request, 503)
