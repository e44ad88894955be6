"""The broker used when no Redis is configured: a folder of small files.

kombu has such a transport, but its messages become visible before they are written: a reader that
comes in between loses the message, and one empty file ends the worker. Here a file takes its name
only when it is whole, a message belongs to whoever manages to remove its file, and what cannot be
read is dropped. A broker of this program carries wake-ups and nothing else; the rows in the
database are what must not be lost (docs/decisions/0007-one-command.md).

There is one kind of exchange, the direct one. Fan-out (Celery's remote control and events) is
switched off in `peersupport/celery.py`.
"""

import json
import logging
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import virtual
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)

WHOLE = ".msg"


class Channel(virtual.Channel):
    """Puts messages into, and takes them from, one folder per queue."""

    supports_fanout = False
    do_restore = False  # a wake-up that a stopping worker did not finish is repeated by the beat

    def _folder(self, queue: str) -> Path:
        """Return the folder of a queue; queue names become folder names and nothing else."""
        if not queue or queue.startswith(".") or os.sep in queue or "\0" in queue:
            raise ChannelError(f"Not a name for a queue: {queue!r}")
        client: Any = self.connection.client
        return Path(client.transport_options["folder"]) / queue

    def _files(self, queue: str) -> list[Path]:
        """Return the whole messages of a queue, oldest first. Names begin with the time."""
        with suppress(FileNotFoundError):
            return sorted(path for path in self._folder(queue).iterdir() if path.suffix == WHOLE)
        return []

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        """Write a message under a hidden name, then give it the name that readers look for."""
        folder = self._folder(queue)
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        hidden = folder / f".{name}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            hidden.write_text(dumps(message))
            hidden.rename(folder / f"{name}{WHOLE}")
        except OSError as error:
            raise ChannelError(f"A message cannot be written: {error.strerror}") from None

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """Take the oldest message. Raises Empty if there is none."""
        for path in self._files(queue):
            try:
                content = path.read_bytes()
                path.unlink()
            except FileNotFoundError:  # another consumer was quicker
                continue
            except OSError as error:  # neither readable nor removable: it must not stop the others
                logger.warning("A message file cannot be taken: %s", error.strerror)
                continue
            message = self._parse(content)
            if message is not None:
                return message
            logger.warning("An unreadable message file was dropped.")
        raise Empty

    def _parse(self, content: bytes) -> dict[str, Any] | None:
        """Return the message in a file, or None if kombu could not make one of it."""
        try:
            message: dict[str, Any] = json.loads(content)
            self.Message(message, channel=self)
        except Exception:
            return None
        return message

    def _size(self, queue: str) -> int:
        return len(self._files(queue))

    def _purge(self, queue: str) -> int:
        removed = 0
        for path in self._files(queue):
            with suppress(OSError):
                path.unlink()
                removed += 1
        return removed


class Transport(virtual.Transport):
    """Looks into the folders every `polling_interval` seconds; needs the option `folder`."""

    Channel = Channel
    driver_type = "folder"
    driver_name = "folder"
    polling_interval = 0.5
    implements = virtual.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset(["direct"])
    )

    def driver_version(self) -> str:
        """Return the format of the folder."""
        return "1"
