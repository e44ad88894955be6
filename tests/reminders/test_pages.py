"""Pages of campaigns: who sees and does what, flat in queries, calm about nonsense."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from accounts.rules import Role
from accounts.services import grant_role
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from peersupport.core.outbox.models import Outgoing
from reminders.forms import CampaignForm, initial_of
from reminders.library import LIBRARY
from reminders.models import Campaign, Tally
from reminders.rules import NotAllowed, Verb
from reminders.services import campaigns as services
from tests.people import cast, sign_in
from tests.reminders.ground import campaign, milestone, put_in_class
from tests.roles import acting_as, plan_reminders

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]
EXAM = date(2026, 12, 11)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    found = cast(evening)
    for name in ("ana", "ben", "sol", "priya", "marcus"):
        put_in_class(found[name], "M1")
    return found


@pytest.fixture
def cora(people: dict[str, Person]) -> Client:
    return sign_in(people["cora"])


def _text(answer: Any) -> str:
    return str(answer.content.decode())


def _fields(**more: Any) -> dict[str, Any]:
    return {
        "title": "My own", "kind": "exam", "words": "", "milestone": "", "days": "3",
        "side": "before", "counts_from": "first", "at": "12:00", "good_for": "1",
        "audience": "own", "class_name": "", "rotation": "", "priority": "3",
        "subject": "Before {milestone}", "body": "Hello.\r\n\r\n{next_hours}", **more,
    }  # fmt: skip


def test_the_empty_page_offers_the_library(cora: Client) -> None:
    page = _text(cora.get("/reminders/"))

    assert "No reminder is there yet" in page
    assert page.count("Look at it") == len(LIBRARY)


def test_one_of_the_library_becomes_a_draft_once(cora: Client) -> None:
    for _ in range(2):
        cora.post("/reminders/library/exam-two-weeks/")

    row = Campaign.objects.get()
    assert (row.state, row.offset) == ("draft", -14)
    assert "Two weeks before an exam" in _text(cora.get("/reminders/"))
    assert cora.post("/reminders/library/nothing/").status_code == 404


def test_the_preview_says_how_many_when_and_exactly_what(cora: Client) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    one = campaign(state="draft", body="{milestone}: {first_day}")

    page = _text(cora.get(f"/reminders/{one.pk}/"))

    assert "Tuesday 8 December 2026, noon" in page
    assert "5 people" in page
    assert "Anatomy: Friday 11 December" in page
    assert "Before Anatomy" in page


def test_small_groups_are_not_counted_out(cora: Client) -> None:
    milestone("Anatomy", EXAM, class_name="M9")
    one = campaign(audience="everybody")
    milestone("Other", EXAM + timedelta(days=30), class_name="M2")
    page = _text(cora.get(f"/reminders/{one.pk}/"))

    assert "people" in page
    other = _text(cora.get(f"/reminders/{campaign(title='Own').pk}/"))
    assert "nobody yet" in other


def test_the_preview_tells_what_an_exam_does_to_it(cora: Client) -> None:
    milestone("Long exam", EXAM - timedelta(days=6), last_on=EXAM - timedelta(days=4))
    milestone("Anatomy", EXAM, class_name="M1")
    waits = campaign(words="anatomy", offset=-5, good_for=3)
    lost = campaign(words="anatomy", offset=-5, good_for=0)

    assert "Waits for an exam to be over" in _text(cora.get(f"/reminders/{waits.pk}/"))
    assert "Not sent: it falls into an exam" in _text(cora.get(f"/reminders/{lost.pk}/"))


def test_the_fourth_of_a_weekly_one_is_too_many(cora: Client) -> None:
    first = date(2026, 12, 1)
    milestone("Dedicated", first, kind="study", last_on=first + timedelta(days=40))
    one = campaign(kind="study", counts_from="weekly", offset=0, at=time(9))

    page = _text(cora.get(f"/reminders/{one.pk}/"))

    assert page.count("three letters about one date are the most") == 3


@pytest.mark.parametrize("state", ["draft", "on", "paused", "ended"])
def test_every_state_has_its_page(cora: Client, state: str) -> None:
    one = campaign(state=state)
    page = _text(cora.get(f"/reminders/{one.pk}/"))

    assert ("Change it" in page) == (state in ("draft", "paused"))
    assert ("End it" in page) == (state != "ended")
    assert "fits" in page, "nothing stands in the calendar"


def test_it_is_switched_and_written_down(cora: Client) -> None:
    one = campaign(state="draft")
    before = Entry.objects.count()
    for verb in ("on", "pause", "resume", "end"):
        assert cora.post(f"/reminders/{one.pk}/{verb}/").status_code == 302

    one.refresh_from_db()
    assert one.state == "ended"
    assert Entry.objects.count() == before + 4
    again = cora.post(f"/reminders/{one.pk}/on/", follow=True)
    assert "Somebody was quicker" in _text(again)
    assert cora.post(f"/reminders/{one.pk}/explode/").status_code == 404


def test_one_is_written_and_changed(cora: Client) -> None:
    assert cora.post("/reminders/new/", _fields()).status_code == 302
    row = Campaign.objects.get()
    assert (row.state, row.offset, row.body) == ("draft", -3, "Hello.\n\n{next_hours}")

    cora.post(f"/reminders/{row.pk}/change/", _fields(days="1", side="after"))

    row.refresh_from_db()
    assert row.offset == 1


def test_what_is_on_is_paused_before_it_is_changed(cora: Client) -> None:
    one = campaign()
    answer = cora.post(f"/reminders/{one.pk}/change/", _fields(title="New"), follow=True)

    assert "Pause it first" in _text(answer)
    assert Campaign.objects.get().title == "Three days before"


@pytest.mark.parametrize(
    ("more", "name", "words"),
    [
        ({"body": "Dear {name}"}, "body", "{name} cannot be filled in"),
        ({"body": "{gaps}"}, "body", "{gaps} cannot be filled in"),
        ({"subject": "{"}, "subject", "cannot be filled in"),
        ({"body": "<b>Now</b>"}, "body", "no HTML"),
        ({"subject": "<script>"}, "subject", "no HTML"),
        ({"subject": "a\nb"}, "subject", "one line"),
        ({"at": "23:00"}, "at", "from 8am to 9pm"),
        ({"at": "soon"}, "at", "17:30"),
        ({"days": "-1"}, "days", "0"),
        ({"days": "9" * 400}, "days", ""),
        ({"days": "x"}, "days", "whole number"),
        ({"kind": ""}, "kind", "Choose a kind"),
        ({"kind": "party"}, "kind", "choose from the list"),
        ({"audience": "cohort"}, "class_name", "Choose a class"),
        ({"audience": "cohort", "class_name": "M77"}, "class_name", "choose from the list"),
        ({"milestone": str(uuid.uuid4())}, "milestone", "choose from the list"),
        ({"counts_from": "weekly"}, "side", "on the first day or after"),
        ({"priority": "9"}, "priority", "choose from the list"),
        ({"body": "x" * 1801}, "body", "1800"),
        ({"body": "a\x00b"}, "body", "character"),
        ({"title": ""}, "title", "fill this in"),
    ],
)
def test_nonsense_is_answered_at_the_field(
    cora: Client, more: dict[str, str], name: str, words: str
) -> None:
    answer = cora.post("/reminders/new/", _fields(**more))

    assert answer.status_code == 400
    assert words in " ".join(answer.context["form"].errors[name])
    assert not Campaign.objects.exists()


def test_what_the_form_shows_it_takes_back(people: dict[str, Person]) -> None:
    exam = milestone("Anatomy", EXAM)
    row = campaign(offset=-7, good_for=3, milestone=exam.pk, priority=4)
    shown = initial_of(row)
    ground: dict[str, Any] = {
        "classes": [], "rotations": [], "milestones": [(str(exam.pk), "Anatomy")],
    }  # fmt: skip

    form = CampaignForm({key: str(value) for key, value in shown.items()}, **ground)

    assert form.is_valid(), form.errors
    assert {key: getattr(row, key) for key in form.fields_of_row()} == form.fields_of_row()


def test_a_student_lead_reads_and_changes_nothing(
    people: dict[str, Person], evening: datetime
) -> None:
    grant_role(person=people["ben"], role=Role.STUDENT_LEAD, by=SYSTEM, now=evening)
    ben = sign_in(people["ben"])
    one = campaign()

    assert ben.get("/reminders/").status_code == 200
    assert ben.get("/reminders/ledger/").status_code == 200
    page = _text(ben.get(f"/reminders/{one.pk}/"))
    assert "Pause it" not in page
    assert "Send me a test" not in page
    assert ben.post(f"/reminders/{one.pk}/pause/").status_code == 404
    with pytest.raises(NotAllowed):
        services.switch(campaign=one.pk, verb=Verb.PAUSE, by=people["ben"], now=evening)


def test_a_test_goes_to_whoever_asks(cora: Client, people: dict[str, Person]) -> None:
    one = campaign()
    assert "no date to write about" in _text(cora.post(f"/reminders/{one.pk}/test/", follow=True))
    milestone("Anatomy", EXAM)

    cora.post(f"/reminders/{one.pk}/test/")

    row = Outgoing.objects.get()
    assert (row.kind, row.recipient) == ("campaign-test", people["cora"].pk)


def _tally(campaign_: Campaign, outcome: str, why: str, number: int) -> None:
    with acting_as("worker"):
        Tally.objects.create(
            day=date(2026, 11, 20), kind="campaign", campaign=campaign_.pk, outcome=outcome,
            why=why, number=number,
        )  # fmt: skip


def test_the_ledger_tells_totals_and_no_small_numbers(cora: Client) -> None:
    assert "Nothing has been due yet" in _text(cora.get("/reminders/ledger/"))
    one = campaign()
    _tally(one, "went", "fine", 118)
    _tally(one, "dropped", "unwanted", 1)

    page = _text(cora.get("/reminders/ledger/"))

    assert "118" in page
    assert "they do not want such letters" in page
    assert "fewer than 5" in page
    assert "Three days before" in page


def test_the_page_says_when_nothing_is_planned(cora: Client, evening: datetime) -> None:
    campaign()
    assert "Nothing is being planned at the moment" in _text(cora.get("/reminders/"))

    plan_reminders(now=evening)

    assert "Nothing is being planned at the moment" not in _text(cora.get("/reminders/"))


def test_the_term_shows_what_is_sent(cora: Client) -> None:
    milestone("Anatomy", EXAM, class_name="M1")
    campaign()

    for address in ("/reminders/", "/program/terms/"):
        page = _text(cora.get(address))
        assert "Tuesday 8 December 2026: Three days before" in page


def test_pages_cost_the_same_whatever_there_is(cora: Client) -> None:
    one = campaign()
    milestone("Anatomy", EXAM)
    _tally(one, "went", "fine", 20)
    addresses = ["/reminders/", f"/reminders/{one.pk}/", "/reminders/ledger/"]
    counts: list[list[int]] = []
    for _round in range(2):
        for address in addresses:
            cora.get(address)
        row = []
        for address in addresses:
            with CaptureQueriesContext(connection) as asked:
                cora.get(address)
            row.append(len(asked))
        counts.append(row)
        for number in range(20):
            milestone(f"Exam {number}", EXAM + timedelta(days=number))
            _tally(campaign(title=f"Another {number}"), "went", "fine", 20)

    assert counts[0] == counts[1]
    assert max(counts[1]) <= 16
