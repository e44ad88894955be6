"""How it was: sealed when it is said, counted once and all together, tied to nobody."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.db.models import F

from accounts.models import Person
from accounts.services import join_as_student
from events import keys, rules
from events.models import Event, Host, Rsvp, Said
from events.queries.day import answers_of
from events.rules import NotOpen
from events.services import leaving, said
from events.services.forgetting import forget_rsvps
from peersupport.core import daykey
from tests.events.scene import event, rsvp
from tests.people import cast, sign_in
from tests.races.at_once import at_once, between
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
HOUR = timedelta(hours=1)
count_all = acting_as("worker")(said.count_all)
forget = acting_as("worker")(forget_rsvps)


def _came(evening: datetime, number: int, **more: Any) -> tuple[Event, list[Person]]:
    """Return an event with so many students who had a place, and them."""
    row = event(evening, capacity=None, starts_at=evening - 2 * HOUR, **more)
    people = [join_as_student(email=f"s{n}@school.example", now=evening) for n in range(number)]
    for person in people:
        rsvp(row, person, evening)
    return row, people


def _say(row: Event, person: Person, now: datetime, good: str = "yes", again: str = "yes") -> bool:
    answers = {"good": good, "again": again}
    return said.say(event=row.pk, person=person, answers=answers, now=now)


def _totals(row: Event) -> dict[str, int]:
    found = Said.objects.filter(event=row)
    return {f"{one.question} {one.answer}": one.number for one in found}


def test_an_answer_is_sealed_and_counted_by_nobody_until_the_time_is_over(
    evening: datetime,
) -> None:
    row, people = _came(evening, 6)
    over = row.ends_at + rules.SAY_FOR
    for place, person in enumerate(people):
        assert _say(row, person, evening, good="yes" if place else "no")
        assert not _say(row, person, evening, good="no")  # the second time
        assert count_all(now=over - timedelta(seconds=1)) == 0
        assert _totals(row) == {}
    boxes = [bytes(one.said or b"") for one in Rsvp.objects.all()]
    assert len({len(box) for box in boxes}) == 1
    assert len(set(boxes)) == 6  # the same answers look different

    assert count_all(now=over) == 6
    assert count_all(now=over) == 0
    assert _totals(row) == {"good yes": 5, "good no": 1, "again yes": 6}
    assert answers_of(row) == {"good": {"yes": 5, "partly": 0, "no": 1},
                               "again": {"yes": 6, "no": 0}}  # fmt: skip
    assert not Rsvp.objects.filter(said__isnull=False).exists()


def test_what_is_shown_is_shown_once_and_never_changes(evening: datetime) -> None:
    row, people = _came(evening, 7)
    over = row.ends_at + rules.SAY_FOR
    for person in people[:5]:
        _say(row, person, over - HOUR)
    assert answers_of(row) == {}  # five are enough to be shown, and the time is not over
    _say(row, people[5], over - HOUR)
    count_all(now=over)
    shown = answers_of(row)
    assert sum(shown["good"].values()) == 6

    for at in (over, over - HOUR):  # one host's clock is behind the other's
        with pytest.raises(NotOpen):
            _say(row, people[6], at, good="no")
    forget(now=row.forget_at)
    assert answers_of(row) == shown


def test_fewer_than_five_wait_until_the_event_forgets_and_are_shown_to_nobody(
    evening: datetime, people: dict[str, Person], time_machine: Any
) -> None:
    row, came = _came(evening, 4)
    Host.objects.create(event=row, person=people["priya"])
    for person in came:
        _say(row, person, evening)
    over = row.ends_at + rules.SAY_FOR
    assert count_all(now=over) == 0
    assert _totals(row) == {}

    time_machine.move_to(over, tick=False)
    page = sign_in(people["priya"]).get(f"/events/{row.pk}/day/").content.decode()
    assert "Fewer than five people said how it was" in page
    forget(now=row.forget_at)
    assert _totals(row) == {"good yes": 4, "again yes": 4}  # a term may add them up
    assert answers_of(row) == {}


@pytest.mark.parametrize("hours", [0, 1, 23])
def test_of_a_discreet_event_all_is_counted_as_it_forgets(
    evening: datetime, keys_dir: Path, hours: int
) -> None:
    """Though the forgetting job comes late, and the event's own key is gone by then."""
    row, people = _came(evening, 6, is_sensitive=True)
    for person in people:
        _say(row, person, row.forget_at - timedelta(seconds=1), good="partly")
    late = row.forget_at + hours * HOUR
    assert count_all(now=late) == 0
    daykey.advance(late)  # the store of the visits comes first
    with pytest.raises(keys.Forgotten):
        keys.key_of(row, late)

    forget(now=late)

    assert answers_of(row)["good"] == {"yes": 0, "partly": 6, "no": 0}
    assert not Rsvp.objects.exists()


def test_after_a_longer_standstill_the_answers_are_gone_and_forgetting_goes_on(
    evening: datetime, keys_dir: Path
) -> None:
    row, people = _came(evening, 5)
    for person in people:
        _say(row, person, evening)
    late = row.forget_at + timedelta(days=3)
    daykey.advance(late)

    assert forget(now=late) == 5
    assert _totals(row) == {}


def test_what_somebody_said_goes_with_their_account(evening: datetime) -> None:
    row, people = _came(evening, 6)
    for person in people:
        _say(row, person, evening)
    with transaction.atomic():
        leaving.leave(people[0], evening)

    assert count_all(now=row.ends_at + rules.SAY_FOR) == 5


def test_the_web_side_can_neither_write_nor_change_a_total(evening: datetime) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles")
    row, _people = _came(evening, 1)
    for write in (
        lambda: Said.objects.create(event=row, question="good", answer="yes", number=1),
        lambda: Said.objects.update(number=9),
    ):
        with pytest.raises(Exception, match="permission denied"):
            write()


# -- two at once ----------------------------------------------------------------------------------
def _both(row: Event, now: datetime) -> None:
    at_once([
        acting_as("worker")(partial(said.count_all, now=now)),
        acting_as("worker")(partial(said.count_all, now=now)),
    ])  # fmt: skip


def test_two_sweeps_at_once_count_everything_once(evening: datetime) -> None:
    row, people = _came(evening, 8)
    for person in people:
        _say(row, person, evening)

    _both(row, row.ends_at + rules.SAY_FOR)

    assert _totals(row) == {"good yes": 8, "again yes": 8}


def test_a_sweep_and_the_forgetting_at_once_count_everything_once(evening: datetime) -> None:
    """The sweep believes that it is earlier than the host that forgets."""
    row, people = _came(evening, 8)
    for person in people:
        _say(row, person, evening)
    at_once([
        acting_as("worker")(partial(said.count_all, now=row.forget_at - HOUR)),
        acting_as("worker")(partial(forget_rsvps, now=row.forget_at)),
    ])  # fmt: skip

    assert _totals(row) == {"good yes": 8, "again yes": 8}
    assert not Rsvp.objects.exists()


def test_an_answer_that_comes_while_all_are_counted_is_counted_or_refused(
    evening: datetime,
) -> None:
    row, people = _came(evening, 8)
    over = row.ends_at + rules.SAY_FOR
    for person in people[:7]:
        _say(row, person, evening)
    got = at_once([
        acting_as("worker")(partial(said.count_all, now=over)),
        partial(_say, row, people[7], over - HOUR),
    ])  # fmt: skip

    was_heard = got[1] is True
    assert was_heard or isinstance(got[1], NotOpen)
    assert _totals(row)["good yes"] == 7 + was_heard
    assert not Rsvp.objects.filter(said__isnull=False).exists()


def test_without_the_row_held_an_answer_is_lost_between_reading_and_emptying(
    evening: datetime,
) -> None:
    """The control of the three above: the guard is the row of the event."""
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite nobody else writes meanwhile, held or not")
    row, people = _came(evening, 8)
    over = row.ends_at + rules.SAY_FOR
    for person in people[:7]:
        _say(row, person, evening)
    late = partial(_say, row, people[7], over - HOUR)
    unheld = mock.patch.object(said, "hold_row", return_value=1)
    with unheld, between(said, "_read", late) as meanwhile:
        count = acting_as("worker")(partial(said.count_all, now=over))
        assert at_once([count, meanwhile]) == [7, True]

    assert _totals(row)["good yes"] == 7
    assert not Rsvp.objects.filter(said__isnull=False).exists()  # heard, and counted nowhere


# -- a copy of the database -----------------------------------------------------------------------
@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@acting_as("owner")
def _rows(table: str) -> dict[str, int]:
    """Return every row of a table by its place, with the transaction that wrote it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ctid::text, xmin::text::bigint FROM {table}")
        return dict(cursor.fetchall())


@acting_as("owner")
def _written_with(row: Event) -> dict[str, set[int]]:
    """Return which transactions wrote the totals, and which the places, of an event."""
    found = {}
    for table in ("events_said", "events_rsvp"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT xmin::text::bigint FROM {table} WHERE event_id = %s", [row.pk])
            found[table] = {number for (number,) in cursor.fetchall()}
    return found


def _counted_at_once(row: Event, question: str, answer: str) -> None:
    """Count as it was done before: in the transaction of whoever says it."""
    total = Said(event=row, question=question, answer=answer)
    Said.objects.bulk_create([total], ignore_conflicts=True)
    Said.objects.filter(event=row, question=question, answer=answer).update(number=F("number") + 1)


@pytest.fixture
def everybody_says(evening: datetime, time_machine: Any) -> Callable[[], Event]:
    row, people = _came(evening, 16)
    clients = [sign_in(person) for person in people]
    order = list(range(16))
    random.shuffle(order)

    def say() -> Event:
        time_machine.move_to(evening, tick=False)
        for number in order:
            answers = {"good": random.choice(["yes", "partly", "no"]), "again": "yes"}
            answer = clients[number].post(f"/events/{row.pk}/how-was-it/", answers)
            assert answer.status_code == 302
        return row

    return say


def test_no_transaction_holds_a_place_and_the_change_of_a_total(
    everybody_says: Callable[[], Event],
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps no transaction numbers beside its rows")
    tables = connection.introspection.table_names()
    before = {table: _rows(table) for table in tables}
    row = everybody_says()
    # What is said is written beside the place, on the row of the event, and nowhere else...
    changed = {table for table in tables if _rows(table) != before[table]}
    assert changed == {"events_rsvp", "events_event"}

    count_all(now=row.ends_at + rules.SAY_FOR)

    # ...and counted by one transaction for all, after which every place looks like every other.
    wrote = _written_with(row)
    assert len(wrote["events_said"]) == 1
    assert wrote["events_rsvp"] == wrote["events_said"]
    assert sum(answers_of(row)["good"].values()) == 16


def test_the_old_way_is_found_by_the_same_look(everybody_says: Callable[[], Event]) -> None:
    """The control: totals raised beside the answer share their transaction with one place."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps no transaction numbers beside its rows")
    sealed = said._written

    def leaky(answers: Any) -> bytes:
        if Rsvp.objects.filter(said__isnull=False).count() == 15:  # the last of them
            with acting_as("owner"):
                _counted_at_once(Event.objects.get(), "good", answers["good"])
        return sealed(answers)

    with mock.patch.object(said, "_written", leaky):
        row = everybody_says()
    wrote = _written_with(row)
    assert len(wrote["events_rsvp"]) == 16
    assert len(wrote["events_said"] & wrote["events_rsvp"]) == 1


def test_the_order_of_totals_says_nothing(evening: datetime) -> None:
    """Totals are written in an order drawn by lot, whoever answered first."""
    orders = Counter[tuple[str, ...]]()
    for _each in range(12):
        row, _people = _came(evening, 0)
        made: list[Said] = []
        for place, answer in enumerate(("yes", "partly", "no")):
            email = f"{row.pk.hex}{place}@school.example"
            person = join_as_student(email=email, now=evening)
            rsvp(row, person, evening)
            _say(row, person, evening, good=answer)
        with (
            mock.patch.object(Said.objects, "bulk_create", side_effect=made.extend),
            transaction.atomic(),
        ):
            said.count_in_hand(row, evening)
        orders[tuple(one.answer for one in made)] += 1
    assert len(orders) > 1


def test_whoever_runs_it_reads_the_totals_also_when_it_is_long_over(
    evening: datetime, people: dict[str, Person], time_machine: Any, keys_dir: Path
) -> None:
    row, came = _came(evening, 6)
    Host.objects.create(event=row, person=people["priya"])
    for place, person in enumerate(came):
        _say(row, person, evening, good="partly" if place else "no")
    path, over = f"/events/{row.pk}/day/", row.ends_at + rules.SAY_FOR

    def reads(at: datetime) -> str:
        time_machine.move_to(at, tick=False)
        page = sign_in(people["priya"]).get(path).content.decode()
        return " ".join(page.split())

    before = reads(over - HOUR)
    assert "if at least five of them do" in before
    assert "Partly: 5" not in before
    count_all(now=over)
    assert "Yes: 0 · Partly: 5 · No: 1" in reads(over)
    forget(now=row.forget_at)
    later = reads(row.forget_at + timedelta(days=60))
    assert "Yes: 0 · Partly: 5 · No: 1" in later
    assert "Who came is forgotten" in later
    assert sign_in(came[0]).get(path).status_code == 404
