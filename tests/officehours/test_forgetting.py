"""Forgetting: at every read, by the job, and for good once the day key has moved on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from accounts.models import Person
from officehours import rules
from officehours.models import Counter, Load, Visit
from officehours.queries import pages, sealed
from officehours.queries.sealed import Log
from officehours.services import booking, forgetting, talks
from officehours.services.booking import Slot
from peersupport.core import daykey, ids
from tests.people import cast, hours_of
from tests.roles import forget_visits

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def _finished(now: datetime) -> tuple[Visit, dict[str, Person]]:
    people = cast(now)
    start = now + timedelta(minutes=10)
    hours = hours_of(people["priya"], start, checked_in_at=now)
    visit = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, start),
        name="Ash",
        wants_mail=True,
        request_key=ids.new_id(),
        now=now,
    )
    talks.start(visit=visit, by=people["priya"], now=start)
    talks.finish(visit=visit, by=people["priya"], now=start + timedelta(minutes=25))
    log = Log("15 to 30", ("study", "self"), True, "heavy")
    talks.write_log(visit=visit, log=log, by=people["priya"], now=start + timedelta(minutes=26))
    visit.refresh_from_db()
    return visit, people


def test_reads_forget_although_no_job_ran(keys_dir: Path, evening: datetime) -> None:
    visit, people = _finished(evening)
    ana = people["ana"]
    day_later = visit.forget_at

    assert pages.my_visits(ana, day_later - timedelta(seconds=1))
    assert pages.my_visits(ana, day_later) == []
    assert sealed.name_of(visit, day_later) == ""
    assert sealed.holder_of(visit, day_later) is None


def test_forget_at_is_within_a_day_of_the_end(keys_dir: Path, evening: datetime) -> None:
    visit, _ = _finished(evening)

    ended = evening + timedelta(minutes=35)
    assert visit.forget_at <= ended + timedelta(hours=24)
    assert daykey.gone_at(visit.key_day) <= ended + timedelta(hours=48)


def test_the_job_empties_counts_and_cannot_count_twice(keys_dir: Path, evening: datetime) -> None:
    visit, people = _finished(evening)
    later = visit.forget_at + timedelta(minutes=5)

    assert forget_visits(now=later) == 1
    assert forget_visits(now=later) == 0

    visit.refresh_from_db()
    emptied = (visit.holder, visit.name, visit.claim_tag, visit.log, visit.changed_at)
    assert emptied == (None,) * 5
    totals = {(c.series, c.bucket): c.count for c in Counter.objects.all()}
    assert totals == {
        ("daypart by week", "evening"): 1,
        ("length by term", "15 to 30"): 1,
        ("topic by term", "study"): 1,
        ("topic by term", "self"): 1,
    }
    load = Load.objects.get(supporter=people["priya"])
    assert (load.talks, load.heavy) == (1, 1)


def test_a_removed_line_is_counted_nowhere(keys_dir: Path, evening: datetime) -> None:
    visit, people = _finished(evening)
    booking.remove_log(person=people["ana"], visit=visit, now=evening)

    forget_visits(now=visit.forget_at)

    assert not Counter.objects.exists()


def test_no_copy_made_before_opens_after_the_day_key_moved_on(
    keys_dir: Path, evening: datetime
) -> None:
    visit, people = _finished(evening)
    copy = Visit.objects.get(pk=visit.pk)
    ana = people["ana"].pk
    tags_before = sealed.claim_tags(ana, "booked", evening).values()
    assert bytes(copy.claim_tag or b"") in tags_before

    after = daykey.gone_at(visit.key_day)
    forget_visits(now=after)

    with pytest.raises(daykey.Forgotten):
        daykey.ratchet().at(copy.key_day)
    # With a clock set back, the copy, and everything that still exists: nothing.
    assert sealed.holder_of(copy, evening) is None
    assert sealed.name_of(copy, evening) == ""
    assert bytes(copy.claim_tag or b"") not in sealed.claim_tags(ana, "booked", evening).values()


def test_the_day_key_moves_on_although_counting_fails(keys_dir: Path, evening: datetime) -> None:
    visit, _ = _finished(evening)
    after = daykey.gone_at(visit.key_day)

    broken = mock.patch.object(forgetting, "_add", side_effect=ZeroDivisionError)
    with broken, pytest.raises(ZeroDivisionError):
        forget_visits(now=after)

    with pytest.raises(daykey.Forgotten):
        daykey.ratchet().at(visit.key_day)


def test_the_row_goes_after_a_week(keys_dir: Path, evening: datetime) -> None:
    visit, _ = _finished(evening)

    forget_visits(now=visit.ends_at + rules.ROW_KEPT + timedelta(hours=1))

    assert not Visit.objects.exists()


def test_the_old_key_is_not_left_in_the_file(keys_dir: Path) -> None:
    before = (keys_dir / "daykey.json").read_bytes()
    old = daykey.ratchet()

    daykey.advance(datetime(2026, 12, 24, 9, tzinfo=UTC))

    assert (keys_dir / "daykey.json").read_bytes() != before
    assert daykey.ratchet().key == old.at(daykey.ratchet().day)
    assert [p.name for p in keys_dir.iterdir() if "daykey" in p.name and "lock" not in p.name] == [
        "daykey.json"
    ]
