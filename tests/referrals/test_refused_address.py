"""A counselor's address that no mail server takes mail for: the lead sees it, and mends it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from peersupport.core.audit.models import Entry
from peersupport.core.outbox import kinds
from peersupport.core.outbox.delivery import drain
from referrals.models import CareSession, Counselor
from referrals.seals import is_genuine
from referrals.services import counselors
from referrals.services.ladder import ring_due
from tests.care import care_cast, sit_down, stand_as, wind
from tests.referrals.ladder_scene import office_hours, referral
from tests.sink import Sink, sink

__all__ = ["sink"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("frozen"),
]
SAID = "Our mail does not reach them"


@pytest.fixture
def people(evening: datetime, settings: Any) -> dict[str, Counselor]:
    stand_as(settings, "care")
    wind(evening)
    found = care_cast(evening - timedelta(days=20))
    office_hours(*found.values())
    return found


@pytest.fixture
def lead(people: dict[str, Counselor], evening: datetime) -> Client:
    return sit_down(people["dee"], evening)


def _ring(sink: Sink, now: datetime) -> None:
    """Let a call go out, of which Eli's address takes nothing."""
    sink.refuse["eli@school.example"] = "550 5.1.1 nobody here"
    referral(now, urgency="urgent")
    ring_due(now=now)
    drain(now=lambda: now)


def _flagged() -> set[str]:
    return set(Counselor.objects.filter(is_mail_refused=True).values_list("email", flat=True))


NOON = timedelta(days=1, hours=-5)  # Tuesday at noon: both are in


def test_a_refusal_for_good_is_seen_by_the_lead_and_by_themselves(
    people: dict[str, Counselor], lead: Client, sink: Sink, evening: datetime
) -> None:
    page = f"/care/people/{people['eli'].pk}/"
    assert SAID not in lead.get(page).content.decode()

    _ring(sink, evening + NOON)

    assert _flagged() == {"eli@school.example"}
    assert "dee@school.example" in sink.accepted
    assert "Mail does not reach them" in lead.get("/care/people/").content.decode()
    shown = lead.get(page).content.decode()
    assert SAID in shown
    assert "Eli learns only here at the desk that something waits" in shown
    assert (
        "Our mail does not reach you"
        in sit_down(people["eli"], evening).get("/care/me/").content.decode()
    )
    assert is_genuine(Counselor.objects.get(pk=people["eli"].pk)), "they come in as before"


def test_without_being_told_nobody_is_flagged(
    people: dict[str, Counselor],
    sink: Sink,
    evening: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(kinds._refused, "care")
    _ring(sink, evening + NOON)
    assert _flagged() == set()


@pytest.mark.parametrize("answer", ["450 4.2.1 later", "552 5.2.2 full", "550 5.7.1 policy"])
def test_what_passes_or_is_not_about_the_address_flags_nobody(
    people: dict[str, Counselor], sink: Sink, evening: datetime, answer: str
) -> None:
    now = evening + NOON
    sink.refuse["eli@school.example"] = answer
    referral(now, urgency="urgent")
    ring_due(now=now)
    drain(now=lambda: now)
    assert _flagged() == set()


def test_letters_go_on_being_tried(
    people: dict[str, Counselor], sink: Sink, evening: datetime
) -> None:
    _ring(sink, evening + NOON)
    sink.refuse.clear()
    later = evening + NOON + timedelta(days=1)
    referral(later, urgency="urgent")
    ring_due(now=later)
    drain(now=lambda: later)
    assert "eli@school.example" in sink.accepted


@pytest.mark.parametrize("typed", ["eli@school.example", "Eli.New@school.example"])
def test_it_is_over_when_the_lead_has_looked(
    people: dict[str, Counselor], lead: Client, evening: datetime, typed: str
) -> None:
    eli = people["eli"]
    theirs = sit_down(eli, evening)
    counselors.flag_address("Eli@School.example", evening)
    assert _flagged() == {"eli@school.example"}

    page = lead.post(f"/care/people/{eli.pk}/address/", {"email": typed}, follow=True)

    assert _flagged() == set()
    now = Counselor.objects.get(pk=eli.pk)
    assert now.email == typed.lower()
    assert is_genuine(now)
    shown = page.content.decode()
    assert SAID not in shown
    is_same = typed == eli.email
    assert ("We try it again" if is_same else "They sign in anew") in shown
    assert theirs.get("/care/me/").status_code == (200 if is_same else 302)
    written = Entry.objects.filter(verb="change address of counselor")
    assert written.count() == (0 if is_same else 1)
    assert not any("@" in entry.note for entry in written)


def test_an_address_that_comes_back_is_genuine_again(
    people: dict[str, Counselor], evening: datetime
) -> None:
    """A seal that held once and was retired must not be needed a second time."""
    eli, dee = people["eli"], people["dee"]
    for email in ("new@school.example", "eli@school.example"):
        counselors.change_address(counselor=eli.pk, email=email, by=dee, now=evening)
    assert is_genuine(Counselor.objects.get(pk=eli.pk))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Their work e-mail: fill this in."),
        ("nobody", "write an address like name@school.example"),
        ("a\0b@x.example", "it holds a character we cannot use"),
        ("DEE@school.example", "Somebody with this address is here, or was asked."),
    ],
)
def test_bad_addresses_are_said_beside_the_field(
    people: dict[str, Counselor], lead: Client, typed: str, said: str
) -> None:
    page = lead.post(f"/care/people/{people['eli'].pk}/address/", {"email": typed})
    assert page.status_code == 400
    assert said in page.content.decode()
    assert Counselor.objects.get(pk=people["eli"].pk).email == "eli@school.example"


def test_who_was_only_asked_or_has_left_has_no_address_to_mend(
    people: dict[str, Counselor], lead: Client, evening: datetime
) -> None:
    eli, dee = people["eli"], people["dee"]
    counselors.flag_address(eli.email, evening)
    counselors.end_counselor(counselor=eli.pk, by=dee, now=evening)
    assert lead.get(f"/care/people/{eli.pk}/address/").status_code == 404
    assert (
        lead.post(f"/care/people/{eli.pk}/address/", {"email": "x@y.example"}).status_code == 404
    )
    assert SAID not in lead.get(f"/care/people/{eli.pk}/").content.decode()


def test_nobody_but_a_lead_changes_an_address(
    people: dict[str, Counselor], evening: datetime
) -> None:
    eli = sit_down(people["eli"], evening)
    path = f"/care/people/{people['eli'].pk}/address/"
    assert eli.get(path).status_code == 404
    assert eli.post(path, {"email": "x@y.example"}).status_code == 404
    unproved = sit_down(people["dee"], evening, has_proved=False)
    assert unproved.get(path).status_code in (302, 404)
    assert Counselor.objects.get(pk=people["eli"].pk).email == "eli@school.example"
    assert CareSession.objects.filter(counselor=people["eli"]).exists()
