"""What calendars are told when something is changed: a new revision exactly when it is one."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Person
from events import emails, rules, telling_rules
from events.models import Event
from events.planning_rules import Facts
from events.queries import calendars, plans, refs
from events.rules import Kind, Visibility
from events.services import planning
from peersupport.core import ical
from peersupport.core.outbox.models import Outgoing
from program.queries import facts as program_facts
from tests.core import calendar_reader
from tests.events.scene import rsvp
from tests.people import cast
from tests.roles import drain

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
MINUTE = timedelta(minutes=1)
# What changes with every revision, and says that it is one.
_REVISION = ("SEQUENCE", "DTSTAMP", "LAST-MODIFIED")


def _read(row: Event) -> dict[str, str]:
    entry = calendars.public_file(row.pk)
    assert entry is not None
    (found,) = calendar_reader.read(ical.written([entry]))
    return found


def _shown(entry: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in entry.items() if name not in _REVISION}


def _published(by: Person, now: datetime) -> Event:
    facts = Facts(
        kind=Kind.MOVE,
        title="Yoga",
        starts_at=now + timedelta(days=3),
        ends_at=now + timedelta(days=3, hours=1),
        place="Atrium",
        visibility=Visibility.PUBLIC,
    )
    row = planning.write(facts=facts, by=by, now=now)
    return planning.publish(event=row.pk, by=by, now=now)


def _step(facts: Facts, chance: random.Random) -> Facts:
    """Return something of an event changed at random, and often what nobody's calendar shows."""
    hours = timedelta(hours=chance.randrange(-3, 4))
    choices: list[dict[str, Any]] = [
        {"title": chance.choice(["Yoga", "Yoga, gently", "A walk"])},
        {"place": chance.choice(["Atrium", "Room 2; left", "Garden"])},
        {"starts_at": facts.starts_at + hours, "ends_at": facts.ends_at + hours},
        {"ends_at": facts.starts_at + timedelta(minutes=chance.choice([30, 60, 90]))},
        {"words": chance.choice(["", "*Bring* a mat."])},
        {"led_by": chance.choice(["", "Marcus"])},
        {"access": chance.choice(["", "Lift on the left."])},
        {"closes_before": chance.choice([None, timedelta(hours=2)])},
        {"invited": chance.choice([frozenset(), frozenset({("M1", "")})])},
        {},
    ]
    return replace(facts, **chance.choice(choices))


@pytest.mark.parametrize("seed", range(6))
def test_a_revision_is_counted_exactly_when_the_calendar_shows_something_else(
    seed: int, evening: datetime
) -> None:
    cora, chance, now = cast(evening)["cora"], random.Random(seed), evening
    row = _published(cora, now)
    before, seen = _read(row), 0
    for _ in range(24):
        now += MINUTE
        facts = _step(plans.read([row])[row.pk], chance)
        planning.change(event=row.pk, facts=facts, seen=None, by=cora, now=now)
        row.refresh_from_db()
        after = _read(row)

        is_new = _shown(after) != _shown(before)
        seen += is_new
        assert after["UID"] == before["UID"]
        assert int(after["SEQUENCE"]) == seen
        assert (after["LAST-MODIFIED"] != before["LAST-MODIFIED"]) is is_new
        before = after
    planning.cancel(event=row.pk, by=cora, now=now + MINUTE)
    last = _read(row)
    assert (last["STATUS"], int(last["SEQUENCE"])) == ("CANCELLED", seen + 1)
    assert seen > 2, "the chance showed too little"


def test_who_comes_is_told_of_what_moved_and_not_of_a_new_name(
    evening: datetime, mailoutbox: list[Any]
) -> None:
    people = cast(evening)
    row = _published(people["cora"], evening)
    rsvp(row, people["ana"], evening)
    told: list[int] = []
    changes: list[dict[str, Any]] = [{"title": "A walk"}, {"place": "Garden"}, {"words": "x"}]
    for minute, more in enumerate(changes):
        now = evening + minute * MINUTE
        facts = replace(plans.read([row])[row.pk], **more)
        planning.change(event=row.pk, facts=facts, seen=None, by=people["cora"], now=now)
        drain(now=lambda now=now: now)  # type: ignore[misc]
        row.refresh_from_db()
        told.append(len(mailoutbox))
    planning.cancel(event=row.pk, by=people["cora"], now=evening + 9 * MINUTE)
    drain(now=lambda: evening + 9 * MINUTE)

    assert told == [0, 1, 1]
    assert "has changed" in mailoutbox[0].body
    assert "will not take place" in mailoutbox[1].body
    for row_ in Outgoing.objects.all():  # the reminder and the thanks of what is off
        drain(now=lambda at=row_.due_at: at)  # type: ignore[misc]
    assert len(mailoutbox) == 2


def test_links_and_rows_of_before_hold_for_an_event_that_moved(
    evening: datetime, mailoutbox: list[Any]
) -> None:
    """Its key is sealed under another day; who comes is still found, and still forgotten."""
    people = cast(evening)
    row = _published(people["cora"], evening)
    answer = rsvp(row, people["ana"], evening)
    with transaction.atomic():
        emails.tell_going(row, answer, evening)
    token = refs.token_of(row, answer.pk)
    later = timedelta(days=20)
    facts = plans.read([row])[row.pk]
    facts = replace(facts, starts_at=facts.starts_at + later, ends_at=facts.ends_at + later)
    planning.change(event=row.pk, facts=facts, seen=None, by=people["cora"], now=evening)
    row.refresh_from_db()

    assert refs.rsvp_of(token, evening + timedelta(days=2))
    due = telling_rules.remind_at(row.starts_at, program_facts().zone)
    drain(now=lambda: due - MINUTE)
    mailoutbox.clear()
    drain(now=lambda: due)
    assert len(mailoutbox) == 1
    assert rules.forget_at(row.ends_at, is_sensitive=False) == row.forget_at
