"""`make bench`: the performance table. Ratios within one run; absolute times mean little."""

import argparse
import itertools
import secrets
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Collection
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import events, feeds, line, sign_in
from tests.races.real_server import World, world

ROUNDS = 150
_WRITES = 40
_WRITING = ("book", "join", "call", "take")
# What runs inside a `manage.py shell`, and as whom: by the name with which it can be asked for.
_PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "bookings": (("from bench.bookings import main; main()", "web"),),
    "planning": (("from bench.planning import main; main()", "web"),),
    "roster": (("from bench.roster import main; main()", "web"),),
    "feeds": (("from bench.feeds import writing; writing()", "web"),),
    "outbox": (
        ("from bench.outbox import prepare; prepare()", "web"),
        ("from bench.outbox import main; main()", "worker"),
    ),
    "referrals": (
        ("from bench.referrals import prepare; prepare()", "care"),
        ("from bench.referrals import send; send()", "web"),
        ("from bench.referrals import keep; keep()", "care"),
    ),
    "desk": (("from bench.desk import main; main()", "owner"),),
}
_ALL = ("pages", *_PARTS, "sign-in")
Ask = Callable[[HTTPConnection], tuple[float, int, int]]


def _timed(link: HTTPConnection, method: str, path: str, body: str | None, headers: dict[str, str]
           ) -> tuple[float, int, int]:  # fmt: skip
    began = time.perf_counter()
    link.request(method, path, body, headers)
    answer = link.getresponse()
    answer.read()
    taken = (time.perf_counter() - began) * 1000
    return taken, answer.status, int(answer.getheader("X-Queries", "0") or 0)


def _asks(program: World) -> dict[str, Ask]:
    scenes = {count: line.scene(program, count) for count in (5, 300)}
    lines: dict[str, Ask] = {}
    for count, found in scenes.items():
        lines |= _line_asks(program, count, found)
    link = HTTPConnection("127.0.0.1", program.port)
    link.request("GET", "/")
    first = link.getresponse()
    first.read()
    etag = first.getheader("ETag", "") or ""
    people = iter(zip(program.students, program.slots, strict=False))

    def book(link: HTTPConnection) -> tuple[float, int, int]:
        cookie, slot = next(people)
        token = secrets.token_hex(16)
        fields = {"slot": slot, "name": "Ash", "request_key": str(uuid.uuid4())}
        body = urlencode({**fields, "csrfmiddlewaretoken": token})
        headers = {
            "Cookie": f"session={cookie}; csrf={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return _timed(link, "POST", "/visits/book/", body, headers)

    def get(path: str, **headers: str) -> Ask:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda link: _timed(link, "GET", path, None, named)

    return {
        "bare one-query page": get("/bare/"),
        "Today, signed out": get("/"),
        "Today, 304": get("/", If_None_Match=etag),
        "Today, signed in": get("/", Cookie=f"session={program.students[0]}"),
        "console": get("/hours/", Cookie=f"session={program.supporter}"),
        "book": book,
        **lines,
        **_feed_asks(program, get),
    }


def _feed_asks(program: World, get: Callable[..., Ask]) -> dict[str, Ask]:
    """Return what is asked of five hundred events and their calendars."""
    found = feeds.scene(program)
    own, one = found["own"], f"/events/{found['event']}/"
    me, ways = program.students[-1], itertools.cycle(("going", "not-going"))

    def tap(link: HTTPConnection) -> tuple[float, int, int]:
        token = secrets.token_hex(16)
        headers = {
            "Cookie": f"session={me}; csrf={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode({"csrfmiddlewaretoken": token})
        return _timed(link, "POST", f"{one}{next(ways)}/", body, headers)

    link = HTTPConnection("127.0.0.1", program.port)
    link.request("GET", "/events/calendar.ics")
    first = link.getresponse()
    first.read()
    etag = first.getheader("ETag", "") or ""
    return {
        f"calendar of {feeds.EVENTS}": get("/events/calendar.ics"),
        f"calendar of {feeds.EVENTS}, 304": get("/events/calendar.ics", If_None_Match=etag),
        f"own calendar of {feeds.OWN}": get(own),
        f"list of {feeds.EVENTS} events": get("/events/", Cookie=f"session={me}"),
        "one event": get(one, Cookie=f"session={me}"),
        "take a place, give it back": tap,
    }


def _line_asks(program: World, count: int, found: dict[str, Any]) -> dict[str, Ask]:
    """Return what is asked of a line with `count` waiting."""
    version = line.version(program, found)
    look = version.rpartition(".")[2]  # the same place, seen before somebody else did something
    crowd = iter(found["crowd"])

    def get(path: str, who: str) -> Ask:
        return lambda link: _timed(link, "GET", path, None, {"Cookie": f"session={found[who]}"})

    def join(link: HTTPConnection) -> tuple[float, int, int]:
        body, headers = line.posted(next(crowd), name="", request_key=line.new_key())
        return _timed(link, "POST", f"/line/join/{found['shift']}/", body, headers)

    def call(link: HTTPConnection) -> tuple[float, int, int]:
        body, headers = line.posted(found["marcus"])
        taken = _timed(link, "POST", f"/hours/{found['hours']}/next/", body, headers)
        program.post(line.called(program, found), found["marcus"], {})
        return taken

    return {
        f"line of {count}": get("/line/", "ana"),
        f"line of {count}, poll": get(f"/line/state/?v={version}", "ana"),
        f"line of {count}, others moved": get(f"/line/state/?v=0.0.{look}", "ana"),
        f"console, line of {count}": get("/hours/", "marcus"),
        f"call next of {count}": call,
        f"join a line of {count}": join,
    }


def _table(kind: str, program: World) -> None:
    asks = _asks(program)
    link = HTTPConnection("127.0.0.1", program.port)
    seen: dict[str, list[tuple[float, int, int]]] = {name: [] for name in asks}
    reading = {name: ask for name, ask in asks.items() if not name.startswith(_WRITING)}
    for _ in range(ROUNDS):  # interleaved, so that noise falls on all alike
        for name, ask in reading.items():
            seen[name].append(ask(link))
    writing = {name: ask for name, ask in asks.items() if name.startswith(_WRITING)}
    for number in range(_WRITES):  # afterwards, so that what reads remember is not lost to them
        for name, ask in writing.items():
            if name != "book" or number < len(program.slots):
                seen[name].append(ask(link))
    base = statistics.median(taken for taken, _, _ in seen["bare one-query page"])
    print(f"\n{kind}: {ROUNDS} rounds, one client, interleaved")
    print(f"{'':28}{'status':>7}{'queries':>9}{'p50 ms':>9}{'p95 ms':>9}{'x bare':>8}")
    for name, found in seen.items():
        times = sorted(taken for taken, _, _ in found)
        p50, p95 = statistics.median(times), times[int(len(times) * 0.95) - 1]
        statuses = "/".join(sorted({str(status) for _, status, _ in found}))
        most = max(queries for _, _, queries in found)
        print(f"{name:28}{statuses:>7}{most:>9}{p50:>9.1f}{p95:>9.1f}{p50 / base:>8.2f}")


def main(wanted: Collection[str]) -> None:
    """Print one table per database, or those parts of it that are wanted."""
    for kind in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as home:
            settings = {"DJANGO_SETTINGS_MODULE": "bench.settings"}
            with world(kind, Path(home), people=14, days=13, **settings) as program:
                print(f"\n{kind}")
                if "pages" in wanted:
                    _table(kind, program)
                    events.rush(program)
                for name in [name for name in _PARTS if name in wanted]:
                    for piece, side in _PARTS[name]:
                        print(program.manage("shell", "-v", "0", "-c", piece, side=side).strip())
        if "sign-in" in wanted:
            sign_in.main(kind, settings)


parser = argparse.ArgumentParser(prog="python -m bench")
parser.add_argument("part", nargs="*", choices=[*_ALL, []], help="all of it, if none is named")
main(parser.parse_args().part or _ALL)
