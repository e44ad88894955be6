"""Signing in: what each kind of address takes beside the bare page, and a class at once.

Attack 14: the three kinds of address take the same steps (tests/accounts/test_sign_in.py); here
their times stand side by side, measured in turns.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.process.spool import mail_server
from tests.races.real_server import World, world
from tests.races.signing_in import ASK, CODE, Browser, Mailbox

_EACH, _CLASS, _AT_ONCE = 60, 120, 8


def main(kind: str, settings: dict[str, str]) -> None:
    """Print the lines for one database."""
    with tempfile.TemporaryDirectory() as home, mail_server(Path(home) / "spool") as url:
        run = Path(home) / "run"
        run.mkdir()
        people = _EACH + _CLASS
        with world(kind, run, people=people, days=1, EMAIL_URL=url, **settings) as program:
            _kinds(program, Mailbox(Path(home) / "spool"))
            _at_once(program, Mailbox(Path(home) / "spool"))


def _timed(act: Callable[[], int]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _kinds(program: World, mailbox: Mailbox) -> None:
    seen: dict[str, list[float]] = {}
    for number in range(_EACH):
        bare = Browser(program.port)
        seen.setdefault("bare one-query page", []).append(_timed(lambda: bare.get("/bare/")))  # noqa: B023
        kinds = [
            ("known", f"s{number}@school.example"),
            ("may join", f"new{number}@school.example"),
            ("stranger", f"new{number}@elsewhere.example"),
        ]
        turn = number % len(kinds)  # who comes first in a round has it harder or easier
        for name, address in kinds[turn:] + kinds[:turn]:
            one = Browser(program.port)
            asks = lambda: one.post(ASK, email=address)  # noqa: E731, B023
            wrong = lambda: one.post(CODE, code="000000")  # noqa: E731, B023
            seen.setdefault(f"ask for a code, {name}", []).append(_timed(asks))
            seen.setdefault(f"a wrong code, {name}", []).append(_timed(wrong))
            if name == "known":
                code = mailbox.code(address)
                right = lambda: one.post(CODE, code=code)  # noqa: E731, B023
                seen.setdefault("the right code", []).append(_timed(right))
    base = statistics.median(seen.pop("bare one-query page"))
    for name, times in sorted(seen.items()):
        p50 = statistics.median(times)
        print(f"{name:28}{p50:>9.1f} ms{p50 / base:>8.2f} x bare")
    for step in ("ask for a code", "a wrong code"):
        known = statistics.median(seen[f"{step}, known"])
        others = [statistics.median(seen[f"{step}, {name}"]) for name in ("may join", "stranger")]
        print(
            f"{step}: others beside known {', '.join(f'{other / known:.2f}' for other in others)}"
        )


def _at_once(program: World, mailbox: Mailbox) -> None:
    def sign_in(number: int) -> int:
        return Browser(program.port).signs_in(f"s{number}@school.example", mailbox)[2]

    def bare(_number: int) -> int:
        return Browser(program.port).get("/bare/")

    speeds = []
    for act in (bare, sign_in):
        began = time.perf_counter()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = list(pool.map(act, range(_EACH, _EACH + _CLASS)))
        speeds.append(_CLASS / (time.perf_counter() - began))
        assert set(answers) == {200}
    print(
        f"{_CLASS} sign in, {_AT_ONCE} at once: {speeds[1]:.1f} a second, three requests and a "
        f"letter each; bare pages {speeds[0]:.0f} a second; ratio {speeds[1] / speeds[0]:.2f}"
    )
