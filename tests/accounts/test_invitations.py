"""Somebody is asked to take a role: the link alone gives nothing, the invited address does."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts.models import Invitation, Person, RoleGrant, RosterEntry
from accounts.rules import MOST_SENDINGS, NotAllowed, Role
from accounts.services import invitations as services
from accounts.services import revoke_role
from peersupport.core import clock
from peersupport.core.audit.models import Entry
from tests.people import cast, sign_in
from tests.roles import acting_as, drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _link() -> str:
    drain(now=clock.now)
    found = re.search(r"/accounts/invitation/[\w-]+/", str(mail.outbox[-1].body))
    assert found
    return found[0]


def _code() -> str:
    found = re.search(r"^Your code is (\d{6})", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


def _roles(email: str) -> set[str]:
    grants = RoleGrant.objects.filter(person__email=email, revoked_on__isnull=True)
    return set(grants.values_list("role", flat=True))


def _invite(by: Person, email: str = "nora@clinic.example", role: Role = Role.SUPPORTER) -> str:
    services.invite(email=email, role=role, by=by, now=clock.now())
    return _link()


def _signed_in_by(link: str) -> Client:
    client = Client()
    assert client.post(link)["Location"] == "/accounts/sign-in/code/"
    done = client.post("/accounts/sign-in/code/", {"code": _code()})
    assert done["Location"] == link
    return client


def test_invited_proves_the_address_and_says_yes() -> None:
    cora = sign_in(cast(clock.now())["cora"])
    said = {"email": "Nora@clinic.example", "role": "supporter"}
    assert cora.post("/accounts/invitations/", said).status_code == 302
    link = _link()

    assert Client().get(link).status_code == 200
    assert not Person.objects.filter(email="nora@clinic.example").exists()
    client = _signed_in_by(link)
    assert _roles("nora@clinic.example") == set()
    client.post(link)

    assert _roles("nora@clinic.example") == {"supporter"}
    assert client.get("/hours/").status_code == 200
    assert client.get(link).status_code == 404
    assert not Invitation.objects.exists()


def test_the_mail_says_nothing_and_the_table_does_not_hold_the_link() -> None:
    link = _invite(cast(clock.now())["cora"])

    letter = mail.outbox[-1]
    assert letter.to == ["nora@clinic.example"]
    assert letter.subject == "You have a message"
    for word in ("support", "counsel", "mental", "role"):
        assert word not in str(letter.body).split("988")[0].lower()
    token = link.split("/")[-2]
    assert token.encode() not in bytes(Invitation.objects.get().mark)


def test_opening_the_link_does_nothing() -> None:
    """Mail scanners open every link, and some follow what they find by GET."""
    link = _invite(cast(clock.now())["cora"])
    before = len(mail.outbox)

    for _ in range(3):
        assert Client().get(link).status_code == 200

    assert len(mail.outbox) == before
    assert Invitation.objects.exists()


def test_somebody_else_with_the_link_gets_no_role() -> None:
    people = cast(clock.now())
    link = _invite(people["cora"])
    ben = sign_in(people["ben"])

    assert b"another address" in ben.get(link).content
    assert ben.post(link).status_code == 409

    assert _roles("ben@school.example") == {"student"}
    assert Invitation.objects.exists()


def test_a_code_goes_to_the_invited_address_alone() -> None:
    link = _invite(cast(clock.now())["cora"])
    Client().post(link, {"email": "evil@evil.example"})

    assert mail.outbox[-1].to == ["nora@clinic.example"]


def test_a_withdrawn_or_old_link_opens_nothing() -> None:
    people = cast(clock.now())
    cora = sign_in(people["cora"])
    first = _invite(people["cora"])
    key = Invitation.objects.get().pk
    cora.post(f"/accounts/invitations/{key}/withdraw/")
    assert Client().get(first).status_code == 404

    second = _invite(people["cora"])
    with time_machine.travel(clock.now() + timedelta(days=15), tick=False):
        assert Client().get(second).status_code == 404
        with acting_as("worker"):
            assert services.forget_invitations(now=clock.now()) == 1
    assert not Invitation.objects.exists()


def test_sent_again_a_few_times_with_a_new_link_each() -> None:
    people = cast(clock.now())
    cora = sign_in(people["cora"])
    first = _invite(people["cora"])
    key = Invitation.objects.get().pk
    for _ in range(MOST_SENDINGS + 1):
        cora.post(f"/accounts/invitations/{key}/again/")

    drain(now=clock.now)
    invited = [m for m in mail.outbox if "invitation" in str(m.body)]
    # What was sent again before it went out is not sent at all: its link opens nothing.
    assert 2 <= len(invited) <= MOST_SENDINGS
    assert Client().get(first).status_code == 404
    assert Client().get(_link()).status_code == 200


def test_a_coordinator_invites_nobody_to_run_the_program() -> None:
    people = cast(clock.now())
    cora = sign_in(people["cora"])

    refused = cora.post(
        "/accounts/invitations/", {"email": "x@school.example", "role": "coordinator"}
    )

    assert refused.status_code == 400
    assert not Invitation.objects.exists()
    with pytest.raises(NotAllowed):
        _invite(people["cora"], role=Role.ADMINISTRATOR)


def test_a_coordinator_does_not_touch_an_administrators_invitation() -> None:
    people = cast(clock.now())
    _invite(people["ida"], role=Role.COORDINATOR)
    cora, key = sign_in(people["cora"]), Invitation.objects.get().pk

    assert b"nora@" not in cora.get("/accounts/invitations/").content
    assert cora.post(f"/accounts/invitations/{key}/withdraw/").status_code == 404
    assert cora.post(f"/accounts/invitations/{key}/again/").status_code == 404


def test_staff_who_were_invited_are_no_students_and_set_up_a_second_factor() -> None:
    link = _invite(cast(clock.now())["ida"], role=Role.COORDINATOR)
    client = _signed_in_by(link)

    client.post(link)

    assert _roles("nora@clinic.example") == {"coordinator"}
    assert client.get("/visits/").status_code in (302, 404)
    assert client.get("/program/")["Location"].startswith("/accounts/second-factor/")


def test_an_invitation_falls_with_whoever_made_it() -> None:
    people = cast(clock.now())
    link = _invite(people["cora"])
    client = _signed_in_by(link)
    revoke_role(person=people["cora"], role=Role.COORDINATOR, by=people["ida"], now=clock.now())

    assert client.post(link).status_code == 409
    assert _roles("nora@clinic.example") == set()


def test_whom_the_school_calls_faculty_becomes_no_supporter() -> None:
    people = cast(clock.now())
    link = _invite(people["cora"])
    RosterEntry.objects.create(email="nora@clinic.example", standing="faculty")
    client = _signed_in_by(link)

    assert client.post(link).status_code == 409
    assert _roles("nora@clinic.example") == set()


def test_acts_of_staff_are_audited_without_an_address() -> None:
    people = cast(clock.now())
    _invite(people["cora"])

    row: Any = Entry.objects.filter(verb="invite").get()
    assert row.note == "supporter"
    assert "nora" not in f"{row.thing_id}{row.note}"
