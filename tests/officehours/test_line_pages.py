"""Pages of the line: nonsense changes nothing, strangers learn nothing, length costs nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from officehours import rules
from officehours.models import Assignment, Visit
from officehours.queries import line as lines
from officehours.queries.sealed import Claimant
from officehours.services import line
from peersupport.core import ids
from program.services import touch_public
from tests.people import cast, hours_of, join_line, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
MINUTE = timedelta(minutes=1)
NONSENSE = ["", "x", "\x00", "\u202eevil", "9" * 5000, "<script>", "💜" * 50]


@pytest.fixture
def scene(evening: datetime) -> Any:
    people = cast(evening)
    hours = hours_of(people["priya"], evening, checked_in_at=evening)
    with time_machine.travel(evening, tick=False):
        yield people, hours


def _rows() -> list[Any]:
    return list(Visit.objects.order_by("pk").values())


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_on_every_form_of_the_line_changes_nothing(scene: Any, text: str) -> None:
    people, hours = scene
    waits = join_line(people["ben"], hours.shift_id, hours.starts_at)
    ana, priya = sign_in(people["ana"]), sign_in(people["priya"])
    code = lines.door_code(hours.shift_id, hours.starts_at)
    before = _rows()
    fields = {"name": text, "request_key": text, "only": text, "way": text, "minutes": text}

    answers = [
        ana.post(f"/line/join/{hours.shift_id}/", fields),
        Client().post(f"/line/at/{hours.shift_id}/{code}/", fields),
        ana.post(f"/line/{waits.pk}/leave/", fields),
        ana.post(f"/line/{waits.pk}/nothing/", fields),
        Client().post(f"/line/{waits.pk}/away/", fields),
        ana.get("/line/state/", {"v": text}),
        priya.post(f"/hours/{hours.pk}/add/", fields),
        priya.post(f"/hours/{hours.pk}/late/", fields),
        priya.post(f"/hours/{hours.pk}/hold/", {**fields, "slot": text}),
        priya.post(f"/hours/line/{ids.new_id()}/call/", fields),
        priya.post(f"/hours/line/{waits.pk}/nothing/", fields),
        ana.post(f"/visits/{ids.new_id()}/offer/", {"answer": text}),
    ]

    assert {answer.status_code for answer in answers} <= {200, 400, 404, 409}
    assert _rows() == before


def test_the_cookie_of_the_door_is_nobodys_key_if_it_is_not_one(scene: Any) -> None:
    people, hours = scene
    join_line(people["ben"], hours.shift_id, hours.starts_at)
    for value in ("", "x", "AAAA", "A" * 22, "=" * 400, "é"):
        client = Client()
        client.cookies["place"] = value
        page = client.get("/line/")
        assert page.status_code == 200
        assert "You are not in a line" in page.content.decode()


def test_the_door_needs_no_account_and_its_cookie_stays_on_the_lines_pages(scene: Any) -> None:
    _people, hours = scene
    code = lines.door_code(hours.shift_id, hours.starts_at)
    visitor = Client()

    joined = visitor.post(
        f"/line/at/{hours.shift_id}/{code}/", {"name": "", "request_key": str(ids.new_id())}
    )

    assert (joined.status_code, joined["Location"]) == (302, "/line/")
    cookie = joined.cookies["place"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/line/", True, "Lax")
    assert "You are in line" in visitor.get("/line/").content.decode()
    assert "session" not in joined.cookies
    old = Client().get(f"/line/at/{hours.shift_id}/{'a' * 26}/")
    assert old.status_code == 404


def test_a_foreign_and_a_missing_place_look_alike(scene: Any) -> None:
    people, hours = scene
    waits = join_line(people["ben"], hours.shift_id, hours.starts_at)
    ana = sign_in(people["ana"])

    foreign = ana.post(f"/line/{waits.pk}/leave/")
    missing = ana.post(f"/line/{ids.new_id()}/leave/")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert Visit.objects.get(pk=waits.pk).state == rules.S.WAITING


def _crowd(shift: Any, now: datetime, count: int) -> None:
    for number in range(count):
        Visit.objects.filter(holder_kind="door").update(holder_kind="nobody")
        line.join_at_door.__wrapped__(  # type: ignore[attr-defined]
            shift=shift,
            code=lines.door_code(shift, now),
            device=number.to_bytes(16, "big"),
            name="",
            only=None,
            request_key=ids.new_id(),
            now=now,
        )


@pytest.mark.parametrize("count", [5, 60])
def test_a_long_line_takes_no_more_queries_than_a_short_one(
    scene: Any, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people, hours = scene
    _crowd(hours.shift_id, hours.starts_at, count)
    join_line(people["ben"], hours.shift_id, hours.starts_at)
    ben, priya, ana = (sign_in(people[name]) for name in ("ben", "priya", "ana"))
    page = ben.get("/line/").content.decode()
    version = page.split("?v=")[1].split('"')[0]

    with django_assert_max_num_queries(10):
        ben.get("/line/")
    with django_assert_max_num_queries(1):
        assert ben.get(f"/line/state/?v={version}").status_code == 204
    with django_assert_max_num_queries(14):
        priya.get("/hours/")
    with django_assert_max_num_queries(14):
        ana.get(f"/line/join/{hours.shift_id}/")


def test_a_poll_sees_every_change_and_keeps_the_page_when_others_change(scene: Any) -> None:
    people, hours = scene
    now = hours.starts_at
    waits = join_line(people["ben"], hours.shift_id, now)
    ben = sign_in(people["ben"])
    with time_machine.travel(now, tick=False) as time:
        version = ben.get("/line/").content.decode().split("?v=")[1].split('"')[0]
        poll = f"/line/state/?v={version}"
        assert ben.get(poll).status_code == 204
        touch_public()  # something that does not concern this page
        assert ben.get(poll).status_code == 204
        line.set_away.__wrapped__(  # type: ignore[attr-defined]
            claimant=Claimant(person=people["ben"].pk), visit=waits.pk, is_away=True, now=now
        )
        changed = ben.get(poll)
        assert changed.status_code == 200
        assert "stepped away" in changed.content.decode()
        version = changed.content.decode().split("?v=")[1].split('"')[0]
        assert ben.get(f"/line/state/?v={version}").status_code == 204
        time.move_to(hours.ends_at)  # no timer has run, nothing was written
        assert "We could not get to you" in ben.get(f"/line/state/?v={version}").content.decode()


def test_a_poll_sees_a_supporters_hours_end_before_the_others(scene: Any) -> None:
    """The hours of a pair may end one by one: the wait grows although nobody wrote anything."""
    people, hours = scene
    now = hours.starts_at
    sol = hours_of(people["sol"], now, checked_in_at=now)
    Assignment.objects.filter(pk=sol.pk).update(
        shift=hours.shift_id, ends_at=now + timedelta(minutes=30)
    )
    for name in ("ana", "ben"):
        join_line(people[name], hours.shift_id, now)
    ben = sign_in(people["ben"])
    with time_machine.travel(now, tick=False) as time:
        version = ben.get("/line/").content.decode().split("?v=")[1].split('"')[0]
        assert ben.get(f"/line/state/?v={version}").status_code == 204
        time.move_to(now + timedelta(minutes=31))
        assert ben.get(f"/line/state/?v={version}").status_code == 200
