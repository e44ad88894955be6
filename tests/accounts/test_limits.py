"""Limits that hold across workers, are not reset by a header, and lock out nobody else."""

import re
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import caches
from django.test import Client, RequestFactory

from accounts import limits
from peersupport.core import counters
from peersupport.core.counters import count
from tests.people import cast

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
ANA = "ana@school.example"
_EACH, _WORKERS = 60, 4


@pytest.fixture(autouse=True)
def _own_counters(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def _ask(email: str = ANA, client: Client | None = None, **meta: str) -> tuple[Client, int]:
    client = client or Client()
    answer = client.post("/accounts/sign-in/", {"email": email}, **meta)  # type: ignore[arg-type]
    return client, answer.status_code


def _code() -> str:
    found = re.search(r"\d{6,}", str(mail.outbox[-1].body))
    assert found
    return found[0]


def _counting(how_many: int, at: datetime) -> None:
    for _ in range(how_many):
        count("one", window=600, now=at)


def _counting_in_the_cache(how_many: int) -> None:
    cache = caches["files"]
    for _ in range(how_many):
        cache.add("one", 0, 600)
        cache.incr("one")


def _crowd(act: Any, *args: Any) -> None:
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("fork")) as pool:
        for done in [pool.submit(act, _EACH, *args) for _ in range(_WORKERS)]:
            done.result()


def test_no_count_is_lost_between_workers(evening: datetime, settings: Any) -> None:
    settings.REDIS_URL = ""
    _crowd(_counting, evening)

    assert count("one", window=600, now=evening, add=0) == _EACH * _WORKERS
    assert count("other", window=600, now=evening, add=0) == 0


def test_control_the_file_cache_loses_counts(settings: Any, tmp_path: Path) -> None:
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {
        **settings.CACHES, "files": {"BACKEND": backend, "LOCATION": str(tmp_path / "c")}
    }  # fmt: skip
    try:
        _crowd(_counting_in_the_cache)
    except (ValueError, EOFError, FileNotFoundError):
        return  # it failed altogether
    assert caches["files"].get("one") < _EACH * _WORKERS


def test_no_count_is_lost_in_redis(evening: datetime, settings: Any) -> None:
    if not settings.REDIS_URL:
        pytest.skip("no Redis here")
    _crowd(_counting, evening)

    assert count("one", window=600, now=evening, add=0) == _EACH * _WORKERS


def test_a_new_window_begins_at_nothing(evening: datetime, settings: Any) -> None:
    settings.REDIS_URL = ""
    _counting(5, evening)
    later = evening.replace(minute=evening.minute + 10)

    assert count("one", window=600, now=later) == 1


def test_the_file_says_nothing_of_whom(evening: datetime, settings: Any, tmp_path: Path) -> None:
    settings.REDIS_URL = ""
    count(f"ask|{ANA}", window=600, now=evening)
    kept = (tmp_path / "counters" / "600").read_bytes()

    assert ANA.encode() not in kept
    assert len(kept) - kept.count(0) < 20  # a few small numbers in an empty file


def test_an_address_is_not_asked_for_without_end(evening: datetime) -> None:
    cast(evening)
    with time_machine.travel(evening, tick=False):
        statuses = [_ask()[1] for _ in range(limits.ASK_ADDRESS + 1)]

    assert statuses == [302] * limits.ASK_ADDRESS + [429]


def test_the_same_limit_for_known_and_unknown(evening: datetime) -> None:
    cast(evening)
    with time_machine.travel(evening, tick=False):
        for email in (ANA, "x@elsewhere.example"):
            assert [_ask(email)[1] for _ in range(7)] == [302] * 6 + [429]


@pytest.mark.parametrize("trusted", [0, 1])
def test_a_forged_header_neither_resets_nor_shifts(
    evening: datetime, settings: Any, trusted: int
) -> None:
    """With one proxy of ours the last entry is its word; what came before is the client's."""
    cast(evening)
    settings.TRUSTED_PROXIES = trusted
    ours = ", 10.0.0.9" if trusted else ""
    with time_machine.travel(evening, tick=False):
        got = [_ask(HTTP_X_FORWARDED_FOR=f"203.0.113.{n}{ours}")[1] for n in range(7)]
        other = _ask(HTTP_X_FORWARDED_FOR="10.0.0.9, 198.51.100.7")[1]

    assert got == [302] * 6 + [429]
    assert other == (302 if trusted else 429)


def test_control_believing_the_header_resets_the_limit(evening: datetime, settings: Any) -> None:
    cast(evening)
    settings.TRUSTED_PROXIES = 1
    with time_machine.travel(evening, tick=False):
        got = [_ask(HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")[1] for n in range(7)]

    assert got == [302] * 7


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix:", "unix:"),
    ],
)
def test_networks(address: str, network: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    assert limits.network_of(request) == network


@pytest.mark.usefixtures("frozen")
def test_whoever_has_a_code_gets_in_while_their_address_is_hammered(evening: datetime) -> None:
    cast(evening)
    with time_machine.travel(evening, tick=False):
        client, _ = _ask()
        code = _code()
        for _ in range(40):
            attacker, status = _ask()
            if status == 302:
                for _ in range(6):
                    attacker.post("/accounts/sign-in/code/", {"code": "000000"})

        done = client.post("/accounts/sign-in/code/", {"code": code})

    assert done.status_code == 302
    assert client.get("/visits/").status_code == 200


def test_a_browser_that_signed_in_before_gets_codes_while_its_address_is_hammered(
    evening: datetime,
) -> None:
    cast(evening)
    with time_machine.travel(evening, tick=False):
        client, _ = _ask()
        client.post("/accounts/sign-in/code/", {"code": _code()})
        client.post("/accounts/sign-out/")
        assert [_ask()[1] for _ in range(40)][-1] == 429

        assert _ask(client=client)[1] == 302
        # A cookie for one address helps with no other, and one that was altered with none.
        assert _ask("ben@school.example", client=client)[1] == 302
        client.cookies["known"] = client.cookies["known"].value + "x"
        assert _ask(client=client)[1] == 429


def test_codes_grow_where_somebody_guesses(evening: datetime, monkeypatch: Any) -> None:
    """Guessing among all addresses leads nowhere, and nobody is refused for it."""
    cast(evening)
    monkeypatch.setattr(limits, "LONG_AFTER_WRONG", 6)
    with time_machine.travel(evening, tick=False):
        pending, _ = _ask("ben@school.example")
        assert len(_code()) == limits.SHORT
        for n in range(2):
            attacker, _ = _ask(f"a{n}@school.example")
            for _ in range(5):
                attacker.post("/accounts/sign-in/code/", {"code": "000000"})
        client, status = _ask()
        code = _code()
        assert (status, len(code)) == (302, limits.LONG)
        assert client.post("/accounts/sign-in/code/", {"code": code}).status_code == 302
        # Short codes from before are void after one wrong try.
        pending.post("/accounts/sign-in/code/", {"code": "000000"})
        assert pending.get("/accounts/sign-in/code/")["Location"] == "/accounts/sign-in/"


def test_without_redis_counting_goes_on(evening: datetime, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert [counters.count("one", window=600, now=evening) for _ in range(3)] == [1, 2, 3]
