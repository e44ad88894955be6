"""Calendars of five hundred events: the public one, and one's own beside it.

`lay` runs inside a `manage.py shell` of the program under test; the rest asks it over HTTP.
"""

import json
from datetime import timedelta
from typing import Any

from tests.races.real_server import World

EVENTS, OWN = 500, 40


def lay() -> None:
    """Print a scene as JSON: a feed whose owner goes to some of the events, and one event."""
    from accounts.services import join_as_student
    from accounts.services.calendar import new_feed
    from events.rules import Visibility
    from peersupport.core import clock, ids
    from tests.events.scene import event, rsvp

    now = clock.now().replace(second=0, microsecond=0)
    ana = join_as_student(email=f"{ids.new_id().hex}@school.example", now=now)
    for number in range(EVENTS):
        starts = now + timedelta(days=1 + number % 60, minutes=number)
        row = event(now, visibility=Visibility.PUBLIC, starts_at=starts)
        if number < OWN:
            rsvp(row, ana, now)
    own = f"/calendar/{new_feed(person=ana)}.ics"
    print("FEEDS" + json.dumps({"own": own, "event": str(row.pk)}))


def scene(program: World) -> dict[str, Any]:
    """Lay the events in the running program."""
    said = program.manage("shell", "-v", "0", "-c", "from bench.feeds import lay; lay()")
    found: dict[str, Any] = json.loads(said.split("FEEDS", 1)[1].splitlines()[0])
    return found


def writing(count: int = EVENTS) -> None:
    """Print how long it takes to write so many entries, and how large each is."""
    import time
    from datetime import UTC, datetime

    from peersupport.core.ical import Entry, written

    begin = datetime(2026, 11, 24, 22, tzinfo=UTC)
    entries = [
        Entry(ids, "Yoga in the atrium", begin, begin + timedelta(hours=1), begin, place="Atrium")
        for ids in map(str, range(count))
    ]
    began = time.perf_counter()
    body = written(entries, name="Events")
    taken = (time.perf_counter() - began) * 1000
    print(f"{count} entries written: {taken:.0f} ms, {len(body) / count:.0f} octets each")
