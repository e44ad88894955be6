"""A class calendar as .ics through the pages: shown, taken, sent in again with other days."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from peersupport.core.actors import SYSTEM
from program import services
from program.calendar_rules import Entry, Kind
from program.models import Milestone
from program.queries.milestones import exams_of_one
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]
CONFIRM = "/program/milestones/file/confirm/"
ANATOMY = """BEGIN:VEVENT
UID:1
SUMMARY:Anatomy exam
DTSTART;TZID=America/Los_Angeles:20261211T060000
DURATION:PT3H
END:VEVENT"""
QUIZZES = """BEGIN:VEVENT
UID:2
SUMMARY:Weekly quiz
DTSTART;VALUE=DATE:20261207
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT"""


def _send(client: Any, *events: str) -> Any:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]
    file = SimpleUploadedFile("class.ics", "\n".join(lines).encode())
    fields = {"file": file, "class_name": "", "rotation": ""}
    return client.post("/program/milestones/file/", fields)


def _take(client: Any, shown: Any) -> Any:
    page = shown.content.decode()
    fields = {}
    for name in ("parked", "seen"):
        found = re.search(f'name="{name}" value="([^"]*)"', page)
        assert found, page
        fields[name] = found[1]
    return client.post(CONFIRM, fields)


def _days() -> list[tuple[str, date]]:
    return list(Milestone.objects.order_by("first_on").values_list("title", "first_on"))


def test_a_newer_calendar_moves_what_the_older_one_brought(evening: datetime) -> None:
    cora = sign_in(cast(evening)["cora"])
    typed = Entry("Typed exam", Kind.EXAM, date(2026, 12, 11), date(2026, 12, 11))
    services.add_milestones(entries=[typed], by=SYSTEM, now=evening)

    shown = _send(cora, ANATOMY, QUIZZES)
    assert "Friday 11 December 2026, 9am to noon" in shown.content.decode()
    assert _take(cora, shown).status_code == 302
    assert len(_days()) == 5

    moved = ANATOMY.replace("20261211T060000", "20261218T070000")
    shown = _send(cora, moved)  # without the quizzes: a short file is no decision
    page = shown.content.decode()
    assert "Friday 18 December 2026, 10am to 1pm" in page
    assert "Friday 11 December 2026, 9am to noon" in page  # as it is until now
    assert _take(cora, shown).status_code == 302

    assert _days() == [
        ("Weekly quiz", date(2026, 12, 7)), ("Typed exam", date(2026, 12, 11)),
        ("Weekly quiz", date(2026, 12, 14)), ("Anatomy exam", date(2026, 12, 18)),
        ("Weekly quiz", date(2026, 12, 21)),
    ]  # fmt: skip
    again = _send(cora, moved).content.decode()
    assert "All of it is there already" in again


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (ANATOMY.replace("America/Los_Angeles", "Mars/Base"), "“Anatomy exam”: We do not know"),
        (ANATOMY.replace("DURATION:PT3H", "RECURRENCE-ID:soon"), "“Anatomy exam”: We cannot"),
        (ANATOMY.replace("END:VEVENT", ""), "This calendar file is broken"),
        (QUIZZES.replace("COUNT=3", "BYMONTH=2;BYMONTHDAY=30"), "never come"),
    ],
)
def test_a_wrong_event_is_named_and_nothing_is_done(
    evening: datetime, event: str, said: str
) -> None:
    answer = _send(sign_in(cast(evening)["cora"]), QUIZZES.replace("UID:2", "UID:3"), event)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Milestone.objects.exists()


def test_whoever_has_an_exam_from_a_calendar_is_kept_free(evening: datetime) -> None:
    people = cast(evening)
    cora = sign_in(people["cora"])
    _take(cora, _send(cora, ANATOMY))

    begins, ends = (datetime(2026, 12, day, tzinfo=UTC) for day in (11, 12))
    (exam,) = exams_of_one(people["priya"], begins, ends)
    assert exam.start == datetime(2026, 12, 11, 14, tzinfo=UTC)
