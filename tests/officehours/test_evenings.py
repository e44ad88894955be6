"""Evenings simulated: random people, delays, retries, and crashes between any two steps.

After every step the promises are asked of the database. An expected refusal is an answer,
anything else fails. `EVENINGS=500 pytest -m soak tests/officehours/test_evenings.py` plays as
many; with `SMALLER=1` an evening that fails is made smaller, which takes minutes.
"""

import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from officehours import rules
from officehours.models import Assignment, Visit
from officehours.queries import sealed
from officehours.services import line
from peersupport.core import careseal, ids
from tests.officehours.evening import Evening
from tests.officehours.evening_acts import KINDS
from tests.officehours.evening_plan import Plan, plan_of, smallest
from tests.officehours.promises import SUPPORTER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture
def keys(keys_dir: Path) -> Path:
    """Keys of this test's own: the day key is moved on, and begun anew with each evening."""
    careseal.create(keys_dir)
    return keys_dir


def _evenings(number: int) -> settings:
    # Hypothesis chooses the seeds; what fails is made smaller by `smallest`, step by step.
    return settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=_QUIET,
    )


def _play(now: datetime, seed: int, plan: Plan) -> None:
    play = Evening(now, seed)
    play.play(plan.tonight, KINDS)
    play.sleep(max(play.now, play.tomorrow))
    play.play(plan.tomorrow, KINDS)
    play.end()


def _play_and_explain(now: datetime, seed: int) -> None:
    """Play an evening; if it fails and SMALLER is set, play the smallest that fails so too."""
    plan = plan_of(seed, len(KINDS))
    try:
        _play(now, seed, plan)
    except Exception as error:
        if not os.environ.get("SMALLER"):
            raise
        small = smallest(plan, error, lambda one: _play(now, seed, one))
        print(f"EVENING {seed}", small)  # noqa: T201 - asked for
        _play(now, seed, small)
        raise


@_evenings(20)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_evening_keeps_every_promise(evening: datetime, keys: Path, seed: int) -> None:
    _play_and_explain(evening, seed)


@pytest.mark.soak
@_evenings(int(os.environ.get("EVENINGS", "2000")))
@given(seed=st.integers(0, 2**32 - 1))
def test_thousands_of_evenings_keep_every_promise(
    evening: datetime, keys: Path, seed: int
) -> None:
    _play_and_explain(evening, seed)


def test_a_broken_promise_is_seen(evening: datetime, keys: Path) -> None:
    """The control: rows that break a rule are caught by the same check."""
    play = Evening(evening, 1)
    one = Assignment.objects.filter(supporter=play.supporters[2]).order_by("starts_at")[0]
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
        play.promises.check(evening, SUPPORTER)
