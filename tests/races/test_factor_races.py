"""One code, many requests at the same moment: it lets one in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from accounts.factors import Kind
from accounts.models import FactorReset, Person
from accounts.queries.factors import ways_of
from accounts.rules import Role
from accounts.services import factors, grant_role
from accounts.services.resets import agree_to_reset, start_reset
from peersupport.core.actors import SYSTEM
from tests.accounts.factor_steps import code_of, give_app
from tests.people import cast
from tests.races.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _spend(evening: datetime, which: str) -> tuple[list[object], int]:
    ana = cast(evening)["ana"]
    secret, codes = give_app(ana, evening)
    typed = code_of(secret, evening) if which == "app" else codes[0]
    acts: list[Callable[[], object]] = [
        lambda: factors.spend_code(person=ana, typed=typed, now=evening) for _ in range(8)
    ]
    return at_once(acts), ways_of(ana).codes_left


def test_a_code_of_the_app(evening: datetime) -> None:
    found, _left = _spend(evening, "app")

    assert sorted(map(str, found)) == ["None"] * 7 + [str(Kind.APP)]


def test_a_recovery_code(evening: datetime) -> None:
    found, left = _spend(evening, "codes")

    assert sorted(map(str, found)) == ["None"] * 7 + [str(Kind.CODES)]
    assert left == 9


def test_two_different_recovery_codes_are_both_spent(evening: datetime) -> None:
    """Whoever comes second reads the row anew, or is refused; no code comes back to life."""
    ana = cast(evening)["ana"]
    _secret, codes = give_app(ana, evening)

    found = at_once(
        [partial(factors.spend_code, person=ana, typed=code, now=evening) for code in codes[:6]]
    )

    won = sum(each == Kind.CODES for each in found)
    assert won >= 1
    assert ways_of(ana).codes_left == 10 - won


def test_two_agree_to_the_same_reset(evening: datetime) -> None:
    people = cast(evening)
    grant_role(person=people["dee"], role=Role.COORDINATOR, by=SYSTEM, now=evening)
    start_reset(person=people["ana"], by=people["ida"], now=evening)
    reset = FactorReset.objects.get().pk
    two = [Person.objects.get(pk=people[who].pk) for who in ("cora", "dee")]

    found = at_once([partial(agree_to_reset, reset=reset, by=by, now=evening) for by in two])

    assert sorted(map(str, found)) == ["False", "True"]
