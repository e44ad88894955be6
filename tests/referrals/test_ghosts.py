"""Nobody makes a counselor but a lead: not an administrator, a mailbox, or a writer of rows.

Each row here is planted by SQL, as somebody would who has the whole database and no key of the
care host: with no seal, with one of another row, with one of their own making.
"""

import os
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction
from django.test import Client

from peersupport.core import ids
from referrals import seals
from referrals.care_sessions import _key
from referrals.models import Card, CareSession, Counselor, Passkey, RecoveryCode
from referrals.rules import CareRole
from referrals.services import counselors
from referrals.services.care_factors import remove_passkey
from tests.accounts.soft_key import SoftKey
from tests.care import answer, care_cast, give_key, sit_down, wind
from tests.people import cast, sign_in
from tests.roles import SUPERUSER, acting_as

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane"),
]
SEALS = ["none", "another row's", "one of their own"]


@pytest.fixture
def people(evening: datetime) -> Any:
    """Dee and Eli at that evening."""
    with time_machine.travel(evening, tick=False):
        wind(evening)
        yield care_cast(evening)


def _seal(kind: str, of: Counselor | Passkey) -> bytes:
    return {"none": b"", "another row's": bytes(of.seal), "one of their own": os.urandom(32)}[kind]


def _ghost(people: dict[str, Counselor], now: datetime, seal: bytes) -> tuple[Counselor, SoftKey]:
    """Plant a counselor who is everything that Dee is, with a passkey of the attacker's."""
    ghost = Counselor(
        card=Card.objects.create(name="Ghost"),
        email="ghost@school.example",
        role="lead",
        state="active",
        epoch=people["dee"].epoch,
        confirmed_by=people["dee"].confirmed_by,
        confirmed_on=now.date(),
        seal=seal,
    )
    Counselor.objects.bulk_create([ghost])
    return ghost, give_key(ghost, now)  # with a passkey whose own seal is right


@pytest.mark.parametrize("kind", SEALS)
def test_a_planted_counselor_is_nobody(
    people: dict[str, Counselor], evening: datetime, kind: str
) -> None:
    ghost, key = _ghost(people, evening, _seal(kind, people["dee"]))

    assert answer(Client(), "/care/sign-in/", key, ghost).status_code == 400
    # Even a session that the program itself had made.
    assert sit_down(ghost, evening).get("/care/").status_code == 302


def test_the_control_a_row_of_ours_is_let_in(
    people: dict[str, Counselor], evening: datetime
) -> None:
    ghost, key = _ghost(people, evening, b"")
    ghost.seal = seals.seal_of(ghost)
    Counselor.objects.filter(pk=ghost.pk).update(seal=ghost.seal)

    assert answer(Client(), "/care/sign-in/", key, ghost).status_code == 302


def test_the_control_without_seals_the_ghost_is_in(
    people: dict[str, Counselor], evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ghost, key = _ghost(people, evening, b"")
    for place in ("referrals.care_sessions", "referrals.care_passkeys"):
        monkeypatch.setattr(f"{place}.is_genuine", lambda row: True)
    client = Client()

    assert answer(client, "/care/sign-in/", key, ghost).status_code == 302
    assert client.get("/care/").status_code == 200


@pytest.mark.parametrize("kind", SEALS)
def test_a_planted_passkey_signs_nobody_in(
    people: dict[str, Counselor], evening: datetime, kind: str
) -> None:
    dee = people["dee"]
    give_key(dee, evening)
    real = Passkey.objects.get()
    mine = SoftKey(dee.pk.bytes)
    planted = Passkey(
        counselor=dee,
        name="x",
        credential=mine.credential(),
        added_on=evening.date(),
        is_confirmed=True,
        seal=_seal(kind, real),
    )
    Passkey.objects.bulk_create([planted])

    assert answer(Client(), "/care/sign-in/", mine, dee).status_code == 400


def test_a_swapped_credential_signs_nobody_in(
    people: dict[str, Counselor], evening: datetime
) -> None:
    dee = people["dee"]
    give_key(dee, evening)
    mine = SoftKey(dee.pk.bytes)
    Passkey.objects.update(credential=mine.credential())

    assert answer(Client(), "/care/sign-in/", mine, dee).status_code == 400


@pytest.mark.parametrize("field", ["counselor", "confirmed"])
def test_a_passkey_moved_or_confirmed_by_hand(
    people: dict[str, Counselor], evening: datetime, field: str
) -> None:
    eli, dee = people["eli"], people["dee"]
    key = give_key(eli, evening, is_confirmed=field != "confirmed")
    if field == "counselor":
        Passkey.objects.update(counselor=dee)
    else:
        Passkey.objects.update(is_confirmed=True)

    owner = dee if field == "counselor" else eli
    assert answer(Client(), "/care/sign-in/", key, owner).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "lead"},
        {"email": "mallory@school.example"},
        {"confirmed_by": "somebody"},
        {"epoch": UUID(int=1)},
    ],
    ids=str,
)
def test_a_row_edited_by_hand_is_nobody(
    people: dict[str, Counselor], evening: datetime, changes: dict[str, Any]
) -> None:
    client = sit_down(people["eli"], evening)
    Counselor.objects.filter(pk=people["eli"].pk).update(**changes)
    CareSession.objects.update(epoch=changes.get("epoch", people["eli"].epoch))

    assert client.get("/care/").status_code == 302


@pytest.mark.parametrize("changes", ["counselor", "proof", "begun"])
def test_a_session_edited_by_hand_is_over(
    people: dict[str, Counselor], evening: datetime, changes: str
) -> None:
    """Somebody who has a session of their own, and the table, becomes nobody else by it."""
    eli, dee = people["eli"], people["dee"]
    client = sit_down(eli, evening, has_proved=False)
    assert client.get("/care/").status_code == 200
    row = CareSession.objects.all()
    if changes == "counselor":
        row.update(counselor=dee, epoch=dee.epoch)
    elif changes == "proof":
        row.update(proved_at=evening)
    else:
        row.update(begun_at=evening + timedelta(hours=1))

    assert client.get("/care/").status_code == 302


def test_a_planted_session_needs_the_key_of_the_host(
    people: dict[str, Counselor], evening: datetime
) -> None:
    dee = people["dee"]
    for seal in (b"", os.urandom(32)):
        cookie = ids.new_token()
        CareSession.objects.create(
            key=_key(cookie),  # which takes the keyring already
            counselor=dee,
            epoch=dee.epoch,
            begun_at=evening,
            used_at=evening,
            proved_at=evening,
            seal=seal,
        )
        client = Client()
        client.cookies[django_settings.CARE_COOKIE] = cookie

        assert client.get("/care/").status_code == 302


def test_a_planted_code_lets_nobody_join(people: dict[str, Counselor], evening: datetime) -> None:
    """Their own invitation's mark, moved to another row; and a mark of their own making."""
    asked = counselors.ask_to_join(
        name="Nora",
        email="nora@school.example",
        role=CareRole.COUNSELOR,
        by=people["dee"],
        now=evening,
    )
    other = counselors.ask_to_join(
        name="Lena",
        email="lena@school.example",
        role=CareRole.LEAD,
        by=people["dee"],
        now=evening,
    )
    row = Counselor.objects.get(pk=asked.counselor.pk)
    Counselor.objects.filter(pk=other.counselor.pk).update(code=row.code)

    with pytest.raises(counselors.CodeNotRight):
        counselors.check_code(email="lena@school.example", typed=asked.code, now=evening)
    # Nor is the code good for longer because its end was moved.
    later = evening + timedelta(days=2)
    Counselor.objects.filter(pk=row.pk).update(code_until=later + timedelta(days=1))
    with pytest.raises(counselors.CodeNotRight):
        counselors.check_code(email="nora@school.example", typed=asked.code, now=later)


def test_a_planted_recovery_code(people: dict[str, Counselor], evening: datetime) -> None:
    from referrals.services.care_factors import make_codes

    codes = make_codes(by=people["eli"], now=evening)
    RecoveryCode.objects.update(counselor=people["dee"])

    page = Client().post("/care/sign-in/", {"email": "dee@school.example", "code": codes[0]})

    assert page.status_code == 400


def _copy_of(who: Counselor) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    rows: list[Any] = [*Passkey.objects.filter(counselor=who).values()]
    row: Any = Counselor.objects.filter(pk=who.pk).values().get()
    return row, rows


def _put_back(row: dict[str, Any], keys: list[dict[str, Any]]) -> None:
    Counselor.objects.filter(pk=row["card_id"]).update(**row)
    Passkey.objects.filter(counselor=row["card_id"]).delete()
    Passkey.objects.bulk_create(Passkey(**key) for key in keys)


@pytest.mark.parametrize("is_listed", [True, False], ids=["", "the control: not listed"])
def test_who_was_ended_does_not_come_back_by_an_old_copy(
    people: dict[str, Counselor],
    evening: datetime,
    django_capture_on_commit_callbacks: Any,
    is_listed: bool,
) -> None:
    """A former counselor, their passkey, and whoever can write yesterday's rows back."""
    eli = people["eli"]
    key = give_key(eli, evening)
    copy = _copy_of(eli)
    with django_capture_on_commit_callbacks(execute=is_listed):
        counselors.end_counselor(counselor=eli.pk, by=people["dee"], now=evening)

    _put_back(*copy)

    page = answer(Client(), "/care/sign-in/", key, eli)
    assert page.status_code == (400 if is_listed else 302)


def test_a_removed_passkey_does_not_come_back_by_an_old_copy(
    people: dict[str, Counselor], evening: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    eli = people["eli"]
    lost, other = give_key(eli, evening), give_key(eli, evening)
    copy = _copy_of(eli)
    row = Passkey.objects.get(credential=lost.credential())
    with django_capture_on_commit_callbacks(execute=True):
        remove_passkey(passkey=row.pk, by=eli, now=evening)
    _put_back(*copy)

    assert answer(Client(), "/care/sign-in/", lost, eli).status_code == 400
    assert answer(Client(), "/care/sign-in/", other, eli).status_code == 302


def test_a_lead_of_yesterday_leads_no_more(
    people: dict[str, Counselor], evening: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    eli = people["eli"]
    with django_capture_on_commit_callbacks(execute=True):
        act = {"counselor": eli.pk, "by": people["dee"], "now": evening}
        counselors.change_role(role=CareRole.LEAD, **act)
        copy = _copy_of(eli)
        counselors.change_role(role=CareRole.COUNSELOR, **act)
    _put_back(*copy)

    assert sit_down(Counselor.objects.get(pk=eli.pk), evening).get("/care/").status_code == 302


def test_the_host_clears_a_planted_row_away(
    people: dict[str, Counselor], evening: datetime
) -> None:
    """It stands in nobody's way any more: the address can be asked again."""
    _ghost(people, evening, b"")

    assert counselors.end_on_host(email="ghost@school.example", now=evening) == 1
    asked = counselors.ask_to_join(
        name="Ghost",
        email="ghost@school.example",
        role=CareRole.COUNSELOR,
        by=people["dee"],
        now=evening,
    )
    assert asked.code


# -- the web side ---------------------------------------------------------------------------------

_TABLES = [
    "referrals_counselor",
    "referrals_passkey",
    "referrals_recoverycode",
    "referrals_caresession",
    "referrals_asked",
]
_ACTS = ["SELECT 1 FROM {}", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no roles")
@pytest.mark.parametrize("side", ["web", "worker"])
@pytest.mark.parametrize("table", _TABLES)
@pytest.mark.parametrize("act", _ACTS)
def test_the_database_refuses_the_web_side(side: str, table: str, act: str) -> None:
    with (
        acting_as(side),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(act.format(table))


@pytest.mark.plane(SUPERUSER)
def test_an_administrator_makes_no_counselor(settings: Any, evening: datetime) -> None:
    """No page of the web side writes one, whatever role is given to whom."""
    from accounts.rules import Role
    from accounts.services import grant_role
    from tests.care import stand_as

    stand_as(settings, "all")
    with time_machine.travel(evening, tick=False):
        web = cast(evening)
        for role in Role:
            grant_role(person=web["eli"], role=role, by=web["ida"], now=evening)
        eli = sign_in(type(web["eli"]).objects.get(pk=web["eli"].pk))

        assert eli.get("/care/").status_code == 302
        said = {"name": "x", "email": "x@school.example", "role": "lead"}
        assert eli.post("/care/people/add/", said).status_code == 302
    assert not Counselor.objects.exists()
