"""Leaving while something else happens at the same moment. Each with a control."""

from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.db import connection

from accounts.models import Person, RoleGrant
from accounts.rules import Role
from accounts.services import grant_role, leaving
from officehours import rules
from officehours.models import Visit
from officehours.queries import sealed
from officehours.services import booking
from officehours.services.booking import Slot
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from tests.people import cast, hours_of
from tests.races.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _leave(person: Person, now: datetime) -> object:
    return leaving.delete_account(person=Person.objects.get(pk=person.pk), now=now)


def _both_leave(evening: datetime) -> int:
    """Let the two administrators leave at the same moment; return how many are left."""
    people = cast(evening)
    grant_role(person=people["cora"], role=Role.ADMINISTRATOR, by=SYSTEM, now=evening)
    at_once([lambda p=people[name]: _leave(p, evening) for name in ("ida", "cora")])  # type: ignore[misc]
    return RoleGrant.objects.filter(role="administrator", revoked_on__isnull=True).count()


@pytest.mark.parametrize("turn", range(5))
def test_of_two_last_administrators_one_stays(evening: datetime, turn: int) -> None:
    assert _both_leave(evening) == 1


def test_without_the_lock_both_would_be_gone(evening: datetime) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time: the transaction is the lock")
    left = -1
    with mock.patch.object(leaving, "_hold_administrators"):
        for _turn in range(12):
            left = _both_leave(evening)
            Person.objects.all().delete()
            if left == 0:
                break
    assert left == 0


@pytest.mark.parametrize("turn", range(5))
def test_a_time_booked_while_leaving_is_not_left_behind(evening: datetime, turn: int) -> None:
    people = cast(evening)
    ana = people["ana"]
    hours = hours_of(people["priya"], evening + timedelta(hours=1))
    mine = Person.objects.get(pk=ana.pk)

    def book() -> object:
        return booking.book(
            person=mine,
            slot=Slot(hours.pk, hours.starts_at),
            name="",
            wants_mail=False,
            request_key=ids.new_id(),
            now=evening,
        )

    at_once([book, lambda: _leave(ana, evening)])

    assert not Person.objects.filter(pk=ana.pk).exists()
    assert not sealed.visits_of(ana.pk, evening).live().exists()
    assert not Visit.objects.live().exists()


def test_whoever_is_gone_books_nothing(evening: datetime) -> None:
    people = cast(evening)
    hours = hours_of(people["priya"], evening + timedelta(hours=1))
    mine = Person.objects.get(pk=people["ana"].pk)
    assert mine.roles
    _leave(people["ana"], evening)

    with pytest.raises(rules.SlotTaken):
        booking.book(
            person=mine,
            slot=Slot(hours.pk, hours.starts_at),
            name="",
            wants_mail=False,
            request_key=ids.new_id(),
            now=evening,
        )
    assert not Visit.objects.exists()
