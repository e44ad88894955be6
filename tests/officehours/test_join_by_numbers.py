"""A whole copy of the database, attacked by numbers: orders, times, places, transactions.

A crowd lives through four days. Then every order of anything about the visits is matched with
every order of anything about people, by rank and by nearest value (attacker.py), and the best of
all these attacks must not be better than chance. A table that should not be there is found.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import combinations, permutations
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Person
from peersupport.core.sides import role_of
from program.services import touch_public
from tests.officehours import crowd
from tests.officehours.attacker import (
    Attack,
    Finding,
    Rows,
    chance_of_hits,
    chance_of_inversions,
    dump,
)
from tests.roles import acting_as

pytestmark = pytest.mark.django_db(transaction=True)
# The best of some thousand attacks may be as good as this by chance once in ten thousand runs.
LEVEL = 0.0001


@contextmanager
def _leaky_table(days: crowd.Crowd) -> Iterator[None]:
    """Keep a table that a booking writes who booked into, and nothing else: the mistake to see."""
    column = connection.ops.quote_name("person_id")
    kind = "uuid" if connection.vendor == "postgresql" else "char(32)"

    def leaky(made: QuerySet[Any] | None = None) -> bool:
        found = touch_public(made)
        if days.who_books is not None:
            who = days.who_books if connection.vendor == "postgresql" else days.who_books.hex
            with connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO leaky ({column}) VALUES (%s)", [who])
        return found

    with acting_as("owner"), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE leaky ({column} {kind})")
        if connection.vendor == "postgresql":
            cursor.execute(f"GRANT INSERT ON leaky TO {role_of('web')}")
    try:
        with mock.patch("officehours.services.booking.touch_public", leaky):
            yield
    finally:
        with acting_as("owner"), connection.cursor() as cursor:
            cursor.execute("DROP TABLE leaky")


def _best(days: crowd.Crowd, copy: Mapping[str, Rows], kinds: Iterable[int]) -> Finding:
    """Return the best attack on students of some kinds; the attacker is told who they are."""
    people = {
        int(p.email[1:].split("@")[0]): p for p in Person.objects.filter(email__regex=r"^s\d")
    }
    of = {n: visit for n, visit in days.last_visit.items() if n % 3 in kinds}
    return Attack(
        copy,
        people={
            name: n for n, p in people.items() if n % 3 in kinds for name in (p.pk.hex, p.email)
        },
        visits={visit.hex: n for n, visit in of.items()},
        truth={n: n for n in of},
    ).best


_EVERYBODY = (crowd.NEW, crowd.LONG_SIGNED_IN, crowd.JUST_SIGNED_IN)
_TOLD = [_EVERYBODY, *[(kind,) for kind in _EVERYBODY]]


@pytest.mark.anydb
def test_no_order_of_anything_in_a_copy_says_whose_a_visit_was(
    evening: datetime, keys_dir: Path, settings: Any
) -> None:
    settings.STUDENT_DOMAINS = ["school.example"]
    begins = evening.replace(hour=13, minute=0)
    days = crowd.Crowd(begins)
    # One supporter talks with all of them: more than is good, and simpler to tell.
    rested = mock.patch("officehours.queries.care.closed_to_new", return_value=frozenset())
    with _leaky_table(days), rested:
        days.run()
        early = dump()
        days.forget(begins + timedelta(days=crowd.DAYS + 2))
        copy = dump()
    early.pop("leaky")
    leak = {"leaky": copy.pop("leaky")}
    bookings = crowd.VISITORS + 10  # ten were moved or given up and booked again

    assert len(days.last_visit) == crowd.VISITORS
    assert len(copy["officehours_visit"]) == len(leak["leaky"]) == bookings
    # The mistake is seen, by the same attacks, whoever they are made on...
    visits_alone = {name: copy[name] for name in ("officehours_visit", "audit_entry")}
    for kinds in _TOLD:
        found = _best(days, {**visits_alone, **leak}, kinds)
        assert found.chance < LEVEL, found
    # ...the program as it is shows nothing three days later...
    for kinds in _TOLD:
        found = _best(days, copy, kinds)
        assert found.chance >= LEVEL, found
    # ...and while visits are still known, sealed, nothing of those who had signed in before.
    found = _best(days, early, [crowd.LONG_SIGNED_IN])
    assert found.chance >= LEVEL, found


def test_the_bounds_are_right() -> None:
    """The probabilities the attacks are judged by, against every order of six."""
    orders = list(permutations(range(6)))
    hits = [sum(n == one for n, one in enumerate(order)) for order in orders]
    inversions = [sum(a > b for a, b in combinations(order, 2)) for order in orders]

    for k in range(1, 7):
        assert sum(n >= k for n in hits) / len(orders) <= chance_of_hits(k)
    for k in range(16):
        few = sum(min(n, 15 - n) <= min(k, 15 - k) for n in inversions)
        assert few / len(orders) == pytest.approx(chance_of_inversions(6, k))
