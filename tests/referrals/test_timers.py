"""How soon each urgency is answered: set by the lead alone, with what follows from it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peersupport.core.audit.models import Entry
from program.queries import facts
from program.rules import Window
from referrals import reading_rules, rules
from referrals.models import Timers
from referrals.queries.duty import consequences
from referrals.queries.reading import plan, timers
from referrals.rules import TIMERS, Rung, Urgency
from referrals.services import duty
from referrals.views.desk_words import reading_left
from tests.care import care_cast, sit_down
from tests.referrals.cases import reads

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane", "frozen", "wound"),
]
NEW_YORK = ZoneInfo("America/New_York")
SAID = {
    **{
        f"urgent_{part}": str(n)
        for part, n in (("acknowledge", 30), ("contact", 60), ("step", 15))
    },
    **{
        f"soon_{part}": str(n) for part, n in (("acknowledge", 90), ("contact", 240), ("step", 45))
    },
    **{
        f"routine_{part}": str(n)
        for part, n in (("acknowledge", 480), ("contact", 960), ("step", 240))
    },
    "line_name": "Night line",
    "line_email": "night@school.example",
}


def _post(who: Any, now: datetime, **more: str) -> Any:
    return sit_down(who, now).post("/care/timers/", {**SAID, **more})


def test_the_lead_sets_them_and_they_count(evening: datetime) -> None:
    cast = care_cast(evening)

    assert _post(cast["dee"], evening).status_code == 302

    assert timers()[Urgency.SOON].acknowledge == timedelta(minutes=90)
    assert Timers.objects.get().line_email == "night@school.example"
    assert Entry.objects.get().verb == "set timers"
    assert _post(cast["dee"], evening, soon_acknowledge="60").status_code == 302
    assert timers()[Urgency.SOON].acknowledge == timedelta(minutes=60)


def test_nobody_else_does(evening: datetime) -> None:
    cast = care_cast(evening)

    assert _post(cast["eli"], evening).status_code == 404
    with pytest.raises(rules.NotAllowed):
        duty.set_timers(
            timers=dict(TIMERS), line_name="", line_email="", by=cast["eli"], now=evening
        )
    assert not Timers.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"soon_step": "0"},
        {"soon_step": "abc"},
        {"soon_step": ""},
        {"soon_contact": "100000"},
        {"line_name": ""},
        {"line_email": ""},
        {"line_email": "nobody"},
    ],
)
def test_what_makes_no_sense_is_not_kept(evening: datetime, wrong: dict[str, str]) -> None:
    cast = care_cast(evening)

    page = _post(cast["dee"], evening, **wrong)

    assert page.status_code == 400
    assert "There is a problem" in page.content.decode()
    assert not Timers.objects.exists()


def test_the_page_says_what_follows(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["eli"].card, 0, 1, 2, 3, 4)
    _post(cast["dee"], evening)

    page = sit_down(cast["dee"], evening).get("/care/timers/").content.decode()

    # It is Monday, 5:10pm: somebody reads tomorrow from nine.
    assert "tomorrow at 9am: whoever reads then" in page
    assert "tomorrow at 9:45am: Night line" in page  # three steps of 15 minutes
    assert "Somebody takes it by 5:25pm" in page  # danger, by the clock on the wall


def test_consequences_follow_the_ladder(evening: datetime) -> None:
    cast = care_cast(evening)
    reads(cast["eli"].card, 0, 1, 2, 3, 4)
    found = {one.urgency: one for one in consequences(plan(evening, facts().zone), evening)}

    at = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert [rung for rung, _when in found["soon"].rungs] == list(Rung)
    assert [when for _rung, when in found["soon"].rungs] == [
        at + timedelta(hours=2 * n) for n in range(4)
    ]
    assert [when for _rung, when in found["danger"].rungs] == [
        evening + timedelta(minutes=10 * n) for n in range(4)
    ]


WINDOWS = st.lists(
    st.builds(
        Window,
        st.integers(0, 6),
        st.builds(time, st.integers(0, 11)),
        st.builds(time, st.integers(12, 23)),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None, database=None)
@given(windows=WINDOWS, minutes=st.integers(1, 60 * 30), start=st.integers(0, 24 * 14))
def test_what_is_left_is_what_was_asked_for(windows: Any, minutes: int, start: int) -> None:
    """Over a clock change too: as much reading lies before the moment it is due as was given."""
    now = datetime(2026, 10, 28, tzinfo=UTC) + timedelta(hours=start)
    length = timedelta(minutes=minutes)
    due = reading_rules.due(windows, now, length, NEW_YORK)
    if due is not None:
        assert reading_rules.left(reading_rules.ahead(windows, now, NEW_YORK), due) == length


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(hours=7, minutes=59), "7 reading hours left"),
        (timedelta(hours=2), "2 reading hours left"),
        (timedelta(hours=1, minutes=50), "1 hour 45 minutes of reading time left"),
        (timedelta(minutes=50), "45 minutes of reading time left"),
        (timedelta(minutes=1), "15 minutes of reading time left"),
    ],
)
def test_what_is_left_in_words(left: timedelta, said: str) -> None:
    assert reading_left(left) == said
