"""The outbox's own numbers: due messages to a mail server, against smtplib alone.

In the same run and against the same server process (aiosmtpd, on the same cores): smtplib
connections that send ready-made messages of the same size, in turns with workers of the outbox,
each as many as the other. A turn's figure is compared with those of smtplib just before and after
it, and the middle one of all turns counts: a busy machine disturbs both alike.
"""

import os
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection

from accounts.models import Person
from accounts.queries.recipients import recipient_of
from bin.services import free_port
from peersupport.core import clock, ids
from peersupport.core.outbox import kinds
from peersupport.core.outbox.delivery import drain
from peersupport.core.outbox.models import Outgoing, Tombstone
from peersupport.core.outbox.services import mark_of
from peersupport.core.ui.letters import personal_letter
from reminders.models import Said

ROOT = Path(__file__).resolve().parents[1]
_TURNS = 10
_WORK = "from bench.outbox import work; work()"
_LETTER = (
    "You have a message",
    "There is something new for you to look at.\n" * 12,
    "<p>x</p>" * 60,
)
PLAIN, REAL, GOVERNED = "bench", "bench-personal", "bench-governed"
# A server that takes one word at a time, and one that takes several (RFC 2920), which smtplib
# does not make use of.
_SINKS = {
    "a word at a time": "aiosmtpd.handlers.Sink",
    "several words at once": "bench.quick_sink.QuickSink",
}
_NAMES = {PLAIN: "ready words", REAL: "real letters", GOVERNED: "governed letters"}
# A weekday's noon in the school's zone: nothing is held for the night.
_NOON = datetime(2026, 12, 9, 17, tzinfo=clock.UTC)


def _plain(row: Outgoing, now: datetime) -> kinds.Letter:
    return kinds.Letter(bytes(row.ref).decode(), *_LETTER)


def _personal(row: Outgoing, now: datetime) -> kinds.Letter | None:
    """As the real kinds do: the live person, and the one personal letter."""
    person = recipient_of(row, now)
    if person is None:
        return None
    to = person.mail_address
    return kinds.Letter(to, *personal_letter(to, ["Something is new."], "http://127.0.0.1/"))


def register() -> None:
    """Make the kinds of this bench known."""
    kinds.register(kinds.Kind(name=PLAIN, asked=True, compose=_plain))
    kinds.register(kinds.Kind(name=REAL, asked=True, compose=_personal))
    kinds.register(kinds.Kind(name=GOVERNED, asked=False, compose=_personal))


def prepare(people: int = 2500) -> None:
    """Let there be people, each of whom can be written to once a week unasked. The web side's."""
    fresh = [
        Person(email=f"b{n}@school.example", joined_on=_NOON.date(), password="!")
        for n in range(people)
    ]
    Person.objects.bulk_create(fresh, ignore_conflicts=True)


def fill(count: int, kind: str, now: datetime) -> None:
    """Let so many messages be due."""
    known = Person.objects.filter(email__startswith="b").values_list("pk", flat=True)
    people = list(known) if kind != PLAIN else [None]
    if kind == GOVERNED and len(people) < count:
        raise ValueError(f"{count} messages for {len(people)} people")
    rows = [
        Outgoing(
            kind=kind,
            key=mark_of(kind, str(uuid.uuid4())),
            due_at=now - timedelta(seconds=1),
            expires_at=now + timedelta(hours=1),
            recipient=people[number % len(people)],
            ref=f"s{number}@school.example".encode(),
            rank=kinds.rank_of(kind),
            message_id=ids.new_id(),
        )
        for number in range(count)
    ]
    Outgoing.objects.bulk_create(rows, batch_size=2000)


def _floor(port: int, count: int, kind: str) -> None:
    """Send so many ready-made messages of a kind with smtplib alone, over one connection."""
    to = "s@school.example"
    said = ["Something is new."]
    subject, text, html = (
        _LETTER if kind == PLAIN else personal_letter(to, said, "http://127.0.0.1/")
    )
    mail = EmailMultiAlternatives(subject, text, "no-reply@school.example", [to])
    mail.attach_alternative(html, "text/html")
    ready = mail.message().as_bytes().replace(b"\n", b"\r\n")
    with smtplib.SMTP("127.0.0.1", port) as post:
        for number in range(count):
            post.sendmail("no-reply@school.example", [f"s{number}@school.example"], ready)


def work() -> None:
    """Do what each line of the input says, and print from when to when it took."""
    register()
    connection.ensure_connection()
    print("ready", flush=True)
    for line in sys.stdin:
        what, count = line.split()
        began = time.time()
        if what != "ours":
            _floor(settings.EMAIL_PORT, int(count), what)
            sent = int(count)
        else:
            sent = drain(now=lambda: _NOON, limit=int(count), within=600).sent
        print(sent, began, time.time(), flush=True)


class _Crew:
    """Some processes that do the same at once."""

    def __init__(self, port: int, number: int) -> None:
        env = {**os.environ, "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        env.pop("DEMO", None)
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", _WORK]
        pipe = subprocess.PIPE
        self._all = [
            subprocess.Popen(command, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True)
            for _ in range(number)
        ]
        for each in self._all:
            self._read(each)

    @staticmethod
    def _read(each: "subprocess.Popen[str]") -> list[str]:
        assert each.stdout is not None
        return each.stdout.readline().split()

    def speed(self, what: str, count: int) -> float:
        """Let each do its part of so many; return how many a second they did together."""
        for each in self._all:
            assert each.stdin is not None
            each.stdin.write(f"{what} {count // len(self._all)}\n")
            each.stdin.flush()
        said = [self._read(each) for each in self._all]
        began, ended = min(float(one[1]) for one in said), max(float(one[2]) for one in said)
        return sum(int(one[0]) for one in said) / (ended - began)

    def end(self) -> None:
        """Let them go."""
        for each in self._all:
            each.communicate()


def _turns(crew: _Crew, kind: str, count: int) -> tuple[float, float, float]:
    """Return smtplib's and our messages a second and their ratio, each the middle of all turns."""
    fill(count, kind, _NOON)
    part = count // _TURNS
    floors, ours = [crew.speed(kind, part)], []
    for _ in range(_TURNS):
        ours.append(crew.speed("ours", part))
        floors.append(crew.speed(kind, part))
    around = [(one + other) / 2 for one, other in pairwise(floors)]
    ratios = [speed / floor for speed, floor in zip(ours, around, strict=True)]
    return statistics.median(floors), statistics.median(ours), statistics.median(ratios)


@contextmanager
def _sink(keeper: str) -> Iterator[int]:
    """Run a mail server that keeps nothing."""
    port, env = free_port(), {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-c", keeper, "-l", f"127.0.0.1:{port}"]
    with tempfile.TemporaryDirectory() as home:
        sink = subprocess.Popen(command, cwd=home, env=env)
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
            yield port
        finally:
            sink.kill()
            sink.wait()


def main(count: int = 10_000) -> None:
    """Print messages a second, and their ratio to smtplib alone. Needs `prepare` before it."""
    register()
    print(f"\noutbox, {count} due messages")
    for server, keeper in _SINKS.items():
        print(f"{server:28}{'smtplib/s':>10}{'ours/s':>10}{'ratio':>8}")
        _against(keeper, count)


def _against(keeper: str, count: int) -> None:
    with _sink(keeper) as port:
        for number, workers in ((1, "one worker"), (2, "two workers")):
            crew = _Crew(port, number)
            for kind, part in ((PLAIN, count), (REAL, count // 4), (GOVERNED, count // 4)):
                floor, speed, ratio = _turns(crew, kind, part)
                name = f"{workers}, {_NAMES[kind]}"
                print(f"{name:28}{floor:>10.0f}{speed:>10.0f}{ratio:>8.2f}", flush=True)
                _clear()
            crew.end()


def _clear() -> None:
    Outgoing.objects.filter(kind__startswith="bench").delete()
    Tombstone.objects.all().delete()
    Said.objects.all().delete()
