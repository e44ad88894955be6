"""The outbox's own numbers: due messages to a mail server, against smtplib alone.

In the same run and against the same server process (aiosmtpd, on the same cores): one smtplib
connection that sends ready-made messages of the same size, in turns with one worker; then two
workers at once.
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
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection

from accounts.models import Person
from bin.services import free_port
from peersupport.core import clock, ids
from peersupport.core.outbox import kinds
from peersupport.core.outbox.delivery import drain
from peersupport.core.outbox.models import Outgoing, Tombstone
from peersupport.core.outbox.services import mark_of
from peersupport.core.ui.letters import personal_letter

ROOT = Path(__file__).resolve().parents[1]
_TURNS = 20
_DRAIN = "from bench.outbox import work; work()"
_LETTER = (
    "You have a message",
    "There is something new for you to look at.\n" * 12,
    "<p>x</p>" * 60,
)


def _plain(row: Outgoing, now: datetime) -> kinds.Letter:
    return kinds.Letter(bytes(row.ref).decode(), *_LETTER)


def _personal(row: Outgoing, now: datetime) -> kinds.Letter | None:
    """As the real kinds do: the live person, and the one personal letter."""
    person = Person.objects.filter(pk=row.recipient or row.pk, is_active=True).first()
    if person is None:
        return None
    to = person.mail_address
    return kinds.Letter(to, *personal_letter(to, ["Something is new."], "http://127.0.0.1/"))


def register() -> None:
    """Make the kinds of this bench known."""
    kinds.register(kinds.Kind(name="bench", asked=True, compose=_plain))
    kinds.register(kinds.Kind(name="bench-personal", asked=True, compose=_personal))


def fill(count: int, kind: str, now: datetime) -> None:
    """Let so many messages be due."""
    people = list(Person.objects.values_list("pk", flat=True)[:50])
    rows = [
        Outgoing(
            kind=kind,
            key=mark_of(kind, str(uuid.uuid4())),
            due_at=now - timedelta(seconds=1),
            expires_at=now + timedelta(hours=1),
            recipient=people[number % len(people)] if kind == "bench-personal" else None,
            ref=f"s{number}@school.example".encode(),
            message_id=ids.new_id(),
        )
        for number in range(count)
    ]
    Outgoing.objects.bulk_create(rows, batch_size=2000)


def work() -> None:
    """Deliver until nothing is due, as a worker's rounds do; print when it began and ended."""
    register()
    connection.ensure_connection()
    began = time.time()
    sent = 0
    while (done := drain(now=clock.now)).sent:
        sent += done.sent
    print(sent, began, time.time())


def _floor(port: int, count: int) -> float:
    """Return messages a second of smtplib alone, over one connection."""
    mail = EmailMultiAlternatives(
        _LETTER[0], _LETTER[1], "no-reply@school.example", ["s@school.example"]
    )
    mail.attach_alternative(_LETTER[2], "text/html")
    ready = mail.message().as_bytes().replace(b"\n", b"\r\n")
    with smtplib.SMTP("127.0.0.1", port) as post:
        began = time.perf_counter()
        for number in range(count):
            post.sendmail("no-reply@school.example", [f"s{number}@school.example"], ready)
        return count / (time.perf_counter() - began)


def _workers(port: int, number: int) -> float:
    """Return messages a second of so many workers at once, between the first and the last."""
    env = {**os.environ, "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    env.pop("DEMO", None)
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", _DRAIN]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    said = [process.communicate()[0].split() for process in running]
    sent = sum(int(words[0]) for words in said)
    ended = max(float(words[2]) for words in said)
    return sent / (ended - min(float(words[1]) for words in said))


def _turns(port: int, kind: str, count: int) -> tuple[float, float]:
    """Return smtplib's and one worker's messages a second: medians of turns that alternate."""
    fill(count, kind, clock.now())
    floors, ours = [], []
    for _ in range(_TURNS):
        floors.append(_floor(port, count // _TURNS))
        began = time.perf_counter()
        sent = drain(now=clock.now, limit=count // _TURNS, within=600).sent
        ours.append(sent / (time.perf_counter() - began))
    return statistics.median(floors), statistics.median(ours)


def main(count: int = 10_000) -> None:
    """Print messages a second, and their ratio to smtplib alone."""
    register()
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        sink = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "aiosmtpd",
                "-n",
                "-c",
                "aiosmtpd.handlers.Sink",
                "-l",
                f"127.0.0.1:{port}",
            ],
            cwd=home,
        )
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
            rows = [
                ("one worker", *_turns(port, "bench", count)),
                ("one worker, real letters", *_turns(port, "bench-personal", count // 4)),
            ]
            fill(count, "bench", clock.now())
            before, speed = _floor(port, count // 4), _workers(port, 2)
            rows.append(("two workers", (before + _floor(port, count // 4)) / 2, speed))
        finally:
            sink.kill()
            sink.wait()
    Outgoing.objects.filter(kind__startswith="bench").delete()
    Tombstone.objects.all().delete()
    print(f"\noutbox, {count} due messages\n{'':28}{'smtplib/s':>10}{'ours/s':>10}{'ratio':>8}")
    for name, floor, speed in rows:
        print(f"{name:28}{floor:>10.0f}{speed:>10.0f}{speed / floor:>8.2f}")
