"""A whole class signs in from one address, through served workers, while somebody hammers.

The class gets in with codes from a real mailbox. Who hammers asks and guesses without pause,
from the same address or from another, and writes into every request that it comes from elsewhere.
"""

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic, sleep, time

import pytest

from accounts import limits
from tests.process.spool import mail_server
from tests.races.real_server import World, world
from tests.races.signing_in import ASK, CODE, Browser, Mailbox

pytestmark = pytest.mark.process
CAMPUS, ELSEWHERE = "198.51.100.7", "203.0.113.9"
VICTIM = "s0@school.example"
_WINDOW = 600  # seconds, as accounts/limits.py counts


@dataclass
class Attacker:
    """Somebody who asks for the codes of one address and guesses them, until stopped."""

    port: int
    address: str
    is_proxied: bool
    asked: int = 0
    refused: int = 0
    got_in: bool = False

    def hammer(self, stop: threading.Event) -> None:
        """Do so, each time from what they say is another address."""
        for number in count():
            if stop.is_set():
                return
            forged = f"192.0.2.{number % 250}"
            forwarded = f"{forged}, {self.address}" if self.is_proxied else forged
            browser = Browser(self.port, forwarded)
            status = browser.post(ASK, email=VICTIM)
            self.asked += status == 302
            self.refused += status == 429
            for _ in range(5):
                browser.post(CODE, code=f"{secrets.randbelow(10**6):06d}")
            self.got_in |= browser.get("/visits/") == 200


@contextmanager
def hammered(*attackers: Attacker) -> Iterator[None]:
    """Let attackers go on while the block does."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.hammer, args=(stop,)) for one in attackers]
    for thread in threads:
        thread.start()
    try:
        # They are past what they are allowed before the first of the class comes.
        until = monotonic() + 60
        while any(one.refused < 3 for one in attackers) and monotonic() < until:
            sleep(0.05)
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def _a_class_signs_in(kind: str, home: Path, people: int, *, is_proxied: bool) -> None:
    spool, run = home / "spool", home / "run"
    run.mkdir()
    proxies = {"TRUSTED_PROXIES": "1"} if is_proxied else {}
    campus = CAMPUS if is_proxied else ""
    with (
        mail_server(spool) as url,
        world(kind, run, people=people, days=1, EMAIL_URL=url, **proxies) as program,
    ):
        mailbox = Mailbox(spool)
        victim = Browser(program.port, campus)
        assert victim.signs_in(VICTIM, mailbox) == (302, 302, 200)  # a browser of long standing
        assert victim.post("/accounts/sign-out/") == 302
        mailbox.look()
        before, began = len(mailbox.sent[VICTIM]), time()
        attackers = _attackers(program, is_proxied=is_proxied)
        with hammered(*attackers):
            answers = _all_sign_in(program, mailbox, people, campus)
            mailbox.look()
            flood = len(mailbox.sent[VICTIM]) - before
            windows = int(time()) // _WINDOW - int(began) // _WINDOW + 1
            mailbox.sent[VICTIM].clear()
            del mailbox.sent[VICTIM]
            again = victim.signs_in(VICTIM, mailbox)

    # Everybody of the class is in, and so is the one whose address is hammered.
    assert set(answers) == {(302, 302, 200)}
    assert len(answers) == people - 1
    assert again == (302, 302, 200)
    # Who hammers was refused, is not in, and sent no more letters than each network may: the
    # two workers count together, and a forged header begins nothing anew.
    networks = len(attackers) if is_proxied else 1
    assert all(one.refused > 0 and not one.got_in for one in attackers)
    assert flood <= limits.ASK_ADDRESS * networks * windows
    assert sum(one.asked for one in attackers) <= limits.ASK_ADDRESS * networks * windows


def _attackers(program: World, *, is_proxied: bool) -> list[Attacker]:
    places = (CAMPUS, ELSEWHERE) if is_proxied else (CAMPUS, CAMPUS)
    return [Attacker(program.port, place, is_proxied) for place in places]


def _all_sign_in(
    program: World, mailbox: Mailbox, people: int, campus: str
) -> list[tuple[int, int, int]]:
    def sign_in(number: int) -> tuple[int, int, int]:
        return Browser(program.port, campus).signs_in(f"s{number}@school.example", mailbox)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(sign_in, range(1, people)))


@pytest.mark.parametrize("is_proxied", [False, True], ids=["direct", "behind a proxy"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_class_signs_in_while_somebody_hammers(
    kind: str, tmp_path: Path, is_proxied: bool
) -> None:
    _a_class_signs_in(kind, tmp_path, 30, is_proxied=is_proxied)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_five_hundred_sign_in_within_ten_minutes(kind: str, tmp_path: Path) -> None:
    began = monotonic()

    _a_class_signs_in(kind, tmp_path, 501, is_proxied=True)

    assert monotonic() - began < 10 * 60
