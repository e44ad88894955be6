"""Taking back brings nobody into two places, nor into hours that no longer stand."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Person
from officehours import rules
from officehours.models import Assignment, Cover, Visit
from officehours.queries import sealed
from officehours.queries.sealed import Claimant, Wanted
from officehours.services import (
    booking,
    calling,
    cover,
    follow_up,
    hours,
    line,
    meeting,
    presence,
    talks,
)
from officehours.services.booking import Meeting, Slot
from peersupport.core import ids
from peersupport.core.states import NotAllowedFrom
from tests.people import cast, hours_of, join_line, pair_of
from tests.roles import close_dark, close_ended

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
MINUTE = timedelta(minutes=1)


def _book(person: Person, row: Assignment, now: datetime, *, n: int = 0, **more: object) -> Visit:
    return booking.book(
        person=person,
        slot=Slot(row.pk, row.starts_at + n * 30 * MINUTE),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
        **more,  # type: ignore[arg-type]
    )


def _missed(evening: datetime) -> tuple[dict[str, Person], Assignment, Visit, datetime]:
    """Return hours across midnight (UTC), and a time in them that somebody did not come to."""
    people = cast(evening)
    row = hours_of(people["priya"], evening + 5 * MINUTE, checked_in_at=evening)
    visit = _book(people["ana"], row, evening)
    now = row.starts_at + rules.MISS_GRACE
    talks.miss(visit=visit, by=people["priya"], now=now)
    return people, row, visit, now


def test_a_miss_stays_once_they_have_a_time_of_another_key_day(evening: datetime) -> None:
    """The last time of these hours ends after midnight (UTC): its claim has another key."""
    people, row, visit, now = _missed(evening)
    other = _book(people["ana"], row, now, n=3)
    assert other.key_day != visit.key_day

    with pytest.raises(NotAllowedFrom):
        talks.undo(visit=visit, by=people["priya"], now=now)

    assert [one.pk for one in Visit.objects.live()] == [other.pk]


def test_a_miss_stays_once_their_place_in_line_took_its_stead(evening: datetime) -> None:
    people, row, visit, now = _missed(evening)
    place = join_line(people["ana"], row.shift_id, now)
    line.come_late(claimant=Claimant(person=people["ana"].pk), visit=visit.pk, now=now)

    with pytest.raises(NotAllowedFrom):
        talks.undo(visit=visit, by=people["priya"], now=now)

    assert [one.pk for one in Visit.objects.live()] == [place.pk]


def test_a_miss_stays_once_the_supporter_has_left(evening: datetime) -> None:
    people, row, visit, now = _missed(evening)
    presence.check_out(assignment=row, give_up_booked=False, by=people["priya"], now=now)

    with pytest.raises(NotAllowedFrom):
        talks.undo(visit=visit, by=people["priya"], now=now)

    assert not Visit.objects.live().exists()


def test_a_miss_stays_in_cancelled_hours(evening: datetime) -> None:
    people, row, visit, now = _missed(evening)
    hours.cancel_shift(shift=row.shift, by=people["cora"], now=now)

    with pytest.raises(NotAllowedFrom):
        talks.undo(visit=visit, by=people["priya"], now=now)


def test_nobody_is_called_again_after_the_hours(evening: datetime) -> None:
    people = cast(evening)
    row = hours_of(people["priya"], evening, checked_in_at=evening)
    visit = join_line(people["ana"], row.shift_id, evening)
    calling.call_next(assignment=row.pk, by=people["priya"], now=evening)
    talks.start(visit=visit, by=people["priya"], now=row.ends_at - MINUTE)
    close_ended(now=row.ends_at)

    with pytest.raises(NotAllowedFrom):
        talks.undo(visit=visit, by=people["priya"], now=row.ends_at)

    assert Visit.objects.get().state == rules.S.TALKING


def test_no_talk_goes_on_again_after_the_grace(evening: datetime) -> None:
    people = cast(evening)
    row = hours_of(people["priya"], evening, checked_in_at=evening)
    visit = talks.walk_in(
        assignment=row, request_key=ids.new_id(), by=people["priya"], now=evening
    )
    grace = row.ends_at + rules.LAPSE_GRACE
    talks.finish(visit=visit, by=people["priya"], now=grace - MINUTE)

    with pytest.raises(rules.OutOfTime):
        talks.undo(visit=visit, by=people["priya"], now=grace)


def test_nobody_walks_into_cancelled_hours(evening: datetime) -> None:
    people = cast(evening)
    row = hours_of(people["priya"], evening, checked_in_at=evening)
    hours.cancel_shift(shift=row.shift, by=people["cora"], now=evening)

    with pytest.raises(rules.OutOfTime):
        talks.walk_in(assignment=row, request_key=ids.new_id(), by=people["priya"], now=evening)


def test_moving_keeps_who_they_rather_not_see(evening: datetime) -> None:
    """A move to somebody outside the set adds that person, and lets nobody else in."""
    people = cast(evening)
    priya, sol = pair_of(people["priya"], people["sol"], evening + 5 * MINUTE)
    only = frozenset({people["priya"].pk})
    visit = _book(people["ana"], priya, evening, meeting=Meeting(only=only))

    moved = booking.move(
        person=people["ana"],
        visit=visit,
        slot=Slot(sol.pk, sol.starts_at),
        request_key=ids.new_id(),
        now=evening,
    )

    wanted = sealed.wanted_of(moved, evening)
    assert wanted == Wanted(only=only | {people["sol"].pk})
    assert not meeting.may_meet(moved, people["marcus"].pk, evening)


def test_who_has_left_keeps_no_time_for_a_follow_up(evening: datetime) -> None:
    people = cast(evening)
    priya, _ = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    presence.check_out(assignment=priya, give_up_booked=False, by=people["priya"], now=evening)

    with pytest.raises(rules.SlotGone):
        follow_up.hold(
            slot=Slot(priya.pk, priya.starts_at + 30 * MINUTE),
            request_key=ids.new_id(),
            by=people["priya"],
            now=evening,
        )


def test_dark_hours_ask_for_no_cover(evening: datetime) -> None:
    people = cast(evening)
    row = hours_of(people["priya"], evening + MINUTE)
    cover.ask(assignment=row.pk, by=people["priya"], now=evening)

    assert close_dark(assignment=row, now=row.starts_at + rules.DARK_AFTER)

    assert Cover.objects.get().state == rules.CoverState.WITHDRAWN
