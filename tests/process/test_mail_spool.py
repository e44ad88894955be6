"""What leaves by mail: each message of a served run in a mailbox, searched in every shape."""

import base64
import gzip
import os
import quopri
import re
import uuid
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.process.searching import files, holding, redis_holds, tables, values
from tests.process.spool import Received, code_in, mail_server, read, received
from tests.races.real_server import World, world

pytestmark = pytest.mark.process
ANA, BEN, CLEO, DAN = (f"s{n}@school.example" for n in range(4))
NAMES = ["Zyxcanary", "Qwvcanary"]


def _id(path: str) -> uuid.UUID:
    return uuid.UUID(path.split("/")[2])


def _later(slot: str) -> str:
    """Return the time after a time: half an hour later with the same supporter."""
    whose, minutes = slot.split(".")
    return f"{whose}.{int(minutes) + 30}"


def _book_and_move(program: World) -> list[uuid.UUID]:
    """Let Ana and Cleo book with mail, Ana move, and Ben book without; return the visits."""
    ana, ben, cleo, _ = program.students
    mail = {"wants_mail": "on"}
    first = program.book(ana, program.slots[0], NAMES[0], **mail).location
    fields = {"slot": program.slots[1], "request_key": str(uuid.uuid4())}
    moved = program.post(f"{first}move/", ana, fields).location
    without = program.book(ben, _later(program.slots[1]), NAMES[1]).location
    other = program.book(cleo, program.slots[2], **mail).location
    return [_id(path) for path in (first, moved, without, other)]


def _cancel_all(program: World) -> None:
    """Cancel all hours, as the coordinator does."""
    page = program.get("/hours/program/", program.coordinator).body
    addresses = set(re.findall(r'href="(/hours/program/[0-9a-f-]+/cancel/)"', page))
    assert len(addresses) == 3
    for address in addresses:
        assert program.post(address, program.coordinator, {}).status == 302


def _holders(letters: list[Received], words: list[str], ids: list[uuid.UUID]) -> set[str]:
    """Return to whom letters went that hold a word or an identifier in any form."""
    forms = [(letter.header_to, form) for letter in letters for form in letter.forms]
    return holding(forms, words, ids)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_mail_tells_nothing_but_that_something_changed(kind: str, tmp_path: Path) -> None:
    more = {"REDIS_URL": os.environ["REDIS_URL"]} if kind == "postgresql" else {}
    home, spool = tmp_path / "run", tmp_path / "spool"
    home.mkdir()
    with (
        mail_server(spool) as url,
        world(kind, home, people=4, days=3, EMAIL_URL=url, **more) as program,
    ):
        visits = _book_and_move(program)
        _cancel_all(program)
        before = tables(program.env)
        assert program.manage("drain_outbox").startswith("sent 2, dropped 0, retried 0, dead 0")
        assert program.post("/accounts/sign-in/", "", {"email": DAN}).status == 302
        after = tables(program.env)
        elsewhere = [(n, c) for n, c in files(home) if "program.sqlite3" not in n]
        elsewhere += redis_holds() if more else []
    letters = received(spool)
    code = code_in(spool, DAN)

    # Each went to one person: the visit's to those who had asked, the code to who signs in.
    assert sorted(letter.to for letter in letters) == [(ANA,), (CLEO,), (DAN,)]
    assert all(letter.to == (letter.header_to,) for letter in letters)
    told = [letter for letter in letters if letter.to != (DAN,)]
    same = {(letter.subject, letter.text.replace(letter.header_to, "YOU")) for letter in told}
    assert len(same) == 1
    # Nobody's name, no visit, no account, and nobody else's address.
    people = [uuid.UUID(row["id"].decode()) for row in after["accounts_person"]]
    words = NAMES + [row["reference"].decode() for row in after["officehours_visit"]]
    assert len(after["officehours_visit"]) == len(visits) == 4
    assert _holders(letters, words, visits + people) == set()
    for address in (ANA, BEN, CLEO, DAN):
        assert _holders(letters, [address], []) <= {address}
    # The search sees what is there.
    assert _holders(letters, [DAN], []) == {DAN}
    assert _holders(letters, [code], []) == {DAN}
    # While they waited and when they had gone, nothing beside the accounts knew an address.
    outbox = {name: rows for name, rows in before.items() if name.startswith("outbox_")}
    # Beside the two words, a reminder waits for each time with mail: it names nobody either, and
    # is dropped when it is due, since its time does not stand any more.
    assert sum(row["kind"] == b"time-changed" for row in before["outbox_outgoing"]) == 2
    assert holding(values(outbox), [ANA, CLEO, *NAMES], people + visits) == set()
    assert {row["kind"] for row in after["outbox_outgoing"]} <= {b"time-soon"}
    known = {"accounts_person.email"}
    assert holding(values(after), [ANA, BEN, CLEO, DAN]) == known
    assert holding(elsewhere, [ANA, BEN, CLEO, DAN, *NAMES], visits + people) == set()


def _letter(body: bytes, encoding: str, kind: str = "text/plain; charset=utf-8") -> Received:
    head = (
        f"To: {BEN}\r\nSubject: s\r\nX-Envelope-To: {BEN}\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return read(head.encode() + body)


@pytest.mark.parametrize("word", [NAMES[0], "7KQ-4MX", "one@school.example"])
def test_control_the_search_finds_a_word_in_every_shape_of_a_letter(word: str) -> None:
    raw, other = word.encode(), "application/octet-stream"
    spelled = "".join(f"={byte:02X}" for byte in raw).encode()  # what an encoder may write
    broken = quopri.encodestring(b"x" * (75 - len(raw) // 2) + raw)  # cut at the line's end
    packed = EmailMessage()
    packed["To"], packed["X-Envelope-To"], packed["Subject"] = BEN, BEN, "s"
    packed.set_content("see below")
    packed.add_attachment(gzip.compress(raw), maintype="application", subtype="gzip")
    letters = [
        _letter(raw, "8bit"),
        _letter(spelled, "quoted-printable"),
        _letter(broken, "quoted-printable"),
        _letter(base64.encodebytes(raw), "base64"),
        _letter(base64.encodebytes(word.encode("utf-16-be")), "base64", other),
        _letter(base64.encodebytes(gzip.compress(word.encode("utf-16-le"))), "base64", other),
        _letter(base64.encodebytes(raw.hex().encode()), "base64"),
        _letter(f"?ref={base64.urlsafe_b64encode(raw).decode()}".encode(), "8bit"),
        read(bytes(packed)),
    ]

    for letter in letters:
        assert _holders([letter], [word], []) == {BEN}
        assert _holders([letter], ["Nothere", "9ZZ-9ZZ"], [uuid.uuid4()]) == set()


def test_control_the_search_finds_an_identifier_in_every_shape() -> None:
    one = uuid.uuid4()
    forms = [str(one), one.hex, one.hex.upper(), base64.b64encode(one.bytes).decode()]

    for form in forms:
        assert _holders([_letter(form.encode(), "8bit")], [], [one]) == {BEN}
    assert _holders([_letter(base64.b64encode(one.bytes), "base64")], [], [one]) == {BEN}
