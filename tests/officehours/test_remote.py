"""Talks by video and voice: offered and taken only where there is a room to meet in."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Profile
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.queries import line as lines
from officehours.queries import pages
from officehours.services import booking, calling
from officehours.services.booking import Meeting, Slot
from peersupport.core import ids
from program.queries import facts
from program.services import touch_public
from tests.people import cast, hours_of, join_line, pair_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
FAR = Meeting(way="video", where="12 Ward Street", number="555-0199")


@pytest.fixture
def scene(evening: datetime) -> Any:
    """Priya, who has a room, holds hours in person and by video."""
    people = cast(evening)
    hours = hours_of(people["priya"], evening + timedelta(minutes=20))
    _also_by_video(hours)
    touch_public()
    return people, hours


def _also_by_video(hours: Assignment) -> None:
    Shift.objects.filter(pk=hours.shift_id).update(ways="in person,video")


def _without_room(person: Any) -> None:
    Profile.objects.filter(person=person).update(room_link="")


def _book(person: Any, hours: Assignment, now: datetime) -> Visit:
    return booking.book(
        person=person,
        slot=Slot(hours.pk, hours.starts_at),
        name="",
        wants_mail=False,
        request_key=ids.new_id(),
        now=now,
        meeting=FAR,
    )


def _ways(person: Any, now: datetime) -> set[tuple[str, ...]]:
    days = pages.free_times(person, now, facts().zone)
    return {time.ways for day in days for time in day.times}


def test_video_is_offered_only_with_a_room(scene: Any, evening: datetime) -> None:
    people, hours = scene
    assert _ways(people["ana"], evening) == {("in person", "video")}
    _without_room(people["priya"])
    assert _ways(people["ana"], evening) == {("in person",)}
    with pytest.raises(rules.NotThisWay):
        _book(people["ana"], hours, evening)
    Shift.objects.update(ways="video")
    assert _ways(people["ana"], evening) == set()


def test_a_line_takes_nobody_by_video_where_nobody_has_a_room(
    scene: Any, evening: datetime
) -> None:
    people, _ = scene
    now = evening + timedelta(minutes=25)
    hours = hours_of(people["marcus"], now, checked_in_at=now)
    _also_by_video(hours)
    found = lines.line_of(hours.shift_id, now)
    assert found is not None
    assert found.ways == ("in person", "video")
    _without_room(people["marcus"])
    found = lines.line_of(hours.shift_id, now)
    assert found is not None
    assert found.ways == ("in person",)
    with pytest.raises(rules.NotThisWay):
        join_line(people["ana"], hours.shift_id, now, meeting=FAR)


def test_whoever_has_no_room_calls_the_next_one_who_is_here(evening: datetime) -> None:
    people = cast(evening)
    priya, sol = pair_of(people["priya"], people["sol"], evening, checked_in_at=evening)
    _also_by_video(priya)
    far = join_line(people["ana"], priya.shift_id, evening, meeting=FAR)
    near = join_line(people["ben"], priya.shift_id, evening)
    assert not Profile.objects.get(person=people["sol"]).room_link
    assert calling.call_next(assignment=sol.pk, by=people["sol"], now=evening).pk == near.pk
    assert calling.call_next(assignment=priya.pk, by=people["priya"], now=evening).pk == far.pk


@pytest.mark.parametrize(("minutes", "shown"), [(-11, False), (-10, True), (0, True), (20, True)])
def test_the_room_is_shown_ten_minutes_before_and_not_earlier(
    scene: Any, evening: datetime, *, minutes: int, shown: bool
) -> None:
    people, hours = scene
    visit = _book(people["ana"], hours, evening)
    room = Profile.objects.get(person=people["priya"]).room_link
    ana = sign_in(people["ana"])
    with time_machine.travel(hours.starts_at + timedelta(minutes=minutes), tick=False):
        for page in (f"/visits/{visit.pk}/", "/", "/visits/"):
            said = ana.get(page).content.decode()
            assert (room in said) is (shown and page.startswith("/visits/") and page != "/visits/")
        assert room not in sign_in(people["ben"]).get("/").content.decode()
