"""The demo's term: dates ahead, letters that are on, some that went and one that waited."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounts.models import Person, RosterEntry
from peersupport.core.actors import SYSTEM
from peersupport.core.outbox.demo_mailbox import read_all
from peersupport.core.outbox.models import Outgoing
from peersupport.portal import demo_day
from program.models import Milestone, Term
from reminders.models import Campaign, PlanRun, Tally
from reminders.queries.pages import ahead, all_campaigns, calendar
from reminders.rules import Verb
from reminders.services import campaigns
from tests.people import sign_in
from tests.roles import SUPERUSER

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane(SUPERUSER)]
DAY = timedelta(days=1)


@pytest.fixture
def demo(settings: Any, tmp_path: Path, keys_dir: Path) -> Any:
    settings.DEMO, settings.PLANE = True, "all"
    settings.EMAIL_BACKEND = "peersupport.core.outbox.demo_mailbox.Backend"
    settings.MAIL_DIR = tmp_path
    return settings


def lay_out(now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        demo_day.lay_out_day(now=now)


def _readable(value: Any) -> str:
    return value.hex() if isinstance(value, bytes | memoryview) else str(value)


def outcomes() -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in Tally.objects.all():
        found[row.outcome, row.why] += row.number
    return found


@pytest.mark.parametrize("day", range(7))
def test_on_every_day_of_the_week_letters_went_and_one_waited(demo: Any, day: int) -> None:
    now = datetime(2026, 11, 23, 13, 40, tzinfo=UTC) + day * DAY

    lay_out(now)

    done = outcomes()
    assert done["went", "fine"] >= 2
    assert done["held", "exam"] >= 1
    shown = read_all()
    letters = [one for one in shown if "Hello from the students of peer support" in one.text]
    assert len(letters) == done["went", "fine"]
    assert {one.to for one in letters} <= {"ana@school.example", "ben@school.example"}
    assert all(one.at < now for one in letters)
    assert len({one.at.date() for one in letters}) >= 2


@pytest.mark.parametrize("hour", [5, 23])
def test_at_whatever_hour_it_is_started(demo: Any, hour: int) -> None:
    """Also in the night of a clock change."""
    lay_out(datetime(2026, 11, 1, hour, 10, tzinfo=UTC))
    assert outcomes()["went", "fine"] >= 1
    assert outcomes()["held", "exam"] >= 1


def test_the_timeline_lives(demo: Any, evening: datetime) -> None:
    lay_out(evening)

    on = [one for one in all_campaigns() if one.state == "on"]
    known = calendar(evening)
    coming = [time for one in on for time in ahead(one, known, evening)]
    assert len(on) == 9
    assert len(coming) > 12
    assert min(time.at.due_at for time in coming) < evening + 7 * DAY
    with time_machine.travel(evening, tick=False):
        cora = sign_in(Person.objects.get(email="cora@school.example"))
        page = cora.get("/reminders/").content.decode()
        ledger = cora.get("/reminders/ledger/").content.decode()
    assert "Next:" in page
    assert "exam" in ledger


def test_seeding_again_changes_nothing(demo: Any, evening: datetime) -> None:
    def all_of_it() -> list[Any]:
        models: list[Any] = [Campaign, Milestone, Term, Tally, RosterEntry, Outgoing, PlanRun]
        rows = [[each for row in model.objects.values_list() for each in row] for model in models]
        return [sorted(map(_readable, each)) for each in rows]

    lay_out(evening)
    before, mails = all_of_it(), len(read_all())

    lay_out(evening)
    assert (all_of_it(), len(read_all())) == (before, mails)

    one = Campaign.objects.get(library="exam-after")
    campaigns.switch(campaign=one.pk, verb=Verb.END, by=SYSTEM, now=evening)
    Milestone.objects.filter(title="Anatomy practical").delete()
    lay_out(evening + DAY)
    assert Campaign.objects.count() == 9, "what a visitor ended stays ended"
    assert not Milestone.objects.filter(title="Anatomy practical").exists()


def test_when_nothing_is_ahead_any_more_the_next_dates_are_laid(
    demo: Any, evening: datetime
) -> None:
    lay_out(evening)
    later = evening + 100 * DAY

    lay_out(later)

    titles = Milestone.objects.filter(first_on__gt=later.date()).values_list("title", flat=True)
    assert "Renal block exam" in titles
    assert Term.objects.filter(first_on__lte=later.date(), last_on__gte=later.date()).count() == 1
    assert Campaign.objects.count() == 9
