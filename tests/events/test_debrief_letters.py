"""Whoever asked for a debrief is told what becomes of it: once, and only what is true."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Person
from accounts.services.preferences import stop_kind
from events import debrief_emails, emails
from events.models import Event, Request, Rsvp
from events.queries import plans
from events.queries.debriefs import find
from events.services import debriefs, leaving, places, planning, writing
from peersupport.core.outbox.models import Outgoing
from tests.events.debriefs import (
    TO_ANA,
    TO_PRIYA,
    asks,
    letters,
    sent,
    taken,
    with_priya_to_ask,
)
from tests.people import sign_in
from tests.roles import forget_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def people(evening: datetime, frozen: None) -> dict[str, Person]:
    return with_priya_to_ask(evening)


def _move(row: Event, by: Person, now: datetime, **more: Any) -> Event:
    """Plan an event anew: `later` than it was, or otherwise."""
    row.refresh_from_db()
    later = more.pop("later", timedelta(0))
    before = plans.read([row])[row.pk]
    when = {"starts_at": row.starts_at + later, "ends_at": row.ends_at + later}
    after = replace(before, **{**when, **more})
    planning.change(event=row.pk, facts=after, seen=None, by=by, now=now)
    row.refresh_from_db()
    return row


# -- moved, called off ----------------------------------------------------------------------------
@pytest.mark.parametrize("change", [{"later": HOUR}, {"later": -HOUR}, {"place": "Room 12"}])
def test_whoever_asked_is_told_that_it_moved(
    people: dict[str, Person], evening: datetime, change: dict[str, Any]
) -> None:
    row = taken(people, evening)

    _move(row, people["priya"], evening, **change)

    (letter,) = letters(evening)
    assert (letter.to[0], letter.subject) == TO_ANA
    assert "has changed" in letter.body
    link = re.search(r"https?://[^/]+(/events/\S+)", letter.body)
    assert link
    shown = sign_in(people["ana"]).get(link[1], follow=True)
    assert shown.redirect_chain[-1][0] == "/events/debriefs/"
    assert sent(evening + DAY) == []


def test_what_moves_nobody_is_told_to_nobody(people: dict[str, Person], evening: datetime) -> None:
    row = taken(people, evening)

    _move(row, people["priya"], evening, words="Bring a cup", title="Sitting down")

    assert sent(evening) == []


def test_moved_twice_it_is_one_letter_and_the_page_says_the_last_time(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)

    _move(row, people["priya"], evening, later=HOUR)
    _move(row, people["priya"], evening, later=DAY)

    assert sent(evening) == [TO_ANA]
    assert "Thursday 26 November, 6:10pm" in _page(people["ana"])
    _move(row, people["priya"], evening, later=HOUR)  # and once more after the letter went
    assert sent(evening) == [TO_ANA]


def test_called_off_after_it_moved_nothing_else_is_said(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    _move(row, people["priya"], evening, later=HOUR)

    planning.cancel(event=row.pk, by=people["priya"], now=evening)

    (letter,) = letters(evening)
    assert (letter.to[0], letter.subject) == TO_ANA
    assert "will not take place" in letter.body
    assert "It was called off." in _page(people["ana"])


@pytest.mark.parametrize("then", ["moved", "called off"])
def test_an_answer_that_had_not_gone_yet_is_told_by_what_came_after(
    people: dict[str, Person], evening: datetime, then: str
) -> None:
    asks(sign_in(people["ana"]))
    sent(evening)
    starts = evening + 2 * DAY
    when = {"starts_at": starts, "ends_at": starts + HOUR, "place": "Room 9"}
    request = Request.objects.get().pk
    row = debriefs.take(request=request, **when, by=people["priya"], now=evening)  # type: ignore[arg-type]

    if then == "moved":
        _move(row, people["priya"], evening, later=HOUR)
    else:
        planning.cancel(event=row.pk, by=people["priya"], now=evening)

    assert sent(evening) == [TO_ANA]


def test_a_change_that_is_undone_tells_nobody(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    moved = Outgoing.objects.filter(kind=debrief_emails.MOVED)
    before = plans.read([row])[row.pk]

    with transaction.atomic():
        row.refresh_from_db()
        writing.put(row, before, replace(before, place="Room 12"), evening)
        assert moved.exists()
        transaction.set_rollback(True)

    assert not moved.exists()


# -- whom it does not reach -----------------------------------------------------------------------
@pytest.mark.parametrize("act", ["move", "cancel"])
def test_whoever_asked_and_comes_is_told_once(
    people: dict[str, Person], evening: datetime, act: str
) -> None:
    row = taken(people, evening)
    places.answer(event=row.pk, person=people["ana"], now=evening)
    sent(evening)

    if act == "move":
        _move(row, people["priya"], evening, later=HOUR)
    else:
        planning.cancel(event=row.pk, by=people["priya"], now=evening)

    assert sent(evening) == [TO_ANA]


@pytest.mark.parametrize("how", ["left", "wants no mail of it", "wants none of that kind"])
def test_who_does_not_hear_it_as_a_comer_hears_it_as_the_asker(
    people: dict[str, Person], evening: datetime, how: str
) -> None:
    row = taken(people, evening)
    places.answer(event=row.pk, person=people["ana"], now=evening)
    sent(evening)
    if how == "left":
        places.leave(event=row.pk, person=people["ana"], now=evening)
    elif how == "wants no mail of it":
        Rsvp.objects.update(wants_mail=False)
    else:
        stop_kind(person=people["ana"], kind=emails.CHANGED)

    _move(row, people["priya"], evening, later=HOUR)

    assert sent(evening) == [TO_ANA]


def test_the_kinds_that_comers_hear_are_those_of_events() -> None:
    told = debrief_emails.SAID_TO_COMERS
    assert told == {debrief_emails.MOVED: emails.CHANGED, debrief_emails.OFF: emails.CANCELLED}


@pytest.mark.parametrize("how", ["no such letters", "account gone", "account closed"])
def test_who_cannot_or_does_not_want_to_be_told_is_not(
    people: dict[str, Person], evening: datetime, how: str
) -> None:
    row = taken(people, evening)
    ana = people["ana"]
    if how == "no such letters":
        stop_kind(person=ana, kind=debrief_emails.MOVED)
    elif how == "account gone":
        with transaction.atomic():
            leaving.leave(ana, evening)
            ana.delete()
    else:
        Person.objects.filter(pk=ana.pk).update(is_active=False)

    _move(row, people["priya"], evening, later=HOUR)

    assert sent(evening) == []
    assert not Outgoing.objects.filter(kind=debrief_emails.MOVED).exists()


# -- the rows -------------------------------------------------------------------------------------
def test_rows_name_neither_who_asked_nor_whom_nor_the_request(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    request = Request.objects.get()
    debriefs.take(
        request=request.pk, starts_at=evening + DAY, ends_at=evening + DAY + HOUR, place="x",
        by=people["priya"], now=evening,
    )  # fmt: skip
    row = Event.objects.get()
    _move(row, people["priya"], evening, later=HOUR)
    planning.cancel(event=row.pk, by=people["priya"], now=evening)

    rows = list(Outgoing.objects.filter(kind__startswith="events.debrief"))

    assert {one.kind for one in rows} == {
        debrief_emails.ASKED, debrief_emails.UNANSWERED, debrief_emails.ANSWERED,
        debrief_emails.MOVED, debrief_emails.OFF,
    }  # fmt: skip
    assert len({bytes(one.ref) for one in rows}) == len(rows)  # of one request, and no two alike
    for one in rows:
        assert one.recipient is None
        held = b"".join(bytes(field) for field in (one.ref, one.key))
        for secret in (
            people["ana"].pk,
            people["priya"].pk,
            request.pk,
            request.request_key,
            row.pk,
        ):
            assert secret.bytes not in held
            assert str(secret).encode() not in held


@pytest.mark.usefixtures("keys_dir")
def test_a_row_leads_nowhere_once_its_day_is_over(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    row = Outgoing.objects.get(kind=debrief_emails.ASKED)
    assert find(bytes(row.ref), evening) is not None

    assert find(bytes(row.ref), row.expires_at + 2 * DAY) is None
    forget_all(row.expires_at + 2 * DAY)
    assert Request.objects.exists()
    assert find(bytes(row.ref), evening) is None  # whatever the clock says: the key is gone


def test_a_row_of_before_or_of_elsewhere_says_nothing(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    for wrong in (b"", Request.objects.get().pk.bytes, b"\x01" * 60):
        Outgoing.objects.update(ref=wrong, due_at=evening)
        assert sent(evening) == []
        asks(sign_in(people["ana"]))


# -- asking, and no answer ------------------------------------------------------------------------
def test_whoever_is_asked_is_found_at_sending(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    (letter,) = letters(evening)
    assert (letter.to[0], letter.subject) == TO_PRIYA
    assert "/events/for-you/" in letter.body
    shown = sign_in(people["priya"]).get("/events/for-you/", follow=True)
    assert "CANARY-5W" in shown.content.decode()


def test_whoever_asked_is_told_after_two_days_that_nobody_answered(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    sent(evening)
    row = Outgoing.objects.get(kind=debrief_emails.UNANSWERED)
    assert row.due_at == datetime.fromisoformat("2026-11-25T09:00:00-05:00")  # of no minute

    assert sent(row.due_at - HOUR) == []
    (letter,) = letters(row.due_at)
    assert letter.to[0] == people["ana"].email
    assert "no answer yet" in letter.body


@pytest.mark.parametrize("how", ["taken", "declined", "taken back"])
def test_after_an_answer_nobody_says_that_there_is_none(
    people: dict[str, Person], evening: datetime, how: str
) -> None:
    if how == "taken":
        taken(people, evening)
    else:
        asks(sign_in(people["ana"]))
        request = Request.objects.get().pk
        if how == "declined":
            debriefs.decline(request=request, by=people["priya"], now=evening)
        else:
            debriefs.withdraw(request=request, person=people["ana"], now=evening)
        sent(evening)

    assert sent(evening + 3 * DAY) == []
    assert not Outgoing.objects.filter(kind=debrief_emails.UNANSWERED).exists()


# -- forgetting -----------------------------------------------------------------------------------
@pytest.mark.usefixtures("keys_dir")
@pytest.mark.parametrize("days", [5, -1], ids=["later", "earlier"])
def test_a_request_is_forgotten_with_its_event_wherever_that_moves(
    people: dict[str, Person], evening: datetime, days: int
) -> None:
    row = taken(people, evening)
    was = row.forget_at

    row = _move(row, people["priya"], evening, later=days * DAY)

    assert row.forget_at == was + days * DAY
    assert Request.objects.get().forget_at == row.forget_at
    if days > 0:
        forget_all(was)
        assert Request.objects.exists()
    forget_all(row.forget_at - timedelta(minutes=1))
    assert Request.objects.exists()
    forget_all(row.forget_at)
    assert not Request.objects.exists()


def _page(person: Person) -> str:
    shown: str = sign_in(person).get("/events/debriefs/").content.decode()
    return shown
