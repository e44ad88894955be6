"""Help now while the database is stopped, and while nothing at all can be reached.

The program is served as in real life; the database goes away under it, and comes back.
"""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser import launch, open_page
from tests.races.real_server import World, scene, served

pytestmark = pytest.mark.process
_OWN = """
from datetime import timedelta
from peersupport.core import clock
from peersupport.core.actors import SYSTEM
from peersupport.core.ui.packs import Line
from program.services.crisis import save_line
today = clock.now().date()
save_line(line=Line("Night line", "555-0177", checked_on=today, review_on=today
    + timedelta(days=90)), checked_by="Cora", by=SYSTEM, now=clock.now())
"""
_HELP = ("/help-now/", "/help-now/friend/")


def _shows_numbers(program: World, path: str, status: int) -> None:
    answer = program.get(path, "")
    assert answer.status == status, path
    for number in ('href="tel:988"', "555-0177"):
        assert number in answer.body, path


@contextmanager
def _stopped(program: World) -> Iterator[None]:
    """Let the database end every connection and take no new one."""
    name = urlsplit(program.env["DATABASE_URL"]).path.lstrip("/")
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as admin:
        admin.autocommit = True
        cursor = admin.cursor()
        cursor.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            cursor.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_help_is_served_while_the_database_is_stopped(tmp_path: Path) -> None:
    with scene("postgresql", tmp_path, people=1, days=1) as program:
        program.manage("shell", "-v", "0", "-c", _OWN)
        ana = program.students[0]
        with served(program):
            assert program.get("/", "").status == 200
            with _stopped(program):
                for path in _HELP:
                    _shows_numbers(program, path, 200)
                _shows_numbers(program, "/nowhere/", 404)
                calm = program.get("/visits/", ana)
                assert calm.status in (500, 503)
                assert "555-0177" in calm.body
            # It mends itself: the same processes go on.
            assert program.get("/visits/", ana).status == 200
            assert program.get("/", "").status == 200


def test_a_process_that_starts_meanwhile_serves_help_and_mends_itself(tmp_path: Path) -> None:
    """Workers are started anew just when much is wrong."""
    with scene("postgresql", tmp_path, people=1, days=1) as program:
        program.manage("shell", "-v", "0", "-c", _OWN)
        with ExitStack() as running:
            with _stopped(program):
                running.enter_context(served(program))
                for path in _HELP:
                    _shows_numbers(program, path, 200)
                _shows_numbers(program, "/", 503)
                _shows_numbers(program, "/accounts/sign-in/", 503)
            assert _in_time(program, "/") == 200


def _in_time(program: World, path: str) -> int:
    """Return the status once the process has asked its database again, which it does at times."""
    until, status = monotonic() + 30, 0
    while status != 200 and monotonic() < until:
        status = program.get(path, "").status
        sleep(0.1)
    return status


def test_neither_database_nor_broker_can_be_reached(tmp_path: Path) -> None:
    with scene("postgresql", tmp_path, people=1, days=1) as program:
        program.manage("shell", "-v", "0", "-c", _OWN)
        nowhere = urlsplit(program.env["DATABASE_URL"])
        nowhere = nowhere._replace(netloc=f"nobody:x@127.0.0.1:{_closed_port()}")
        redis = f"redis://127.0.0.1:{_closed_port()}/0"
        with served(program, DATABASE_URL=nowhere.geturl(), REDIS_URL=redis):
            for path in _HELP:
                _shows_numbers(program, path, 200)
            _shows_numbers(program, "/", 503)


def _is_kept(page: Page) -> None:
    """Wait until the browser has kept the pages."""
    page.wait_for_function(
        "async () => (await navigator.serviceWorker.ready).active?.state === 'activated'"
    )


_KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys())
        for (const request of await (await caches.open(name)).keys())
            found.push(new URL(request.url).pathname);
    return found.sort();
}"""


def test_both_pages_can_be_read_without_a_network(tmp_path: Path) -> None:
    """With the server gone. Nothing of a person is kept; no other page comes from the store."""
    with scene("sqlite", tmp_path, people=1, days=1) as program:
        program.manage("shell", "-v", "0", "-c", _OWN)
        base = f"http://127.0.0.1:{program.port}"
        with launch() as browser:
            page = open_page(browser)
            cookie: Any = {"name": "session", "value": program.students[0], "url": base}
            page.context.add_cookies([cookie])
            with served(program):
                page.goto(f"{base}/accounts/")
                expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
                assert page.evaluate(_KEPT) == []  # nobody asked for help: nothing is kept
                page.goto(f"{base}/help-now/")
                _is_kept(page)
                kept = page.evaluate(_KEPT)
            # The server is gone, and so is everything that goes through it.
            page.goto(f"{base}/help-now/")
            expect(page.get_by_role("heading", level=1)).to_have_text("Help now")
            expect(page.locator('main a[href="tel:988"]').first).to_be_visible()
            expect(page.get_by_text("Night line").first).to_be_visible()
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Atki')
            page.get_by_role("link", name="I worry about a friend").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Help a friend")
            for path in ("/", "/accounts/", "/visits/", "/help-now/kept.js?x"):
                with pytest.raises(Error, match="ERR_CONNECTION"):
                    page.goto(base + path)

            # Another tab: the error page of this one may still be on its way.
            page = page.context.new_page()
            with served(program):
                page.goto(f"{base}/accounts/")
                page.get_by_role("button", name="Sign out", exact=True).click()
                page.wait_for_url(f"{base}/")
                assert page.evaluate(_KEPT) == []
                with suppress(Error):
                    page.wait_for_load_state()

    assert [path for path in kept if not path.startswith("/static/")] == sorted(_HELP)
    assert all(re.search(r"\.(css|woff2|svg|js)$", path) for path in kept if "/static/" in path)
