"""What somebody has in hand who is away, or no more who they were: leads see it and hear of it."""

from datetime import date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from peersupport.core.outbox.models import Outgoing
from program.queries import facts
from referrals import care_emails, rules
from referrals.models import Counselor, DaysAway, Referral, Taken
from referrals.queries import desk as reads_of
from referrals.queries import held as held_reads
from referrals.queries.reading import plan
from referrals.rules import Kind
from referrals.services import desk, held
from tests.care import care_cast, counselor, sit_down
from tests.races.at_once import at_once
from tests.referrals.cases import reads, sent
from tests.referrals.ladder_scene import on_call_line
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane", "frozen", "wound"),
]
S = rules.State
TODAY = date(2026, 11, 23)


@pytest.fixture
def cast(evening: datetime) -> dict[str, Counselor]:
    """Dee leads; Eli and Fay read all day; it is Monday, 5:10pm."""
    found = {**care_cast(evening), "fay": counselor("Fay", evening)}
    for one in found.values():
        reads(one.card, *range(5), ends="18:00")
    return found


@acting_as("care")
def _away(who: Counselor, days: int = 1, first: date = TODAY) -> DaysAway:
    last = first + timedelta(days=days - 1)
    return DaysAway.objects.create(card=who.card, first_on=first, last_on=last)


def _has(who: Counselor, now: datetime, **more: Any) -> Referral:
    row = sent(now, **more)
    return desk.acknowledge(referral=row.pk, by=who, now=now)


def _told() -> list[Any]:
    rows = Outgoing.objects.filter(kind=care_emails.HELD).order_by("pk")
    return list(rows.values_list("recipient", flat=True))


def _parts(who: Counselor, now: datetime) -> dict[str, list[str]]:
    found = reads_of.desk(who, now, facts().zone)
    names = ("danger", "held", "handed", "waiting", "mine", "others")
    return {name: [c.code for c in getattr(found, name)] for name in names if getattr(found, name)}


# -- on the desk ----------------------------------------------------------------------------------


def test_the_lead_sees_it_at_the_top_and_in_words(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    row, reached = _has(cast["eli"], evening), _has(cast["eli"], evening)
    desk.contact(referral=reached.pk, by=cast["eli"], now=evening)
    assert set(_parts(cast["dee"], evening)) == {"others"}
    _away(cast["eli"], 2)

    found = _parts(cast["dee"], evening)
    assert set(found) == {"held"}
    assert set(found["held"]) == {row.code, reached.code}
    assert set(_parts(cast["eli"], evening)) == {"held"}
    assert _parts(cast["fay"], evening) == {}
    page = sit_down(cast["dee"], evening).get("/care/").content.decode()
    assert "Somebody else must take these" in page
    said = "Eli is away, and back on Wednesday 25 November: somebody else must take this."
    assert page.count(said) == 2
    assert "The student was told: a call by" in page
    assert f"/care/case/{row.pk}/hand-on/" in page
    own = sit_down(cast["eli"], evening).get("/care/").content.decode()
    assert "You are away until Wednesday 25 November: hand this on." in own


def test_who_is_back_has_it_as_before(cast: dict[str, Counselor], evening: datetime) -> None:
    _has(cast["eli"], evening)
    _away(cast["eli"], first=TODAY - timedelta(days=1))
    assert set(_parts(cast["dee"], evening)) == {"others"}


def test_who_was_left_out_sees_nothing_of_it(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    _has(cast["eli"], evening, not_by=(cast["dee"].pk,))
    _away(cast["eli"])
    assert _parts(cast["dee"], evening) == {}
    held.tell_held(now=evening)
    assert cast["dee"].pk not in _told()


def test_a_row_that_is_nobodys_is_said(cast: dict[str, Counselor], evening: datetime) -> None:
    _has(cast["eli"], evening)
    Counselor.objects.filter(pk=cast["eli"].pk).update(seal=b"forged")
    page = sit_down(cast["dee"], evening).get("/care/").content.decode()
    assert "Eli can no longer sign in: somebody else must take this." in page
    assert held.tell_held(now=evening) == 1


def test_what_was_handed_to_somebody_away_is_there_too(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    row = _has(cast["eli"], evening)
    desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)
    _away(cast["fay"])
    assert set(_parts(cast["dee"], evening)) == set(_parts(cast["eli"], evening)) == {"held"}
    page = sit_down(cast["dee"], evening).get("/care/").content.decode()
    assert "Fay is away, and back on Tuesday 24 November" in page
    assert held.tell_held(now=evening) == 0  # the ladder rings for it


# -- handing it over ------------------------------------------------------------------------------


def _hand(client: Client, row: Referral, to: Counselor) -> Any:
    return client.post(f"/care/case/{row.pk}/hand-on/", {"to": str(to.pk)})


def test_the_lead_takes_it_over_at_once(cast: dict[str, Counselor], evening: datetime) -> None:
    row = _has(cast["eli"], evening)
    desk.contact(referral=row.pk, by=cast["eli"], now=evening)
    _away(cast["eli"])
    dee = sit_down(cast["dee"], evening)
    page = dee.get(f"/care/case/{row.pk}/hand-on/").content.decode()
    assert "Me: I take it now" in page
    assert "Fay" in page

    assert _hand(dee, row, cast["dee"])["Location"] == f"/care/case/{row.pk}/"

    row.refresh_from_db()
    assert (row.state, row.owner_id, row.asked_id) == (S.ACKNOWLEDGED, cast["dee"].pk, None)
    assert row.ring_at is None
    assert row.contact_by is not None
    verbs = Taken.objects.filter(referral=row).order_by("at", "pk").values_list("verb", flat=True)
    assert sorted(verbs) == ["acknowledge", "acknowledge", "contact", "transfer"]
    assert set(_parts(cast["dee"], evening)) == {"mine"}
    assert _parts(cast["eli"], evening) == {}


def test_who_is_away_stands_on_the_list_with_it(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    row = _has(cast["eli"], evening)
    _away(cast["fay"])
    page = sit_down(cast["eli"], evening).get(f"/care/case/{row.pk}/hand-on/").content.decode()
    assert "Fay: away, and back on Tuesday 24 November" in page
    assert "Me: I take it now" not in page  # it is theirs already


def test_nobody_but_the_lead_takes_over(cast: dict[str, Counselor], evening: datetime) -> None:
    row = _has(cast["eli"], evening)
    _away(cast["eli"])
    assert _hand(sit_down(cast["fay"], evening), row, cast["fay"]).status_code == 404
    dee = _has(cast["dee"], evening)
    with pytest.raises(rules.NotAllowed):  # whose it is already
        desk.transfer(referral=dee.pk, to=cast["dee"].pk, by=cast["dee"], now=evening)


def test_two_leads_who_take_over_at_once_and_one_has_it(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    gil = counselor("Gil", evening, role=rules.CareRole.LEAD)
    row = _has(cast["eli"], evening)
    _away(cast["eli"])

    at_once(
        [
            lambda one=one: desk.transfer(referral=row.pk, to=one.pk, by=one, now=evening)  # type: ignore[misc]
            for one in (cast["dee"], gil)
        ]
    )

    row.refresh_from_db()
    # One after the other: the second takes it from the first, and each step stands in the record.
    assert row.owner_id in (cast["dee"].pk, gil.pk)
    assert row.state == S.ACKNOWLEDGED
    steps = Taken.objects.filter(referral=row).values_list("verb", flat=True)
    assert sorted(steps).count("transfer") == sorted(steps).count("acknowledge") - 1


def test_noting_days_says_what_is_still_in_hand(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    _has(cast["eli"], evening)
    _has(cast["eli"], evening, not_by=(cast["dee"].pk,))
    said = {"away-card": str(cast["eli"].pk), "away-first_on": "2026-11-30", "away-last_on": ""}
    for who, count in (
        ("eli", "2 are"),
        ("dee", "1 is"),
    ):  # what the lead may not see is not there
        client = sit_down(cast[who], evening)
        page = client.post("/care/duty/away/", said, follow=True).content.decode()
        assert f"{count} still in hand" in page


# -- the letter -----------------------------------------------------------------------------------


def test_the_leads_are_told_once_for_each_absence(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    _has(cast["eli"], evening)
    assert held.tell_held(now=evening) == 0
    days = _away(cast["eli"])

    assert [held.tell_held(now=evening + timedelta(minutes=n)) for n in range(3)] == [1, 0, 0]
    assert _told() == [cast["dee"].pk]
    days.delete()
    tomorrow = evening + timedelta(days=1)
    _away(cast["eli"], first=tomorrow.date())
    assert held.tell_held(now=tomorrow) == 1


@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_tell_once(cast: dict[str, Counselor], evening: datetime) -> None:
    _has(cast["eli"], evening)
    _away(cast["eli"])
    done = at_once([lambda: held.tell_held(now=evening)] * 2)
    assert sorted(done) == [0, 1], done  # type: ignore[type-var]
    assert _told() == [cast["dee"].pk]


def test_it_waits_for_reading_hours_but_danger_does_not(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    plain = _has(cast["eli"], evening)
    danger = _has(cast["eli"], evening, kind=Kind.DANGER, urgency=rules.Urgency.URGENT)
    night = evening + timedelta(hours=8)  # Tuesday, 1:10am
    _away(cast["eli"], first=TODAY + timedelta(days=1))
    assert held.tell_held(now=night) == 2
    due = {
        care_emails.about(row)[0]: row.due_at for row in Outgoing.objects.filter(kind="care.held")
    }
    assert due[danger.pk] == night
    assert due[plain.pk] == night.replace(hour=14, minute=0)  # 9am


def test_a_lead_who_is_there_is_told_before_one_who_is_not(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    gil = counselor("Gil", evening, role=rules.CareRole.LEAD)
    _has(cast["eli"], evening)
    for one in (cast["eli"], cast["dee"]):
        _away(one)
    held.tell_held(now=evening)
    assert _told() == [gil.pk]


@pytest.mark.parametrize("has_line", [True, False])
def test_where_no_lead_may_be_told_somebody_is(
    cast: dict[str, Counselor], evening: datetime, *, has_line: bool
) -> None:
    """The only lead has it and is away: the line; without one the lead, who can hand it on."""
    on_call_line() if has_line else None
    _has(cast["dee"], evening)
    _away(cast["dee"])
    assert held.tell_held(now=evening) == 1
    assert _told() == [None if has_line else cast["dee"].pk]
    letter = care_emails.compose_held(Outgoing.objects.get(kind=care_emails.HELD), evening)
    assert letter is not None
    assert letter.to == ("line@oncall.example" if has_line else "dee@school.example")


@pytest.mark.parametrize("event", ["back", "handed on", "ended", "no lead any more", "left out"])
def test_what_was_settled_meanwhile_says_nothing(
    cast: dict[str, Counselor], evening: datetime, event: str
) -> None:
    row = _has(cast["eli"], evening)
    days = _away(cast["eli"])
    held.tell_held(now=evening)
    letter = Outgoing.objects.get(kind=care_emails.HELD)
    before = care_emails.compose_held(letter, evening)
    assert before is not None
    assert before.subject == "You have a message"
    assert row.code not in before.text + before.html + before.subject

    if event == "back":
        days.delete()
    elif event == "handed on":
        desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["dee"], now=evening)
    elif event == "ended":
        outcome = rules.Outcome.CONNECTED
        desk.close(referral=row.pk, outcome=outcome, by=cast["eli"], now=evening)
    elif event == "no lead any more":
        Counselor.objects.filter(pk=cast["dee"].pk).update(role=rules.CareRole.COUNSELOR)
    else:
        desk.step_aside(referral=row.pk, by=cast["dee"], now=evening)
    assert care_emails.compose_held(letter, evening) is None


def test_control_without_asking_again(cast: dict[str, Counselor], evening: datetime) -> None:
    row = _has(cast["eli"], evening)
    _away(cast["eli"])
    held.tell_held(now=evening)
    letter = Outgoing.objects.get(kind=care_emails.HELD)
    desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["dee"], now=evening)
    with mock.patch.object(care_emails, "holder_if_gone", return_value=cast["eli"].pk):
        assert care_emails.compose_held(letter, evening) is not None


def test_whoever_has_left_is_not_its_business(
    cast: dict[str, Counselor], evening: datetime
) -> None:
    _has(cast["eli"], evening)
    Counselor.objects.filter(pk=cast["eli"].pk).update(state=Counselor.State.ENDED)
    known = plan(evening, facts().zone)
    assert held_reads.gone(known.roster, evening, facts().zone) == {}
