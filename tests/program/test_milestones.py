"""Terms and milestones: whose exams, what a file changes, pages, and supporters kept free."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from accounts.models import Person, RosterEntry
from officehours.queries.care import unavailable
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from program import calendars, services
from program.calendar_rules import Entry, Kind, compare, guess, next_year, quiet_times, us_md
from program.models import Milestone, Term
from program.queries import facts
from program.queries.milestones import exams_of_one, span_of
from program.services import NotAllowed
from program.services.milestones import ChangedMeanwhile
from tests.people import cast, hours_of, sign_in

NEW_YORK = ZoneInfo("America/New_York")
EXAM = Entry("Anatomy", Kind.EXAM, date(2026, 12, 11), date(2026, 12, 11), time(9), time(12))


@pytest.mark.parametrize(
    ("title", "kind"),
    [("Surgery shelf", "exam"), ("Dedicated for Step 1", "study"), ("Match Week", "deadline"),
     ("Orientation", "change"), ("Picnic", "other")],
)  # fmt: skip
def test_titles_say_what_it_is(title: str, kind: str) -> None:
    assert guess(title) == kind


def test_quiet_times_join_and_begin_the_evening_before() -> None:
    later = replace(EXAM, first_on=date(2026, 12, 13), last_on=date(2026, 12, 14))
    far, party = replace(EXAM, first_on=date(2027, 1, 5), last_on=date(2027, 1, 5)), replace(
        EXAM, kind=Kind.OTHER)  # fmt: skip

    found = quiet_times([far, later, EXAM, party])

    assert [(q.eve.day, q.first_on.day, q.last_on.day) for q in found] == [(10, 11, 14), (4, 5, 5)]


def test_the_template_has_match_day_on_the_third_friday_of_march() -> None:
    days = {year: next(s for s in us_md(year) if s.title == "Match Week") for year in (2025, 2026)}
    assert days[2026].last_on == date(2027, 3, 19)  # domain 5a
    assert days[2026].first_on == date(2027, 3, 15)
    assert days[2025].last_on == date(2026, 3, 20)


def test_next_year_keeps_the_day_of_the_week() -> None:
    (moved,) = next_year([replace(EXAM, key="x")])
    assert moved.first_on.weekday() == EXAM.first_on.weekday()
    assert (moved.first_on.year, moved.key) == (2027, "")


def test_a_whole_day_is_as_long_as_the_day_is() -> None:
    day = replace(
        EXAM, first_on=date(2026, 11, 1), last_on=date(2026, 11, 1), starts=None, ends=None
    )
    span = span_of(day, NEW_YORK)
    assert span.end - span.start == timedelta(hours=25)


def _listed(person: Person, class_name: str, rotation: str = "") -> None:
    RosterEntry.objects.create(
        email=person.email, person=person, class_name=class_name, rotation=rotation,
        standing="enrolled",
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.parametrize(
    ("audience", "has_exam"),
    [({}, [True, True, True]), ({"class_name": "M3"}, [True, False, False]),
     ({"class_name": "M3", "rotation": "B"}, [False, False, False]),
     ({"rotation": "A"}, [True, False, False])],
)  # fmt: skip
def test_whose_exam_it_is(
    evening: datetime, audience: dict[str, Any], has_exam: list[bool]
) -> None:
    people = cast(evening)
    _listed(people["priya"], "M3", "A")
    _listed(people["sol"], "M2")
    services.add_milestones(entries=[replace(EXAM, **audience)], by=SYSTEM, now=evening)
    day = datetime(2026, 12, 11, 15, tzinfo=UTC), datetime(2026, 12, 11, 16, tzinfo=UTC)

    three = [people[name] for name in ("priya", "sol", "marcus")]

    assert [bool(exams_of_one(one, *day)) for one in three] == has_exam
    many = calendars.exams_of_many(frozenset(one.pk for one in three), *day)
    assert [one.pk in many for one in three] == has_exam


@pytest.mark.django_db
@pytest.mark.anydb
def test_supporters_are_kept_free_before_their_own_exam(evening: datetime) -> None:
    people = cast(evening)
    _listed(people["priya"], "M3")
    everyone = [people["priya"].pk, people["sol"].pk]
    shelf = replace(EXAM, class_name="M3")
    services.add_milestones(entries=[shelf], by=SYSTEM, now=evening)
    start = datetime(2026, 12, 9, 22, tzinfo=UTC)  # two days before
    assert unavailable(everyone, start, start + timedelta(hours=2)) == {people["priya"].pk}
    week = start - timedelta(days=7)
    assert unavailable(everyone, week, week + timedelta(hours=2)) == frozenset()
    key = Milestone.objects.get().pk
    study = replace(shelf, kind=Kind.STUDY)
    services.change_milestone(milestone=key, entry=study, by=SYSTEM, now=evening)
    assert unavailable(everyone, start, start + timedelta(hours=2)) == frozenset()


def _hours(day: str) -> dict[str, str]:
    return {
        "day": day, "starts": "17:00", "ends": "19:00", "place": "Room 214", "minutes": "30",
        "ways": "in person", "request_key": str(ids.new_id()),
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_whoever_plans_hours_near_an_own_exam_is_told(evening: datetime) -> None:
    people = cast(evening)
    services.add_coverage(label="Line", phone="555-0100", weekday=None, starts=time(0),
                          ends=time(0), until=None, by=SYSTEM, now=evening)  # fmt: skip
    day = date(2026, 11, 27)
    shelf = replace(EXAM, class_name="M3", first_on=day, last_on=day)
    services.add_milestones(entries=[shelf], by=SYSTEM, now=evening)
    _listed(people["priya"], "M3")
    for name, is_told in (("priya", True), ("sol", False)):
        answer = sign_in(people[name]).post("/hours/new/", _hours("2026-11-25"))
        assert ("an exam of your own" in answer.content.decode()) == is_told, name


@pytest.mark.django_db
@pytest.mark.anydb
def test_a_kept_copy_of_today_is_old_once_an_exam_is_written_down(evening: datetime) -> None:
    cast(evening)
    services.touch_public()
    versions = [facts().version]
    services.add_milestones(entries=[EXAM], by=SYSTEM, now=evening)
    versions.append(facts().version)
    key = Milestone.objects.get().pk
    services.change_milestone(
        milestone=key, entry=replace(EXAM, title="B"), by=SYSTEM, now=evening
    )
    versions.append(facts().version)
    services.remove_milestone(milestone=key, by=SYSTEM, now=evening)
    versions.append(facts().version)
    assert len(set(versions)) == 4


@pytest.mark.django_db
@pytest.mark.anydb
def test_asking_for_many_takes_no_more_queries(
    evening: datetime, django_assert_num_queries: Any
) -> None:
    people = cast(evening)
    for name in ("priya", "sol", "marcus"):
        _listed(people[name], "M3")
    exams = [replace(EXAM, title=str(n)) for n in range(20)]
    services.add_milestones(entries=exams, by=SYSTEM, now=evening)
    start = datetime(2026, 12, 11, 15, tzinfo=UTC)
    for size in (1, 3):
        few = frozenset(people[n].pk for n in ("priya", "sol", "marcus")[:size])
        with django_assert_num_queries(3):
            assert len(calendars.exams_of_many(few, start, start + timedelta(hours=1))) == size


def test_comparing_says_new_changed_and_the_same() -> None:
    one, two, three = (replace(EXAM, title=t, key=t) for t in "abc")
    later = replace(two, first_on=date(2026, 12, 18), last_on=date(2026, 12, 18), line=7)

    plan = compare([one, later, three], {"a": replace(one, line=4), "b": two})

    assert plan.new == (three,)
    assert plan.changed == ((two, later),)
    assert plan.unchanged == 1
    assert plan.mark != compare([one, two, three], {"a": one, "b": two}).mark


@pytest.mark.django_db
@pytest.mark.anydb
def test_a_file_is_taken_whole_as_shown_and_again(evening: datetime) -> None:
    entries = [replace(EXAM, title=t, key=t) for t in "ab"]
    plan = services.plan_file(entries)
    services.take_file(entries=entries, seen=plan.mark, by=SYSTEM, now=evening)
    assert Milestone.objects.count() == 2
    with pytest.raises(ChangedMeanwhile):  # pressed twice
        services.take_file(entries=entries, seen=plan.mark, by=SYSTEM, now=evening)
    moved = [replace(entries[0], first_on=date(2026, 12, 14), last_on=date(2026, 12, 14))]
    again = services.plan_file(moved)
    services.take_file(entries=moved, seen=again.mark, by=SYSTEM, now=evening)
    rows = Milestone.objects.order_by("title").values_list("title", "first_on")
    # What the newer file leaves out stays.
    assert list(rows) == [("a", date(2026, 12, 14)), ("b", date(2026, 12, 11))]


@pytest.mark.django_db
@pytest.mark.anydb
def test_the_same_is_not_written_twice_and_students_may_not(evening: datetime) -> None:
    people = cast(evening)
    assert services.add_milestones(entries=[EXAM, EXAM], by=SYSTEM, now=evening) == 1
    for name in ("ana", "priya"):
        with pytest.raises(NotAllowed):
            services.add_milestones(entries=[EXAM], by=people[name], now=evening)


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.parametrize(
    "wrong",
    [{"last_on": date(2026, 1, 1)}, {"ends": None}, {"starts": None}, {"ends": time(8)}],
)
def test_the_database_holds_what_a_date_is(evening: datetime, wrong: dict[str, Any]) -> None:
    services.add_milestones(entries=[EXAM], by=SYSTEM, now=evening)
    with pytest.raises(IntegrityError), transaction.atomic():
        Milestone.objects.update(**wrong)


TYPED = {"title": "Anatomy", "kind": "exam", "first_on": "2026-12-11", "last_on": "", "starts": "",
         "ends": "", "class_name": "", "rotation": ""}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_a_date_is_typed_changed_and_removed(evening: datetime) -> None:
    cora = sign_in(cast(evening)["cora"])
    page = "/program/milestones/"
    assert cora.post(page, TYPED).status_code == 302
    here = f"{page}{Milestone.objects.get().pk}/"
    assert "Anatomy" in cora.get(page).content.decode()
    assert cora.post(here, {**TYPED, "starts": "09:00", "ends": "12:00"}).status_code == 302
    assert "9am to noon" in cora.get(page).content.decode()
    for wrong in (
        {"title": ""}, {"first_on": "2036-01-01"}, {"last_on": "2026-12-01"}, {"starts": "09:00"},
        {"ends": "09:00"}, {"starts": "09:00", "ends": "08:00"}, {"class_name": "M9"},
        {"kind": "x"},
    ):  # fmt: skip
        for address in (page, here):
            answer = cora.post(address, {**TYPED, **wrong})
            assert answer.status_code == 400, wrong
            assert "There is a problem" in answer.content.decode()
    assert cora.post(f"{here}remove/").status_code == 302
    assert cora.post(f"{here}remove/").status_code == 404
    assert not Milestone.objects.exists()


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_the_list_is_flat(evening: datetime, django_assert_max_num_queries: Any) -> None:
    cora = sign_in(cast(evening)["cora"])
    services.add_milestones(entries=[EXAM], by=SYSTEM, now=evening)
    with django_assert_max_num_queries(14) as few:
        cora.get("/program/milestones/")
    more = [replace(EXAM, title=f"exam {n}") for n in range(60)]
    services.add_milestones(entries=more, by=SYSTEM, now=evening)
    with django_assert_max_num_queries(len(few)):
        page = cora.get("/program/milestones/").content.decode()
    assert page.count("exam 5") > 1


def _send(client: Any, content: bytes) -> Any:
    file = SimpleUploadedFile("class.csv", content)
    return client.post(
        "/program/milestones/file/", {"file": file, "class_name": "", "rotation": ""}
    )


def _hidden(page: str) -> dict[str, str]:
    return {
        name: re.search(f'name="{name}" value="([^"]*)"', page)[1]  # type: ignore[index]
        for name in ("parked", "seen")
    }


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_a_file_is_shown_then_taken(evening: datetime) -> None:
    people = cast(evening)
    cora, ida = sign_in(people["cora"]), sign_in(people["ida"])
    answer = _send(cora, b"title,first\nAnatomy exam,2026-12-11\n")
    assert answer.status_code == 200
    assert not Milestone.objects.exists()
    shown = _hidden(answer.content.decode())
    confirm = "/program/milestones/file/confirm/"
    # Whose page it is, and unbroken.
    assert ida.post(confirm, shown).status_code == 400
    assert cora.post(confirm, {**shown, "parked": shown["parked"][:-8]}).status_code == 400
    assert cora.post(confirm, {**shown, "seen": "0"}).status_code == 409
    assert cora.post(confirm, shown).status_code == 302
    assert cora.post(confirm, shown).status_code == 409
    assert Milestone.objects.get().kind == "exam"
    for wrong in (b"title,first\nX,soon\n", b"", b"nothing", b"title,first\nX,2020-01-01\n"):
        answer = _send(cora, wrong)
        assert answer.status_code == 400, wrong
    with time_machine.travel(evening + timedelta(hours=3), tick=False):
        answer = sign_in(people["cora"]).post(confirm, shown)
        assert "too old" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_a_template_and_last_year_are_confirmed_row_by_row(evening: datetime) -> None:
    people = cast(evening)
    RosterEntry.objects.create(email="x@school.example", class_name="Class of 2027", phase="M4",
                               standing="enrolled")  # fmt: skip
    cora = sign_in(people["cora"])
    page = cora.get("/program/milestones/template/").content.decode()
    assert "Match Week" in page
    assert '<option value="Class of 2027" selected>' in page
    data = {"rows": "2"}
    for number, title in enumerate(("Match Week", "CBSE")):
        row = {"title": title, "kind": "deadline", "first_on": "2027-03-15",
               "last_on": "2027-03-19", "class_name": "Class of 2027", "rotation": ""}  # fmt: skip
        data |= {f"row{number}-{name}": value for name, value in row.items()}
    data |= {"row0-is_taken": "on", "row1-first_on": "nonsense"}  # a row nobody takes is not wrong
    address = "/program/milestones/template/"
    wrong = {**data, "row0-last_on": "2027-03-01"}
    assert cora.post(address, wrong).status_code == 400
    assert not Milestone.objects.exists()
    assert cora.post(address, data).status_code == 302
    assert Milestone.objects.get().title == "Match Week"
    with time_machine.travel(datetime(2027, 8, 20, 16, tzinfo=UTC), tick=False):
        cora = sign_in(people["cora"])
        page = cora.get(f"{address}?from=last-year").content.decode()
        assert 'value="2028-03-13"' in page  # Monday to Friday again
    for rows in ("", "x", "99999999", "-1", "²"):
        assert cora.post(address, {"rows": rows}).status_code in (302, 400)


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_a_term_at_a_glance(evening: datetime, django_assert_max_num_queries: Any) -> None:
    people = cast(evening)
    cora = sign_in(people["cora"])
    page = "/program/terms/"
    assert "The coming half year" in cora.get(page).content.decode()
    fall = {"name": "Fall 2026", "first_on": "2026-08-17", "last_on": "2026-12-18"}
    assert cora.post(page, fall).status_code == 302
    assert cora.post(page, {**fall, "last_on": "2026-12-19"}).status_code == 302
    assert Term.objects.get().last_on == date(2026, 12, 19)
    for wrong in ({"name": ""}, {"last_on": "2026-08-01"}, {"last_on": "2028-08-01"},
                  {"name": "Other"}):  # fmt: skip
        assert cora.post(page, {**fall, **wrong}).status_code == 400, wrong
    services.add_holiday(name="Thanksgiving", first_on=date(2026, 11, 26),
                         last_on=date(2026, 11, 27), by=SYSTEM, now=evening)  # fmt: skip
    services.add_milestones(entries=[EXAM], by=SYSTEM, now=evening)
    hours_of(people["priya"], evening + timedelta(hours=20))
    with django_assert_max_num_queries(30) as few:
        shown = cora.get(page).content.decode()
    for words in (
        "Anatomy",
        "the evening before",
        "Thanksgiving",
        "2 hours",
        "<svg",
        "9am to noon",
    ):
        assert words in shown, words
    services.add_milestones(entries=[replace(EXAM, title=str(n)) for n in range(30)], by=SYSTEM,
                            now=evening)  # fmt: skip
    with django_assert_max_num_queries(len(few)):
        cora.get(page)
    assert cora.post(f"{page}{Term.objects.get().pk}/remove/").status_code == 302
    assert not Term.objects.exists()


@pytest.mark.django_db
@pytest.mark.anydb
@pytest.mark.usefixtures("frozen")
def test_what_others_add_has_a_lane_of_its_own(evening: datetime) -> None:
    cora = sign_in(cast(evening)["cora"])
    day = date(2026, 12, 1)
    calendars.register_marks("test", "Letters", lambda first, last, reader: [(day, "Good luck")])
    try:
        shown = cora.get("/program/terms/").content.decode()
    finally:
        calendars._marks.pop("test")
    assert "Letters" in shown
    assert shown.count("Good luck") == 2  # in the drawing and in the table
