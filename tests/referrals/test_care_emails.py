"""Words to counselors: whom they reach, when nothing is left to say, what they never say."""

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from peersupport.core.crypto import CannotOpen
from peersupport.core.outbox.delivery import drain
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from referrals import care_emails
from referrals.models import Counselor, Referral
from referrals.rules import CareRole, Urgency
from referrals.seals import seal_of
from referrals.services import ladder
from referrals.services.ladder import ring_due
from tests.care import care_cast, counselor
from tests.referrals.ladder_scene import (
    LINE,
    acknowledge,
    at,
    hand_on,
    leave_out,
    office_hours,
    on_call_line,
    referral,
    take_back,
)

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane("care")]
TUESDAY = at(11, 24, 10)


@pytest.fixture(autouse=True)
def _care(settings: Any) -> None:
    settings.PLANE = "care"
    settings.PUBLIC_URL = "https://care.school.example"


@pytest.fixture
def cast() -> dict[str, Counselor]:
    """Dee and Eli, both in from nine to five, and the line."""
    people = care_cast(at(11, 2, 9))
    office_hours(*people.values())
    on_call_line()
    return people


def _sent(now: datetime = TUESDAY) -> list[str]:
    mail.outbox.clear()
    drain(now=lambda: now)
    return sorted(each.to[0] for each in mail.outbox)


def test_it_leads_to_the_desk_and_says_nothing(cast: dict[str, Counselor]) -> None:
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)

    assert _sent() == ["dee@school.example", "eli@school.example"]

    letter = mail.outbox[0]
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    assert letter.subject == "You have a message"
    assert letter.body.count("https://") == 1
    assert "https://care.school.example/care/\n" in letter.body
    own = [body.partition("In crisis")[0] for body in (letter.body, html)]
    for said in (row.code, str(row.pk), row.pk.hex, "urgent", "danger", "soon", "student"):
        assert said.lower() not in f"{own} {letter.extra_headers}".lower()


def test_every_urgency_and_rung_gets_the_same_letter(cast: dict[str, Counselor]) -> None:
    for urgency in Urgency:
        referral(TUESDAY, urgency=str(urgency))
    referral(TUESDAY, kind="danger")
    ring_due(now=TUESDAY)
    ladder.ask_to_confirm(now=TUESDAY)
    drain(now=lambda: TUESDAY)

    mine = [each for each in mail.outbox if each.to == ["dee@school.example"]]
    assert len(mine) == 5
    assert len({(each.subject, each.body) for each in mine}) == 1


def test_a_message_is_said_once_however_often_it_is_queued(cast: dict[str, Counselor]) -> None:
    row = referral(TUESDAY)

    for _ in range(3):
        with transaction.atomic():
            care_emails.tell(
                care_emails.CHECK, referral=row.pk, counselor=cast["dee"].pk, now=TUESDAY
            )
        drain(now=lambda: TUESDAY)

    assert [each.to for each in mail.outbox] == [["dee@school.example"]]


@pytest.mark.parametrize(
    "event", ["acknowledged", "taken back", "handed on", "ended", "destroyed"]
)
def test_what_is_answered_meanwhile_says_nothing(cast: dict[str, Counselor], event: str) -> None:
    """The mail server was slow, or the worker away: the live row decides at sending."""
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)
    if event == "acknowledged":
        acknowledge(row, cast["eli"])
    elif event == "taken back":
        take_back(row, TUESDAY)
    elif event == "handed on":
        acknowledge(row, cast["eli"])
        hand_on(row, cast["dee"], TUESDAY)
    elif event == "ended":
        Referral.objects.update(state="redirected", ring_at=None, ended_on=TUESDAY.date())
    else:
        Referral.objects.all().delete()

    assert _sent() == []
    assert not Outgoing.objects.exists()


def test_control_without_asking_again(cast: dict[str, Counselor]) -> None:
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)
    take_back(row, TUESDAY)

    with mock.patch.object(type(Referral.objects.all()), "not_withdrawn", lambda rows: rows):
        assert len(_sent()) == 2


@pytest.mark.parametrize("event", ["left out", "left", "tampered", "address changed"])
def test_whoever_may_not_be_told_any_more_is_not(cast: dict[str, Counselor], event: str) -> None:
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)
    dee = Counselor.objects.filter(pk=cast["dee"].pk)
    if event == "left out":
        leave_out(cast["dee"], row)
    elif event == "left":
        dee.update(state=Counselor.State.ENDED)
    elif event == "tampered":
        dee.update(role=CareRole.COUNSELOR)
    else:
        dee.update(email="mal@elsewhere.example")

    assert _sent() == ["eli@school.example"]


def test_the_line_is_told_where_it_is_now(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, urgency="urgent", out=list(cast.values()))
    ring_due(now=TUESDAY)
    on_call_line("other@oncall.example")

    assert _sent() == ["other@oncall.example"]
    assert "call the person you were told to call" in mail.outbox[0].body


def test_the_ladder_ends_at_the_line_and_no_dean(cast: dict[str, Counselor]) -> None:
    """Whole ladders of everything, to their ends: nobody but counselors and the line."""
    for urgency in Urgency:
        referral(TUESDAY, urgency=str(urgency))
    referral(TUESDAY, kind="danger")
    told: set[str] = set()
    for hours in range(24 * 9):
        now = TUESDAY + timedelta(hours=hours)
        ring_due(now=now)
        told |= set(_sent(now))

    assert told == {"dee@school.example", "eli@school.example", LINE}


def test_too_late_is_never(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)

    assert _sent(TUESDAY + timedelta(days=2, minutes=1)) == []
    assert not Outgoing.objects.exists()


@pytest.mark.parametrize("answer", ["confirmed", "refused", "withdrawn"])
def test_a_confirmed_danger_asks_no_lead(cast: dict[str, Counselor], answer: str) -> None:
    row = referral(TUESDAY, kind="danger")
    ladder.ask_to_confirm(now=TUESDAY)
    if answer == "withdrawn":
        take_back(row, TUESDAY)
    else:
        Referral.objects.update(consent=answer)

    assert _sent() == []


def test_who_leads_no_more_is_not_asked_to_confirm(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, kind="danger")
    ladder.ask_to_confirm(now=TUESDAY)
    dee = cast["dee"]
    dee.role = str(CareRole.COUNSELOR)
    dee.seal = seal_of(dee)
    dee.save()

    assert _sent() == []


def test_a_message_that_cannot_be_delivered_is_told_to_the_leads(
    cast: dict[str, Counselor],
) -> None:
    gil = counselor("Gil", TUESDAY, role=CareRole.LEAD)
    referral(TUESDAY, urgency="urgent", out=[gil])
    ring_due(now=TUESDAY)
    Outgoing.objects.filter(recipient=cast["dee"].pk).delete()
    Outgoing.objects.update(state="dead", done_at=TUESDAY)

    assert ladder.tell_undelivered(now=TUESDAY) == 1  # Dee; Gil must not hear of this one
    assert ladder.tell_undelivered(now=TUESDAY) == 0
    assert _sent() == ["dee@school.example"]
    Outgoing.objects.filter(kind=care_emails.ALARM).update(state="dead")
    assert ladder.tell_undelivered(now=TUESDAY) == 0  # no alarm about an alarm


@pytest.mark.parametrize("kind", [care_emails.CHECK, care_emails.CONFIRM, care_emails.ALARM])
def test_a_planted_message_goes_nowhere(cast: dict[str, Counselor], kind: str) -> None:
    """Whoever can write rows of the outbox, and has no key of the care side, sends nothing."""
    for number, ref in enumerate((b"", b"\x01" * 60)):
        enqueue(
            kind=kind,
            key=f"planted {number}",
            due_at=TUESDAY,
            expires_at=TUESDAY + timedelta(days=1),
            now=TUESDAY,
            recipient=None,
            ref=ref,
        )

    assert _sent() == []


def test_a_message_moved_to_another_kind_does_not_open(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, kind="danger")
    ladder.ask_to_confirm(now=TUESDAY)
    row = Outgoing.objects.get()
    row.kind = care_emails.CHECK

    with pytest.raises(CannotOpen):
        care_emails.about(row)
