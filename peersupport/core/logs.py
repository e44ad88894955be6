"""Logs that can be read by anybody: what happened and where, never who or what about.

Exceptions are logged by class, file and line; their text is dropped, since databases and parsers
quote values in it. No address, query string, header or form value is ever written.
"""

import logging
import traceback
from types import TracebackType
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Scrub(logging.Filter):
    """Drop what Django attaches to request errors: the path with its values, and the request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite a record in place; never refuses one."""
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            route = match.route if match else "(no such page)"
            status = getattr(record, "status_code", "")
            record.msg = f"{status} at /{route}"
            record.args = ()
        return True


class PlainFormatter(logging.Formatter):
    """One line per record; a failure is its class and where it happened, without its text."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """Return the chain of calls without source lines or values, then the class name."""
        info: _ExcInfo = ei
        frames = traceback.extract_tb(info[2])
        lines = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return "\n".join([*lines, f"  {info[0].__module__}.{info[0].__qualname__}"])


class SilentReporter(ExceptionReporter):
    """Never renders a traceback page or mail: local variables may hold what is private."""

    def __init__(
        self,
        request: HttpRequest | None,
        exc_type: Any,
        exc_value: Any,
        tb: Any,
        is_email: bool = False,
    ) -> None:
        super().__init__(None, exc_type, exc_value, None, is_email)

    def get_traceback_data(self) -> dict[str, Any]:
        """Return nothing to show."""
        return {}

    def get_traceback_text(self) -> SafeString:
        """Return the class name only."""
        return SafeString(getattr(self.exc_type, "__qualname__", "error"))

    def get_traceback_html(self) -> SafeString:
        """Return the class name only."""
        return self.get_traceback_text()
