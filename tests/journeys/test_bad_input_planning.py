"""Every form of planned hours, cover and holidays under bad input, and stale or foreign things."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from officehours import rules
from officehours.models import Assignment, Cover, Rule, Shift, SkippedDay
from officehours.services import cover, hours
from peersupport.core import ids
from program.models import Holiday
from tests.journeys.story import stand_behind
from tests.journeys.test_bad_input import BAD
from tests.officehours.test_planning import book, shifts, weekly
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
DAY = timedelta(days=1)
GOOD: dict[str, dict[str, str]] = {
    "change": {
        "starts": "18:00",
        "ends": "20:00",
        "place": "Attic",
        "minutes": "30",
        "ways": "in person",
        "last_on": "2026-12-08",
    },
    "end": {"last_on": "2026-12-08"},
    "skip": {"day": "2026-11-24"},
    "unskip": {"day": "2026-12-08"},
    "day": {"starts": "18:00", "ends": "20:00", "place": "Attic"},
    "swap": {"mine": "MINE"},
    "holidays": {"name": "Break", "first_on": "2026-12-21", "last_on": "2026-12-31"},
    "holiday": {"shift": "cancel"},
    "program-end": {"last_on": "2026-12-08"},
    "close": {"first": "2026-11-24", "last": "2026-11-24"},
}
# What is fine though it looks odd: words are free, and some answers may be left out.
FITS = {(form, field, kind)
        for form, field in (("change", "place"), ("day", "place"), ("holidays", "name"))
        for kind in ("malformed", "number")}  # fmt: skip
FITS |= {
    (form, field, kind)
    for form, field in (("change", "last_on"), ("holidays", "last_on"))
    for kind in ("missing", "empty")
}
CASES = [
    (form, field, kind)
    for form, fields in GOOD.items()
    for field in fields
    for kind in BAD
    if (form, field, kind) not in FITS
]


class _Scene:
    """Weekly hours of Priya, hours of Sol and Marcus, a request, and a holiday."""

    def __init__(self, now: datetime) -> None:
        stand_behind(now)
        people = cast(now)
        self.rule = weekly(people["priya"], now)
        theirs = hours_of(people["sol"], now + 3 * DAY)
        cover.ask(assignment=theirs.pk, by=people["sol"], now=now)
        self.cover = Cover.objects.get().pk
        self.first = shifts(self.rule)[0]
        self.mine = Assignment.objects.get(shift=self.first)
        self.holiday = Holiday.objects.create(
            name="Day off", first_on=self.first.local_date, last_on=self.first.local_date
        )
        SkippedDay.objects.create(rule=self.rule, local_date="2026-12-08")
        self.priya, self.cora = sign_in(people["priya"]), sign_in(people["cora"])

    def send(self, form: str, data: dict[str, str]) -> Any:
        addresses = {
            "change": (self.priya, f"/hours/weekly/{self.rule.pk}/change/"),
            "end": (self.priya, f"/hours/weekly/{self.rule.pk}/end/"),
            "skip": (self.priya, f"/hours/weekly/{self.rule.pk}/skip/"),
            "unskip": (self.priya, f"/hours/weekly/{self.rule.pk}/unskip/"),
            "day": (self.priya, f"/hours/days/{self.first.pk}/"),
            "swap": (self.priya, f"/hours/cover/{self.cover}/swap/"),
            "holidays": (self.cora, "/program/holidays/"),
            "holiday": (self.cora, f"/hours/program/holiday/{self.holiday.pk}/"),
            "program-end": (self.cora, f"/hours/program/weekly/{self.rule.pk}/end/"),
            "close": (self.cora, "/hours/program/close/"),
        }
        client, address = addresses[form]
        given = {
            f"shift-{self.first.pk.hex}" if name == "shift" else name: (
                str(self.mine.pk) if value == "MINE" else value
            )
            for name, value in data.items()
        }
        return client.post(address, given)


def _state() -> list[Any]:
    return [
        list(Rule.objects.order_by("pk").values_list()),
        list(Shift.objects.order_by("pk").values_list()),
        list(Assignment.objects.order_by("pk").values_list()),
        list(Cover.objects.order_by("pk").values_list("pk", "state", "exchange")),
        list(SkippedDay.objects.order_by("pk").values_list()),
        list(Holiday.objects.order_by("pk").values_list()),
    ]


@pytest.mark.parametrize(("form", "field", "kind"), CASES)
def test_bad_answers_change_nothing(evening: datetime, form: str, field: str, kind: str) -> None:
    with time_machine.travel(evening, tick=False):
        scene = _Scene(evening)
        before = _state()
        data = {**GOOD[form], field: BAD[kind] or ""}
        if BAD[kind] is None:
            del data[field]

        answer = scene.send(form, data)

    assert answer.status_code == 400
    assert b"There is a problem" in answer.content
    assert _state() == before


@pytest.mark.parametrize("form", GOOD)
def test_good_answers_are_taken(evening: datetime, form: str) -> None:
    """The control: the same forms with nothing wrong."""
    with time_machine.travel(evening, tick=False):
        answer = _Scene(evening).send(form, GOOD[form])

    assert answer.status_code in (200, 302), answer.content.decode()
    assert b"There is a problem" not in answer.content


@pytest.mark.parametrize(
    ("form", "field", "value"),
    [
        ("change", "last_on", "2019-01-01"),
        ("change", "last_on", "9999-12-31"),
        ("change", "ways", "by letter"),
        ("change", "minutes", "7"),
        ("change", "ends", "18:00"),
        ("end", "last_on", "9999-12-31"),
        ("skip", "day", "2026-11-25"),
        ("skip", "day", "9999-12-28"),
        ("skip", "day", "0001-01-02"),
        ("day", "ends", "18:00"),
        ("holidays", "first_on", "0001-01-01"),
        ("holidays", "first_on", "9999-12-31"),
        ("holidays", "last_on", "2027-12-31"),
        ("holidays", "last_on", "2026-12-01"),
        ("close", "first", "9999-12-31"),
        ("close", "last", "2026-11-23"),
        ("program-end", "last_on", "9999-12-31"),
    ],
)
def test_answers_out_of_bounds(evening: datetime, form: str, field: str, value: str) -> None:
    with time_machine.travel(evening, tick=False):
        scene = _Scene(evening)
        before = _state()
        answer = scene.send(form, {**GOOD[form], field: value})

    assert answer.status_code == 400
    assert b"There is a problem" in answer.content
    assert _state() == before


@pytest.mark.parametrize("seen", ["", "\0", "\u202e", "x" * 5000, "20261124.aaaa-\ud800", "none"])
def test_a_page_that_was_never_shown_is_shown_again(evening: datetime, seen: str) -> None:
    with time_machine.travel(evening, tick=False):
        scene = _Scene(evening)
        before = _state()
        sent = seen.encode("utf-8", "replace").decode()
        answer = scene.send("change", {**GOOD["change"], "seen": sent})

    assert answer.status_code == 409
    assert b"Something has changed since you looked" in answer.content
    assert _state() == before


def test_a_choice_about_somebody_elses_hours_is_nobodys(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        scene = _Scene(evening)
        other = hours_of(cast(evening)["marcus"], evening + 5 * DAY)
        page = scene.send("end", GOOD["end"]).content.decode()
        seen = page.split('name="seen" value="')[1].split('"')[0]
        extra = {f"shift-{other.shift_id.hex}": "cancel", "seen": seen}
        assert scene.send("end", {**GOOD["end"], **extra}).status_code == 302

    assert Shift.objects.bookable().filter(pk=other.shift_id).exists()


def test_a_booked_day_needs_an_answer_that_is_one(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        scene = _Scene(evening)
        book(cast(evening)["ana"], scene.first, evening)
        before = _state()
        page = scene.send("change", GOOD["change"]).content.decode()
        seen = page.split('name="seen" value="')[1].split('"')[0]
        extra = {f"shift-{scene.first.pk.hex}": "perhaps", "seen": seen}
        answer = scene.send("change", {**GOOD["change"], **extra})

    assert answer.status_code == 400
    assert "Choose: keep, or cancel." in answer.content.decode()
    assert _state() == before


def _acts(client: Client, scene: _Scene, other: Assignment) -> list[int]:
    posts = [
        f"/hours/cover/hours/{other.pk}/",
        f"/hours/cover/{ids.new_id()}/take/",
        f"/hours/cover/{scene.cover}/accept/",
        f"/hours/cover/{scene.cover}/nonsense/",
        f"/hours/cover/pair/weekly/{scene.rule.pk}/nonsense/",
        f"/hours/cover/pair/weekly/{ids.new_id()}/join/",
        f"/hours/weekly/{ids.new_id()}/skip/",
        f"/hours/weekly/{ids.new_id()}/unskip/",
    ]
    gets = [f"/hours/days/{other.shift_id}/", f"/hours/cover/{ids.new_id()}/swap/"]
    found = [client.post(address).status_code for address in posts]
    return found + [client.get(address).status_code for address in gets]


def test_foreign_things_are_as_if_they_were_not_there(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        scene = _Scene(evening)
        other = hours_of(cast(evening)["marcus"], evening + 5 * DAY)
        marcus = sign_in(cast(evening)["marcus"])
        before = _state()

        assert set(_acts(scene.priya, scene, other)) == {404}
        for page in ("", "change/", "end/"):
            assert marcus.get(f"/hours/weekly/{scene.rule.pk}/{page}").status_code == 404
        assert marcus.post(f"/hours/weekly/{scene.rule.pk}/skip/").status_code == 404

    assert _state() == before


def test_stale_pages_are_answered_calmly(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        scene = _Scene(evening)
        people = cast(evening)
        asked = Cover.objects.get(pk=scene.cover)
        hours.cancel_shift(
            shift=Shift(pk=asked.assignment.shift_id), by=people["cora"], now=evening
        )
        took = scene.priya.post(f"/hours/cover/{scene.cover}/take/")
        joined = scene.priya.post(f"/hours/cover/pair/{asked.assignment.shift_id}/")
        swapped = scene.send("swap", GOOD["swap"])

    for answer in (took, joined, swapped):
        assert answer.status_code == 409
        assert b"Nothing was done" in answer.content
    assert Shift.objects.get(pk=scene.first.pk).state == rules.ShiftState.PUBLISHED
