"""The bytes of a letter say what Django's own message would; and what a server is told."""

import email
import email.policy
import socket
import threading
import uuid
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peersupport.core.outbox import mime
from peersupport.core.outbox.errors import Trouble, at_sending
from peersupport.core.outbox.kinds import Letter
from peersupport.core.outbox.post import Post

MARK = str(uuid.uuid4())
WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\x00", exclude_categories=["Cs"]),
    max_size=400,
)
LETTER = Letter("ana@school.example", "You have a message", "One.\n.\nTwo.\n", "<p>One</p>\n")


def _read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def _parts(message: EmailMessage) -> dict[str, str]:
    return {
        part.get_content_type(): str(part.get_content()).replace("\r\n", "\n").rstrip("\n")
        for part in message.iter_parts()
    }


def _djangos(letter: Letter) -> EmailMessage:
    mail = EmailMultiAlternatives(
        letter.subject, letter.text, to=[letter.to], headers=dict(letter.headers)
    )
    mail.attach_alternative(letter.html, "text/html")
    return _read(mail.message().as_bytes())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, WORDS, st.text(st.characters(exclude_categories=["C", "Z"]), max_size=120))
def test_any_words_arrive_as_they_are(text: str, html: str, subject: str) -> None:
    raw = mime.build(Letter("ana@school.example", subject, text, html), MARK)

    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    read = _read(raw)
    assert _parts(read) == {"text/plain": text.rstrip("\n"), "text/html": html.rstrip("\n")}
    assert str(read["Subject"]).strip() == subject.strip()


@pytest.mark.parametrize(
    "letter",
    [
        LETTER,
        Letter("ana@school.example", "Prüfung: “Anatomy”", "Grüße\n" * 9, "<p>ü</p>" * 400),
        Letter("jürgen@school.example", "s" * 300, "t" * 3000, "<p>t</p>"),
        Letter("Ana <ana@school.example>", "s", "t", "h", {"List-Unsubscribe": "<http://x/>"}),
    ],
)
def test_it_says_what_djangos_own_message_says(letter: Letter) -> None:
    ours, theirs = _read(mime.build(letter, MARK)), _djangos(letter)

    for name in ("Subject", "To", "From", "MIME-Version", "List-Unsubscribe"):
        assert str(ours[name]).strip() == str(theirs[name]).strip(), name
    assert _parts(ours) == _parts(theirs)
    assert ours["Message-ID"].startswith(f"<{MARK}@")
    assert ours["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("where", ["to", "subject", "header"])
def test_a_line_break_begins_no_header_of_its_own(where: str, end: str) -> None:
    bad = f"x{end}Bcc: dee@school.example"
    letter = Letter(
        bad if where == "to" else "ana@school.example",
        bad if where == "subject" else "s",
        "t",
        "h",
        {"List-Unsubscribe": bad} if where == "header" else {},
    )

    with pytest.raises((BadHeaderError, ValueError)):
        mime.build(letter, MARK)


@pytest.mark.parametrize(
    ("address", "bare"),
    [
        ("ana@school.example", "ana@school.example"),
        ("Peer Support <no-reply@school.example>", "no-reply@school.example"),
        ("ana@schüle.example", "ana@xn--schle-mva.example"),
    ],
)
def test_the_envelope_has_the_address_alone(address: str, bare: str) -> None:
    assert mime.envelope(address) == bare


class Server:
    """A mail server that notes what it is told in one piece, and answers as it is ordered."""

    def __init__(self, *, pipelining: bool, answers: dict[str, str]) -> None:
        self.pipelining, self.answers = pipelining, dict(answers)
        self.pieces: list[bytes] = []
        self.bodies: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        link, _where = self._socket.accept()
        link.sendall(b"220 here\r\n")
        waiting, is_body = b"", False
        while piece := link.recv(65536):
            self.pieces.append(piece)
            waiting += piece
            while waiting:
                end = b"\r\n.\r\n" if is_body and waiting != b".\r\n" else b"\r\n"
                said, found, rest = waiting.partition(end)
                if not found:
                    break
                waiting = rest
                link.sendall(self._answer(said, is_body).encode() + b"\r\n")
                is_body = not is_body and self._word(said) == "DATA" and self._goes("DATA")
        link.close()

    @staticmethod
    def _word(said: bytes) -> str:
        return said[:4].decode().upper()

    def _goes(self, word: str) -> bool:
        return self.answers.get(word, "354").startswith("354")

    def _answer(self, said: bytes, is_body: bool) -> str:
        if is_body:
            self.bodies.append(said)
            return self.answers.get("BODY", "250 taken")
        word = self._word(said)
        if word == "EHLO":
            return "250-here\r\n250 PIPELINING" if self.pipelining else "250 here"
        return self.answers.get(word, "354 go on" if word == "DATA" else "250 fine")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def served(settings: Any, request: pytest.FixtureRequest) -> Iterator[tuple[Server, Post]]:
    pipelining, answers = request.param
    server = Server(pipelining=pipelining, answers=answers)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    post = Post()
    post.open()
    yield server, post
    post.close()
    server.close()


@pytest.mark.parametrize("served", [(True, {}), (False, {})], indirect=True)
def test_the_mark_is_made_before_any_word_of_the_next_letter(served: tuple[Server, Post]) -> None:
    server, post = served
    seen: list[int] = []
    for _letter in range(3):
        post.hand_over(LETTER, MARK, lambda: seen.append(len(server.bodies)))

    assert seen == [0, 1, 2]
    assert len(server.bodies) == 3
    assert b"\r\n..\r\nTwo." in server.bodies[0]  # a lone dot would end the letter
    envelopes = [piece for piece in server.pieces if piece.startswith(b"MAIL")]
    assert all((piece.count(b"\r\n") == 3) == server.pipelining for piece in envelopes)


REFUSALS = [
    ({"MAIL": "550 not you", "RCPT": "503 no", "DATA": "503 no"}, Trouble.CREDENTIALS),
    ({"RCPT": "550 5.1.1 nobody", "DATA": "554 nobody"}, Trouble.ADDRESS),
    ({"RCPT": "550 5.1.1 nobody", "BODY": "554 nobody"}, Trouble.ADDRESS),  # it takes DATA first
    ({"RCPT": "451 later", "DATA": "503 no"}, Trouble.LATER),
    ({"DATA": "451 later"}, Trouble.LATER),
    ({"BODY": "554 no such words"}, Trouble.MESSAGE),
]


@pytest.mark.parametrize(
    ("served", "trouble"),
    [((quick, answers), trouble) for quick in (True, False) for answers, trouble in REFUSALS],
    indirect=["served"],
)
def test_a_refusal_is_of_its_class_and_the_next_letter_begins_anew(
    served: tuple[Server, Post], trouble: Trouble
) -> None:
    server, post = served
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is what is asked
        post.hand_over(LETTER, MARK, lambda: None)
    assert at_sending(raised.value) is trouble

    server.answers.clear()
    server.bodies.clear()
    post.hand_over(LETTER, MARK, lambda: None)
    assert len(server.bodies) == 1
