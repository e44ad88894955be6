"""Giving and taking roles on the page."""

from datetime import datetime

import pytest

from accounts.models import RoleGrant
from accounts.rules import Role
from peersupport.core.audit.models import Entry
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_a_person_is_found_by_the_whole_address_only(evening: datetime) -> None:
    people = cast(evening)
    cora = sign_in(people["cora"])

    for part in ("ana", "ana@school", "@school.example", "%@school.example"):
        answer = cora.post("/accounts/people/", {"email": part})
        assert answer.status_code == 400
        assert b"ben@school" not in answer.content
    found = cora.post("/accounts/people/", {"email": "Ana@school.example"})
    assert found["Location"] == f"/accounts/people/{people['ana'].pk}/"
    assert "ana" not in found["Location"].lower().replace(str(people["ana"].pk), "")


@pytest.mark.usefixtures("frozen")
def test_giving_and_taking_counts_at_the_next_request(evening: datetime) -> None:
    people = cast(evening)
    cora, ana = sign_in(people["cora"]), sign_in(people["ana"])
    change = f"/accounts/people/{people['ana'].pk}/role/"
    assert ana.get("/hours/").status_code == 404

    assert cora.post(change, {"role": "supporter"}).status_code == 302
    assert ana.get("/hours/").status_code == 200
    cora.post(change, {"role": "supporter", "take": "1"})
    assert ana.get("/hours/").status_code == 302

    page = cora.get(f"/accounts/people/{people['ana'].pk}/").content.decode()
    assert "Supporter: November" in page.replace("\n", "") or " to November" in page
    verbs = Entry.objects.filter(thing_id=str(people["ana"].pk), actor_id=people["cora"].pk)
    assert {entry.verb for entry in verbs} == {"grant role", "revoke role"}


def test_a_coordinator_makes_no_administrator(evening: datetime) -> None:
    people = cast(evening)
    change = f"/accounts/people/{people['ana'].pk}/role/"
    sign_in(people["cora"]).post(change, {"role": "administrator"})

    grants = RoleGrant.objects.filter(person=people["ana"], role=Role.ADMINISTRATOR)
    assert not grants.exists()


def test_the_last_administrator_stays_on_the_page(evening: datetime) -> None:
    people = cast(evening)
    ida = sign_in(people["ida"])
    change = f"/accounts/people/{people['ida'].pk}/role/"
    answer = ida.post(change, {"role": "administrator", "take": "1"}, follow=True)

    assert "The last administrator stays" in answer.content.decode()
    assert ida.get("/accounts/people/").status_code == 200
