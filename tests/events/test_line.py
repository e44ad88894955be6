"""The line of an event: whatever happens, in whatever order, its tables stay true."""

from datetime import datetime

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from accounts.models import Person, RoleGrant
from accounts.rules import Role
from events.models import Event
from events.services import places
from tests.events.line_machine import LineMachine

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _students(number: int, now: datetime) -> list[Person]:
    found = [
        Person.objects.create(email=f"s{n}@school.example", joined_on=now.date())
        for n in range(number)
    ]
    for person in found:
        RoleGrant.objects.create(person=person, role=Role.STUDENT, granted_on=now.date())
    return found


def _machine(evening: datetime) -> type[LineMachine]:
    LineMachine.start = evening
    LineMachine.people = _students(7, evening)
    return LineMachine


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # a shorter walk to the same fault would cost minutes
        suppress_health_check=list(HealthCheck),
    )


def test_whatever_happens_the_tables_stay_true(evening: datetime) -> None:
    run_state_machine_as_test(_machine(evening), settings=_settings(12, 25))


@pytest.mark.soak
def test_whatever_happens_for_long(evening: datetime) -> None:
    run_state_machine_as_test(_machine(evening), settings=_settings(300, 60))


def test_control_a_line_that_lets_newcomers_pass_is_seen(
    evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_fill", lambda held: 0)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(_machine(evening), settings=_settings(60, 30))
    assert Event.objects.exists()
