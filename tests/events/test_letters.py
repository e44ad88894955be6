"""Who is told what of an event: once, in neutral words, and only what is still true."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Person
from accounts.queries.preferences import choices
from accounts.services.preferences import stop_kind
from events import emails, telling_rules
from events.models import Event, Rsvp
from events.queries import refs
from events.rules import Going, State
from peersupport.core import daykey
from peersupport.core.outbox import auditors
from peersupport.core.outbox.models import Outgoing
from program.queries import facts
from tests.events.scene import event, rsvp
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


def _tell(tell: Callable[..., None], *about: Any) -> None:
    with transaction.atomic():
        tell(*about)


def _send(at: datetime) -> None:
    drain(now=lambda: at)


def _due(kind: str) -> list[Outgoing]:
    return list(Outgoing.objects.filter(kind=kind, state=Outgoing.State.DUE))


# -- each of them, and when it is true no more ----------------------------------------------------
def _offered(answer: Rsvp, now: datetime) -> None:
    until = now + 2 * HOUR
    Rsvp.objects.filter(pk=answer.pk).update(state=Going.OFFERED, offer_until=until)
    answer.refresh_from_db()
    _tell(emails.tell_offered, answer.event, answer, now)


def _cancelled(answer: Rsvp, now: datetime) -> None:
    Event.objects.filter(pk=answer.event_id).update(state=State.CANCELLED, cancelled_at=now)
    _tell(emails.tell_cancelled, Event.objects.get(pk=answer.event_id), now)


def _only(kind: str, tell: Callable[..., None]) -> Callable[[Rsvp, datetime], None]:
    """Return what tells, and keeps of what it puts into the outbox one kind."""

    def said(answer: Rsvp, now: datetime) -> None:
        _tell(tell, answer.event, answer, now)
        Outgoing.objects.exclude(kind=kind).delete()

    return said


SAYING: dict[str, Callable[[Rsvp, datetime], None]] = {
    emails.GOING: _only(emails.GOING, emails.tell_going),
    emails.GIVEN: _only(emails.GIVEN, emails.tell_given),
    emails.OFFERED: _offered,
    emails.CHANGED: _only(
        emails.CHANGED, lambda event, _answer, now: emails.tell_changed(event, now)
    ),
    emails.CANCELLED: _cancelled,
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
        _tell(emails.tell_going, yoga, answer, evening + minute * MINUTE)
        _send(evening + minute * MINUTE)
    assert len(mailoutbox) == 1

    _tell(emails.tell_going, yoga, answer, evening + DAY)
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
        _tell(emails.tell_changed, yoga, at)

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
    _tell(emails.tell_changed, yoga, evening)
    Event.objects.filter(pk=yoga.pk).update(sequence=2)  # a new title tells nobody

    _send(evening)

    assert len(mailoutbox) == 1


def test_whoever_waits_anew_is_told_anew(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    answer = rsvp(yoga, people["ana"], evening, number=1)
    _tell(emails.tell_given, yoga, answer, evening)
    _tell(emails.tell_given, yoga, answer, evening)
    answer.number = 9
    answer.save()
    _tell(emails.tell_given, yoga, answer, evening + HOUR)

    _send(evening + HOUR)

    assert len(mailoutbox) == 2


def test_a_change_reaches_who_waits_as_well_and_nobody_who_left(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    rsvp(yoga, people["ana"], evening)
    rsvp(yoga, people["ben"], evening, Going.WAITING, number=1)
    rsvp(yoga, people["priya"], evening, Going.LEFT)

    _tell(emails.tell_changed, yoga, evening)
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
    _tell(emails.tell_changed, row, now)


def test_a_moved_event_moves_its_reminder_and_its_thanks(
    people: dict[str, Person], yoga: Event, evening: datetime, mailoutbox: list[Any]
) -> None:
    zone = facts().zone
    answer, old = rsvp(yoga, people["ana"], evening), yoga.starts_at
    _tell(emails.tell_going, yoga, answer, evening)
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
    _tell(emails.tell_going, yoga, answer, evening)
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

    _tell(emails.tell_going, soon, answer, evening)

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
    _offered(answer, evening)
    _send(evening)
    assert "kept for you until 7:10pm on Monday 23 November" in mailoutbox[0].body

    answer.number = 2
    _offered(answer, evening + HOUR)
    _send(evening + 4 * HOUR)
    assert len(mailoutbox) == 1


# -- many, and the audit --------------------------------------------------------------------------
@pytest.mark.parametrize("tell", [emails.tell_changed, emails.tell_cancelled])
def test_five_hundred_are_told_with_as_many_queries_as_one(
    tell: Callable[[Event, datetime], None],
    people: dict[str, Person],
    evening: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    from peersupport.core import ids

    big = event(evening, capacity=None, places=None)
    Rsvp.objects.bulk_create(
        Rsvp(event=big, tag=ids.new_id().bytes * 2, holder=b"x" * 60, state=Going.GOING)
        for _ in range(500)
    )

    # Read the facts and who comes, ask after marks, insert: so many, and a savepoint around it.
    # SQLite takes so many values in a statement and no more.
    most = 6 if connection.vendor == "postgresql" else 40
    with django_assert_max_num_queries(most), transaction.atomic():
        tell(big, evening)

    assert Outgoing.objects.filter(due_at=evening).count() == 500
    refs_seen = {bytes(ref) for ref in Outgoing.objects.values_list("ref", flat=True)}
    assert len(refs_seen) == Outgoing.objects.count()


def test_the_audit_puts_back_a_lost_reminder_and_nothing_else(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    soon = event(evening, starts_at=evening + 2 * DAY)
    answer = rsvp(soon, people["ana"], evening)
    _tell(emails.tell_going, soon, answer, evening)
    with acting_as("worker"):
        assert auditors.audit(now=evening)["events"] == 0

    Outgoing.objects.filter(kind=emails.REMINDER).delete()
    with acting_as("worker"):
        assert auditors.audit(now=evening)["events"] == 1
        assert auditors.audit(now=evening)["events"] == 0
    _send(telling_rules.remind_at(soon.starts_at, facts().zone))
    assert "tomorrow" in mailoutbox[-1].body


def test_the_audit_puts_back_an_offer_and_a_cancellation_but_no_old_one(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    soon = event(evening, starts_at=evening + 12 * HOUR)
    offered = rsvp(soon, people["ana"], evening, Going.WAITING, number=1)
    _offered(offered, evening)
    off = event(evening, starts_at=evening + 9 * DAY)
    _cancelled(rsvp(off, people["ben"], evening), evening)
    assert Outgoing.objects.count() == 2
    with acting_as("worker"):
        assert auditors.audit(now=evening)["events"] == 0

    Outgoing.objects.all().delete()
    with acting_as("worker"):
        assert auditors.audit(now=evening + HOUR)["events"] == 2
    _send(evening + HOUR)
    assert sorted(mail.to[0] for mail in mailoutbox) == [
        "ana@school.example",
        "ben@school.example",
    ]
    with acting_as("worker"):  # said: not again; and a day later nobody needs to hear it
        assert auditors.audit(now=evening + HOUR)["events"] == 0
        assert list(emails.expected(evening + DAY)) == []


def test_the_audit_asks_as_much_for_many_as_for_one(
    people: dict[str, Person], evening: datetime, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        soon = event(evening, starts_at=evening + 2 * DAY + number * MINUTE)
        for who in ("ana", "ben", "priya"):
            rsvp(soon, people[who], evening)

    with django_assert_num_queries(3):
        found = list(emails.expected(evening))

    assert len(found) == 30


# -- afterwards -----------------------------------------------------------------------------------
def test_after_the_day_neither_rows_nor_links_lead_to_anybody(
    keys_dir: object, people: dict[str, Person], yoga: Event, evening: datetime
) -> None:
    answer = rsvp(yoga, people["ana"], evening)
    _tell(emails.tell_going, yoga, answer, evening)
    ref = bytes(_due(emails.THANKS)[0].ref)
    token = refs.token_of(yoga, answer.pk)
    assert refs.find(ref, evening)
    assert refs.rsvp_of(token, evening)

    assert refs.find(ref, yoga.forget_at) is None  # by the clock
    daykey.advance(yoga.forget_at + DAY)
    assert refs.find(ref, evening) is None  # by a copy, by whoever does not ask the clock
    assert refs.rsvp_of(token, evening) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 66, "é", "-_" * 33, "A" * 3000])
def test_a_token_of_nothing_opens_nothing(token: str, evening: datetime) -> None:
    assert refs.rsvp_of(token, evening) is None


def test_a_row_of_the_outbox_is_no_link(
    people: dict[str, Person], yoga: Event, evening: datetime
) -> None:
    import base64

    (ref,) = refs.seal_refs(yoga, [(rsvp(yoga, people["ana"], evening).pk, 0)])

    assert refs.rsvp_of(base64.urlsafe_b64encode(ref).decode(), evening) is None
