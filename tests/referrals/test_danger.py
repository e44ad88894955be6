"""Danger: no consent but a reason; a remote talk's contact is handed over, still sealed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from officehours.models import Shift, Visit
from officehours.queries import emergency as visits
from officehours.services import booking, talks
from officehours.services.booking import Meeting, Slot
from peersupport.core import daykey, emergency, ids
from peersupport.core.audit.models import Entry
from program.services import touch_public
from referrals import care_keys, rules
from referrals.models import EmergencyContact, Opening, PublishedKey, Referral, Wrap
from referrals.rules import NotAllowed, NotSealed
from referrals.services import danger
from referrals.services.danger import NoReason, NotYourTalk
from tests.people import cast, hours_of, sign_in
from tests.roles import acting_as
from tests.ways import everything_kept, opened, post, publish_key

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
TOLD, REASON = "Ash, at CANARY-HOUSE, has taken pills.", "She has taken pills and hung up on me."


@pytest.fixture
def scene(evening: datetime) -> tuple[dict[str, Any], Visit, datetime]:
    """Ana talks to Priya by video; it is 5:42pm."""
    people = cast(evening)
    publish_key()
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    Shift.objects.filter(pk=hours.shift_id).update(ways="in person,video")
    touch_public()
    visit = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at + timedelta(minutes=30)),
        name="Ash",
        wants_mail=False,
        request_key=ids.new_id(),
        now=evening,
        meeting=Meeting(way="video", where="12 CANARY-STREET", number="555-0199"),
    )
    now = evening + timedelta(minutes=32)
    talks.start(visit=visit, by=people["priya"], now=now)
    visit.refresh_from_db()
    return people, visit, now


def _raise(supporter: Any, now: datetime, **more: Any) -> danger.Raised:
    said = {"told": TOLD, "reason": REASON, "visit": "", "nonce": ids.new_id(), **more}
    return danger.raise_danger(supporter=supporter, now=now, **said)


def test_it_waits_for_the_lead_and_says_why(scene: Any) -> None:
    people, visit, now = scene
    _raise(people["priya"], now, visit=visit.reference)

    row = Referral.objects.get()
    assert (row.kind, row.urgency, row.consent) == ("danger", "urgent", "awaiting")
    assert (row.state, row.tag, row.receipt) == ("received", None, None)
    content = opened(row, care_keys.secrets())
    assert (content.words, content.reason, content.visit) == (TOLD, REASON, visit.reference)
    assert "priya@school.example" in content.by


def test_the_contact_is_handed_over_still_sealed(scene: Any) -> None:
    people, visit, now = scene
    raised = _raise(people["priya"], now, visit=visit.reference)

    assert raised.has_contact
    with acting_as("care"):
        contact = EmergencyContact.objects.get()
    assert contact.referral == Referral.objects.get()
    assert b"CANARY" not in bytes(contact.sealed)
    assert b"CANARY-STREET" in care_keys.open_contact_box(bytes(contact.sealed))
    assert contact.until == now.replace(minute=0) + rules.CONTACT_LASTS
    assert "CANARY" not in everything_kept()


def test_it_is_audited_without_saying_about_whom(scene: Any) -> None:
    people, visit, now = scene
    _raise(people["priya"], now, visit=visit.reference)

    rows = list(Entry.objects.filter(actor_id=people["priya"].actor_id).order_by("verb"))
    assert [row.verb for row in rows][-2:] == ["hand over emergency contact", "raise danger"]
    for row in rows:
        said = f"{row.thing}{row.thing_id}{row.note}"
        assert visit.reference not in said
        assert str(visit.pk) not in said
        assert str(people["ana"].pk) not in said


def test_the_visits_student_is_told_and_nobody_else(scene: Any) -> None:
    people, visit, now = scene
    _raise(people["priya"], now, visit=visit.reference)
    with acting_as("care"):
        Opening.objects.create(
            at=now, referral_id=Referral.objects.get().pk, name="Dee", what="contact"
        )

    (note,) = visits.notes_of(visit.pk, now)
    assert note.handed_at == now.replace(minute=0)
    assert note.opened == (("Dee", now),)
    assert visits.notes_of(ids.new_id(), now) == []
    assert emergency.notes(b"0" * 32, now) == []


def test_a_day_later_nobody_can_say_which_visit_it_was(scene: Any) -> None:
    """The mark is made under the key of the visit's day, which is gone then."""
    people, visit, now = scene
    _raise(people["priya"], now, visit=visit.reference)
    with acting_as("care"):
        tag = bytes(EmergencyContact.objects.get().visit_tag)

    assert visits.tag_of(visit.pk, visit.key_day) == tag
    later = daykey.gone_at(visit.key_day)
    assert visits.notes_of(visit.pk, later) == []


def test_without_a_reference_or_a_contact_nothing_is_handed_over(scene: Any) -> None:
    people, visit, now = scene
    _raise(people["priya"], now)
    Visit.objects.filter(pk=visit.pk).update(contact=None)
    assert not _raise(people["priya"], now, visit=visit.reference).has_contact
    assert not EmergencyContact.objects.exists()


def test_only_ones_own_talk_that_goes_on_or_has_just_ended(scene: Any) -> None:
    people, visit, now = scene
    for who, reference, when in (
        ("marcus", visit.reference, now),
        ("priya", "222-222", now),
        ("priya", visit.reference, now + timedelta(hours=12)),
    ):
        with pytest.raises(NotYourTalk):
            _raise(people[who], when, visit=reference)
    assert not Referral.objects.exists()
    assert not EmergencyContact.objects.exists()
    talks.finish(visit=visit, by=people["priya"], now=now)
    assert _raise(people["priya"], now + timedelta(hours=1), visit=visit.reference).has_contact


def test_only_supporters_and_only_with_a_reason(scene: Any) -> None:
    people, _visit, now = scene
    for name in ("ana", "cora", "ida"):
        with pytest.raises(NotAllowed):
            _raise(people[name], now)
    for more in ({"reason": "Pills."}, {"reason": " " * 40}, {"told": " "}):
        with pytest.raises(NoReason):
            _raise(people["priya"], now, **more)
    assert not Referral.objects.exists()


def test_the_same_act_is_done_once_and_others_are_not_held_up(scene: Any) -> None:
    people, _visit, now = scene
    nonce = ids.new_id()
    first = _raise(people["priya"], now, nonce=nonce)
    assert _raise(people["priya"], now, nonce=nonce).code == first.code
    assert Referral.objects.count() == 1
    _raise(people["marcus"], now, nonce=nonce)
    assert Referral.objects.count() == 2


def test_without_a_key_it_says_so(scene: Any) -> None:
    people, _visit, now = scene
    with acting_as("care"):
        PublishedKey.objects.all().delete()
    with pytest.raises(NotSealed):
        _raise(people["priya"], now)


@pytest.fixture
def at_the_time(scene: Any) -> Iterator[None]:
    """Let the clock of the program stand at the talk."""
    with time_machine.travel(scene[2], tick=False):
        yield


# -- the page -----------------------------------------------------------------------------------


def _form(**more: Any) -> dict[str, Any]:
    return {"told": TOLD, "reason": REASON, "nonce": str(ids.new_id()), **more}


def _priya(people: dict[str, Any]) -> Client:
    return sign_in(people["priya"])


@pytest.mark.usefixtures("at_the_time")
def test_numbers_come_before_the_form(scene: Any) -> None:
    people, _visit, _now = scene
    page = _priya(people).get("/referrals/danger/").content.decode()
    main = page[page.index("<main") :]
    assert main.index("Call 911") < main.index("Do not leave them alone") < main.index("<form")


@pytest.mark.usefixtures("at_the_time")
def test_nothing_limits_it(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    people, _visit, _now = scene
    for name in ("BEGIN", "SEND", "LOOK_UP", "WRONG_CODES"):
        monkeypatch.setattr(f"referrals.limits.{name}", 0)
    priya = _priya(people)
    for _ in range(3):
        assert priya.post("/referrals/danger/", _form()).status_code == 302
    assert Referral.objects.count() == 3


@pytest.mark.usefixtures("at_the_time")
def test_afterwards_only_that_it_was_received_and_only_by_who_sent_it(scene: Any) -> None:
    people, _visit, _now = scene
    priya = _priya(people)
    done = priya.post("/referrals/danger/", _form())
    page = priya.get(done["Location"]).content.decode()
    assert "Received" in page
    assert "level=now" in page
    for secret in ("CANARY", "pills", str(Referral.objects.get().pk)):
        assert secret not in page
    with acting_as("care"):
        Referral.objects.update(
            state="refused", consent="refused", ended_on=datetime(2026, 11, 23).date()
        )
    assert priya.get(done["Location"]).content.decode().count("Received") == page.count("Received")
    marcus = sign_in(people["marcus"])
    foreign = marcus.get(done["Location"])
    missing = marcus.get(f"/referrals/danger/{ids.new_id()}/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert dict(foreign.headers) == dict(missing.headers)


@pytest.mark.usefixtures("at_the_time")
def test_a_client_cannot_say_more_than_it_may(scene: Any) -> None:
    """T7 and T8: consent, state and the like are not the client's to say."""
    people, _visit, _now = scene
    extra = {
        "consent": "confirmed",
        "state": "acknowledged",
        "kind": "student",
        "urgency": "routine",
        "id": str(ids.new_id()),
        "code": "AAA-AAA",
        "tag": "x",
        "owner": str(ids.new_id()),
        "by": "Cora",
        "received_at": "2020-01-01",
    }
    assert _priya(people).post("/referrals/danger/", _form(**extra)).status_code == 302
    row = Referral.objects.get()
    assert (row.consent, row.state, row.kind, row.urgency) == (
        "awaiting",
        "received",
        "danger",
        "urgent",
    )
    assert row.code != "AAA-AAA"
    assert str(row.pk) != extra["id"]
    assert (row.owner, row.tag, row.received_at.year) == (None, None, 2026)
    assert "Priya" in opened(row, care_keys.secrets()).by


@pytest.mark.usefixtures("at_the_time")
@pytest.mark.parametrize(
    ("field", "bad"),
    [
        (field, bad)
        for field in ("told", "reason", "visit", "nonce")
        for bad in ("", "a\0b", "\u202eevil", "\ud800", "x" * 2001)
        if (field, bad) != ("visit", "")  # which is "no, or not one of these"
    ],
)
def test_bad_input_is_said_and_the_rest_kept(scene: Any, field: str, bad: str) -> None:
    people, _visit, _now = scene
    answer = post(_priya(people), "/referrals/danger/", _form(**{field: bad}))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "There is a problem" in page
    assert "Call 911" in page
    assert not Referral.objects.exists()
    assert ("CANARY-HOUSE" in page) == (field != "told")


@pytest.mark.usefixtures("at_the_time")
def test_if_nothing_can_be_sealed_the_numbers_stay_and_nothing_is_lost(scene: Any) -> None:
    people, _visit, _now = scene
    with acting_as("care"):
        PublishedKey.objects.all().delete()
    answer = _priya(people).post("/referrals/danger/", _form())
    page = answer.content.decode()
    assert answer.status_code == 503
    for words in ("It cannot be taken in writing now", "Call 911", "CANARY-HOUSE"):
        assert words in page
    with acting_as("care"):
        assert not Wrap.objects.exists()


def test_the_console_and_the_worry_lead_there(scene: Any) -> None:
    people, _visit, _now = scene
    priya = _priya(people)
    for path in ("/hours/", "/hours/worried/?level=now"):
        assert 'href="/referrals/danger/"' in priya.get(path).content.decode()
    assert "/referrals/danger/" not in priya.get("/hours/worried/?level=unsure").content.decode()
