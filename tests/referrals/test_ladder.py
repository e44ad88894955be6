"""The ladder: each rung once, when it is due, to whom it may be told, and to nobody afterwards."""

from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.db import DatabaseError

from peersupport.core.outbox.models import Outgoing
from referrals import care_emails, rules
from referrals.models import Counselor, Reading, Referral, Ring, Timers
from referrals.queries import ladder as reads_of
from referrals.services import ladder
from referrals.services.ladder import ring_due
from tests.care import care_cast, counselor
from tests.referrals.ladder_scene import (
    NEW_YORK,
    acknowledge,
    at,
    hand_on,
    holiday,
    keys,
    leave_out,
    minutes,
    on_call_line,
    reads,
    referral,
    take_back,
    thanksgiving,
)

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane("care")]
TUESDAY = at(11, 24, 10)


@pytest.fixture(autouse=True)
def _care(settings: Any) -> None:
    settings.PLANE = "care"


@pytest.fixture
def cast() -> dict[str, Counselor]:
    """Dee, who leads and reads in the morning; Eli, who reads after noon; and the line."""
    people = care_cast(at(11, 2, 9))
    reads(people["dee"], *range(5), ends=time(12))
    reads(people["eli"], *range(5), starts=time(12))
    thanksgiving()
    on_call_line()
    return people


def _rung(row: Referral) -> list[tuple[int, datetime]]:
    rows = Ring.objects.filter(referral=row).order_by("round", "rung")
    return [(ring.rung, ring.at.astimezone(NEW_YORK)) for ring in rows]


def _climb(row: Referral, comes: datetime, step: int) -> None:
    """Let the clock go round every few minutes until the ladder has ended, and for a day more."""
    for now in minutes(comes, comes + timedelta(days=9), step):
        if ring_due(now=now) and Ring.objects.filter(referral=row).count() == len(rules.RUNGS):
            break
    for hours in range(24):
        assert ring_due(now=now + timedelta(hours=hours)) == 0


def _told() -> Counter[UUID | None]:
    """Return whom the outbox tells, and how often."""
    return Counter(Outgoing.objects.values_list("recipient", flat=True))


def _clear() -> None:
    Outgoing.objects.all().delete()


TABLE = [
    # urgency, kind, when it comes, and the four moments at which it rings
    ("urgent", "student", at(11, 24, 10), "24 10:00, 24 10:30, 24 11:00, 24 11:30"),
    ("urgent", "student", at(11, 24, 16, 15), "24 16:15, 24 16:45, 25 09:15, 25 09:45"),
    # Thanksgiving, the Friday after it and a weekend lie between.
    ("urgent", "student", at(11, 25, 16, 40), "25 16:40, 30 09:10, 30 09:40, 30 10:10"),
    ("urgent", "student", at(11, 24, 22), "25 09:00, 25 09:30, 25 10:00, 25 10:30"),
    ("soon", "student", at(11, 24, 10), "24 10:00, 24 12:00, 24 14:00, 24 16:00"),
    # What falls due with the last minute of a day rings in it.
    ("soon", "student", at(11, 25, 15), "25 15:00, 25 17:00, 30 11:00, 30 13:00"),
    ("routine", "student", at(11, 23, 10), "23 10:00, 24 10:00, 25 10:00, 30 10:00"),
    # Danger rings by the clock on the wall, on a holiday, at night.
    ("urgent", "danger", at(11, 26, 3), "26 03:00, 26 03:10, 26 03:20, 26 03:30"),
]


@pytest.mark.parametrize(("urgency", "kind", "comes", "rings"), TABLE)
def test_every_rung_rings_at_its_minute(
    cast: dict[str, Counselor], urgency: str, kind: str, comes: datetime, rings: str
) -> None:
    row = referral(comes, urgency=urgency, kind=kind)

    _climb(row, comes, 5)

    assert ", ".join(moment.strftime("%d %H:%M") for _, moment in _rung(row)) == rings
    assert [number for number, _ in _rung(row)] == [0, 1, 2, 3]
    row.refresh_from_db()
    assert (row.rung, row.ring_at) == (4, None)


CHANGES = [
    # over the night in which the clocks go back, and that in which they go forward
    ("urgent", at(10, 30, 16, 40), ["10-30 16:40", "11-02 09:10", "11-02 09:40", "11-02 10:10"]),
    ("soon", at(10, 30, 16), ["10-30 16:00", "11-02 10:00", "11-02 12:00", "11-02 14:00"]),
    (
        "urgent",
        at(3, 12, 16, 40, year=2027),
        ["03-12 16:40", "03-15 09:10", "03-15 09:40", "03-15 10:10"],
    ),
    (
        "routine",
        at(3, 12, 10, year=2027),
        ["03-12 10:00", "03-15 10:00", "03-16 10:00", "03-17 10:00"],
    ),
]


@pytest.mark.parametrize(("urgency", "comes", "rings"), CHANGES)
def test_reading_time_is_wall_time_over_both_clock_changes(
    cast: dict[str, Counselor], urgency: str, comes: datetime, rings: list[str]
) -> None:
    row = referral(comes, urgency=urgency)

    _climb(row, comes, 5)

    assert [moment.strftime("%m-%d %H:%M") for _, moment in _rung(row)] == rings


@pytest.mark.parametrize("comes", [at(11, 1, 1, 40), at(3, 14, 1, 40, year=2027)])
def test_danger_waits_ten_real_minutes_in_both_nights(
    cast: dict[str, Counselor], comes: datetime
) -> None:
    row = referral(comes, kind="danger")

    _climb(row, comes, 1)

    passed = [moment - comes for _, moment in _rung(row)]
    assert passed == [timedelta(minutes=10 * n) for n in range(4)]


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
        assert set(_told()) == who
        assert set(_told().values()) == {1}
        _clear()

    assert ring_due(now=TUESDAY + timedelta(days=1)) == 0
    assert len(_rung(row)) == 4


def test_duty_at_night_is_who_reads_next(cast: dict[str, Counselor]) -> None:
    night = at(11, 24, 23)
    referral(night, kind="danger")
    ring_due(now=night)
    assert set(_told()) == keys(cast["dee"])

    _clear()
    noon = at(11, 24, 12, 30)
    referral(noon, urgency="soon")
    ring_due(now=noon)
    assert set(_told()) == keys(cast["eli"])


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
    _clear()

    if how == "acknowledged":
        acknowledge(row, cast["eli"])
    else:
        take_back(row, TUESDAY)

    for now in minutes(TUESDAY, TUESDAY + timedelta(days=2), 30):
        assert ring_due(now=now) == 0
    assert len(_rung(row)) == after
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

    assert set(_told()) == keys(cast["eli"], fay) | {None}


def test_control_without_the_list_of_who_is_left_out(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, urgency="urgent", out=[cast["dee"]])

    with mock.patch.object(reads_of, "left_out", lambda keys: {key: frozenset() for key in keys}):
        ring_due(now=TUESDAY)

    assert set(_told()) == keys(cast["dee"])


def test_a_rung_with_nobody_is_passed_over(cast: dict[str, Counselor]) -> None:
    """Only the lead may see it, and she has no reading hours: the second rung rings at once."""
    Reading.objects.filter(card=cast["dee"].card).delete()
    row = referral(at(11, 24, 13), urgency="urgent", out=[cast["eli"]])

    ring_due(now=at(11, 24, 13))

    assert [number for number, _ in _rung(row)] == [1]
    assert set(_told()) == keys(cast["dee"])


@pytest.mark.parametrize("urgency", ["urgent", "soon", "routine"])
def test_nobody_to_tell_goes_to_the_line_at_once(cast: dict[str, Counselor], urgency: str) -> None:
    row = referral(TUESDAY, urgency=urgency, out=list(cast.values()))

    assert ring_due(now=TUESDAY) == 1

    told = Outgoing.objects.get()
    assert told.recipient is None
    assert told.kind == (care_emails.ALARM if urgency == "urgent" else care_emails.CHECK)
    assert [number for number, _ in _rung(row)] == [3]
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

    assert set(_told()) == keys(fay)
    assert not reads_of.unreached()
    assert len(_rung(row)) == 1


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

    assert set(_told()) == {None}
    assert reads_of.unreached()


def test_without_a_line_the_lead_is_told_again(cast: dict[str, Counselor]) -> None:
    on_call_line("")
    referral(TUESDAY, urgency="urgent")
    for number in range(3):
        ring_due(now=TUESDAY + timedelta(minutes=30 * number))
    _clear()

    ring_due(now=TUESDAY + timedelta(minutes=90))

    assert set(_told()) == keys(cast["dee"])


def test_what_does_not_open_only_the_lead_hears_of(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, urgency="urgent", is_whole=False)

    ring_due(now=TUESDAY)
    ring_due(now=TUESDAY + timedelta(minutes=30))

    assert _told() == {cast["dee"].pk: 2}


def test_handing_on_begins_a_round_for_who_was_asked(cast: dict[str, Counselor]) -> None:
    fay = counselor("Fay", TUESDAY)
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)
    acknowledge(row, cast["dee"])
    handed = TUESDAY + timedelta(hours=1)
    hand_on(row, fay, handed)
    _clear()

    told = []
    for number in range(4):
        ring_due(now=handed + timedelta(minutes=30 * number))
        told.append(set(_told()))
        _clear()

    assert told == [keys(fay), keys(fay), keys(cast["dee"]), {None}]
    assert Ring.objects.filter(referral=row, round=1).count() == 4


def test_who_was_asked_and_is_left_out_is_not_told(cast: dict[str, Counselor]) -> None:
    row = referral(TUESDAY, urgency="urgent")
    acknowledge(row, cast["dee"])
    hand_on(row, cast["eli"], TUESDAY)
    leave_out(cast["eli"], row)

    ring_due(now=TUESDAY)

    assert set(_told()) == keys(cast["dee"])  # the lead, at once


# -- the clock stood still ----------------------------------------------------------------------


def test_after_a_weekend_only_the_highest_rung_rings(cast: dict[str, Counselor]) -> None:
    friday = at(11, 20, 15)
    rows = [referral(friday, urgency="urgent") for _ in range(3)]

    monday = at(11, 23, 9, 1)
    assert ring_due(now=monday) == 3
    assert ring_due(now=monday) == 0

    for row in rows:
        assert [number for number, _ in _rung(row)] == [3]
    # The line, and the lead with it: her own rung was passed over.
    assert _told() == {None: 3, cast["dee"].pk: 3}


def test_after_a_short_stop_it_goes_on_where_it_should_be(cast: dict[str, Counselor]) -> None:
    row = referral(TUESDAY, urgency="urgent")
    ring_due(now=TUESDAY)
    _clear()

    ring_due(now=TUESDAY + timedelta(minutes=70))

    assert [number for number, _ in _rung(row)] == [0, 2]
    assert set(_told()) == keys(cast["dee"])
    row.refresh_from_db()
    assert row.ring_at == TUESDAY + timedelta(minutes=90)


@pytest.mark.parametrize("kind", ["student", "danger"])
def test_what_is_old_never_rings(cast: dict[str, Counselor], kind: str) -> None:
    row = referral(TUESDAY, kind=kind)
    woken = TUESDAY + rules.OLD

    assert ring_due(now=woken) == 0
    row.refresh_from_db()
    assert (row.state, row.ring_at) == ("received", TUESDAY)  # it stands, as overdue
    assert ring_due(now=woken - timedelta(minutes=1)) == 1  # a minute younger, and it does


def test_control_without_the_age(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, kind="student")
    with mock.patch.object(rules, "OLD", timedelta(days=400)):
        assert ring_due(now=TUESDAY + timedelta(days=300)) == 1


# -- hours that are moved -----------------------------------------------------------------------


def test_hours_moved_meanwhile_hold(cast: dict[str, Counselor]) -> None:
    """Planned for Wednesday at nine; since then the service reads on Thursdays alone."""
    row = referral(at(11, 17, 20), urgency="urgent")
    Reading.objects.all().delete()
    reads(cast["eli"], 3)

    for now in minutes(at(11, 18, 8), at(11, 19, 10, 30), 5):
        ring_due(now=now)

    assert [moment.strftime("%d %H:%M") for _, moment in _rung(row)] == [
        "19 09:00",
        "19 09:30",
        "19 10:00",
        "19 10:30",
    ]


def test_a_holiday_that_comes_between_holds(cast: dict[str, Counselor]) -> None:
    row = referral(at(12, 1, 20), urgency="soon")

    day = at(12, 2, 12).date()
    holiday("Snow", day, day)

    ring_due(now=at(12, 2, 9))
    assert _rung(row) == []
    ring_due(now=at(12, 3, 9))
    assert len(_rung(row)) == 1


@pytest.mark.parametrize(("urgency", "step"), [("urgent", 30), ("soon", 120), ("routine", 480)])
def test_where_nobody_reads_the_clock_on_the_wall_holds(
    cast: dict[str, Counselor], urgency: str, step: int
) -> None:
    """No hours at all: nobody is on duty, and everybody is told at once."""
    Reading.objects.all().delete()
    row = referral(TUESDAY, urgency=urgency)

    for now in minutes(TUESDAY, TUESDAY + timedelta(days=2), 5):
        ring_due(now=now)

    assert [(number, moment - TUESDAY) for number, moment in _rung(row)] == [
        (number, timedelta(minutes=step * (number - 1))) for number in (1, 2, 3)
    ]


def test_the_leads_own_timers_hold(cast: dict[str, Counselor]) -> None:
    Timers.objects.update(minutes={"soon": [60, 120, 15]})
    row = referral(TUESDAY, urgency="soon")

    for now in minutes(TUESDAY, TUESDAY + timedelta(hours=2)):
        ring_due(now=now)

    assert [moment - TUESDAY for _, moment in _rung(row)] == [
        timedelta(minutes=15 * number) for number in range(4)
    ]


# -- twice, and in mid-run ----------------------------------------------------------------------


def test_a_second_pass_with_what_it_read_before_rings_nothing(cast: dict[str, Counselor]) -> None:
    """Two clocks that both found it due: the second finds the row changed."""
    row = referral(TUESDAY, urgency="urgent")
    stale = reads_of.due(TUESDAY)
    ring_due(now=TUESDAY)
    _clear()

    with mock.patch.object(reads_of, "due", return_value=stale):
        assert ring_due(now=TUESDAY) == 0

    assert len(_rung(row)) == 1
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

    assert (len(_rung(first)), len(_rung(second))) == (0, 1)
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
