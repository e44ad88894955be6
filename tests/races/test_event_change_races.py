"""An event is changed while people tap: cancelled, moved, made smaller, for others, its series
ended. Through HTTP on both databases; nobody has a place in what is off without being told."""

import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.logins import address, name_of
from tests.races.real_server import Answer, World, scene, served, world

pytestmark = pytest.mark.process
ROUNDS, CROWD = 3, 14
CHANGES = ["cancel", "move", "shrink", "narrow", "end"]

# What each of the changes sends, as its form would, made beforehand.
_MAKE = """
import json
from datetime import timedelta
from accounts.models import Person, RosterEntry
from events.forms import initial_of
from events.models import Event, Series
from events.queries import plans
from peersupport.core import clock
from program.queries import facts
from tests.events.scene import event
now, zone = clock.now().replace(second=0, microsecond=0), facts().zone
RosterEntry.objects.create(email="sol@school.example", class_name="here", standing="enrolled",
    person=Person.objects.get(email="sol@school.example"))
def plain(value):
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if isinstance(value, list) else str(value)
def form(row, **more):
    known = plans.read([row])
    said = {**initial_of(known[row.pk], zone), "mark": plans.mark_of([row], known), **more}
    return {key: plain(value) for key, value in said.items() if value not in (None, False, [])}
def made(what, start):
    series = None
    if what == "end":
        first = start.date() - timedelta(days=7)
        series = Series.objects.create(first_on=first, last_on=start.date(),
            starts=start.time(), minutes=60, zone=zone.key)
    row = event(now, title=what, capacity=6, starts_at=start, series=series,
        series_on=series and start.date())
    row = Event.objects.get(pk=row.pk)
    known = plans.read([row])
    mark = plans.mark_of([row], known)
    later = (start + timedelta(days=2)).astimezone(zone).date()
    path, sent = f"/events/plan/{row.pk}/change/", {}
    if what == "cancel":
        path, sent = f"/events/plan/{row.pk}/cancel/", {"mark": mark}
    elif what == "move":
        sent = form(row, day=later, sure="1")
    elif what == "shrink":
        sent = form(row, capacity=2)
    elif what == "narrow":
        sent = form(row, invited=json.dumps(["here", ""]))
    else:
        path = f"/events/plan/series/{series.pk}/end/"
        sent = {"last_on": (now + timedelta(days=1)).date().isoformat(), "sure": "1", "mark": mark}
    return [what, str(row.pk), path, sent]
print("MADE" + json.dumps([made(what, now + timedelta(days=4 + n))
    for n in range(ROUNDS) for what in CHANGES]))
"""
_LOOK = """
import json
from events.models import Event
from peersupport.core import clock
from tests.races.event_truth import faults, letters
now = clock.now()
told = letters(now)
print("FOUND" + json.dumps({str(row.pk): [row.state, row.sequence, row.capacity,
    row.invited.count(), faults(row, told, now)] for row in Event.objects.all()}))
"""


@dataclass(frozen=True)
class Race:
    """One event, and the change that meets its crowd."""

    what: str
    event: str
    path: str
    sent: dict[str, str]


@dataclass(frozen=True)
class Run:
    """How a race went: what each tap got, and how many had answered when the change was done."""

    race: Race
    taps: list[Answer]
    change: Answer
    answered: int


def _shell(program: World, piece: str, mark: str) -> Any:
    said = program.manage("shell", "-v", "0", "-c", piece)
    return json.loads(said.partition(mark)[2].splitlines()[0])


def _races(program: World, changes: list[str], rounds: int) -> list[Race]:
    piece = _MAKE.replace("ROUNDS", str(rounds)).replace("CHANGES", repr(changes))
    return [Race(*one) for one in _shell(program, piece, "MADE")]


def _answered(program: World, event: str) -> int:
    """Return how many have answered an event, as it is stored at this moment."""
    url, pk = program.env.get("DATABASE_URL", ""), uuid.UUID(event)
    file = f"{program.env['DATA_DIR']}/program.sqlite3"
    link: Any = psycopg2.connect(address(name_of(url))) if url else sqlite3.connect(file)
    with closing(link):
        cursor = link.cursor()
        one = str(pk) if url else pk.hex
        mark = "%s" if url else "?"
        cursor.execute(f"SELECT count(*) FROM events_rsvp WHERE event_id = {mark}", [one])
        return int(cursor.fetchone()[0])


def _run(program: World, race: Race, crowd: list[str]) -> Run:
    """Let a crowd tap, and the planner change the event in the middle of it."""

    def tap(cookie: str) -> Answer:
        return program.post(f"/events/{race.event}/going/", cookie, {})

    def change() -> tuple[Answer, int]:
        got = program.post(race.path, program.coordinator, race.sent)
        return got, _answered(program, race.event)

    half = len(crowd) // 2
    with ThreadPoolExecutor(len(crowd) + 1) as pool:
        before = [pool.submit(tap, cookie) for cookie in crowd[:half]]
        changing = pool.submit(change)
        after = [pool.submit(tap, cookie) for cookie in crowd[half:]]
        got, answered = changing.result()
        return Run(race, [one.result() for one in before + after], got, answered)


def _wrong(program: World, runs: list[Run]) -> list[tuple[str, object]]:
    """Return what is not as it must be, after every race."""
    found = _shell(program, _LOOK, "FOUND")
    wrong: list[tuple[str, object]] = []
    for run in runs:
        what, event = run.race.what, run.race.event
        wrong += [(what, fault) for fault in found.get(event, [[]])[-1]]
        stands = _STANDS[what](found.get(event))
        if not stands or run.change.status != 302:
            wrong.append((what, f"not changed: {run.change.status}, {found.get(event)}"))
        if what in ("cancel", "narrow", "end") and _answered(program, event) != run.answered:
            wrong.append((what, "somebody came in after it was done"))
        statuses = Counter(one.status for one in run.taps)
        allowed = {302, 404} if what in ("narrow", "end") else {302}
        if set(statuses) - allowed:
            wrong.append((what, dict(statuses)))
        if what == "narrow" and statuses[302] != run.answered:
            wrong.append((what, f"{statuses[302]} were told yes, and {run.answered} are in"))
    return wrong


# state, sequence, capacity, how many groups it is for, faults; None: it has vanished
_STANDS: dict[str, Callable[[Any], bool]] = {
    "cancel": lambda found: found[0] == "cancelled",
    "move": lambda found: found[1] == 1,
    "shrink": lambda found: found[2] == 2,
    "narrow": lambda found: found[3] == 1,
    "end": lambda found: found is None or found[0] == "cancelled",
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whoever_taps_while_an_event_changes_is_told_how_it_stands(
    kind: str, tmp_path: Path
) -> None:
    with world(kind, tmp_path, people=CROWD, days=1) as program:
        races = _races(program, CHANGES, ROUNDS)
        # With everybody, with few, and with one who comes a little later: it may be empty then.
        crowds = [program.students, program.students[:5], program.students[:1]]
        runs = [
            _run(program, race, crowds[number // len(CHANGES) % 3])
            for number, race in enumerate(races)
        ]
        assert _wrong(program, runs) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_control_without_the_held_row_people_are_left_in_what_is_no_more(
    kind: str, tmp_path: Path
) -> None:
    beyond = "transaction," if kind == "sqlite" else ""
    with scene(kind, tmp_path, people=3, days=1) as program:
        races = _races(program, ["cancel", "move", "narrow"], 1)
        with served(program, "tests.races.unguarded:application", UNGUARDED=f"{beyond}change"):
            runs = [_run(program, race, program.students) for race in races]
        wrong = _wrong(program, runs)
    assert {what for what, _fault in wrong} == {"cancel", "move", "narrow"}, wrong
    said = {str(fault) for _what, fault in wrong}
    assert "going in what is off, without a letter" in said
    assert "goes, and is not reminded of the time as it is" in said
    assert "somebody came in after it was done" in said
