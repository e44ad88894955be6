"""The school's list: sent in whole or not at all; faculty and whoever is gone are no students."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import admission
from accounts.models import CampusLink, Group, Membership, Person, RoleGrant, RosterEntry
from accounts.queries import roster as reads
from accounts.roster_rules import Cohort, Standing
from accounts.rules import Role
from accounts.services import roster
from peersupport.core.audit.models import Entry
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]

HEAD = "email,name,class,phase,site,rotation,standing,other email\n"
LIST = (
    HEAD
    + "ana@school.example,Ana,Class of 2029,M2,Main,,enrolled,\n"
    + "ben@school.example,Ben,Class of 2028,M3,Lakeside,Surgery A,enrolled,\n"
    + "newcomer@school.example,Nia,Class of 2029,M2,Main,,,\n"
)


@pytest.fixture
def cora(evening: datetime) -> Any:
    with time_machine.travel(evening, tick=False):
        cast(evening)
        yield sign_in(Person.objects.get(email="cora@school.example"))


def _send(client: Client, content: str | bytes) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    return client.post("/accounts/roster/file/", {"file": SimpleUploadedFile("list.csv", raw)})


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(parked|seen)" value="([^"]*)"', page))


def _import(client: Client, content: str | bytes, **more: str) -> Any:
    shown = _send(client, content)
    assert shown.status_code == 200, shown.content.decode()
    return client.post(
        "/accounts/roster/file/confirm/", {**_hidden(shown.content.decode()), **more}
    )


def test_a_list_is_shown_first_and_then_made(cora: Client) -> None:
    shown = _send(cora, LIST).content.decode()
    assert "newcomer@school.example" in shown
    assert RosterEntry.objects.count() == 0
    done = _import(cora, LIST)
    assert "New: 3." in done.content.decode()
    row = RosterEntry.objects.get(email="ben@school.example")
    assert reads.entry_of(row).cohort == Cohort("Class of 2028", "M3", "Lakeside", "Surgery A")
    assert row.person == Person.objects.get(email="ben@school.example")
    again = _send(cora, LIST).content.decode()
    assert "The list says this already." in again


def test_a_new_list_updates_and_asks_about_whom_it_does_not_name(cora: Client) -> None:
    _import(cora, LIST)
    later = HEAD + "ana@school.example,Ana,Class of 2029,M3,Main,Surgery B,enrolled,\n"
    shown = _send(cora, later).content.decode()
    assert "M2 becomes M3" in shown
    assert "2 on the list, not named by the file" in shown
    _import(cora, later)
    assert RosterEntry.objects.filter(standing=Standing.GONE).count() == 0
    _import(cora, later, ends_missing="on")
    assert set(
        RosterEntry.objects.filter(standing=Standing.GONE).values_list("email", flat=True)
    ) == {"ben@school.example", "newcomer@school.example"}
    # Named again by a list that says nothing of standing: there again.
    _import(cora, "email\nben@school.example\nana@school.example\n")
    assert reads.standing_of("ben@school.example") == Standing.ENROLLED


def test_a_column_that_is_missing_leaves_what_is_known(cora: Client) -> None:
    _import(cora, LIST)
    _import(cora, "E-Mail;Phase\nANA@school.example;M4\n")
    entry = reads.everybody()["ana@school.example"]
    assert (entry.called, entry.cohort.class_name, entry.cohort.phase) == (
        "Ana",
        "Class of 2029",
        "M4",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD + "nobody,,,,,,,\n", "Line 2: “nobody” is not an e-mail address."),
        (HEAD + ",Ana,,,,,,\n", "Line 2: The e-mail address is missing."),
        (HEAD + "a@x.example,,,,,,dean,\n", "Line 2: “dean” is no standing."),
        (
            HEAD + "a@x.example,,,,,,,\n\nA@X.example,,,,,,,\n",
            "Line 4: a@x.example stands in line 2 already.",
        ),
        (HEAD + "a@x.example,,,,,,,a@x.example\n", "The other address is the same"),
        (HEAD + "a@x.example," + "x" * 41 + ",,,,,,\n", "“name” is longer than 40 characters."),
        ("name,class\nAna,M1\n", "No column is headed"),
        (HEAD, "headings and no rows"),
        (b"PK\x03\x04", "Save as CSV"),
        (b"", "This file is empty."),
        (HEAD.encode() + b"a@x.example,\x00,,,,,,\n", "Line 2 holds a character"),
        ("email\na\u200b@x.example\n", "is not an e-mail address"),
        ("email\nа@x.example\n", "is not an e-mail address"),  # a Cyrillic letter
    ],
)
def test_one_wrong_line_and_nothing_is_applied(
    cora: Client, content: str | bytes, said: str
) -> None:
    good = HEAD + "ana@school.example,,,,,,,\n"
    _import(cora, good)
    answer = _send(cora, content)
    assert answer.status_code == 400
    assert said in answer.content.decode().replace("&amp;", "&")
    assert list(RosterEntry.objects.values_list("email", flat=True)) == ["ana@school.example"]


def test_a_preview_is_of_one_person_for_a_while_and_as_it_stands(
    cora: Client, evening: datetime
) -> None:
    fields = _hidden(_send(cora, LIST).content.decode())
    ida = sign_in(Person.objects.get(email="ida@school.example"))
    address = "/accounts/roster/file/confirm/"
    for client, sent in (
        (ida, fields),
        (cora, {**fields, "parked": fields["parked"][:-8] + "AAAAAAA="}),
        (cora, {"seen": fields["seen"]}),
        (cora, {}),
    ):
        assert client.post(address, sent).status_code == 400
    with time_machine.travel(evening + timedelta(hours=3), tick=False):
        late = sign_in(Person.objects.get(email="cora@school.example"))
        assert late.post(address, fields).status_code == 400
    assert RosterEntry.objects.count() == 0
    # Somebody else was first: what would happen is shown anew.
    _import(ida, HEAD + "ana@school.example,Anna,,,,,,\n")
    answer = cora.post(address, fields)
    assert answer.status_code == 409
    assert "has changed since you looked" in answer.content.decode()
    assert RosterEntry.objects.count() == 1
    assert cora.post(address, _hidden(answer.content.decode())).status_code == 200
    assert RosterEntry.objects.count() == 3


def test_faculty_are_never_students(cora: Client, evening: datetime) -> None:
    priya = Person.objects.get(email="priya@school.example")
    browser = sign_in(priya)
    assert browser.get("/hours/").status_code == 200
    _import(cora, HEAD + "priya@school.example,,,,,,faculty,\n")
    assert browser.get("/hours/").status_code == 302  # signed out at the next request
    fresh = Person.objects.get(pk=priya.pk)
    assert not fresh.has_role(Role.STUDENT)
    assert not fresh.has_role(Role.SUPPORTER)
    assert not fresh.is_active
    assert not admission.may_join("priya@school.example")
    _import(cora, HEAD + "priya@school.example,,,,,,enrolled,\n")
    assert Person.objects.get(pk=priya.pk).has_role(Role.STUDENT)


def test_a_coordinator_who_is_faculty_keeps_what_they_are(cora: Client) -> None:
    _import(cora, HEAD + "cora@school.example,,,,,,faculty,\n")
    assert Person.objects.get(email="cora@school.example").has_role(Role.COORDINATOR)


@pytest.mark.parametrize(
    ("admits", "who", "may"),
    [
        ({"roster"}, "newcomer@school.example", True),
        ({"roster"}, "stranger@school.example", False),
        ({"domain"}, "stranger@school.example", True),
        ({"domain"}, "stranger@elsewhere.example", False),
        ({"roster", "domain"}, "newcomer@elsewhere.example", True),
        ({"domain"}, "gone@school.example", False),
        ({"roster", "domain"}, "dean@school.example", False),
        ({"affiliation"}, "newcomer@school.example", False),
    ],
)
def test_who_may_make_an_account(
    cora: Client, settings: Any, admits: set[str], who: str, *, may: bool
) -> None:
    _import(
        cora,
        HEAD
        + "newcomer@school.example,,,,,,,\nnewcomer@elsewhere.example,,,,,,,\n"
        + "gone@school.example,,,,,,gone,\ndean@school.example,,,,,,faculty,\n",
    )
    settings.ADMIT = frozenset(admits)
    assert admission.may_join(who) is may


def _code_of(client: Client, email: str) -> str:
    mail.outbox.clear()
    client.post("/accounts/sign-in/", {"email": email})
    found = re.search(r"\b(\d{6})\b", str(mail.outbox[0].body))
    return found[1] if found else ""


def test_on_leave_one_signs_in_with_the_other_address(cora: Client, settings: Any) -> None:
    away = HEAD + "ana@school.example,,,,,,on leave,ana@elsewhere.example\n"
    _import(cora, away)
    ana = Person.objects.get(email="ana@school.example")
    browser = Client()
    code = _code_of(browser, "ana@elsewhere.example")
    browser.post("/accounts/sign-in/code/", {"code": code})
    assert browser.get("/accounts/").status_code == 200
    assert browser.session["_auth_user_id"] == str(ana.pk)
    assert Person.objects.filter(email="ana@elsewhere.example").count() == 0
    # Back from leave, the other address is a stranger's again.
    _import(cora, away.replace("on leave", "enrolled"))
    assert _code_of(Client(), "ana@elsewhere.example") == ""


def test_a_newcomer_is_tied_to_the_list(cora: Client) -> None:
    _import(cora, LIST)
    browser = Client()
    browser.post("/accounts/sign-in/code/", {"code": _code_of(browser, "newcomer@school.example")})
    person = Person.objects.get(email="newcomer@school.example")
    assert person.called == "Nia"
    assert reads.cohorts_of([person.pk]) == {person.pk: Cohort("Class of 2029", "M2", "Main")}
    assert person.memberships.get().group.name == "Class of 2029"


def test_groups_follow_the_list_and_keep_what_was_declared(cora: Client) -> None:
    ana = Person.objects.get(email="ana@school.example")
    by_hand = Group.objects.create(name="Choir")
    Membership.objects.create(person=ana, group=by_hand)
    Group.objects.create(name="Class of 2029", is_apart=True)
    _import(cora, LIST)
    names = set(ana.memberships.values_list("group__name", flat=True))
    assert names == {"Choir", "Class of 2029"}
    assert Group.objects.get(name="Class of 2029").is_apart
    _import(cora, "email,class\nana@school.example,Class of 2030\n")
    names = set(ana.memberships.values_list("group__name", flat=True))
    assert names == {"Choir", "Class of 2030"}


def test_summer(cora: Client) -> None:
    rows = [
        ("a", "M1", ""),
        ("b", "M3", "on leave"),
        ("c", "M4", ""),
        ("d", "", ""),
        ("e", "M2", "faculty"),
    ]
    _import(
        cora,
        HEAD
        + "".join(
            f"{name}@school.example,,Class,{phase},,Surgery,{standing},\n"
            for name, phase, standing in rows
        ),
    )
    shown = cora.get("/accounts/roster/summer/").content.decode()
    assert "M1 becomes M2" in shown
    assert "M4 becomes finished: gone" in shown
    before = cora.get("/accounts/roster/list.csv").content
    seen = _hidden(shown)["seen"]
    assert cora.post("/accounts/roster/summer/", {"seen": "x"}).status_code == 409
    assert cora.post("/accounts/roster/summer/", {"seen": seen}).status_code == 200
    assert cora.post("/accounts/roster/summer/", {"seen": seen}).status_code == 409  # twice
    after = {e.email[0]: (e.cohort.phase, str(e.standing)) for e in reads.everybody().values()}
    assert after == {
        "a": ("M2", "enrolled"),
        "b": ("M3", "on leave"),
        "c": ("M4", "gone"),
        "d": ("", "enrolled"),
        "e": ("M2", "faculty"),
    }
    # What was downloaded before undoes it.
    _import(cora, before)
    assert reads.everybody()["a@school.example"].cohort.phase == "M1"
    assert reads.everybody()["c@school.example"].standing == Standing.ENROLLED


def test_one_person_is_found_by_the_whole_address_only(cora: Client) -> None:
    _import(cora, LIST)
    for part in ("ana", "ana@", "@school.example", "%", "ana@school"):
        assert cora.post("/accounts/roster/", {"email": part}).status_code in (400, 404)
    found = cora.post("/accounts/roster/", {"email": "ANA@school.example"})
    assert found.status_code == 302
    page = found["Location"]
    assert "ana@school.example" not in page
    taken = cora.post(page, {"standing": "on leave", "other_email": "ben@school.example"})
    assert taken.status_code == 400
    assert "belongs to somebody else" in taken.content.decode()
    fine = {"standing": "on leave", "other_email": "ana@elsewhere.example", "phase": "M2"}
    assert cora.post(page, fine).status_code == 302
    assert reads.standing_of("ana@elsewhere.example") == Standing.ON_LEAVE


def test_a_thousand_people_in_few_queries(
    cora: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = "".join(
        f"s{n}@school.example,Student {n},Class {n % 4},M{n % 4 + 1},Main,Team {n % 20},,\n"
        for n in range(1000)
    )
    with django_assert_max_num_queries(40):
        assert _import(cora, HEAD + rows).status_code == 200
    assert RosterEntry.objects.count() == 1000
    moved = (HEAD + rows).replace(",Main,", ",Lakeside,")
    with django_assert_max_num_queries(60):
        assert _import(cora, moved).status_code == 200
    assert RosterEntry.objects.filter(site="Lakeside").count() == 1000
    with django_assert_max_num_queries(8):
        cora.get("/accounts/roster/")


def test_the_download_is_safe_to_open(cora: Client) -> None:
    _import(cora, HEAD + "ana@school.example,=HYPERLINK(1),@x,+1,-2,,,\n")
    text = cora.get("/accounts/roster/list.csv").content.decode("utf-8-sig")
    assert "'=HYPERLINK(1),'@x,'+1,'-2" in text


def test_a_strangers_service_call_is_refused(cora: Client, evening: datetime) -> None:
    from accounts.roster_files import read
    from accounts.rules import NotAllowed

    ana = Person.objects.get(email="ana@school.example")
    wanted = read(LIST.encode())
    with pytest.raises(NotAllowed):
        roster.apply_list(
            read=wanted,
            seen=roster.plan_list(wanted).mark,
            ends_missing=False,
            by=ana,
            now=evening,
        )


def test_a_thousand_who_have_accounts_in_few_queries(
    cora: Client, evening: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    emails = [f"s{n}@school.example" for n in range(1000)]
    Person.objects.bulk_create([Person(email=e, joined_on=evening.date()) for e in emails])
    people = list(Person.objects.filter(email__in=emails))
    RoleGrant.objects.bulk_create(
        [
            RoleGrant(person=p, role="student", granted_by="x", granted_on=evening.date())
            for p in people
        ]
    )
    with django_assert_max_num_queries(60):
        _import(cora, HEAD + "".join(f"{e},,Class of 2029,M1,,,,\n" for e in emails))
    assert RosterEntry.objects.filter(person__isnull=False).count() == 1000


def test_an_account_that_was_closed_for_another_reason_stays_closed(cora: Client) -> None:
    _import(cora, LIST)
    Person.objects.filter(email="ana@school.example").update(is_active=False)

    _import(cora, LIST.replace("Ana,Class of 2029", "Anna,Class of 2029"))

    assert not Person.objects.get(email="ana@school.example").is_active


def test_whoever_is_named_again_is_let_in_again(cora: Client) -> None:
    _import(cora, LIST)
    _import(cora, LIST.replace(",enrolled,", ",gone,", 1))
    assert not Person.objects.get(email="ana@school.example").is_active

    _import(cora, LIST)

    ana = Person.objects.get(email="ana@school.example")
    assert ana.is_active
    assert ana.roles == {"student"}


def test_whom_campus_calls_faculty_a_list_makes_no_student(cora: Client) -> None:
    ana = Person.objects.get(email="ana@school.example")
    RoleGrant.objects.filter(person=ana).delete()
    CampusLink.objects.create(person=ana, mark=b"m", said="never")

    assert _import(cora, LIST).status_code == 200

    assert Person.objects.get(pk=ana.pk).roles == set()


def test_a_school_address_that_changed_keeps_the_account(cora: Client) -> None:
    _import(cora, LIST)
    Person.objects.filter(email="ana@school.example").update(email="ana-b@school.example")

    new = LIST.replace("ana@school", "ana-b@school")
    assert _import(cora, new, ends_missing="on").status_code == 200

    ana = Person.objects.get(email="ana-b@school.example")
    assert ana.roster_entry.email == "ana-b@school.example"
    assert ana.is_active
    assert ana.roles == {"student"}
    assert reads.standing_of("ana@school.example") == Standing.GONE


def test_a_class_in_its_first_years_is_kept_apart_until_somebody_switches_it_off(
    cora: Client,
) -> None:
    _import(cora, LIST)
    assert Group.objects.get(name="Class of 2029").is_apart
    assert not Group.objects.get(name="Class of 2028").is_apart
    assert not Group.objects.get(name="Surgery A").is_apart
    surgery = str(Group.objects.get(name="Surgery A").pk)

    assert cora.post("/accounts/roster/groups/", {"apart": ["x"]}).status_code == 400
    cora.post("/accounts/roster/groups/", {"apart": [surgery]})

    assert list(Group.objects.filter(is_apart=True).values_list("name", flat=True)) == [
        "Surgery A"
    ]
    _import(cora, LIST.replace(",Main,", ",Lakeside,"))
    assert not Group.objects.get(name="Class of 2029").is_apart
    assert Entry.objects.filter(verb="keep groups apart").count() == 1


_UMLAUTS = "email,name,class\nana@school.example,Zoë Ñandú,M1\nben@school.example,Ben,M2\n"


@pytest.mark.parametrize(
    "content",
    [
        _UMLAUTS.encode(),
        _UMLAUTS.encode("utf-8-sig"),
        _UMLAUTS.encode("utf-16"),
        _UMLAUTS.encode("utf-16-le"),
        _UMLAUTS.encode("utf-16-be"),
        _UMLAUTS.encode("cp1252"),
        _UMLAUTS.replace(",", ";").encode(),
        _UMLAUTS.replace(",", "\t").encode("utf-16"),
        _UMLAUTS.replace("\n", "\r\n").encode(),
        _UMLAUTS.replace("\n", "\r").encode(),
        _UMLAUTS.replace("\n", "\n\n,,\n").encode(),
        _UMLAUTS.replace("Zoë Ñandú", '"Zoë\nÑandú"').encode(),
        _UMLAUTS.replace("email,name,class", " E-Mail ,FIRST NAME,Class_Of").encode(),
        "class,name,email\nM1,Zoë Ñandú,ANA@school.example\nM2,Ben, ben@school.example\n".encode(),
    ],
    ids=range(14),
)
def test_however_a_list_was_saved_it_says_the_same(cora: Client, content: bytes) -> None:
    assert _import(cora, content).status_code == 200

    rows = RosterEntry.objects.order_by("email").values_list("email", "called", "class_name")
    assert list(rows) == [
        ("ana@school.example", "Zoë Ñandú", "M1"),
        ("ben@school.example", "Ben", "M2"),
    ]
