"""Routing: who is left out, until when somebody must answer, and what does not open."""

from datetime import UTC, datetime, time, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from program.models import Holiday
from program.queries import facts
from referrals import permissions, rules
from referrals.models import Counselor, Exclusion, Opening, Referral, Routed, Timers
from referrals.queries.reading import plan
from referrals.rules import Kind, Urgency
from referrals.services import desk, opening, routing
from tests.care import care_cast, counselor
from tests.races.at_once import at_once, meeting
from tests.referrals.cases import break_blob, reads, sent, take_back
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
# Tuesday 24 November 2026, 10am in New York.
TUESDAY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def test_route_writes_who_is_left_out_and_until_when(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["eli"].card, 0, 1, 2, 3, 4)
    row = sent(evening, not_by=(cast["dee"].pk,), routed=False)

    assert routing.route_new(now=evening) == 1

    assert [e.counselor_id for e in Exclusion.objects.all()] == [cast["dee"].pk]
    row.refresh_from_db()
    # It came on Monday at 5:10pm; somebody reads from 9am, and four hours later it is 1pm.
    assert row.ring_at == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert row.acknowledge_by == datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    assert Opening.objects.get(referral_id=row.pk).what == Opening.What.ROUTING


def test_route_twice_is_once(evening: datetime) -> None:
    care_cast(evening)
    row = sent(evening)

    assert routing.route_new(now=evening + timedelta(hours=1)) == 0
    assert Opening.objects.filter(referral_id=row.pk).count() == 1


def test_a_holiday_is_no_reading_day(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["eli"].card, 0, 1, 2, 3, 4)
    with acting_as("owner"):
        Holiday.objects.create(
            name="Break",
            first_on=evening.date() + timedelta(1),
            last_on=evening.date() + timedelta(1),
        )

    row = sent(evening)

    assert row.acknowledge_by == datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def test_danger_is_counted_by_the_clock_on_the_wall(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["eli"].card, 1)
    row = sent(evening, kind=Kind.DANGER, urgency=Urgency.URGENT)

    assert row.ring_at == evening
    assert row.acknowledge_by == evening + rules.DANGER.acknowledge


def test_without_reading_hours_everything_is_counted_by_the_clock(evening: datetime) -> None:
    care_cast(evening)
    row = sent(evening, urgency=Urgency.URGENT)

    assert (row.ring_at, row.acknowledge_by) == (evening, evening + timedelta(hours=1))


def test_the_leads_timers_count(evening: datetime) -> None:
    care_cast(evening)
    Timers.objects.create(pk=1, minutes={"soon": [30, 60, 10], "urgent": ["x", 1, 1]})

    assert sent(evening).acknowledge_by == evening + timedelta(minutes=30)
    # What is nothing usable is as it usually is.
    assert sent(evening, urgency=Urgency.URGENT).acknowledge_by == evening + timedelta(hours=1)


def test_a_stopped_clock_moves_no_deadline(evening: datetime) -> None:
    """Routed three hours late: the hour it came in counts, not when the program woke up."""
    care_cast(evening)
    row = sent(evening, routed=False)

    routing.route_new(now=evening + timedelta(hours=3))

    row.refresh_from_db()
    assert row.acknowledge_by == row.received_at + timedelta(hours=1) + timedelta(hours=4)


def test_what_is_old_rings_nobody(evening: datetime) -> None:
    care_cast(evening)
    row = sent(evening, routed=False)

    routing.route_new(now=evening + rules.OLD + timedelta(days=1))

    row.refresh_from_db()
    assert row.ring_at is None
    assert row.acknowledge_by is not None


def test_whoever_is_no_counselor_here_is_no_exclusion(evening: datetime) -> None:
    cast = care_cast(evening)
    from peersupport.core import ids

    row = sent(evening, not_by=(ids.new_id(), cast["eli"].pk, cast["eli"].pk))

    assert [e.counselor_id for e in row.exclusions.all()] == [cast["eli"].pk]


def test_one_bad_blob_stops_nobody_else(evening: datetime) -> None:
    cast = care_cast(evening)
    bad, good = sent(evening, routed=False), sent(evening, routed=False)
    break_blob(bad)

    assert routing.route_new(now=evening) == 2

    assert [r.pk for r in permissions.visible_to(cast["dee"])] == [good.pk]
    assert [r.pk for r in permissions.broken()] == [bad.pk]
    assert Referral.objects.get(pk=bad.pk).ring_at is not None


def test_whatever_a_blob_does_it_stops_nobody(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    care_cast(evening)
    first, second = sent(evening, routed=False), sent(evening, routed=False)
    real = opening.read_routing

    def read(*, referral: Referral, now: datetime) -> object:
        if referral.pk == first.pk:
            raise RecursionError
        return real(referral=referral, now=now)

    monkeypatch.setattr(opening, "read_routing", read)

    assert routing.route_new(now=evening) == 2
    assert not Routed.objects.get(pk=first.pk).is_whole
    assert Routed.objects.get(pk=second.pk).is_whole


def test_without_keys_nothing_is_called_broken(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is not mounted says nothing of a referral: the next pass routes it."""
    care_cast(evening)
    row = sent(evening, routed=False)

    def fail(**_: object) -> object:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(opening, "read_routing", fail)
        assert routing.route_new(now=evening) == 0
    assert not Routed.objects.exists()

    assert routing.route_new(now=evening) == 1
    assert Routed.objects.get(pk=row.pk).is_whole


def test_a_key_that_was_brought_back_opens_it_after_all(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = care_cast(evening)
    real = opening.read_routing

    def missing(**_: object) -> object:
        from peersupport.core.crypto import CannotOpen

        raise CannotOpen

    monkeypatch.setattr(opening, "read_routing", missing)
    row = sent(evening, not_by=(cast["eli"].pk,))
    assert routing.try_again(by=cast["dee"], now=evening) == 0
    monkeypatch.setattr(opening, "read_routing", real)

    with pytest.raises(rules.NotAllowed):
        routing.try_again(by=cast["eli"], now=evening)
    assert routing.try_again(by=cast["dee"], now=evening) == 1

    assert permissions.may_see(cast["dee"], row)
    assert not permissions.may_see(cast["eli"], row)
    assert routing.try_again(by=cast["dee"], now=evening) == 0


def test_what_was_taken_back_before_is_not_routed(evening: datetime) -> None:
    care_cast(evening)
    row = sent(evening, routed=False)
    take_back(row, evening)

    assert routing.route_new(now=evening) == 0
    assert desk.settle_withdrawn(now=evening) == 1
    assert Referral.objects.get(pk=row.pk).state == rules.State.WITHDRAWN


def test_two_at_once_route_it_once(evening: datetime) -> None:
    cast = care_cast(evening)
    row = sent(evening, not_by=(cast["eli"].pk,), routed=False)

    def route() -> int:
        return routing.route_new(now=evening)

    with meeting(routing, "_read"):
        done = at_once([route, route])

    assert sorted(map(str, done)) == ["0", "1"]
    assert Exclusion.objects.filter(referral=row).count() == 1


def test_the_second_of_two_undoes_nothing(evening: datetime) -> None:
    """One pass has read it and sleeps; meanwhile another routes it and somebody takes it."""
    cast = care_cast(evening)
    row = sent(evening, routed=False)
    known = plan(evening, facts().zone)
    slept = routing._read(row, evening)
    routing.route_new(now=evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    assert routing._note(row, slept, known, evening) == 0

    row.refresh_from_db()
    assert row.ring_at is None


def test_what_somebody_leaves_behind_waits_for_an_answer_again(evening: datetime) -> None:
    cast = care_cast(evening)
    fay = counselor("Fay", evening)
    held, handed = sent(evening), sent(evening)
    desk.acknowledge(referral=held.pk, by=fay, now=evening)
    desk.acknowledge(referral=handed.pk, by=cast["eli"], now=evening)
    desk.transfer(referral=handed.pk, to=fay.pk, by=cast["eli"], now=evening)
    Counselor.objects.filter(pk=fay.pk).update(state=Counselor.State.ENDED)

    routing.route_new(now=evening)

    for row in (held, handed):
        row.refresh_from_db()
        assert (row.state, row.owner_id, row.asked_id) == (rules.State.RECEIVED, None, None)
        assert row.ring_at == evening
    assert permissions.may_see(cast["eli"], held)


def test_routing_many_asks_little_for_each(
    evening: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    cast = care_cast(evening)
    reads(cast["eli"].card, *range(7), starts=str(time(9))[:5])
    for _ in range(10):
        sent(evening, routed=False)

    with django_assert_max_num_queries(10 * 18 + 8):
        assert routing.route_new(now=evening) == 10
