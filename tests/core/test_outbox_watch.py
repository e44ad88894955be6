"""Auditors that put back what is missing, and the word to whoever watches from outside."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import call_command

from peersupport.core.actors import SYSTEM
from peersupport.core.outbox import auditors, heartbeat, kinds
from peersupport.core.outbox.auditors import Expected, audit
from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.heartbeat import tick
from peersupport.core.outbox.models import DrainRun, Outgoing, Tombstone
from peersupport.core.outbox.services import drop_dead
from tests.roles import WEB, acting_as, drain
from tests.sink import Sink, sink

__all__ = ["sink"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("worker"),
]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def compose(row: Outgoing, now: datetime) -> kinds.Letter:
        return kinds.Letter(bytes(row.ref).decode(), "You have a message", "text", "<p>")

    kinds.register(kinds.Kind(name="test", asked=True, compose=compose))
    monkeypatch.setattr(auditors, "_auditors", {})


def _expects(now: datetime, *names: str, lasts: int = 60) -> None:
    rows = [
        Expected(
            "test", name, now, now + timedelta(minutes=lasts), ref=f"{name}@x.example".encode()
        )
        for name in names
    ]
    auditors.register_auditor("test", lambda _now: iter(rows))


def test_what_is_missing_is_put_back_once(sink: Sink, evening: datetime) -> None:
    _expects(evening, "a", "b", "c")
    assert audit(now=evening) == {"test": 3}
    assert audit(now=evening) == {"test": 0}
    Outgoing.objects.filter(ref=b"b@x.example").delete()

    assert audit(now=evening) == {"test": 1}

    drain(now=lambda: evening)
    assert sorted(sink.accepted) == ["a@x.example", "b@x.example", "c@x.example"]
    assert DrainRun.objects.get().repaired == 1


def test_what_was_said_or_let_go_is_never_put_back(sink: Sink, evening: datetime) -> None:
    _expects(evening, "a", "b")
    audit(now=evening)
    Outgoing.objects.filter(ref=b"b@x.example").update(state="dead", error="x", done_at=evening)
    drain(now=lambda: evening)
    with acting_as(WEB):
        drop_dead(names=["test"], error="x", by=SYSTEM, now=evening)

    assert audit(now=evening) == {"test": 0}
    assert Tombstone.objects.count() == 2
    assert sink.accepted == ["a@x.example"]


def test_what_is_too_late_is_not_put_back(evening: datetime) -> None:
    _expects(evening, "a", lasts=0)
    assert audit(now=evening) == {"test": 0}


def test_an_auditor_that_fails_stops_no_other(evening: datetime) -> None:
    def fails(_now: datetime) -> list[Expected]:
        raise KeyError

    auditors.register_auditor("bad", fails)
    _expects(evening, "a")
    assert audit(now=evening) == {"bad": -1, "test": 1}


def test_queries_of_an_audit_do_not_grow(evening: datetime) -> None:
    from django.db import connection

    from bench.counting import counted

    seen = []
    for count in (3, 300):
        _expects(evening, *(f"{count}-{number}" for number in range(count)))
        audit(now=evening)
        with counted(connection) as queries:
            audit(now=evening)
        seen.append(queries[0])
    assert seen[0] == seen[1]


@pytest.fixture
def watcher(settings: Any) -> Iterator[list[tuple[str, str]]]:
    """Somebody who watches from outside, on this machine."""
    heard: list[tuple[str, str]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append((self.path, self.headers.get("Cookie", "")))
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
            else:
                self.send_response(200 if self.path == "/ok" else 500)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/ok"
    yield heard
    server.shutdown()
    server.server_close()


def test_each_good_round_is_said_outside(
    watcher: list[Any], sink: Sink, evening: datetime
) -> None:
    tick(now=lambda: evening)
    assert watcher == [("/ok", "")]
    assert DrainRun.objects.get().tick_at == evening


def test_a_round_that_was_stopped_is_not(
    watcher: list[Any], evening: datetime, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    _expects(evening, "a")
    audit(now=evening)

    done = tick(now=lambda: evening)

    assert done is not None
    assert done.stopped_by is Trouble.SERVER
    assert watcher == []


@pytest.mark.parametrize("path", ["/fails", "/moved"])
def test_a_watcher_that_fails_or_sends_elsewhere_stops_nothing(
    watcher: list[Any], evening: datetime, settings: Any, path: str
) -> None:
    settings.HEARTBEAT_URL = settings.HEARTBEAT_URL.replace("/ok", path)
    done = tick(now=lambda: evening)
    assert done is not None
    assert not done.is_stopped
    assert [asked for asked, _ in watcher] == [path]


def test_a_watcher_that_is_gone_stops_nothing(settings: Any, evening: datetime) -> None:
    settings.HEARTBEAT_URL = "http://127.0.0.1:1/"
    assert not heartbeat.beat()
    done = tick(now=lambda: evening)
    assert done is not None
    assert not done.is_stopped


def test_one_pass_for_cron_counts_as_the_timer(
    watcher: list[Any], sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("drain_outbox")
    assert DrainRun.objects.get().tick_at is not None
    assert DrainRun.objects.get().audit_at is not None
    assert "put back 0" in capsys.readouterr().out
    assert len(watcher) == 1
