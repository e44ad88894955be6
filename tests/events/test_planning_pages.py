"""Pages of planning: words beside the field, a look before anybody is told, flat questions."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from events.models import Event
from events.rules import State
from events.services import planning, series
from peersupport.core.actors import SYSTEM
from program import services as program
from program.calendar_rules import Entry
from program.calendar_rules import Kind as Milestone
from tests.events.plans import TUESDAY, facts, somebody_comes, typed
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]
WEEK = timedelta(days=7)
MOST = 6


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


@pytest.fixture
def cora(people: dict[str, Person]) -> Client:
    return sign_in(people["cora"])


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no {name}"
    return found[1]


def _on(evening: datetime, **more: Any) -> Event:
    row = planning.write(facts=facts(**more), by=SYSTEM, now=evening)
    return planning.publish(event=row.pk, by=SYSTEM, now=evening)


def _text(answer: Any) -> str:
    return str(answer.content.decode())


def test_from_a_draft_to_what_people_read(cora: Client, evening: datetime) -> None:
    sent = cora.post("/events/plan/new/", typed(words="**Bring** a mat <script>x</script>"))
    row = Event.objects.get()
    assert sent.headers["Location"] == f"/events/plan/{row.pk}/"

    page = _text(cora.get(sent.headers["Location"]))

    assert "<strong>Bring</strong> a mat" in page
    assert "<script>x" not in page
    assert "Tuesday 1 December 2026, 6pm to 7pm" in page
    cora.post(f"/events/plan/{row.pk}/publish/", {"mark": _hidden(page, "mark")})
    row.refresh_from_db()
    assert row.state == State.PUBLISHED


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"day": "2026-11-22"}, "day", "This day is over"),
        ({"day": "2026-11-23", "starts": "08:00"}, "starts", "This time is over"),
        ({"day": "2028-12-01"}, "day", "within the next 400 days"),
        ({"day": "x"}, "day", "write a day like"),
        ({"ends": "18:00"}, "ends", "differs from the start"),
        ({"day": "2027-03-14", "starts": "02:30", "ends": "04:00"}, "starts", "clocks go forward"),
        ({"day": "2027-03-13", "starts": "22:00", "ends": "02:30"}, "ends", "clocks go forward"),
        ({"is_sensitive": "on", "visibility": "public"}, "visibility", "in no public list"),
        ({"capacity": "0"}, "capacity", "Write a number from 1 to 2000"),
        ({"link": "javascript:alert(1)"}, "link", "begins with https://"),
        ({"opens": "72", "closes": "168"}, "closes", "comes after the beginning"),
        ({"every_weeks": "1"}, "last_on", "Choose the last day of the series"),
        ({"every_weeks": "1", "last_on": "2026-11-30"}, "last_on", "not be before the first"),
        ({"every_weeks": "1", "last_on": "2027-11-30"}, "last_on", "at most 40 dates"),
        ({"kind": "debrief"}, "kind", "choose from the list"),
        ({"hosts": "nobody"}, "hosts", "choose from the list"),
        ({"title": "x" * 81}, "title", "Use at most 80 characters"),
        ({"title": "a\x00b"}, "title", "a character we cannot use"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    cora: Client, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = cora.post("/events/plan/new/", {**typed(), **wrong})

    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {field}
    assert said in " ".join(answer.context["form"].errors[field])
    assert not Event.objects.exists()


def test_an_event_over_midnight_ends_the_next_day(cora: Client) -> None:
    cora.post("/events/plan/new/", typed(starts="22:00", ends="01:00"))

    row = Event.objects.get()
    assert row.ends_at - row.starts_at == timedelta(hours=3)


def test_a_series_shows_its_dates_with_what_is_in_the_way_first(
    cora: Client, evening: datetime
) -> None:
    program.add_holiday(
        name="Winter break", first_on=date(2026, 12, 15), last_on=date(2026, 12, 31),
        by=SYSTEM, now=evening,
    )  # fmt: skip
    exams = [Entry("Cardiology", Milestone.EXAM, TUESDAY, TUESDAY, class_name="M2"),
             Entry("Anatomy", Milestone.EXAM, date(2026, 12, 9), date(2026, 12, 9))]  # fmt: skip
    program.add_milestones(entries=exams, by=SYSTEM, now=evening)
    _on(evening, title="Dinner")
    form = typed(every_weeks="1", last_on="2026-12-15")

    page = _text(cora.post("/events/plan/new/", form))

    assert Event.objects.count() == 1
    for said in ("Dinner is on then, 6pm to 7pm", "Cardiology (M2) is on that day",
                 "Anatomy is on the next day", "Winter break is from"):  # fmt: skip
        assert said in page
    assert re.findall(r'value="(\S+)"[^>]*checked', page) == ["2026-12-15"]
    cora.post("/events/plan/new/", {**form, "sure": "on", "leave_out": "2026-12-15"})
    assert Event.objects.filter(series__isnull=False).count() == 2


def test_what_people_are_told_is_shown_before_and_then_done(
    cora: Client, evening: datetime
) -> None:
    row = _on(evening)
    somebody_comes(row)
    address = f"/events/plan/{row.pk}/change/"
    form = typed(place="Gym", mark=_hidden(_text(cora.get(address)), "mark"))

    page = _text(cora.post(address, form))

    assert "1 person has a place or waits, and is told." in page
    assert "Something you planned has changed. Sign in to see what is new." in page
    assert Event.objects.get().place == "Atrium"
    back = cora.post(address, {**form, "sure": "on", "back": "on"})
    assert 'value="Gym"' in _text(back)
    done = cora.post(address, {**form, "sure": "on"})
    assert done.status_code == 302
    assert Event.objects.get().place == "Gym"


def test_a_typo_is_mended_at_once(cora: Client, evening: datetime) -> None:
    row = _on(evening)
    address = f"/events/plan/{row.pk}/change/"
    mark = _hidden(_text(cora.get(address)), "mark")

    assert cora.post(address, typed(words="Mended", mark=mark)).status_code == 302
    assert Event.objects.get().words == "Mended"


def test_whoever_comes_second_is_told_and_keeps_what_they_typed(
    people: dict[str, Person], cora: Client, evening: datetime
) -> None:
    row = _on(evening)
    address = f"/events/plan/{row.pk}/change/"
    mark = _hidden(_text(cora.get(address)), "mark")
    cora.post(address, typed(title="First", mark=mark))

    late = cora.post(address, typed(title="Second", mark=mark))

    assert late.status_code == 409
    page = _text(late)
    assert "Somebody changed this event in the meantime" in page
    assert "Saving now changes: name." in page
    assert 'value="Second"' in page
    assert Event.objects.get().title == "First"
    again = cora.post(address, typed(title="Second", mark=_hidden(page, "mark")))
    assert again.status_code == 302
    assert Event.objects.get().title == "Second"


def test_a_later_date_of_its_own_is_offered_and_kept(cora: Client, evening: datetime) -> None:
    made = series.make(
        facts=facts(), every_weeks=1, last_on=TUESDAY + 2 * WEEK, by=SYSTEM, now=evening
    )
    rows = list(Event.objects.filter(series=made).order_by("series_on"))
    Event.objects.filter(pk=rows[2].pk).update(place="Gym")
    address = f"/events/plan/{rows[0].pk}/change/"
    form = typed(place="Lawn", scope="later", mark=_hidden(_text(cora.get(address)), "mark"))

    page = _text(cora.post(address, form))

    assert "Keeps its own: place." in page
    assert "Tuesday 15 December 2026: has its own place" in page
    cora.post(address, {**form, "sure": "on"})
    assert [r.place for r in Event.objects.order_by("series_on")] == ["Lawn", "Lawn", "Gym"]


def test_cancelling_shows_the_letter_first(cora: Client, evening: datetime) -> None:
    row = _on(evening)
    somebody_comes(row)
    address = f"/events/plan/{row.pk}/cancel/"

    page = _text(cora.get(address))

    assert "Something you planned will not take place. Sign in to see what." in page
    assert Event.objects.get().state == State.PUBLISHED
    cora.post(address, {"mark": _hidden(page, "mark")})
    assert Event.objects.get().state == State.CANCELLED


def test_ending_early_shows_what_becomes_of_each_date(cora: Client, evening: datetime) -> None:
    made = series.make(
        facts=facts(), every_weeks=1, last_on=TUESDAY + 2 * WEEK, by=SYSTEM, now=evening
    )
    series.publish(series=made.pk, by=SYSTEM, now=evening)
    somebody_comes(Event.objects.order_by("series_on")[1])
    address = f"/events/plan/series/{made.pk}/end/"

    page = _text(cora.post(address, {"last_on": "2026-12-01"}))

    assert "It is cancelled, and they are told." in page
    assert "Nobody wants to come yet: it is removed." in page
    sure = {"last_on": "2026-12-01", "sure": "on"}
    assert cora.post(address, {**sure, "mark": "old"}).status_code == 409
    cora.post(address, {**sure, "mark": _hidden(page, "mark")})
    states = Event.objects.order_by("series_on").values_list("state", flat=True)
    assert list(states) == ["published", "cancelled"]


def test_after_the_summer_last_years_series_is_found_and_copied(
    people: dict[str, Person], evening: datetime
) -> None:
    made = series.make(
        facts=facts(), every_weeks=1, last_on=TUESDAY + 2 * WEEK, by=SYSTEM, now=evening
    )
    series.publish(series=made.pk, by=SYSTEM, now=evening)
    with time_machine.travel(evening + timedelta(days=270), tick=False):
        cora = sign_in(people["cora"])
        page = _text(cora.get("/events/plan/earlier/"))
        assert "A series of 3 dates, last on Tuesday 15 December 2026" in page
        form = cora.get(f"/events/plan/series/{made.pk}/copy/").context["form"]
        assert form.initial["day"] == TUESDAY + timedelta(days=364)
        done = cora.post(f"/events/plan/series/{made.pk}/copy/", {"day": "2027-09-07"})
        page = _text(cora.get(done.headers["Location"]))
    assert "Tuesday 7 September" in page
    assert "Publish 3 drafts" in page


def test_discreet_is_said_plainly(cora: Client) -> None:
    page = _text(cora.get("/events/plan/new/"))

    assert "Nobody sees who comes, not even its hosts." in page
    assert "24 hours after its end nobody can tell any more who came" in page


def test_pages_of_a_discreet_event_say_nothing_of_how_many_come(
    cora: Client, evening: datetime
) -> None:
    """The pages are the same, word for word, whether somebody comes or nobody does."""
    row = _on(evening, is_sensitive=True, capacity=9)
    made = series.make(
        facts=facts(is_sensitive=True), every_weeks=1, last_on=TUESDAY + WEEK,
        by=SYSTEM, now=evening,
    )  # fmt: skip
    series.publish(series=made.pk, by=SYSTEM, now=evening)
    change = f"/events/plan/{row.pk}/change/"
    mark = _hidden(_text(cora.get(change)), "mark")
    moves = {**typed(place="Gym", is_sensitive="on", capacity="9"), "mark": mark}

    def pages() -> list[str]:
        shown = [
            cora.get("/events/plan/"), cora.get(f"/events/plan/{row.pk}/"),
            cora.get(f"/events/plan/{row.pk}/cancel/"), cora.post(change, moves),
            cora.get(f"/events/plan/series/{made.pk}/"),
            cora.post(f"/events/plan/series/{made.pk}/end/", {"last_on": "2026-12-01"}),
        ]  # fmt: skip
        return [re.sub(r'csrfmiddlewaretoken" value="[^"]*"', "", _text(one)) for one in shown]

    before = pages()
    for each in Event.objects.all():
        somebody_comes(each)

    assert pages() == before
    assert "Whoever has a place or waits is told." in before[3]


def test_supporters_see_what_they_are_let_and_only_their_own(
    people: dict[str, Person], evening: datetime
) -> None:
    sol, row = sign_in(people["sol"]), _on(evening)
    assert sol.get("/events/plan/").status_code == 404
    program.change_setting(key="supporter-events", value="draft", by=SYSTEM, now=evening)

    sent = sol.post("/events/plan/new/", typed(kind="workshop"))

    page = _text(sol.get(sent.headers["Location"]))
    assert "A coordinator looks at it and publishes it." in page
    assert "Publish it" not in page
    assert sol.get(f"/events/plan/{row.pk}/").status_code == 404
    for path in ("change/", "cancel/", "drop/", "copy/"):
        assert sol.get(f"/events/plan/{row.pk}/{path}").status_code == 404
    assert sol.post("/events/plan/new/", typed(kind="move")).status_code == 400
    listed = _text(sign_in(people["cora"]).get("/events/plan/"))
    assert "Hosted by Sol" in listed


@pytest.mark.parametrize("asked", ["", "2026-12", "2026-13", "x", "0000-00", "9999-99", "2026-1"])
def test_a_month_is_shown_whatever_is_asked(cora: Client, evening: datetime, asked: str) -> None:
    _on(evening)
    answer = cora.get("/events/plan/calendar/", {"month": asked})

    assert answer.status_code == 200
    assert ("6pm Yoga" in _text(answer)) is True  # the last week of November holds the Tuesday


def _write(number: int, evening: datetime, people: dict[str, Person]) -> None:
    day = TUESDAY + timedelta(days=number)
    row = planning.write(
        facts=facts(
            day,
            title=f"Event {number}",
            invited=frozenset({(f"M{number}", "")}),
            hosts=frozenset({people["sol"].pk, people["priya"].pk}),
        ),
        by=SYSTEM,
        now=evening,
    )
    if number % 2:
        planning.publish(event=row.pk, by=SYSTEM, now=evening)
    entry = Entry(f"Exam {number}", Milestone.EXAM, day, day)
    program.add_milestones(entries=[entry], by=SYSTEM, now=evening)


def _asked(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200, address
    kinds = ("session", "accounts_person", "accounts_rolegrant")
    mine = [one for one in asked if not any(f'FROM "{k}' in one["sql"] for k in kinds)]
    return len(mine)


def test_every_page_asks_the_same_few_questions(
    people: dict[str, Person], cora: Client, evening: datetime
) -> None:
    made = series.make(
        facts=facts(), every_weeks=1, last_on=TUESDAY + WEEK, by=SYSTEM, now=evening
    )
    one = Event.objects.filter(series=made).earliest("series_on")
    addresses = [
        "/events/plan/", "/events/plan/calendar/?month=2026-12", "/events/plan/earlier/",
        "/events/plan/new/", f"/events/plan/{one.pk}/", f"/events/plan/{one.pk}/change/",
        f"/events/plan/{one.pk}/drop/", f"/events/plan/{one.pk}/copy/",
        f"/events/plan/series/{made.pk}/", f"/events/plan/series/{made.pk}/end/",
        f"/events/plan/series/{made.pk}/copy/",
    ]  # fmt: skip
    few = {address: _asked(cora, address) for address in addresses}
    for number in range(12):
        _write(number, evening, people)
    many = {address: _asked(cora, address) for address in addresses}

    assert {a: (few[a], n) for a, n in many.items() if n > few[a]} == {}
    assert {a: n for a, n in many.items() if n > MOST} == {}
