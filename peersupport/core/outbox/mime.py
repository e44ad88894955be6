"""The bytes of a letter: a multipart of text and HTML, built from its parts.

The general way (Django's message classes, the generator of `email`) took longer than the mail
server itself needs (docs/decisions/0029-delivery-in-batches.md). What is not plain here goes
through the same functions as there: headers that are not ASCII, addresses with a name.
"""

import binascii
import re
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache

from django.conf import settings
from django.core.mail.message import forbid_multi_line_headers, sanitize_address

from peersupport.core.outbox.kinds import Letter

_PLAIN = re.compile(r"[ -~]{0,900}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
_BREAKS = re.compile(r"\r\n|\r|\n")
_LONGEST_LINE = 990  # the protocol takes 998
_ADDRESSED = frozenset({"To", "From"})
_EOL = "\r\n"


def envelope(address: str) -> str:
    """Return an address as the envelope takes it: without a name, in ASCII."""
    return address if _ADDRESS.fullmatch(address) else _bare(address)


@lru_cache(maxsize=2)  # the sender's, mostly
def _bare(address: str) -> str:
    found = sanitize_address(address, "utf-8")
    return found[found.rindex("<") + 1 : -1] if found.endswith(">") else found


def _header(name: str, value: str) -> str:
    plain = _ADDRESS if name in _ADDRESSED else _PLAIN
    if not plain.fullmatch(value):
        # Raises for a line break, which would begin a header of somebody else's making.
        _name, value = forbid_multi_line_headers(name, value, "utf-8")
        value = _BREAKS.sub(_EOL, value)
    return f"{name}: {value}{_EOL}"


def _part(subtype: str, text: str) -> bytes:
    body = _BREAKS.sub("\n", text).encode("utf-8")
    is_plain = body.isascii() and b"\0" not in body and _longest(body) <= _LONGEST_LINE
    encoding = "7bit" if is_plain else "quoted-printable"
    if not is_plain:
        body = binascii.b2a_qp(body, istext=True)
    head = (
        f'Content-Type: text/{subtype}; charset="utf-8"{_EOL}'
        f"Content-Transfer-Encoding: {encoding}{_EOL}{_EOL}"
    )
    return head.encode() + body.replace(b"\n", b"\r\n")


def _longest(body: bytes) -> int:
    return max(map(len, body.split(b"\n")))


def _headers(letter: Letter, mark: str) -> Iterable[tuple[str, str]]:
    sender = settings.DEFAULT_FROM_EMAIL
    domain = envelope(sender).rpartition("@")[2]
    yield "Subject", str(letter.subject)
    yield "From", sender
    yield "To", letter.to
    yield "Date", formatdate(localtime=settings.EMAIL_USE_LOCALTIME)
    yield "Message-ID", f"<{mark}@{domain}>"
    yield "Auto-Submitted", "auto-generated"
    yield from letter.headers.items()


def build(letter: Letter, mark: str) -> bytes:
    """Return a letter ready for the mail server. `mark` is of this message alone, and random."""
    line = f"=_{mark.replace('-', '')}"  # nothing encoded holds "=_", and nobody knows the mark
    head = "".join(_header(name, value) for name, value in _headers(letter, mark))
    head += f'MIME-Version: 1.0{_EOL}Content-Type: multipart/alternative; boundary="{line}"{_EOL}'
    fence, end = f"{_EOL}--{line}{_EOL}".encode(), f"{_EOL}--{line}--{_EOL}".encode()
    parts = (_part("plain", letter.text), _part("html", letter.html))
    return head.encode("ascii") + b"".join(fence + part for part in parts) + end
