"""Exactly what a letter says: placeholders filled in, hostile words harmless, a way to stop."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from reminders.emails import hours_in_words, values_for
from reminders.library import LIBRARY
from reminders.models import Campaign, StopLink
from reminders.rules import Verb
from reminders.services import campaigns as services
from tests.people import cast, hours_of
from tests.reminders.ground import campaign, milestone, put_in_class
from tests.roles import drain, plan_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
EXAM = date(2026, 11, 27)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    found = cast(evening)
    put_in_class(found["ana"], "M1")
    return found


def _sent(evening: datetime, mailoutbox: list[Any]) -> Any:
    plan_reminders(now=evening)
    drain(now=lambda: evening + timedelta(hours=19))
    (mail,) = mailoutbox
    return mail


def _html(mail: Any) -> str:
    return str(mail.alternatives[0][0])


def test_the_letter_is_plain_open_and_ends_with_the_crisis_lines(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    hours_of(people["sol"], evening + timedelta(hours=20))
    campaign(
        subject="Before {milestone}",
        body="On {first_day}.\n\nNext: {next_hours}\n\n{today_link}\n\n{crisis_line}",
    )
    milestone("Anatomy practical", EXAM, class_name="M1")

    mail = _sent(evening, mailoutbox)

    assert mail.subject == "Before Anatomy practical"
    assert mail.body.startswith(
        "On Friday 27 November.\n\nNext: today, 1:10pm to 3:10pm, Room 214"
    )
    assert "http://127.0.0.1:8000/\n\nCall or text 988" in mail.body
    assert mail.body.rstrip().endswith("In danger of life: call 911.")
    assert '<a href="http://127.0.0.1:8000/"' in _html(mail)


def test_supporters_are_named_nowhere(people: dict[str, Person], evening: datetime) -> None:
    hours_of(people["sol"], evening + timedelta(hours=20))

    assert "Sol" not in hours_in_words(evening)


def test_without_hours_the_letter_says_so(people: dict[str, Person], evening: datetime) -> None:
    assert "none are planned yet" in hours_in_words(evening)


def test_hostile_words_stay_words(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    """A name of a date comes from a file of somebody else."""
    campaign(subject="About {milestone}", body="{milestone}\n\nA & B < C {unknown}")
    milestone("<img src=x> {crisis_line} & %s", EXAM, class_name="M1")

    mail = _sent(evening, mailoutbox)

    assert mail.subject == "About <img src=x> {crisis_line} & %s"
    assert "A & B < C {unknown}" in mail.body
    assert "<img" not in _html(mail)
    assert "&lt;img src=x&gt; {crisis_line} &amp; %s" in _html(mail)


def test_a_title_of_several_lines_makes_no_header(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    campaign(subject="About {milestone}")
    milestone("Anatomy\r\nBcc: all@school.example", EXAM, class_name="M1")

    mail = _sent(evening, mailoutbox)

    assert mail.subject == "About Anatomy Bcc: all@school.example"
    assert list(mail.message().keys()).count("Bcc") == 0


def test_every_letter_can_be_stopped_by_header_and_link(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    campaign()
    milestone("Anatomy", EXAM, class_name="M1")

    mail = _sent(evening, mailoutbox)

    link = mail.message()["List-Unsubscribe"].strip("<>")
    assert mail.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("http://127.0.0.1:8000/reminders/stop/")
    assert link in mail.body
    assert link in _html(mail)
    row = StopLink.objects.get()
    token = link.rstrip("/").rpartition("/")[2]
    assert token.encode() not in bytes(row.seed) + bytes(row.mark)
    assert len(token) >= 22, "128 bits or more"
    assert "campaign" not in link
    assert mail.to == ["ana@school.example"]


def test_the_test_letter_is_the_letter(
    people: dict[str, Person], evening: datetime, mailoutbox: list[Any]
) -> None:
    one = campaign()
    exam = milestone("Anatomy", EXAM, class_name="M1")

    services.send_test(campaign=one, milestone=exam.pk, by=people["cora"], now=evening)
    drain(now=lambda: evening)

    (mail,) = mailoutbox
    assert mail.to == ["cora@school.example"]
    assert mail.subject == "Test: Before Anatomy"
    assert "Next: none are planned yet" in mail.body


@pytest.mark.parametrize("key", LIBRARY)
def test_everything_shipped_can_be_switched_on_and_filled_in(
    people: dict[str, Person], evening: datetime, key: str
) -> None:
    row = services.take_from_library(key=key, by=SYSTEM, now=evening)
    services.switch(campaign=row.pk, verb=Verb.SWITCH_ON, by=SYSTEM, now=evening)
    kept = Campaign.objects.get()
    exam = milestone("Step 1 scores", EXAM)
    values = values_for(kept, _entry(exam), evening)

    assert (kept.state, kept.library) == ("on", key)
    assert {"next_hours", "crisis_line"} <= values.keys()
    assert ("gaps" in values) is kept.is_staffing


def _entry(row: Any) -> Any:
    from program.queries.milestones import entry_of

    return entry_of(row)
