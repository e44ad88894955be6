"""A mail server that puts what it is given into a folder, as a real mailbox would hold it."""

import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from tests.process.searching import unfolded


class _Sink:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep the message exactly as it came, under a line that says for whom it came."""
        head = f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        path = self.folder / f"{uuid.uuid4()}.part"
        path.write_bytes(head + envelope.original_content)
        path.rename(path.with_suffix(".eml"))  # who looks meanwhile finds it whole, or not yet
        return "250 accepted"


@contextmanager
def mail_server(folder: Path) -> Iterator[str]:
    """Run a mail server that fills a folder; yield the EMAIL_URL of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(_Sink(folder), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@dataclass(frozen=True, slots=True)
class Received:
    """One message of the folder."""

    to: tuple[str, ...]
    header_to: str
    subject: str
    text: str
    forms: tuple[bytes, ...]  # raw, and every part decoded and unpacked


def received(folder: Path) -> list[Received]:
    """Return every message of a folder."""
    return [read(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]


def read(raw: bytes) -> Received:
    """Return one message with every form of its content."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    forms = list(unfolded(raw))
    forms += [f"{name}: {value}".encode() for name, value in message.items()]
    texts = []
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            forms += unfolded(content)
            if part.get_content_type() == "text/plain":
                texts.append(part.get_content())
    to = tuple(str(message["X-Envelope-To"]).split(", "))
    subject = str(message["Subject"])
    return Received(to, str(message["To"]), subject, "\n".join(texts), tuple(forms))


def code_in(folder: Path, address: str) -> str:
    """Return the newest sign-in code that was sent to an address."""
    mine = [path for path in folder.glob("*.eml") if address in read(path.read_bytes()).to]
    newest = read(max(mine, key=lambda path: path.stat().st_mtime_ns).read_bytes())
    code = re.search(r"\d{6}", newest.text)
    assert code
    return code[0]
