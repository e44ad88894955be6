"""A discreet group: what it is, and who is in it, is found nowhere outside.

Everything happens: somebody joins, waits, is offered a place, comes through the door, is written
to, reads their calendar; the group moves and is cancelled. Then everything outside is searched.
"""

import io
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Person
from accounts.services.calendar import new_feed
from events import keys, rules
from events.models import Event, Host, Rsvp
from events.services import places
from peersupport.core import daykey
from peersupport.core.audit.models import Entry
from peersupport.core.outbox.models import Outgoing
from peersupport.core.sessions.models import Row
from tests.events.scene import event
from tests.people import cast, sign_in
from tests.roles import SUPERUSER, acting_as, drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
TITLE, WORDS, PLACE, LINK = "CanaryTitle", "CanaryWords", "CanaryPlace", "https://canary.example/x"
CANARIES = [TITLE, WORDS, PLACE, "canary.example"]


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return cast(evening)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    found = io.StringIO()
    handler = logging.StreamHandler(found)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield found
    root.removeHandler(handler)
    root.setLevel(level)


def _group(now: datetime, **more: Any) -> Event:
    return event(
        now,
        kind=rules.Kind.GROUP,
        title=TITLE,
        words=WORDS,
        place=PLACE,
        link=LINK,
        capacity=1,
        is_sensitive=True,
        starts_at=now + timedelta(hours=20),
        **more,
    )


def _live_it(row: Event, people: dict[str, Person], now: datetime) -> list[str]:
    """Let everything happen; return what each reader's calendar and letters said."""
    ana, ben = sign_in(people["ana"]), sign_in(people["ben"])
    for client in (ana, ben):
        client.post(f"/events/{row.pk}/going/")
    ana.post(f"/events/{row.pk}/not-going/")  # Ben is offered the place
    ben.post(f"/events/{row.pk}/going/")
    drain(now=lambda: now)
    return [str(one.message()) for one in mail.outbox]


def _in(text: str, words: list[str]) -> list[str]:
    return [word for word in words if word in text]


def _stored() -> bytes:
    """Return every stored value outside the event's own row: messages, sessions, acts, answers."""
    with acting_as(SUPERUSER):
        found: list[Any] = []
        for model in (Outgoing, Row, Entry, Rsvp):
            for row in model._default_manager.values():
                found += [value for value in row.values() if value is not None]
    parts = [v if isinstance(v, bytes | memoryview) else str(v).encode() for v in found]
    return b"\n".join(bytes(part) for part in parts)


def test_nothing_of_it_is_found_outside(
    people: dict[str, Person], evening: datetime, log: io.StringIO
) -> None:
    row = _group(evening)
    Host.objects.create(event=row, person=people["marcus"])
    letters = _live_it(row, people, evening)
    assert letters, "nobody was written to: nothing would be found"
    feed = Client().get(f"/calendar/{new_feed(person=people['ben'])}.ics").content.decode()
    assert feed.count("BEGIN:VEVENT") == 1, "the calendar is empty: nothing would be found"

    outside = {
        "letters": "\n".join(letters),
        "their subjects": "\n".join(str(one.subject) for one in mail.outbox),
        "the calendar": feed,
        "the public calendar": Client().get("/events/calendar.ics").content.decode(),
        "the list for a visitor": Client().get("/events/").content.decode(),
        "Today": Client().get("/").content.decode(),
        "the log": log.getvalue(),
        "a page that is not theirs": Client().get(f"/events/{row.pk}/").content.decode(),
        "what is stored": _stored().decode("latin-1"),
    }
    assert {where: _in(text, CANARIES) for where, text in outside.items()} == {
        where: [] for where in outside
    }


def test_who_is_in_it_is_in_no_stored_value(people: dict[str, Person], evening: datetime) -> None:
    row = _group(evening)
    _live_it(row, people, evening)
    with acting_as(SUPERUSER):
        answers = list(Rsvp.objects.values_list("tag", "holder"))
        refs = [bytes(ref) for ref in Outgoing.objects.values_list("ref", flat=True)]
        named = set(Outgoing.objects.exclude(recipient=None).values_list("kind", flat=True))
    assert len(answers) == 2
    known = [people[who].pk for who in ("ana", "ben")]
    for pk in known:
        for stored in [*(bytes(v) for pair in answers for v in pair), *refs]:
            assert pk.bytes not in stored
            assert pk.hex.encode() not in stored
            assert str(pk).encode() not in stored
    assert not {kind for kind in named if kind.startswith("events.")}
    # With the event's key they are found: the search is not blind.
    key = keys.key_of(row, evening)
    assert {key.open_holder(bytes(holder)) for _tag, holder in answers} == set(known)
    assert {key.tag(pk) for pk in known} == {bytes(tag) for tag, _holder in answers}


def test_no_page_for_those_who_run_it_names_anybody(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    row = _group(evening)
    for who in ("marcus", "cora"):
        Host.objects.create(event=row, person=people[who])
    places.answer(event=row.pk, person=people["ana"], now=evening)
    names = [people["ana"].email, str(people["ana"].pk), people["ana"].called or "Ana"]
    paths = ["/events/", f"/events/{row.pk}/", f"/events/{row.pk}/day/"]
    paths += ["/events/plan/", f"/events/plan/{row.pk}/"]

    for who in ("marcus", "cora", "sol", "ida"):
        client = sign_in(people[who])
        for path in paths:
            shown = client.get(path).content.decode()
            assert _in(shown, names) == [], (who, path)


def test_a_copy_from_during_it_opens_nothing_after_it(
    people: dict[str, Person], evening: datetime, keys_dir: Any
) -> None:
    """Whoever has a copy of the database, and comes for the keys when it is over, is too late."""
    row = _group(evening)
    places.answer(event=row.pk, person=people["ana"], now=evening)
    copied = Event.objects.values("key", "key_day").get(pk=row.pk)

    daykey.advance(row.ends_at + timedelta(hours=48))

    # By a clock that is set back, too: the key is gone.
    context, day = f"event|{row.pk}|key", copied["key_day"]
    with pytest.raises(daykey.Forgotten):
        daykey.open_sealed(day, bytes(copied["key"] or b""), context=context, now=evening)
