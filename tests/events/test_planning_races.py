"""Two coordinators at the same moment: one wins, the other is told."""

from datetime import datetime

import pytest
from django.db import connection

from events.models import Event
from events.planning_rules import ChangedMeanwhile
from events.queries import plans
from events.services import planning, writing
from peersupport.core.actors import SYSTEM
from tests.events.plans import facts, mark
from tests.races.at_once import at_once, meeting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _both(evening: datetime) -> list[object]:
    row = planning.write(facts=facts(), by=SYSTEM, now=evening)
    planning.publish(event=row.pk, by=SYSTEM, now=evening)
    seen = mark(row, evening)

    def change(title: str) -> object:
        return planning.change(
            event=row.pk, facts=facts(title=title), seen=seen, by=SYSTEM, now=evening
        )

    return at_once([lambda: change("One"), lambda: change("Other")])


def test_one_of_two_changes_wins_and_the_other_is_told(evening: datetime) -> None:
    done = _both(evening)

    assert sorted(type(one).__name__ for one in done) == ["ChangedMeanwhile", "int"], done
    assert isinstance(next(one for one in done if one != 1), ChangedMeanwhile)
    assert Event.objects.values_list("sequence", flat=True).get() == 1


def test_without_holding_the_row_both_would_win(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets nobody else write in a transaction that may write.")
    row = planning.write(facts=facts(), by=SYSTEM, now=evening)
    planning.publish(event=row.pk, by=SYSTEM, now=evening)
    seen = mark(row, evening)
    monkeypatch.setattr(writing, "hold_rows", lambda events: None)

    def change(title: str) -> object:
        return planning.change(
            event=row.pk, facts=facts(title=title), seen=seen, by=SYSTEM, now=evening
        )

    with meeting(plans, "read"):
        done = at_once([lambda: change("One"), lambda: change("Other")])

    assert done == [1, 1]
