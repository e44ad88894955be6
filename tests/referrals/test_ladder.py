"""The ladder: each rung once, when it is due, to whom it may be told, and to nobody afterwards."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError

from peersupport.core.outbox.models import Outgoing
from referrals import care_emails, rules
from referrals.models import Counselor, Reading, Referral, Ring
from referrals.queries import ladder as reads_of
from referrals.services import ladder
from referrals.services.ladder import ring_due
from tests.care import counselor
from tests.referrals.ladder_scene import (
    acknowledge,
    at,
    clear,
    hand_on,
    keys,
    ladder_cast,
    leave_out,
    minutes,
    on_call_line,
    referral,
    rung_of,
    take_back,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane("care")]
TUESDAY = at(11, 24, 10)


@pytest.fixture(autouse=True)
def _care(settings: Any) -> None:
    settings.PLANE = "care"


@pytest.fixture
def cast() -> dict[str, Counselor]:
    """Dee, Eli and the line."""
    return ladder_cast()


def test_whom_each_rung_tells(cast: dict[str, Counselor]) -> None:
    fay = counselor("Fay", TUESDAY)
    row = referral(TUESDAY, urgency="urgent")
    expected = [
        keys(cast["dee"]),  # who reads at ten
        keys(cast["dee"], cast["eli"], fay),
        keys(cast["dee"]),
        {None},  # the line
    ]

    for number, who in enumerate(expected):
        assert ring_due(now=TUESDAY + timedelta(minutes=30 * number)) == 1
        assert set(told()) == who
        assert set(told().values()) == {1}
        clear()

    assert ring_due(now=TUESDAY + timedelta(days=1)) == 0
    assert len(rung_of(row)) == 4


def test_duty_at_night_is_who_reads_next(cast: dict[str, Counselor]) -> None:
    night = at(11, 24, 23)
    referral(night, kind="danger")
    ring_due(now=night)
    assert set(told()) == keys(cast["dee"])

    clear()
    noon = at(11, 24, 12, 30)
    referral(noon, urgency="soon")
    ring_due(now=noon)
    assert set(told()) == keys(cast["eli"])


@pytest.mark.parametrize("urgency", list(rules.Urgency))
@pytest.mark.parametrize("state", sorted(set(rules.State) - rules.UNANSWERED))
def test_only_what_nobody_has_rings(cast: dict[str, Counselor], urgency: str, state: str) -> None:
    """Even if its time to ring was left standing; what has ended cannot have one."""
    more: dict[str, Any] = {"ended_on": TUESDAY.date(), "ring_at": None}
    if state in rules.LIVE:
        more = {"owner": cast["eli"].card, "ring_at": TUESDAY}
    referral(TUESDAY, urgency=str(urgency), state=str(state), **more)

    for now in minutes(TUESDAY, TUESDAY + timedelta(days=3), 240):
        assert ring_due(now=now) == 0


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("how", ["acknowledged", "taken back"])
def test_it_stops_at_once(cast: dict[str, Counselor], how: str, after: int) -> None:
    row = referral(TUESDAY, urgency="urgent")
    for number in range(after):
        ring_due(now=TUESDAY + timedelta(minutes=30 * number))
    clear()

    if how == "acknowledged":
        acknowledge(row, cast["eli"])
    else:
        take_back(row, TUESDAY)

    for now in minutes(TUESDAY, TUESDAY + timedelta(days=2), 30):
        assert ring_due(now=now) == 0
    assert len(rung_of(row)) == after
    assert not Outgoing.objects.exists()


def test_what_is_not_routed_rings_nobody(cast: dict[str, Counselor]) -> None:
    """Until the care side has read it, nobody knows who must not hear of it."""
    row = referral(TUESDAY)
    row.routed.delete()

    assert ring_due(now=TUESDAY) == 0


def test_nobody_left_out_is_ever_told(cast: dict[str, Counselor]) -> None:
    fay = counselor("Fay", TUESDAY)
    referral(TUESDAY, urgency="urgent", out=[cast["dee"]])

    for now in minutes(TUESDAY, TUESDAY + timedelta(days=1), 10):
        ring_due(now=now)

    assert set(told()) == keys(cast["eli"], fay) | {None}


def test_control_without_the_list_of_who_is_left_out(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, urgency="urgent", out=[cast["dee"]])

    with mock.patch.object(reads_of, "left_out", lambda keys: {key: frozenset() for key in keys}):
        ring_due(now=TUESDAY)

    assert set(told()) == keys(cast["dee"])


def test_a_rung_with_nobody_is_passed_over(cast: dict[str, Counselor]) -> None:
    """Only the lead may see it, and she has no reading hours: the second rung rings at once."""
    Reading.objects.filter(card=cast["dee"].card).delete()
    row = referral(at(11, 24, 13), urgency="urgent", out=[cast["eli"]])

    ring_due(now=at(11, 24, 13))

    assert [number for number, _ in rung_of(row)] == [1]
    assert set(told()) == keys(cast["dee"])


@pytest.mark.parametrize("urgency", ["urgent", "soon", "routine"])
def test_nobody_to_tell_goes_to_the_line_at_once(cast: dict[str, Counselor], urgency: str) -> None:
    row = referral(TUESDAY, urgency=urgency, out=list(cast.values()))

    assert ring_due(now=TUESDAY) == 1

    said = Outgoing.objects.get()
    assert said.recipient is None
    assert said.kind == (care_emails.ALARM if urgency == "urgent" else care_emails.CHECK)
    assert [number for number, _ in rung_of(row)] == [3]
    assert reads_of.unreached() is (urgency == "urgent")


def test_nobody_at_all_stays_due_until_somebody_is_there(cast: dict[str, Counselor]) -> None:
    """No line, and everybody left out: nothing is lost, the alarm stands, and it rings later."""
    on_call_line("")
    row = referral(TUESDAY, urgency="urgent", out=list(cast.values()))
    assert ring_due(now=TUESDAY) == 0
    assert reads_of.unreached()

    fay = counselor("Fay", TUESDAY)
    later = TUESDAY + timedelta(minutes=20)
    assert ring_due(now=later) == 1

    assert set(told()) == keys(fay)
    assert not reads_of.unreached()
    assert len(rung_of(row)) == 1


def test_a_service_nobody_works_in_raises_the_alarm() -> None:
    on_call_line()
    referral(TUESDAY, kind="danger")

    assert ring_due(now=TUESDAY) == 1

    assert Outgoing.objects.get().kind == care_emails.ALARM
    assert reads_of.unreached()


def test_a_planted_counselor_is_nobody(cast: dict[str, Counselor]) -> None:
    """Whoever can write into the database can neither be told nor keep the ladder quiet."""
    planted = counselor("Mal", TUESDAY)
    Counselor.objects.filter(pk=planted.pk).update(email="mal@elsewhere.example")
    referral(TUESDAY, urgency="urgent", out=list(cast.values()))

    ring_due(now=TUESDAY)

    assert set(told()) == {None}
    assert reads_of.unreached()


def test_without_a_line_the_lead_is_told_again(cast: dict[str, Counselor]) -> None:
    on_call_line("")
    referral(TUESDAY, urgency="urgent")
    for number in range(3):
        ring_due(now=TUESDAY + timedelta(minutes=30 * number))
    clear()

    ring_due(now=TUESDAY + timedelta(minutes=90))

    assert set(told()) == keys(cast["dee"])


def test_what_does_not_open_only_the_lead_hears_of(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, urgency="urgent", is_whole=False)

    ring_due(now=TUESDAY)
    ring_due(now=TUESDAY + timedelta(minutes=30))

    assert told() == {cast["dee"].pk: 2}


def test_handing_on_begins_a_round_for_who_was_asked(cast: dict[str, Counselor]) -> None:
    fay = counselor("Fay", TUESDAY)
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)
    acknowledge(row, cast["dee"])
    handed = TUESDAY + timedelta(hours=1)
    hand_on(row, fay, handed)
    clear()

    heard = []
    for number in range(4):
        ring_due(now=handed + timedelta(minutes=30 * number))
        heard.append(set(told()))
        clear()

    assert heard == [keys(fay), keys(fay), keys(cast["dee"]), {None}]
    assert Ring.objects.filter(referral=row, round=1).count() == 4


def test_who_was_asked_and_is_left_out_is_not_told(cast: dict[str, Counselor]) -> None:
    row = referral(TUESDAY, urgency="urgent")
    acknowledge(row, cast["dee"])
    hand_on(row, cast["eli"], TUESDAY)
    leave_out(cast["eli"], row)

    ring_due(now=TUESDAY)

    assert set(told()) == keys(cast["dee"])  # the lead, at once


# -- twice, and in mid-run ----------------------------------------------------------------------


def test_a_second_pass_with_what_it_read_before_rings_nothing(cast: dict[str, Counselor]) -> None:
    """Two clocks that both found it due: the second finds the row changed."""
    row = referral(TUESDAY, urgency="urgent")
    stale = reads_of.due(TUESDAY)
    ring_due(now=TUESDAY)
    clear()

    with mock.patch.object(reads_of, "due", return_value=stale):
        assert ring_due(now=TUESDAY) == 0

    assert len(rung_of(row)) == 1
    assert not Outgoing.objects.exists()


def test_control_without_the_guard_the_second_pass_rings_again(
    cast: dict[str, Counselor],
) -> None:
    row = referral(TUESDAY, urgency="urgent")
    stale = reads_of.due(TUESDAY)
    ring_due(now=TUESDAY)
    later = TUESDAY + timedelta(minutes=40)
    ring_due(now=later)

    def unguarded(one: Any) -> Any:
        return Referral.objects.filter(pk=one.key)

    with (
        mock.patch.object(reads_of, "due", return_value=stale),
        mock.patch.object(ladder, "_same", unguarded),
    ):
        assert ring_due(now=later) == 1  # and the row has gone back

    row.refresh_from_db()
    assert row.ring_at is not None


@pytest.mark.parametrize("event", ["acknowledged", "taken back"])
def test_answered_between_reading_and_ringing(cast: dict[str, Counselor], event: str) -> None:
    row = referral(TUESDAY, urgency="urgent")
    stale = reads_of.due(TUESDAY)
    acknowledge(row, cast["eli"]) if event == "acknowledged" else take_back(row, TUESDAY)

    with mock.patch.object(reads_of, "due", return_value=stale):
        assert ring_due(now=TUESDAY) == 0

    assert not Ring.objects.exists()
    assert not Outgoing.objects.exists()


def test_one_that_fails_holds_up_no_other_and_is_not_passed_over(
    cast: dict[str, Counselor], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (referral(TUESDAY, urgency="urgent") for _ in range(2))
    real = ladder._note

    def broken(one: Any, *args: Any) -> int:
        if one.key == first.pk:
            raise DatabaseError("ana@school.example")
        return real(one, *args)

    with mock.patch.object(ladder, "_note", broken), pytest.raises(ladder.NotRung):
        ring_due(now=TUESDAY)

    assert (len(rung_of(first)), len(rung_of(second))) == (0, 1)
    assert "ana@" not in caplog.text
    assert ring_due(now=TUESDAY) == 1


def test_a_rung_and_its_words_are_one(cast: dict[str, Counselor]) -> None:
    """Killed between the two: neither is there, and the next pass rings it."""
    row = referral(TUESDAY, urgency="urgent")

    with (
        mock.patch.object(care_emails, "enqueue", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        ring_due(now=TUESDAY)

    assert not Ring.objects.exists()
    row.refresh_from_db()
    assert row.rung == 0
    assert ring_due(now=TUESDAY) == 1


def test_a_pass_asks_the_same_however_many_wait(
    cast: dict[str, Counselor], django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        referral(at(11, 24, 9), urgency="urgent")
    with django_assert_num_queries(2):
        assert len(reads_of.due(TUESDAY)) == 3
    for _ in range(20):
        referral(at(11, 24, 9), urgency="urgent")
    with django_assert_num_queries(2):
        assert len(reads_of.due(TUESDAY)) == 23


# -- danger waits for the lead ------------------------------------------------------------------


def test_each_lead_is_asked_once_to_confirm(cast: dict[str, Counselor]) -> None:
    gil = counselor("Gil", TUESDAY, role=rules.CareRole.LEAD)
    row = referral(TUESDAY, kind="danger", out=[gil])
    acknowledge(row, cast["eli"])  # that somebody has it does not confirm it

    assert ladder.ask_to_confirm(now=TUESDAY) == 1
    assert ladder.ask_to_confirm(now=TUESDAY) == 0

    asked = Outgoing.objects.get()
    assert (asked.kind, asked.recipient) == (care_emails.CONFIRM, cast["dee"].pk)


def test_what_is_confirmed_asks_nobody(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, kind="danger", consent="confirmed")

    assert ladder.ask_to_confirm(now=TUESDAY) == 0
