"""gunicorn's own log, without what it would say about requests: addresses and paths."""

from typing import Any

from gunicorn.glogging import Logger

from peersupport.core.logs import PlainFormatter


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Writes what happened to the server; of a failed request only where the code failed."""

    def setup(self, cfg: Any) -> None:
        """Give gunicorn's handlers our formatter, which leaves out the text of an error."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(PlainFormatter())

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Pass a warning on, except the one that names an address and quotes a header."""
        if not str(msg).startswith("Invalid request from"):
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Keep only the fixed part of the sentence: what is filled in is the path."""
        fixed = msg.partition("%")[0].strip() if isinstance(msg, str) else type(msg).__name__
        super().exception(fixed, **kwargs)
