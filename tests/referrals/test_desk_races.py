"""T10: at the same moment. Each with a control that shows what the guard is for."""

from datetime import datetime
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from peersupport.core import locks
from peersupport.core.states import NotAllowedFrom
from referrals import permissions, rules
from referrals.models import Counselor, Referral, Taken
from referrals.rules import Outcome
from referrals.services import desk, routing, steps
from tests.care import care_cast, counselor
from tests.races.at_once import at_once, meeting
from tests.referrals.cases import sent, take_back

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
S = rules.State


def _people(now: datetime) -> dict[str, Counselor]:
    return {**care_cast(now), "fay": counselor("Fay", now)}


def _now(row: Referral) -> Referral:
    return Referral.objects.get(pk=row.pk)


def _two_acknowledge(cast: dict[str, Counselor], row: Referral, now: datetime) -> list[object]:
    return at_once(
        [
            lambda: desk.acknowledge(referral=row.pk, by=cast["eli"], now=now),
            lambda: desk.acknowledge(referral=row.pk, by=cast["fay"], now=now),
        ]
    )


def test_two_acknowledge_at_once_and_one_has_it(evening: datetime) -> None:
    cast = _people(evening)
    for _ in range(5):
        row = sent(evening)
        done = _two_acknowledge(cast, row, evening)

        won = [one for one in done if isinstance(one, Referral)]
        lost = [one for one in done if isinstance(one, desk.HasIt)]
        assert (len(won), len(lost)) == (1, 1), done
        assert lost[0].name == won[0].owner.name  # type: ignore[union-attr]
        assert Taken.objects.filter(referral=row).count() == 1


def test_two_who_have_both_read_and_the_guard_keeps_one(evening: datetime) -> None:
    """Without the lock both have read before either writes: the guarded UPDATE decides."""
    cast = _people(evening)
    row = sent(evening)
    if connection.vendor == "sqlite":
        return  # the IMMEDIATE transaction lets nobody read beside a writer

    with mock.patch.object(locks, "hold_in_order", return_value=None), meeting(desk, "plan"):
        done = _two_acknowledge(cast, row, evening)

    assert sum(isinstance(one, Referral) for one in done) == 1, done
    assert sum(isinstance(one, desk.HasIt) for one in done) == 1, done
    assert Taken.objects.filter(referral=row).count() == 1


def _blind(found: Referral, verb: str, *, by: str, now: datetime, **fields: Any) -> Referral:
    """What `take_step` would be without its guard."""
    Referral.objects.filter(pk=found.pk).update(
        state=rules.TRANSITIONS.target(found.state, verb), **fields
    )
    steps.note(found, verb, "acknowledged", by=by, now=now)
    return Referral.objects.select_related("owner").get(pk=found.pk)


def test_control_without_the_guard_both_think_that_it_is_theirs(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    if connection.vendor == "sqlite":
        return

    with (
        mock.patch.object(locks, "hold_in_order", return_value=None),
        mock.patch.object(desk, "take_step", _blind),
        meeting(desk, "plan"),
    ):
        done = _two_acknowledge(cast, row, evening)

    assert sum(isinstance(one, Referral) for one in done) == 2, done
    assert Taken.objects.filter(referral=row).count() == 2


def test_hand_on_against_close_ends_in_one_way(evening: datetime) -> None:
    cast = _people(evening)
    for _ in range(5):
        row = sent(evening)
        desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
        done = at_once(
            [
                lambda r=row: desk.transfer(  # type: ignore[misc]
                    referral=r.pk, to=cast["fay"].pk, by=cast["eli"], now=evening
                ),
                lambda r=row: desk.close(  # type: ignore[misc]
                    referral=r.pk, outcome=Outcome.CONNECTED, by=cast["dee"], now=evening
                ),
            ]
        )
        won = [one for one in done if isinstance(one, Referral)]
        refused = [one for one in done if isinstance(one, NotAllowedFrom | rules.NotAllowed)]
        assert (len(won), len(refused)) == (1, 1), done
        assert _now(row).state == won[0].state
        assert Taken.objects.filter(referral=row).count() == 2


def test_handing_on_to_somebody_who_steps_aside_just_now(evening: datetime) -> None:
    cast = _people(evening)
    for _ in range(5):
        row = sent(evening)
        desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
        # Fay was asked once before, and knows of it.
        desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)
        at_once(
            [
                lambda r=row: desk.acknowledge(  # type: ignore[misc]
                    referral=r.pk, by=cast["fay"], now=evening
                ),
                lambda r=row: desk.step_aside(  # type: ignore[misc]
                    referral=r.pk, by=cast["fay"], now=evening
                ),
            ]
        )
        found = _now(row)
        assert found.owner_id != cast["fay"].pk
        assert found.asked_id is None
        assert any(permissions.may_see(one, row) for one in cast.values())


def test_routing_and_settling_at_once_with_the_desk(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    take_back(row, evening)

    done = at_once(
        [
            lambda: desk.settle_withdrawn(now=evening),
            lambda: desk.settle_withdrawn(now=evening),
            lambda: routing.route_new(now=evening),
            lambda: desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening),
        ]
    )

    assert sorted(map(str, done[:2])) == ["0", "1"]
    assert isinstance(done[3], rules.NotAllowed)
    assert Taken.objects.get(referral=row).verb == "withdraw"
