"""Campus sign-on against a real provider in a process of its own."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client

from accounts import campus
from accounts.models import CampusLink, Person, RoleGrant, RosterEntry
from accounts.rules import NotAllowed, Role
from accounts.services import grant_role
from peersupport.core import clock
from tests.accounts.factor_steps import give_app
from tests.oidc.school import School, come, offer, running
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


@pytest.fixture(scope="module")
def provider() -> Iterator[School]:
    with running() as school:
        yield school


@pytest.fixture
def school(provider: School, settings: Any) -> School:
    offer(settings, provider)
    campus._client.cache_clear()
    return provider


def _is_in(client: Client) -> bool:
    return bool(client.get("/accounts/").status_code == 200)


def _roles(email: str) -> set[str]:
    grants = RoleGrant.objects.filter(person__email=email, revoked_on__isnull=True)
    return set(grants.values_list("role", flat=True))


def test_a_student_comes_in_and_nothing_of_the_token_is_kept(school: School) -> None:
    school.says_student("zoe", name="Zoe Q Secretname")
    client = Client()

    done = come(client, school, "/accounts/campus/?next=/visits/")

    assert (done.status_code, done["Location"]) == (302, "/visits/")
    assert client.get("/visits/").status_code == 200
    assert _roles("zoe@school.example") == {"student"}
    link = CampusLink.objects.get()
    assert "zoe" not in repr(bytes(link.mark))
    assert link.said == "student"
    kept = str(dict(client.session.items()))
    assert "Secretname" not in kept
    assert "subject-of" not in kept
    assert "access" not in kept
    assert mail.outbox == []


def test_state_nonce_and_pkce_go_along(school: School) -> None:
    school.says_student()

    come(Client(), school)

    asked = school.asked()
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert asked["code_challenge_method"] == "S256"
    assert "@" not in str(asked)


@pytest.mark.parametrize(
    "fault",
    [
        "nonce",
        "no nonce",
        "audience",
        "expired",
        "signature",
        "token issuer",
        "unsigned",
        "no token",
        "refused",
        "token down",
    ],
)
def test_a_wrong_answer_signs_nobody_in(school: School, fault: str) -> None:
    school.says_student("zoe", fault=fault)
    client = Client()

    done = come(client, school)

    assert done.status_code in (400, 503)
    assert b"That way in did not open" in done.content
    assert not _is_in(client)
    assert not Person.objects.exists()


@pytest.mark.parametrize("fault", ["down", "garbage", "issuer"])
def test_a_provider_out_of_order_is_a_calm_page(school: School, fault: str) -> None:
    school.says_student(fault=fault)

    answer = Client().get("/accounts/campus/")

    assert answer.status_code in (400, 503)
    assert b"That way in did not open" in answer.content


def test_a_provider_that_is_gone_is_a_calm_page(school: School, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"

    answer = Client().get("/accounts/campus/")

    assert answer.status_code == 503
    assert b"We could not reach" in answer.content


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": "zo\u0451@school.example"},
        {"email": ["zoe@school.example"]},
        {"sub": ""},
        {"sub": "x" * 300},
        {"sub": 7},
    ],
)
def test_what_is_not_verified_is_nobody(school: School, claims: dict[str, Any]) -> None:
    school.says_student("zoe", **claims)
    client = Client()

    done = come(client, school)

    assert done.status_code == 400
    assert not _is_in(client)
    assert not Person.objects.exists()


def test_another_subject_with_the_same_address_does_not_take_over(
    school: School, evening: datetime
) -> None:
    ana = cast(evening)["ana"]
    school.says_student("ana")
    assert come(Client(), school).status_code == 302
    school.says_student("ana", sub="somebody-who-got-the-address-later")
    other = Client()

    done = come(other, school)

    assert done.status_code == 400
    assert not _is_in(other)
    assert CampusLink.objects.get().person_id == ana.pk


def test_the_same_subject_is_the_same_person_under_a_new_address(
    school: School, evening: datetime
) -> None:
    cast(evening)
    school.says_student("ana")
    come(Client(), school)
    school.says_student("ana", email="ana-married@school.example")
    client = Client()

    come(client, school)

    assert b"ana@school.example" in client.get("/accounts/").content


@pytest.mark.parametrize("affiliation", ["faculty", ["member", "Staff"], ["student", "faculty"]])
def test_faculty_do_not_come_in_as_students(school: School, affiliation: Any) -> None:
    school.says_student("zoe", eduperson_affiliation=affiliation)
    client = Client()

    done = come(client, school)

    assert done.status_code == 400
    assert not Person.objects.exists()


def test_who_became_faculty_loses_the_roles_and_every_session(
    school: School, evening: datetime
) -> None:
    people = cast(evening)
    elsewhere = sign_in(people["sol"])
    assert elsewhere.get("/hours/").status_code == 200
    school.says_student("sol", eduperson_affiliation=["faculty"])
    client = Client()

    come(client, school)

    assert elsewhere.get("/hours/").status_code == 302
    assert client.get("/hours/").status_code == 404
    assert client.get("/visits/").status_code == 404
    assert _roles("sol@school.example") == set()
    with pytest.raises(NotAllowed):
        grant_role(person=people["sol"], role=Role.SUPPORTER, by=people["cora"], now=evening)


def test_a_student_is_lost_and_won_back_by_affiliation(school: School) -> None:
    school.says_student("zoe")
    come(Client(), school)

    school.says_student("zoe", eduperson_affiliation=["alum"])
    come(Client(), school)
    assert _roles("zoe@school.example") == set()

    school.says_student("zoe", eduperson_affiliation=None)
    come(Client(), school)
    assert _roles("zoe@school.example") == set()

    school.says_student("zoe")
    come(Client(), school)
    assert _roles("zoe@school.example") == {"student"}


def test_a_school_that_says_nothing_takes_nothing(school: School, evening: datetime) -> None:
    cast(evening)
    school.says_student("ana", eduperson_affiliation=None)

    come(Client(), school)

    assert "student" in _roles("ana@school.example")


def test_the_list_goes_before_campus(school: School) -> None:
    RosterEntry.objects.create(email="zoe@school.example", standing="gone")
    school.says_student("zoe")

    assert come(Client(), school).status_code == 400
    assert not Person.objects.exists()


def test_whoever_may_not_sign_in_may_not_here_either(school: School, evening: datetime) -> None:
    cast(evening)
    Person.objects.filter(email="ana@school.example").update(is_active=False)
    school.says_student("ana")
    client = Client()

    answer = come(client, school)

    school.says_student("stranger", eduperson_affiliation=["alum"])
    assert answer.content == come(client, school).content
    assert not _is_in(client)


def test_without_affiliation_as_a_setting_campus_admits_nobody_new(
    school: School, settings: Any
) -> None:
    settings.ADMIT = frozenset({"roster"})
    school.says_student("zoe")

    assert come(Client(), school).status_code == 400

    RosterEntry.objects.create(email="zoe@school.example", standing="enrolled")
    assert come(Client(), school).status_code == 302


def test_staff_still_show_a_second_factor(school: School, evening: datetime) -> None:
    cast(evening)
    school.says_student("cora", eduperson_affiliation=["staff"])
    client = Client()

    done = come(client, school)

    assert done["Location"].startswith("/accounts/second-factor/")
    assert client.get("/hours/program/").status_code == 302


def test_a_second_factor_that_the_school_vouches_for_counts_by_setting(
    school: School, evening: datetime, settings: Any
) -> None:
    cast(evening)
    school.says_student("cora", eduperson_affiliation=["staff"], amr=["pwd", "mfa"])
    settings.OIDC_SECOND_FACTOR_VALUES = {"mfa"}
    client = Client()

    come(client, school)

    assert client.get("/hours/program/").status_code == 200
    # It vouches for the way in, not for this moment.
    assert client.get("/accounts/roster/")["Location"].startswith("/accounts/prove/")


def test_a_school_may_demand_a_way_of_signing_in(school: School, settings: Any) -> None:
    settings.OIDC_REQUIRED_ACR = ["https://refeds.org/profile/mfa"]
    school.says_student("zoe", acr="urn:weak")
    assert come(Client(), school).status_code == 400

    school.says_student("zoe", acr="https://refeds.org/profile/mfa")
    assert come(Client(), school).status_code == 302


def test_an_answer_for_another_browser_is_refused(school: School) -> None:
    school.says_student("zoe")
    attacker, victim = Client(), Client()
    sent = attacker.get("/accounts/campus/")
    back = urlsplit(school.way_back(sent["Location"]))
    victim.get("/accounts/campus/")

    done = victim.get(f"{back.path}?{back.query}")

    assert done.status_code == 400
    assert not _is_in(victim)


def test_an_answer_is_taken_once(school: School) -> None:
    school.says_student("zoe")
    client = Client()
    sent = client.get("/accounts/campus/")
    back = urlsplit(school.way_back(sent["Location"]))
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    client.post("/accounts/sign-out/")

    again = client.get(f"{back.path}?{back.query}")

    assert again["Location"] == "/accounts/sign-in/"
    assert not _is_in(client)


def test_coming_back_changes_the_key_of_the_session(school: School) -> None:
    school.says_student("zoe")
    client = Client()
    client.get("/accounts/campus/")
    before = client.cookies["session"].value

    come(client, school)

    assert client.cookies["session"].value != before


@pytest.mark.parametrize("onward", ["//evil.example", "https://evil.example/x"])
def test_onward_stays_here(school: School, onward: str) -> None:
    school.says_student("zoe")

    assert come(Client(), school, f"/accounts/campus/?next={onward}")["Location"] == "/"


def test_proving_oneself_at_the_school(school: School, evening: datetime) -> None:
    """For somebody without any second factor: the school asks, and says that it has."""
    school.says_student("zoe")
    client = Client()
    come(client, school)
    assert client.get("/accounts/delete/")["Location"].startswith("/accounts/prove/")
    assert b"/accounts/campus/prove/" in client.get("/accounts/prove/").content

    done = come(client, school, "/accounts/campus/prove/?next=/accounts/delete/")

    assert done["Location"] == "/accounts/delete/"
    assert school.asked()["prompt"] == "login"
    assert school.asked()["max_age"] == "0"
    assert client.get("/accounts/delete/").status_code == 200


def test_the_school_proves_nothing_for_whoever_has_a_factor_of_their_own(
    school: School, evening: datetime
) -> None:
    school.says_student("zoe")
    client = Client()
    come(client, school)
    _secret, codes = give_app(Person.objects.get(), clock.now())
    come(client, school)
    assert client.post("/accounts/second-factor/", {"code": codes[1]}).status_code == 302
    _was_long_ago(client)

    # The question comes first, and it is for the factor.
    assert client.get("/accounts/factors/")["Location"].startswith("/accounts/prove/")
    page = client.get("/accounts/prove/?next=/accounts/factors/").content
    assert b"/accounts/campus/prove/" not in page
    assert client.get("/accounts/campus/prove/?next=/accounts/factors/").status_code == 404
    assert client.get("/accounts/factors/").status_code == 302

    # Somebody without their phone still gets there, with a code they have kept.
    assert client.post("/accounts/prove/", {"code": codes[0]}).status_code == 302
    assert client.get("/accounts/factors/").status_code == 200


def _was_long_ago(client: Client) -> None:
    """Let the session forget that its person has just come in."""
    session = client.session
    del session["proved"]
    session.save()


@pytest.mark.parametrize("claims", [{"auth_time": 1700000000}, {"sub": "subject-of-ben"}])
def test_a_sign_on_that_was_still_open_proves_nothing(
    school: School, claims: dict[str, Any]
) -> None:
    school.says_student("zoe")
    client = Client()
    come(client, school)
    school.says_student("zoe", **claims)

    done = come(client, school, "/accounts/campus/prove/?next=/accounts/delete/")

    assert done.status_code == 400
    assert client.get("/accounts/delete/").status_code == 302


def test_no_campus_no_page() -> None:
    for path in ("/accounts/campus/", "/accounts/campus/back/"):
        assert Client().get(path).status_code == 404
    assert b"campus" not in Client().get("/accounts/sign-in/").content
