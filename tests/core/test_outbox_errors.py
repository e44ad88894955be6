"""What the mail server answers, and what becomes of the message, of its address, of the others."""

import smtplib
import ssl
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import transaction

from accounts.models import Person
from accounts.services.preferences import flag_address
from peersupport.core.outbox import delivery, errors, kinds, marks
from peersupport.core.outbox.delivery import DrainResult, drain
from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.models import DrainRun, Outgoing
from peersupport.core.outbox.services import enqueue
from tests.people import cast, sign_in
from tests.roles import WEB, acting_as
from tests.sink import Sink, sink

__all__ = ["sink"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("worker"),
]


@pytest.fixture(autouse=True)
def _kinds() -> None:
    def compose(row: Outgoing, now: datetime) -> kinds.Letter | None:
        if bytes(row.ref) == b"broken":
            raise KeyError("ana@school.example")
        return kinds.Letter(bytes(row.ref).decode(), "You have a message", "text", "<p>")

    kinds.register(kinds.Kind(name="test", asked=True, compose=compose))
    kinds.register(kinds.Kind(name="unasked", asked=False, compose=compose))


def _put(now: datetime, *addresses: str, kind: str = "test", recipient: Any = None) -> None:
    with transaction.atomic():
        for to in addresses:
            enqueue(
                kind=kind,
                key=f"{kind}|{to}",
                due_at=now,
                expires_at=now + timedelta(days=2),
                now=now,
                recipient=recipient,
                ref=to.encode(),
            )


def _drain(now: datetime) -> DrainResult:
    return drain(now=lambda: now)


def _refused(code: int, text: bytes = b"") -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"a@school.example": (code, text)})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_refused(550, b"5.1.1 no such user"), Trouble.ADDRESS),
        (_refused(550), Trouble.ADDRESS),
        (_refused(553), Trouble.ADDRESS),
        (_refused(550, b"5.7.1 relaying denied"), Trouble.MESSAGE),
        (_refused(552), Trouble.LATER),
        (_refused(550, b"5.2.2 over quota"), Trouble.LATER),
        (_refused(451), Trouble.LATER),
        (_refused(421), Trouble.SERVER),
        (_refused(530), Trouble.CREDENTIALS),
        (smtplib.SMTPSenderRefused(550, b"", "me"), Trouble.CREDENTIALS),
        (smtplib.SMTPSenderRefused(552, b"", "me"), Trouble.MESSAGE),
        (smtplib.SMTPSenderRefused(451, b"", "me"), Trouble.LATER),
        (smtplib.SMTPSenderRefused(421, b"", "me"), Trouble.SERVER),
        (smtplib.SMTPDataError(554, b""), Trouble.MESSAGE),
        (smtplib.SMTPDataError(451, b""), Trouble.LATER),
        (smtplib.SMTPDataError(421, b""), Trouble.SERVER),
        (smtplib.SMTPAuthenticationError(535, b""), Trouble.CREDENTIALS),
        (smtplib.SMTPServerDisconnected(), Trouble.SERVER),
        (TimeoutError(), Trouble.SERVER),
        (UnicodeError(), Trouble.MADE),
    ],
)
def test_classes_of_errors_at_sending(error: Exception, expected: Trouble) -> None:
    assert errors.at_sending(error) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (smtplib.SMTPAuthenticationError(535, b""), Trouble.CREDENTIALS),
        (smtplib.SMTPAuthenticationError(454, b""), Trouble.SERVER),
        (smtplib.SMTPNotSupportedError(), Trouble.CREDENTIALS),
        (ssl.SSLCertVerificationError(), Trouble.CREDENTIALS),
        (smtplib.SMTPConnectError(554, b""), Trouble.CREDENTIALS),
        (smtplib.SMTPConnectError(421, b""), Trouble.SERVER),
        (ConnectionRefusedError(), Trouble.SERVER),
        (TimeoutError(), Trouble.SERVER),
    ],
)
def test_classes_of_errors_at_opening(error: Exception, expected: Trouble) -> None:
    assert errors.at_opening(error) is expected


def test_refused_credentials_stop_the_round_and_cost_nobody_an_attempt(
    sink: Sink, evening: datetime, settings: Any
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "me", "wrong"
    _put(evening, *(f"s{n}@school.example" for n in range(5)))

    assert _drain(evening).stopped_by is Trouble.CREDENTIALS

    rows = Outgoing.objects.values_list("state", "attempts", "lease_token", "due_at")
    assert set(rows) == {("due", 0, None, evening)}
    note = DrainRun.objects.get()
    assert (note.trouble, note.trouble_at, note.last_at) == ("credentials", evening, None)
    settings.EMAIL_HOST_USER = ""
    later = evening + timedelta(minutes=1)
    assert _drain(later).sent == 5
    note.refresh_from_db()
    assert (note.trouble, note.trouble_at, note.last_at) == ("", None, later)


def test_an_alarm_ends_with_nothing_left_to_send(sink: Sink, evening: datetime) -> None:
    DrainRun.objects.create(pk=1, trouble="credentials", trouble_at=evening)

    _drain(evening)

    assert DrainRun.objects.get().trouble == ""


def test_an_address_that_is_refused_for_good_is_flagged_and_the_others_get_theirs(
    sink: Sink, evening: datetime
) -> None:
    with acting_as(WEB):
        ana = cast(evening)["ana"]
    sink.refuse[ana.email] = "550 5.1.1 no such mailbox"
    _put(evening, ana.email, "ben@school.example")

    assert (_drain(evening).sent, Outgoing.objects.get().error) == (1, "address")

    assert set(Person.objects.filter(is_mail_refused=True)) == {ana}


@pytest.mark.plane("web")
def test_nothing_unasked_goes_there_until_its_owner_says_that_it_works(
    sink: Sink, evening: datetime
) -> None:
    ana = cast(evening)["ana"]
    flag_address(ana.email.upper(), evening)
    _put(evening, ana.email, kind="unasked", recipient=ana.pk)
    _put(evening, ana.email, recipient=ana.pk)

    with acting_as("worker"):
        done = _drain(evening)
    assert (done.sent, done.dropped) == (1, 1)

    client = sign_in(ana)
    shown = client.get("/accounts/mail/").content.decode()
    assert "Our mail does not arrive" in shown
    assert "Our mail does not arrive" in client.get("/accounts/").content.decode()
    client.post("/accounts/mail/works/")
    assert "Our mail does not arrive" not in client.get("/accounts/mail/").content.decode()
    _put(evening + timedelta(days=1), "ana2", kind="unasked", recipient=ana.pk)
    with acting_as("worker"):
        assert _drain(evening + timedelta(days=1)).sent == 1


def test_policy_is_no_reason_to_flag_an_address(sink: Sink, evening: datetime) -> None:
    with acting_as(WEB):
        ana = cast(evening)["ana"]
    sink.refuse[ana.email] = "554 5.7.1 your network is blocked"
    _put(evening, ana.email)

    assert _drain(evening).dead == 1
    assert not Person.objects.filter(is_mail_refused=True).exists()


def test_a_server_that_refuses_everybody_is_about_us(sink: Sink, evening: datetime) -> None:
    addresses = [f"s{n}@school.example" for n in range(60)]
    sink.refuse.update(dict.fromkeys(addresses, "550 no"))
    _put(evening, *addresses)

    done = _drain(evening)
    assert (done.dead, done.stopped_by) == (delivery.MOST_REFUSED, Trouble.REFUSING)
    again = _drain(evening + timedelta(seconds=15))
    assert (again.dead, again.stopped_by) == (0, Trouble.REFUSING)

    sink.refuse.clear()
    done = _drain(evening + timedelta(minutes=2))
    assert (done.sent, done.stopped_by) == (60 - delivery.MOST_REFUSED, None)
    assert DrainRun.objects.get().trouble == ""


def test_control_without_the_brake_everybody_would_be_given_up(
    sink: Sink, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"s{n}@school.example" for n in range(60)]
    sink.refuse.update(dict.fromkeys(addresses, "550 no"))
    _put(evening, *addresses)
    monkeypatch.setattr(delivery, "MOST_REFUSED", 1000)

    assert _drain(evening).dead == 60


def test_one_that_cannot_be_made_stops_nobody_else(sink: Sink, evening: datetime) -> None:
    _put(evening, "broken", "s@school.example")

    done = _drain(evening)

    assert (done.sent, done.retried) == (1, 1)
    assert Outgoing.objects.get().error == "made"


def test_what_breaks_off_three_times_in_a_row_ends_the_round(
    sink: Sink, evening: datetime
) -> None:
    _put(evening, *(f"s{n}@school.example" for n in range(9)))
    with mock.patch("smtplib.SMTP.docmd", side_effect=TimeoutError):
        done = _drain(evening)

    assert (done.retried, done.stopped_by) == (delivery.MOST_BROKEN, Trouble.SERVER)
    assert Outgoing.objects.filter(attempts=0).count() == 9 - delivery.MOST_BROKEN


def test_a_lease_that_somebody_else_took_meanwhile_is_not_sent_twice(
    sink: Sink, evening: datetime
) -> None:
    """The clock is set forward in mid-batch, and another worker claims what seems left behind."""
    _put(evening, *(f"s{n}@school.example" for n in range(10)))
    times = iter([evening] * 12)
    stepped = evening + timedelta(hours=1)

    def now() -> datetime:
        moment = next(times, stepped)
        if moment == stepped and not others:
            others.append(1)
            drain(now=lambda: stepped)
        return moment

    others: list[int] = []
    drain(now=now)

    assert others
    assert len(set(sink.accepted)) == 10
    assert len(sink.accepted) <= 11


def test_a_message_is_marked_in_one_turn_to_the_database(sink: Sink, evening: datetime) -> None:
    from django.db import connection

    from bench.counting import counted

    _put(evening, *(f"s{n}@school.example" for n in range(100)))
    with counted(connection) as count:
        assert _drain(evening).sent == 100

    most = 1.3 if connection.vendor == "postgresql" else 5.3
    assert count[0] <= most * 100


def test_leases_are_shorter_than_an_alarm_would_be_late() -> None:
    assert timedelta(seconds=60) <= marks.RENEW
