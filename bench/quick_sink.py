"""A mail server that keeps nothing, and takes several words at once (RFC 2920).

The servers in use say so of themselves; the one of the bench takes them as they come in any case.
"""

from typing import Any

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import Session


class QuickSink(Sink):
    """Says PIPELINING."""

    async def handle_EHLO(  # noqa: N802 - the server asks for this name
        self, _server: Any, session: Session, _envelope: Any, hostname: str, said: list[str]
    ) -> list[str]:
        """Return what the server says of itself, and that it takes several words at once."""
        session.host_name = hostname
        return [*said[:-1], "250-PIPELINING", said[-1]]
