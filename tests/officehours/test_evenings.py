"""Evenings simulated: random people, delays, retries, and crashes between any two steps.

After every step the promises are asked of the database. An expected refusal is an answer,
anything else fails.
"""

import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from officehours import rules
from officehours.models import Visit
from officehours.queries import sealed
from officehours.services import line, presence
from peersupport.core import careseal, ids
from tests.officehours.evening import Evening, Step
from tests.officehours.evening_acts import KINDS
from tests.people import hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
# A step of a plan: what, after how many minutes, with which dice.
_STEP = st.builds(
    Step,
    kind=st.integers(0, len(KINDS) - 1),
    minutes=st.sampled_from([0, 0, 0, 1, 2, 4, 12]),
    seed=st.integers(0, 2**32 - 1),
)
_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
# EVENINGS=2000 pytest -m soak ...: how many. SMALLER=1 makes a plan that fails smaller (minutes).
_PHASES = [Phase.generate] + [Phase.shrink] * bool(os.environ.get("SMALLER"))


@pytest.fixture
def keys(keys_dir: Path) -> Path:
    """Keys of this test's own: the day key is moved on, and begun anew with each evening."""
    careseal.create(keys_dir)
    return keys_dir


def _evenings(number: int) -> settings:
    return settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=_PHASES,
        suppress_health_check=_QUIET,
    )


def _play(now: datetime, seed: int, plan: list[Step], next_day: list[Step]) -> Evening:
    play = Evening(now, seed)
    play.play(plan, KINDS)
    play.sleep(max(play.now, play.tomorrow))
    play.play(next_day, KINDS)
    play.end()
    return play


_PLAN = given(
    seed=st.integers(0, 2**32 - 1),
    plan=st.lists(_STEP, min_size=20, max_size=80),
    next_day=st.lists(_STEP, max_size=20),
)


@_evenings(25)
@_PLAN
def test_every_evening_keeps_every_promise(
    evening: datetime, keys: Path, seed: int, plan: list[Step], next_day: list[Step]
) -> None:
    _play(evening, seed, plan, next_day)


@pytest.mark.soak
@_evenings(int(os.environ.get("EVENINGS", "2000")))
@_PLAN
def test_thousands_of_evenings_keep_every_promise(
    evening: datetime, keys: Path, seed: int, plan: list[Step], next_day: list[Step]
) -> None:
    _play(evening, seed, plan, next_day)


def test_a_broken_promise_is_seen(evening: datetime, keys: Path) -> None:
    """The control: rows that break a rule are caught by the same check."""
    play = Evening(evening, 1)
    marcus = play.supporters[2]
    one, other = hours_of(marcus, evening), hours_of(play.supporters[3], evening)
    for hours in (one, other):
        presence.check_in(assignment=hours, by=hours.supporter, now=evening)
    play.promises.unwanted.clear()
    first = line.join(
        person=play.students[0],
        shift=one.shift_id,
        name="",
        request_key=ids.new_id(),
        now=evening,
    )
    play.promises.check(evening)
    Visit.objects.filter(pk=first.pk).update(
        acceptable=sealed.seal_wanted(first.pk, first.key_day, sealed.NOBODY),
        assignment=one,
        state=rules.S.CALLED,
    )
    with pytest.raises(AssertionError, match="unwanted"):
        play.promises.check(evening)
