"""The audit of office hours: what is lost comes back, once; what keeps no moment tells nothing."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Cover, Visit
from officehours.services import auditing, booking, care, cover, hours, meeting, presence
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.outbox import auditors
from peersupport.core.outbox.models import Outgoing
from tests.journeys.story import stand_behind
from tests.people import cast, hours_of, pair_of
from tests.roles import acting_as, close_dark, drain, forget_visits, tick

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY, HOUR, HALF = timedelta(days=1), timedelta(hours=1), timedelta(minutes=30)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    stand_behind(evening)
    return cast(evening)


def audit(now: datetime) -> dict[str, int]:
    """Return what the audit put back, as the worker does it."""
    with acting_as("worker"):
        found = auditors.audit(now=now)
    return {name: found[name] for name in ("visits", "hours", "cover") if found[name]}


def lose(kind: str) -> int:
    """Delete every row of a kind by hand."""
    with acting_as("worker"):
        return int(Outgoing.objects.filter(kind=kind).delete()[0])


def _drain(now: datetime) -> list[list[str]]:
    """Deliver, and return to whom since the last time."""
    drain(now=lambda: now)
    found = [list(message.to) for message in mail.outbox]
    mail.outbox.clear()
    return found


def book(person: Person, at: Assignment, now: datetime, **more: Any) -> Visit:
    values = {"name": "", "wants_mail": True, "request_key": ids.new_id(), **more}
    slot = Slot(at.pk, values.pop("starts_at", at.starts_at))
    return booking.book(person=person, slot=slot, now=now, **values)


ANA = ["ana@school.example"]


def test_the_word_that_a_time_was_cancelled_comes_back_once(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["priya"], evening + HOUR)
    book(people["ana"], row, evening)
    book(people["ben"], row, evening, starts_at=row.starts_at + HALF, wants_mail=False)
    hours.cancel_shift(shift=row.shift, by=people["priya"], now=evening)
    assert lose("time-changed") == 1

    assert audit(evening + HOUR) == {"visits": 1}
    assert audit(evening + HOUR) == {}
    assert _drain(evening + HOUR) == [ANA]
    assert audit(evening + 2 * HOUR) == {}


def test_what_the_student_cancelled_is_no_word(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["priya"], evening + HOUR)
    visit = book(people["ana"], row, evening)
    booking.cancel(person=people["ana"], visit=visit, now=evening)

    assert audit(evening) == {}


@pytest.mark.parametrize("gone", ["too late", "forgotten"])
def test_a_lost_word_that_helps_nobody_any_more_stays_lost(
    keys_dir: Path, people: dict[str, Person], evening: datetime, gone: str
) -> None:
    row = hours_of(people["priya"], evening + HOUR)
    visit = book(people["ana"], row, evening)
    hours.cancel_shift(shift=row.shift, by=people["priya"], now=evening)
    lose("time-changed")
    if gone == "forgotten":
        Visit.objects.filter(pk=visit.pk).update(forget_at=evening)
        forget_visits(now=evening)

    assert audit(evening + (13 * HOUR if gone == "too late" else HOUR)) == {}


def test_the_word_that_somebody_else_is_offered_comes_back_once(
    people: dict[str, Person], evening: datetime
) -> None:
    priya, _sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    visit = book(people["ana"], priya, evening, starts_at=evening + HALF)
    meeting.not_me(visit=visit, by=people["priya"], now=evening)
    assert lose("time-changed") == 1

    assert audit(evening) == {"visits": 1}
    assert _drain(evening) == [ANA]
    assert audit(evening) == {}


def test_who_asked_for_mail_is_told_before_a_time_of_another_day(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["priya"], evening + DAY)
    book(people["ana"], row, evening)
    book(people["ben"], row, evening, starts_at=row.starts_at + HALF, wants_mail=False)
    word = Outgoing.objects.get(kind="time-soon")
    assert (word.recipient, word.due_at) == (None, row.starts_at - 2 * HOUR)

    assert _drain(word.due_at - timedelta(seconds=1)) == []
    drain(now=lambda: word.due_at)
    (letter,) = mail.outbox
    assert letter.to == ANA
    assert letter.subject == "You have a message"
    assert "Something you planned begins soon" in letter.body
    assert "Priya" not in letter.body
    assert "visit" not in letter.body.replace("/visits/", "")
    assert not Outgoing.objects.exists(), "nothing is left of it"
    assert audit(word.due_at + HALF) == {}


def test_a_time_of_the_same_day_has_no_reminder(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["priya"], evening + HOUR)
    book(people["ana"], row, evening)

    assert not Outgoing.objects.exists()
    assert audit(evening) == {}


@pytest.mark.parametrize("what", ["cancelled", "moved", "silent", "begun"])
def test_a_reminder_looks_at_the_live_time(
    people: dict[str, Person], evening: datetime, what: str
) -> None:
    row = hours_of(people["priya"], evening + DAY)
    visit = book(people["ana"], row, evening)
    due = row.starts_at - 2 * HOUR
    if what == "cancelled":
        booking.cancel(person=people["ana"], visit=visit, now=evening)
    elif what == "moved":
        later = Slot(row.pk, row.starts_at + HALF)
        booking.move(
            person=people["ana"], visit=visit, slot=later, request_key=ids.new_id(), now=evening
        )
        assert _drain(due) == []
        due += HALF
        assert _drain(due) == [ANA]
    elif what == "silent":
        Person.objects.filter(pk=people["ana"].pk).update(is_silent=True)
    else:
        due = row.starts_at

    assert _drain(due) == []
    assert not Outgoing.objects.exists()


def test_a_lost_reminder_comes_back_once(people: dict[str, Person], evening: datetime) -> None:
    row = hours_of(people["priya"], evening + DAY)
    book(people["ana"], row, evening)
    assert lose("time-soon") == 1

    assert audit(evening + HOUR) == {"visits": 1}
    assert audit(evening + HOUR) == {}
    assert _drain(row.starts_at - HOUR) == [ANA]
    assert audit(row.starts_at - HOUR) == {}


def test_the_words_about_hours_that_nobody_opened_come_back(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["sol"], evening)
    late = evening + rules.LATE_AFTER
    with acting_as("worker"):
        presence.nudge(assignment=row, now=late)
    assert lose("check-in") == 1
    assert audit(late) == {"hours": 1}
    assert _drain(late) == [["sol@school.example"]]

    closed = evening + rules.DARK_AFTER
    close_dark(assignment=row, now=closed)
    assert lose("hours-dark") == 1
    assert audit(closed + HALF) == {"hours": 1}
    assert _drain(closed + HALF) == [["cora@school.example"]]
    assert audit(closed + HOUR) == {}


def test_hours_that_were_cancelled_in_time_are_nobodys_alarm(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["sol"], evening)
    hours.cancel_shift(shift=row.shift, by=people["sol"], now=evening - HOUR)
    tick()

    assert audit(evening + HOUR) == {}


def test_the_note_to_whoever_looks_after_supporters_comes_back(
    people: dict[str, Person], evening: datetime
) -> None:
    for level in (rules.Level.UNSURE, rules.Level.NOW):
        care.note_worry(
            supporter=people["sol"],
            level=level,
            steps=(),
            wants_debrief=False,
            request_key=ids.new_id(),
            by=people["sol"],
            now=evening,
        )
    assert lose("staff-note") == 1

    assert audit(evening + DAY) == {"hours": 1}
    assert _drain(evening + DAY) == [["dee@school.example"]]
    assert audit(evening + 2 * DAY) == {}


def test_a_lost_call_for_cover_comes_back_to_whom_it_is_for(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["priya"], evening + 6 * DAY)
    cover.ask(assignment=row.pk, by=people["priya"], now=evening)
    assert lose("cover-asked") == 2

    assert audit(evening + HOUR) == {"cover": 2}
    assert audit(evening + HOUR) == {}
    told = _drain(evening + 15 * HOUR)  # not at night
    assert sorted(to for (to,) in told) == ["marcus@school.example", "sol@school.example"]


@pytest.mark.parametrize("days", [0, 1, 29, 30, 31, 200])
def test_whoever_was_told_of_a_request_is_not_told_again(
    people: dict[str, Person], evening: datetime, days: int
) -> None:
    """However long ago: a request keeps no day of its own."""
    row = hours_of(people["priya"], evening + 300 * DAY)
    cover.ask(assignment=row.pk, by=people["priya"], now=evening)
    _drain(evening + 2 * HOUR)

    assert audit(evening + 3 * HOUR + days * DAY) == {}


def test_a_request_that_was_taken_or_is_a_swap_calls_nobody(
    people: dict[str, Person], evening: datetime
) -> None:
    row = hours_of(people["priya"], evening + 6 * DAY)
    cover.ask(assignment=row.pk, by=people["priya"], now=evening)
    lose("cover-asked")
    cover.take(cover=Cover.objects.get().pk, by=people["sol"], now=evening)

    assert audit(evening + HOUR) == {}


def test_queries_do_not_grow(people: dict[str, Person], evening: datetime) -> None:
    seen = []
    for number in (1, 6):
        start = evening + number * DAY
        for each in range(number):
            row = hours_of(people["priya"], start + each * 3 * HOUR)
            cover.ask(assignment=row.pk, by=people["priya"], now=evening)
        student = people["ana"] if number == 1 else people["ben"]
        book(student, row, evening)
        with acting_as("worker"), CaptureQueriesContext(connection) as queries:
            found = [*auditing.visit_words(evening), *auditing.staff_words(evening)]
            found += auditing.cover_words(evening)
        seen.append(len(queries))
    assert found
    assert seen[0] == seen[1] <= 16
