"""Counselors asked, joined, confirmed and ended at the same moment. Each with a control."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.db.models import QuerySet

from peersupport.core.audit.models import Entry
from peersupport.core.states import NotAllowedFrom
from referrals import rules
from referrals.models import Counselor, Passkey
from referrals.rules import CareRole
from referrals.services import care_factors, counselors
from referrals.services.counselors import CodeNotRight
from tests.accounts.soft_key import SoftKey
from tests.care import care_cast, counselor, give_key
from tests.races.at_once import at_once, meeting

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
_ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time: the transaction is the lock"
)


@pytest.fixture(autouse=True)
def _care(settings: Any) -> None:
    settings.PLANE = "care"


def _two_leads(evening: datetime) -> tuple[Counselor, Counselor]:
    return care_cast(evening)["dee"], counselor("Lena", evening, role=CareRole.LEAD)


def _leads() -> int:
    return Counselor.objects.filter(role="lead", state="active").count()


def _end(who: Counselor, by: Counselor, now: datetime) -> Callable[[], object]:
    return partial(counselors.end_counselor, counselor=who.pk, by=by, now=now)


@pytest.mark.parametrize("turn", range(4))
def test_of_two_leads_who_end_each_other_one_stays(evening: datetime, turn: int) -> None:
    dee, lena = _two_leads(evening)

    found = at_once([_end(lena, dee, evening), _end(dee, lena, evening)])

    assert _leads() == 1
    assert found.count(None) == 1
    assert sum(isinstance(each, rules.NotAllowed) for each in found) == 1


@pytest.mark.parametrize("turn", range(4))
def test_of_two_leads_who_leave_at_once_one_stays(evening: datetime, turn: int) -> None:
    dee, lena = _two_leads(evening)
    step_down = partial(
        counselors.change_role,
        counselor=lena.pk,
        role=CareRole.COUNSELOR,
        by=lena,
        now=evening,
    )

    found = at_once([_end(dee, dee, evening), step_down])

    assert _leads() == 1
    assert sum(isinstance(each, rules.LastLead) for each in found) == 1


@_ON_POSTGRESQL
def test_control_without_the_lock_no_lead_is_left(evening: datetime) -> None:
    dee, lena = _two_leads(evening)
    unlocked = mock.patch.object(QuerySet, "select_for_update", lambda rows, **_: rows)

    with unlocked, meeting(counselors, "_held"):
        at_once([_end(lena, dee, evening), _end(dee, lena, evening)])

    assert _leads() == 0


def _nora(evening: datetime) -> tuple[Counselor, Counselor, str]:
    dee = care_cast(evening)["dee"]
    asked = counselors.ask_to_join(
        name="Nora",
        email="nora@school.example",
        role=CareRole.COUNSELOR,
        by=dee,
        now=evening,
    )
    return dee, asked.counselor, asked.code


def _join(nora: Counselor, evening: datetime, name: bytes) -> Callable[[], object]:
    return partial(
        counselors.join,
        counselor=nora.pk,
        epoch=nora.epoch.hex,
        credential=SoftKey(name).credential(),
        now=evening,
    )


@pytest.mark.parametrize("turn", range(3))
def test_one_code_lets_one_in(evening: datetime, turn: int) -> None:
    _dee, nora, code = _nora(evening)
    assert counselors.check_code(email=nora.email, typed=code, now=evening).pk == nora.pk

    found = at_once([_join(nora, evening, bytes([n]) * 16) for n in range(6)])

    assert sum(isinstance(each, Counselor) for each in found) == 1
    assert sum(isinstance(each, CodeNotRight) for each in found) == 5
    assert Passkey.objects.filter(counselor=nora).count() == 1
    assert Entry.objects.filter(verb="join").count() == 1


@_ON_POSTGRESQL
def test_control_without_the_guards_one_code_lets_two_in(evening: datetime) -> None:
    _dee, nora, _code = _nora(evening)
    unlocked = mock.patch.object(QuerySet, "select_for_update", lambda rows, **_: rows)

    both_have_read = Barrier(2)

    def blind(row: Counselor, **changes: Any) -> None:
        with suppress(BrokenBarrierError):
            both_have_read.wait(30)
        Counselor.objects.filter(pk=row.pk).update(**changes)

    blindly = mock.patch.object(counselors, "_change", blind)
    with unlocked, blindly:
        at_once([_join(nora, evening, bytes([n]) * 16) for n in range(2)])

    assert Passkey.objects.filter(counselor=nora).count() == 2


@pytest.mark.parametrize("turn", range(4))
def test_confirmed_or_ended_but_never_half(evening: datetime, turn: int) -> None:
    dee, nora, _code = _nora(evening)
    _join(nora, evening, b"n" * 16)()
    passkey = Passkey.objects.get(counselor=nora).pk

    confirmed, ended = at_once(
        [
            partial(counselors.confirm, passkey=passkey, by=dee, now=evening),
            _end(nora, dee, evening),
        ]
    )

    assert ended is None
    assert isinstance(confirmed, Counselor | rules.NotAllowed | NotAllowedFrom)
    assert Counselor.objects.get(pk=nora.pk).state == "ended"
    assert not Passkey.objects.filter(counselor=nora).exists()
    told = Entry.objects.filter(verb="confirm counselor").count()
    assert told == isinstance(confirmed, Counselor)


def test_confirmed_once(evening: datetime) -> None:
    dee, nora, _code = _nora(evening)
    _join(nora, evening, b"n" * 16)()
    passkey = Passkey.objects.get(counselor=nora).pk

    found = at_once([partial(counselors.confirm, passkey=passkey, by=dee, now=evening)] * 4)

    assert sum(isinstance(each, Counselor) for each in found) == 1
    assert Entry.objects.filter(verb="confirm counselor").count() == 1


def test_two_first_leads_at_once(evening: datetime) -> None:
    """Both may be asked; of both who come, one leads at once and the other waits for them."""
    asked = [
        counselors.first_lead(name="Dee", email="dee@school.example", now=evening),
    ]
    other = Counselor.objects.get(pk=asked[0].counselor.pk)
    found = at_once(
        [
            _join(other, evening, b"d" * 16),
            partial(counselors.first_lead, name="Lena", email="l@school.example", now=evening),
        ]
    )

    joined, second = found
    assert isinstance(joined, Counselor) is isinstance(second, rules.LeadIsThere)
    assert _leads() == isinstance(joined, Counselor)


def test_one_recovery_code_lets_one_in(evening: datetime) -> None:
    eli = care_cast(evening)["eli"]
    code = care_factors.make_codes(by=eli, now=evening)[0]

    found = at_once(
        [partial(care_factors.spend_code, email=eli.email, typed=code, now=evening)] * 6
    )

    assert sum(isinstance(each, Counselor) for each in found) == 1
    assert found.count(None) == 5


def test_of_two_passkeys_removed_at_once_one_stays(evening: datetime) -> None:
    eli = care_cast(evening)["eli"]
    for _ in range(2):
        give_key(eli, evening)
    keys = [*Passkey.objects.values_list("pk", flat=True)]

    found = at_once(
        [partial(care_factors.remove_passkey, passkey=key, by=eli, now=evening) for key in keys]
    )

    assert Passkey.objects.filter(counselor=eli).count() == 1
    assert sum(isinstance(each, rules.LastPasskey) for each in found) == 1
