"""Preferences: who is told what and where, and the switch that wins over everything."""

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Person
from peersupport.core import clock
from peersupport.core.outbox import kinds
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from tests.people import cast, hours_of, sign_in
from tests.roles import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _nudge(person: Person, now: datetime, key: str = "one") -> None:
    """Queue a real message of the program: "your hours have begun"."""
    row = hours_of(person, now)
    enqueue(
        kind="check-in",
        key=key,
        due_at=now,
        expires_at=now + timedelta(hours=1),
        now=now,
        recipient=person.pk,
        ref=row.pk.bytes,
    )


def _sent(now: datetime) -> list[list[str]]:
    drain(now=lambda: now)
    return [list(message.to) for message in mail.outbox]


def test_what_is_wanted_is_sent(evening: datetime) -> None:
    _nudge(cast(evening)["priya"], evening)

    assert _sent(evening) == [["priya@school.example"]]


def test_stop_everything_wins_over_what_was_asked_for(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    client = sign_in(priya)
    _nudge(priya, evening)

    client.get("/accounts/stop/")  # a mail scanner that follows a link stops nothing
    assert not Person.objects.get(pk=priya.pk).is_silent
    client.post("/accounts/stop/")

    assert _sent(evening) == []
    assert not Outgoing.objects.exists()
    client.post("/accounts/stop/", {"send": "again"})
    assert not Person.objects.get(pk=priya.pk).is_silent


def test_sign_in_codes_are_still_sent(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    sign_in(ana).post("/accounts/stop/")

    Client().post("/accounts/sign-in/", {"email": ana.email})

    assert [message.to for message in mail.outbox] == [["ana@school.example"]]


EVENTS = [
    f"events.{name}"
    for name in (
        *("cancelled", "changed", "debrief-answered", "debrief-moved", "debrief-off"),
        *("debrief-unanswered", "given", "going", "offered", "reminder", "thanks"),
    )
]

# Whoever supports others can be asked for a debrief.
ASKED = ["events.debrief-asked", "events.debrief-back"]


def test_one_kind_can_be_left_out(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    client = sign_in(priya)
    shown = client.get("/accounts/mail/").content.decode()
    assert set(re.findall(r'name="kinds" value="([^"]+)"', shown)) == {
        "campaign",
        "check-in",
        "cover-asked",
        "hours-planned",
        "staffing",
        "time-changed",
        "time-soon",
        *EVENTS,
        *ASKED,
    }
    asked = ["campaign", "cover-asked", "hours-planned", "staffing", "time-changed", "time-soon"]
    others = sorted([*asked, *EVENTS, *ASKED])

    client.post("/accounts/mail/", {"kinds": others})

    _nudge(priya, evening)
    assert _sent(evening) == []
    assert Person.objects.get(pk=priya.pk).muted == "check-in"
    client.post("/accounts/mail/", {"kinds": ["check-in"]})
    assert Person.objects.get(pk=priya.pk).muted == " ".join(others)


def test_a_choice_for_a_role_that_is_gone_is_kept(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    Person.objects.filter(pk=ana.pk).update(muted="check-in")

    sign_in(ana).post(
        "/accounts/mail/", {"kinds": ["campaign", *EVENTS, "time-changed", "time-soon"]}
    )

    assert Person.objects.get(pk=ana.pk).muted == "check-in"


def test_every_kind_has_plain_words_and_somebody_it_is_for() -> None:
    # These go to an address without an account, which has no page of preferences.
    others = ("invitation", "coverage-agree")
    ours = [k for name, k in kinds._kinds.items() if name not in others]

    assert ours
    assert [kind.name for kind in ours if not (kind.always or (kind.title and kind.roles))] == []


def test_mail_goes_to_another_address_once_a_code_has_reached_it(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    client = sign_in(priya)

    client.post("/accounts/mail/address/", {"email": "Home@Else.example"})
    assert Person.objects.get(pk=priya.pk).contact_email == ""
    [message] = mail.outbox
    assert message.to == ["home@else.example"]
    code = re.search(r"\d{6}", str(message.body))
    assert code
    client.post("/accounts/mail/address/code/", {"code": code[0]})

    assert Person.objects.get(pk=priya.pk).contact_email == "home@else.example"
    mail.outbox.clear()
    _nudge(priya, evening)
    assert _sent(evening) == [["home@else.example"]]
    mail.outbox.clear()
    Client().post("/accounts/sign-in/", {"email": priya.email})
    assert mail.outbox[0].to == ["priya@school.example"]
    client.post("/accounts/mail/address/", {"own": "1"})
    assert Person.objects.get(pk=priya.pk).contact_email == ""


def test_guessing_the_code_ends_after_five_tries(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    client = sign_in(priya)
    client.post("/accounts/mail/address/", {"email": "home@else.example"})
    code = re.search(r"\d{6}", str(mail.outbox[0].body))
    assert code
    wrong = "000000" if code[0] != "000000" else "000001"

    for _ in range(5):
        client.post("/accounts/mail/address/code/", {"code": wrong})
    client.post("/accounts/mail/address/code/", {"code": code[0]})

    assert Person.objects.get(pk=priya.pk).contact_email == ""


def test_names_are_kept_and_filled_in(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    client = sign_in(ana)

    client.post("/accounts/", {"called": "Annie", "pronouns": "she/her"})

    assert Person.objects.get(pk=ana.pk).introduction == "Annie (she/her)"


def test_whoever_stopped_everything_is_not_offered_mail_about_a_time() -> None:
    people = cast(clock.now())
    hours_of(people["priya"], clock.now() + timedelta(days=1))
    client = sign_in(people["ana"])
    client.post("/accounts/stop/")

    shown = client.get("/visits/book/").content.decode()

    assert 'name="wants_mail"' not in shown
    assert "/accounts/stop/" in shown


def test_another_address_and_my_data_ask_for_proof_before_any_form(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    unproved = sign_in(ana, passed=False)

    for page in ("mail/address/", "data/", "data/download/", "delete/", "calendar/"):
        answer = unproved.get(f"/accounts/{page}")
        assert answer.status_code == 302, page
        assert answer.headers["Location"].startswith("/accounts/prove/"), page
    unproved.post("/accounts/delete/", {"is_sure": "on"})
    unproved.post("/accounts/mail/address/", {"own": "1"})
    assert Person.objects.filter(pk=ana.pk).exists()
