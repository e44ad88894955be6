"""Who asks for a debrief and who answers: each is told once, neutrally, while it is true."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Person
from events import debrief_emails
from events.models import Request, Taker
from peersupport.core.outbox.models import Outgoing
from tests.people import cast
from tests.roles import drain
from tests.ui.test_letters import REVEALING

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
S = Request.State


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@pytest.fixture
def asked(people: dict[str, Person], evening: datetime) -> Request:
    return Request.objects.create(
        taker=Taker.objects.create(person=people["cora"]),
        sealed=b"sealed",
        asked_on=evening.date(),
        forget_at=evening + timedelta(days=30),
    )


def _tell_asked(request: Request, now: datetime) -> None:
    with transaction.atomic():
        debrief_emails.tell_asked(request, now)


def _answer(request: Request, state: str, asker: Person, now: datetime) -> None:
    request.state = state
    request.save()
    with transaction.atomic():
        debrief_emails.tell_answered(request, asker.pk, now)


def test_whoever_is_asked_is_told_once_and_neutrally(
    asked: Request, evening: datetime, mailoutbox: list[Any]
) -> None:
    for _ in range(2):
        _tell_asked(asked, evening)
    row = Outgoing.objects.get()
    assert row.recipient is None
    assert asked.pk.bytes not in bytes(row.ref)

    drain(now=lambda: evening)

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["cora@school.example"], "You have a message")
    own = mail.body.partition("In crisis")[0].lower()
    assert not [word for word in (*REVEALING, "debrief", "group", "team") if word in own]


@pytest.mark.parametrize("state", [S.WITHDRAWN, S.TAKEN, S.DECLINED])
def test_nobody_is_told_of_what_waits_no_more(
    state: str, asked: Request, evening: datetime, mailoutbox: list[Any]
) -> None:
    _tell_asked(asked, evening)
    Request.objects.update(state=state)

    drain(now=lambda: evening)

    assert mailoutbox == []


@pytest.mark.parametrize("state", [S.TAKEN, S.DECLINED])
def test_whoever_asked_is_told_that_there_is_an_answer_and_not_which(
    state: str,
    asked: Request,
    people: dict[str, Person],
    evening: datetime,
    mailoutbox: list[Any],
) -> None:
    _answer(asked, state, people["ana"], evening)
    assert people["ana"].pk.bytes not in bytes(Outgoing.objects.get().ref)

    drain(now=lambda: evening)

    (mail,) = mailoutbox
    assert mail.to == ["ana@school.example"]
    assert "There is an answer" in mail.body
    assert not Outgoing.objects.exists()


def test_an_answer_that_is_forgotten_is_not_sent(
    asked: Request, people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    _answer(asked, S.TAKEN, people["ana"], evening)
    Request.objects.update(forget_at=evening)

    drain(now=lambda: evening)

    assert mailoutbox == []


def test_a_row_of_one_kind_opens_as_no_other(
    asked: Request, people: dict[str, Person], evening: datetime
) -> None:
    _tell_asked(asked, evening)
    row = Outgoing.objects.get()
    row.kind = debrief_emails.ANSWERED

    assert debrief_emails.whom_answered(row, evening) is None
