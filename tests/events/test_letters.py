"""Who is told what of an event: once, in neutral words, and only what is still true."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Person
from accounts.queries.preferences import choices
from accounts.services.preferences import stop_kind
from events import emails, telling_rules
from events.models import Event, Rsvp
from events.rules import Going, State
from peersupport.core.outbox.models import Outgoing
from program.queries import facts
from tests.events.scene import event, rsvp
from tests.events.telling import call_off, offer, tell
from tests.people import cast
from tests.roles import acting_as, drain
from tests.ui.test_letters import REVEALING

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
TITLE, PLACE = "Grief circle canary", "Basement canary"
NEUTRAL = {"You have a message"}
KINDS = [
    emails.GOING, emails.GIVEN, emails.OFFERED, emails.CHANGED, emails.CANCELLED,
    emails.REMINDER, emails.THANKS,
]  # fmt: skip


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@pytest.fixture
def yoga(evening: datetime) -> Event:
    return event(evening, title=TITLE, place=PLACE, is_sensitive=True)


def _send(at: datetime) -> None:
    drain(now=lambda: at)


def _due(kind: str) -> list[Outgoing]:
    return list(Outgoing.objects.filter(kind=kind, state=Outgoing.State.DUE))


# -- each of them, and when it is true no more ----------------------------------------------------
def _only(kind: str, say: Callable[..., None]) -> Callable[[Rsvp, datetime], None]:
    """Return what tells, and keeps of what it puts into the outbox one kind."""

    def said(answer: Rsvp, now: datetime) -> None:
        tell(say, answer.event, answer, now)
        Outgoing.objects.exclude(kind=kind).delete()

    return said


SAYING: dict[str, Callable[[Rsvp, datetime], None]] = {
    emails.GOING: _only(emails.GOING, emails.tell_going),
    emails.GIVEN: _only(emails.GIVEN, emails.tell_given),
    emails.OFFERED: offer,
    emails.CHANGED: _only(
        emails.CHANGED, lambda event, _answer, now: emails.tell_changed(event, now)
    ),
    emails.CANCELLED: call_off,
    emails.REMINDER: _only(emails.REMINDER, emails.tell_going),
    emails.THANKS: _only(emails.THANKS, emails.tell_going),
}


def _leave(answer: Rsvp) -> None:
    Rsvp.objects.filter(pk=answer.pk).update(state=Going.LEFT, offer_until=None)


def _mute(answer: Rsvp) -> None:
    Rsvp.objects.filter(pk=answer.pk).update(wants_mail=False)


def _forget(answer: Rsvp) -> None:
    Event.objects.filter(pk=answer.event_id).update(is_forgotten=True, key=None)


def _deactivate(answer: Rsvp) -> None:
    with acting_as("web"):
        Person.objects.filter(email="ana@school.example").update(is_active=False)


def _answered(people: dict[str, Person], to: Event, now: datetime) -> Rsvp:
    Rsvp.objects.filter(event=to).delete()
    return rsvp(to, people["ana"], now, number=1)


@pytest.mark.parametrize("kind", KINDS)
def test_each_goes_out_neutral_and_names_nobody_on_the_way(
    kind: str, people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    SAYING[kind](_answered(people, yoga, evening), evening)
    (row,) = _due(kind)

    assert row.recipient is None
    assert yoga.pk.bytes not in bytes(row.ref)
    _send(row.due_at)
    (mail,) = mailoutbox
    assert mail.to == ["ana@school.example"]
    own = mail.body.partition("In crisis")[0]
    html = str(mail.alternatives[0][0]).partition("<body")[2].partition("In crisis")[0]
    assert mail.subject in NEUTRAL
    for word in (*REVEALING, "canary", "grief", "basement", str(yoga.pk), yoga.pk.hex):
        assert word not in own.lower(), word
        assert word not in html.lower(), word
    assert yoga.pk.hex[:8] not in mail.extra_headers["Message-ID"]
    assert not Outgoing.objects.filter(kind=kind).exists()


@pytest.mark.parametrize("after", [_leave, _mute, _forget, _deactivate])
@pytest.mark.parametrize("kind", KINDS)
def test_none_goes_out_once_it_is_true_no_more(
    kind: str,
    after: Callable[[Rsvp], None],
    people: dict[str, Person],
    yoga: Event,
    evening: datetime,
    mailoutbox: list[Any],
) -> None:
    answer = _answered(people, yoga, evening)
    SAYING[kind](answer, evening)
    (row,) = _due(kind)

    after(answer)
    _send(row.due_at)

    assert mailoutbox == []
    assert not _due(kind)


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in (emails.CANCELLED, emails.THANKS)])
def test_of_what_was_cancelled_nothing_else_is_said(
    kind: str, people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    SAYING[kind](_answered(people, yoga, evening), evening)
    (row,) = _due(kind)

    Event.objects.filter(pk=yoga.pk).update(state=State.CANCELLED, cancelled_at=evening)
    _send(row.due_at)

    assert mailoutbox == []


def test_each_can_be_stopped_on_the_page_of_preferences(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    offered = {choice.name for choice in choices(people["ana"])}
    assert set(KINDS) <= offered
    for kind in KINDS:
        stop_kind(person=people["ana"], kind=kind)
    for kind in KINDS:
        Event.objects.filter(pk=yoga.pk).update(state=State.PUBLISHED, cancelled_at=None)
        SAYING[kind](_answered(people, Event.objects.get(pk=yoga.pk), evening), evening)

    for row in Outgoing.objects.all():
        _send(row.due_at)

    assert mailoutbox == []


# -- once, and a second time when there is something new ------------------------------------------
def test_a_confirmation_is_said_once_a_day_however_often_somebody_changes_their_mind(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    answer = rsvp(yoga, people["ana"], evening)
    for minute in range(3):
        tell(emails.tell_going, yoga, answer, evening + minute * MINUTE)
        _send(evening + minute * MINUTE)
    assert len(mailoutbox) == 1

    tell(emails.tell_going, yoga, answer, evening + DAY)
    _send(evening + DAY)
    assert len(mailoutbox) == 2
    assert len(_due(emails.REMINDER)) == len(_due(emails.THANKS)) == 1


def test_a_second_change_is_said_and_two_before_the_first_went_are_one(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    rsvp(yoga, people["ana"], evening)

    def change(at: datetime) -> None:
        yoga.sequence += 1
        yoga.save()
        tell(emails.tell_changed, yoga, at)

    change(evening)
    _send(evening)
    change(evening + HOUR)
    _send(evening + HOUR)
    assert len(mailoutbox) == 2

    change(evening + 2 * HOUR)
    change(evening + 2 * HOUR + MINUTE)
    _send(evening + 3 * HOUR)
    assert len(mailoutbox) == 3


def test_a_change_is_not_lost_when_something_else_raised_the_sequence(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    rsvp(yoga, people["ana"], evening)
    yoga.sequence = 1
    yoga.save()
    tell(emails.tell_changed, yoga, evening)
    Event.objects.filter(pk=yoga.pk).update(sequence=2)  # a new title tells nobody

    _send(evening)

    assert len(mailoutbox) == 1


def test_whoever_waits_anew_is_told_anew(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    answer = rsvp(yoga, people["ana"], evening, number=1)
    tell(emails.tell_given, yoga, answer, evening)
    tell(emails.tell_given, yoga, answer, evening)
    answer.number = 9
    answer.save()
    tell(emails.tell_given, yoga, answer, evening + HOUR)

    _send(evening + HOUR)

    assert len(mailoutbox) == 2


def test_a_change_reaches_who_waits_as_well_and_nobody_who_left(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    rsvp(yoga, people["ana"], evening)
    rsvp(yoga, people["ben"], evening, Going.WAITING, number=1)
    rsvp(yoga, people["priya"], evening, Going.LEFT)

    tell(emails.tell_changed, yoga, evening)
    _send(evening)

    assert sorted(to for mail in mailoutbox for to in mail.to) == [
        "ana@school.example",
        "ben@school.example",
    ]
    assert len(_due(emails.REMINDER)) == 1


# -- in time --------------------------------------------------------------------------------------
def _move(row: Event, by: timedelta, now: datetime) -> None:
    row.starts_at += by
    row.ends_at += by
    row.forget_at += by
    row.sequence += 1
    row.save()
    tell(emails.tell_changed, row, now)


def test_a_moved_event_moves_its_reminder_and_its_thanks(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    zone = facts().zone
    answer, old = rsvp(yoga, people["ana"], evening), yoga.starts_at
    tell(emails.tell_going, yoga, answer, evening)
    _move(yoga, timedelta(hours=-10), evening)
    _send(evening)
    mailoutbox.clear()

    for moment in (telling_rules.remind_at(old, zone), old - HOUR, old + 3 * HOUR):
        _send(moment)
    assert len(mailoutbox) == 2  # each once, by the new times
    assert "tomorrow" in mailoutbox[0].body
    assert "is over" in mailoutbox[1].body


def test_moved_there_and_back_it_still_reminds_once(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    answer = rsvp(yoga, people["ana"], evening)
    tell(emails.tell_going, yoga, answer, evening)
    _move(yoga, 2 * DAY, evening)
    _move(yoga, -2 * DAY, evening)
    _send(evening)
    mailoutbox.clear()

    _send(telling_rules.remind_at(yoga.starts_at, facts().zone))

    assert len(mailoutbox) == 1


def test_whoever_joins_after_the_reminder_gets_none(
    people: dict[str, Person], evening: datetime
) -> None:
    soon = event(evening, starts_at=evening + 20 * HOUR)  # tomorrow at one; it is past four
    answer = rsvp(soon, people["ana"], evening)

    tell(emails.tell_going, soon, answer, evening)

    assert not _due(emails.REMINDER)
    assert len(_due(emails.THANKS)) == 1


def test_a_reminder_that_comes_after_midnight_says_today(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    answer = rsvp(yoga, people["ana"], evening)
    SAYING[emails.REMINDER](answer, evening)

    _send(yoga.starts_at - HOUR)

    assert "for today" in mailoutbox[0].body


def test_an_offer_says_until_when_and_is_not_sent_after_that(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    answer = rsvp(yoga, people["ana"], evening, Going.WAITING, number=1)
    offer(answer, evening)
    _send(evening)
    assert "kept for you until 7:10pm on Monday 23 November" in mailoutbox[0].body

    answer.number = 2
    offer(answer, evening + HOUR)
    _send(evening + 4 * HOUR)
    assert len(mailoutbox) == 1
