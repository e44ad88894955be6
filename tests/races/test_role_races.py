"""Roles given and taken at the same moment. Each with a control."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from unittest import mock

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Invitation, Person, RoleGrant
from accounts.rules import LastAdministrator, NotAllowed, Role
from accounts.services import grant_role, invitations, leaving, people, revoke_role
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from tests.people import cast
from tests.races.at_once import at_once, meeting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _two_administrators(evening: datetime) -> tuple[Person, Person]:
    known = cast(evening)
    grant_role(person=known["cora"], role=Role.ADMINISTRATOR, by=SYSTEM, now=evening)
    # Read anew, as a request does: each knows the roles they have now.
    ida, cora = (Person.objects.get(pk=known[name].pk) for name in ("ida", "cora"))
    return ida, cora


def _administrators() -> int:
    return RoleGrant.objects.filter(role="administrator", revoked_on__isnull=True).count()


def _take(person: Person, by: Person, evening: datetime) -> Callable[[], object]:
    return partial(revoke_role, person=person, role=Role.ADMINISTRATOR, by=by, now=evening)


@pytest.mark.parametrize("turn", range(4))
def test_of_two_who_take_the_role_from_each_other_one_keeps_it(
    evening: datetime, turn: int
) -> None:
    ida, cora = _two_administrators(evening)

    found = at_once([_take(cora, ida, evening), _take(ida, cora, evening)])

    assert _administrators() == 1
    assert sum(isinstance(each, LastAdministrator | NotAllowed) for each in found) == 1
    assert found.count(None) == 1


@pytest.mark.parametrize("turn", range(4))
def test_one_lays_it_down_while_the_other_takes_their_own(evening: datetime, turn: int) -> None:
    ida, cora = _two_administrators(evening)

    at_once([_take(ida, ida, evening), _take(cora, cora, evening)])

    assert _administrators() == 1


@pytest.mark.parametrize("turn", range(4))
def test_one_leaves_while_the_other_lays_it_down(evening: datetime, turn: int) -> None:
    ida, cora = _two_administrators(evening)

    at_once([partial(leaving.delete_account, person=ida, now=evening), _take(cora, cora, evening)])

    assert _administrators() == 1


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time: the transaction is the lock"
)
def test_control_without_the_lock_nobody_is_left(evening: datetime) -> None:
    ida, cora = _two_administrators(evening)
    unlocked = mock.patch.object(QuerySet, "select_for_update", lambda rows, **_: rows)

    # Both have looked who is left, and written, before either commits.
    with unlocked, meeting(people, "record"):
        at_once([_take(cora, ida, evening), _take(ida, cora, evening)])

    assert _administrators() == 0


def _invited(evening: datetime) -> tuple[str, Person, Person]:
    """Return the token of an invitation of Ben to be a supporter, Ben, and Ana."""
    known = cast(evening)
    token = ids.new_token()
    with mock.patch.object(ids, "new_token", return_value=token):
        invitations.invite(
            email=known["ben"].email, role=Role.SUPPORTER, by=known["cora"], now=evening
        )
    return token, known["ben"], known["ana"]


def _accept(token: str, person: Person, evening: datetime) -> Callable[[], object]:
    return partial(invitations.accept, token=token, person=person, now=evening)


def _given(person: Person) -> int:
    verbs = Entry.objects.filter(thing_id=str(person.pk), verb="grant role", note="supporter")
    return verbs.count()


def test_an_invitation_is_taken_once_and_by_whom_it_names(evening: datetime) -> None:
    token, ben, ana = _invited(evening)

    found = at_once([_accept(token, who, evening) for who in [ben, ana] * 4])

    assert found.count(Role.SUPPORTER) == 1
    assert sum(isinstance(each, NotAllowed) for each in found) == 7
    assert _given(ben) == 1
    assert not RoleGrant.objects.filter(person=ana, role="supporter").exists()
    assert not Invitation.objects.exists()


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time: the transaction is the lock"
)
def test_control_without_the_guarded_delete_two_take_one_invitation(evening: datetime) -> None:
    token, ben, _ana = _invited(evening)

    def blind(rows: object) -> tuple[int, dict[str, int]]:
        return 1, {}

    with mock.patch.object(QuerySet, "delete", blind), meeting(invitations, "mark_of"):
        found = at_once([_accept(token, ben, evening)] * 2)

    assert found == [Role.SUPPORTER, Role.SUPPORTER]


@pytest.mark.parametrize("turn", range(3))
def test_withdrawn_or_taken_but_never_both(evening: datetime, turn: int) -> None:
    token, ben, _ana = _invited(evening)
    key, cora = Invitation.objects.get().pk, Person.objects.get(email="cora@school.example")

    taken, _withdrawn = at_once(
        [
            _accept(token, ben, evening),
            partial(invitations.withdraw, invitation=key, by=cora, now=evening),
        ]
    )

    told = Entry.objects.filter(verb="withdraw invitation").count()
    assert (taken == Role.SUPPORTER) is (told == 0)
    assert _given(ben) == (1 if taken == Role.SUPPORTER else 0)
