"""Somebody who may write the whole database, as its superuser, and runs nothing on the care host.

Everything is damaged at once, looked at by the doors, the desk and `care_verify`, and put back.
"""

import os
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.accounts.soft_key import SoftKey
from tests.confidence.counselors import Counselor, sign_in
from tests.confidence.scene import Scene, Sent
from tests.confidence.table import Line, judged
from tests.confidence.world import Browser, World

_COUNSELOR = (
    "INSERT INTO referrals_counselor (card_id, email, role, state, epoch, code_tries,"
    " confirmed_by, confirmed_on, is_mail_refused, seal)"
    " VALUES (%s, %s, 'lead', 'active', %s, 0, 'the care host', now(), false, %s)"
)
_PASSKEY = (
    "INSERT INTO referrals_passkey (id, counselor_id, name, credential, added_on, is_confirmed,"
    " seal) VALUES (%s, %s, 'x', %s, now(), true, %s)"
)
_TABLES = ("card", "counselor", "passkey", "caresession", "opening", "sealed", "exclusion")


def sealed_by_the_host(*, counselor: str, passkey: str) -> list[str]:
    """Seal two planted rows as the care host itself does: the control. On the care host."""
    from referrals.models import Counselor as Row
    from referrals.models import Passkey
    from referrals.seals import passkey_seal, seal_of

    who, key = Row.objects.get(pk=uuid.UUID(counselor)), Passkey.objects.get(pk=passkey)
    Row.objects.filter(pk=who.pk).update(seal=seal_of(who))
    Passkey.objects.filter(pk=passkey).update(seal=passkey_seal(key))
    return [counselor, passkey]


def _ghost(world: World, seal: bytes, key_seal: bytes) -> tuple[uuid.UUID, uuid.UUID, SoftKey]:
    who, row, key = uuid.uuid4(), uuid.uuid4(), SoftKey(os.urandom(16))
    email = f"ghost{secrets.token_hex(4)}@school.example"
    world.overwrite(
        "INSERT INTO referrals_card (id, name, about, is_there) VALUES (%s, 'Ghost', '', false)",
        [str(who)],
    )
    world.overwrite(_COUNSELOR, [str(who), email, str(uuid.uuid4()), seal])
    world.overwrite(_PASSKEY, [str(row), str(who), key.credential(), key_seal])
    return who, row, key


@contextmanager
def kept(world: World) -> Iterator[None]:
    """Keep a copy of the tables that are damaged, and put it back at the end."""
    for table in _TABLES:
        world.overwrite(f"CREATE TABLE kept_{table} AS TABLE referrals_{table}")
    try:
        yield
    finally:
        for table in _TABLES:
            world.overwrite(f"DELETE FROM referrals_{table}")
        for table in _TABLES:
            world.overwrite(f"INSERT INTO referrals_{table} SELECT * FROM kept_{table}")
            world.overwrite(f"DROP TABLE kept_{table}")


def ghosts(world: World, scene: Scene) -> Line:
    """Plant counselors and passkeys, change roles and sessions, and try to get in."""
    care, dee, eli = world.care, scene.counselors["dee"], scene.counselors["eli"]
    broken: list[str] = []

    def tries(name: str, key: SoftKey, owner: uuid.UUID) -> None:
        browser, page = sign_in(care, key, owner)
        if page.status != 400 or browser.get("/care/").status == 200:
            broken.append(f"{name}: {page.status}")

    copied, key_seal = world.sql(
        "SELECT c.seal, p.seal FROM referrals_counselor c JOIN referrals_passkey p"
        " ON p.counselor_id = c.card_id WHERE c.card_id = %s",
        [str(dee.id)],
    )[0]
    planted = [(b"", b""), (os.urandom(32), os.urandom(32)), (bytes(copied), bytes(key_seal))]
    for seal, seal_of_key in planted:
        who, row, key = _ghost(world, seal, seal_of_key)
        tries("a counselor that was planted", key, who)
    control = _control(world, who, row, key)
    mine = SoftKey(os.urandom(16))
    world.overwrite(_PASSKEY, [str(uuid.uuid4()), str(dee.id), mine.credential(), bytes(key_seal)])
    tries("a passkey beside the lead's", mine, dee.id)
    world.overwrite(
        "UPDATE referrals_passkey SET credential = %s WHERE counselor_id = %s",
        [mine.credential(), str(dee.id)],
    )
    tries("a passkey in the place of the lead's", mine, dee.id)
    broken += _sessions(world, dee, eli)
    world.overwrite(
        "UPDATE referrals_counselor SET role = 'lead' WHERE card_id = %s", [str(eli.id)]
    )
    if eli.browser.get("/care/people/").status == 200:
        broken.append("a counselor whose role was changed acts as the lead")
    tries("a counselor whose role was changed", eli.key, eli.id)
    return judged(
        "Superuser of the database: plant a lead counselor (no seal, a random one, the lead's "
        "own), a passkey beside or in place of the lead's, sessions, a higher role",
        len(planted) + 6,
        broken,
        "nobody gets in; the same rows sealed by the care host itself are let in",
        control=control,
    )


def _control(world: World, who: uuid.UUID, row: uuid.UUID, key: SoftKey) -> bool:
    function = "tests.confidence.writer:sealed_by_the_host"
    world.care.run(function, counselor=str(who), passkey=str(row))
    browser, page = sign_in(world.care, key, who)
    return page.status == 302 and browser.get("/care/people/").status == 200


def _sessions(world: World, dee: Counselor, eli: Counselor) -> list[str]:
    """Plant a session, and turn a real one into the lead's."""
    broken = []
    cookie = secrets.token_urlsafe(32)
    world.overwrite(
        "INSERT INTO referrals_caresession (key, counselor_id, epoch, begun_at, used_at,"
        " proved_at, seal)"
        " SELECT sha256(%s), counselor_id, epoch, begun_at, used_at, proved_at, seal"
        " FROM referrals_caresession WHERE counselor_id = %s LIMIT 1",
        [cookie.encode(), str(dee.id)],
    )
    if Browser(world.care, {"care": cookie}).get("/care/").status == 200:
        broken.append("a session that was planted")
    assert eli.browser.get("/care/").status == 200
    world.overwrite(
        "UPDATE referrals_caresession s SET counselor_id = c.card_id, epoch = c.epoch FROM"
        " referrals_counselor c WHERE c.card_id = %s AND s.counselor_id = %s",
        [str(dee.id), str(eli.id)],
    )
    if eli.browser.get("/care/").status == 200:
        broken.append("a session that was made the lead's")
    return broken


def contents(world: World, scene: Scene) -> Line:
    """Plant and swap blobs: a counselor who opens one sees an error page, and it is on record."""
    dee = scene.counselors["dee"]
    mine = [one for one in scene.sent if one.state == "acknowledged" and _may(dee, one)][:3]
    before = _refusals(world)
    world.overwrite(
        "UPDATE referrals_sealed SET blob = %s WHERE referral_id = %s",
        [os.urandom(8220), str(mine[0].id)],
    )
    _swap(world, mine[1], mine[-1] if len(mine) > 2 else scene.of("account", "receipt")[0])
    broken = []
    for one in mine[:2]:
        page = dee.opens(one.id)
        if page.status != 409 or scene.word in page.text:
            broken.append(f"{one.code}: {page.status}")
    noted = _refusals(world) - before
    return judged(
        "... put another blob in the place of what was sent, or swap two",
        2,
        [*broken, *([] if noted == 2 else [f"{noted} of 2 on record"])],
        "an error page without a word of it, and each try is on record",
        control=len(mine) >= 2,
    )


def _may(who: Counselor, one: Sent) -> bool:
    return who.opens(one.id).status == 200


def _swap(world: World, one: Sent, other: Sent) -> None:
    first, second = str(one.id), str(other.id)
    world.overwrite(
        "UPDATE referrals_sealed s SET blob = o.blob FROM referrals_sealed o WHERE"
        " (s.referral_id, o.referral_id) IN ((%s, %s), (%s, %s))",
        [first, second, second, first],
    )


def _refusals(world: World) -> int:
    return int(world.sql("SELECT count(*) FROM referrals_opening WHERE what = 'refused'")[0][0])


def left_in(world: World, scene: Scene) -> Line:
    """Take away who is left out, and let that counselor open it: what was sent itself says so."""
    who = scene.counselors["max"]
    theirs = next(one for one in scene.of("account", "receipt") if one.is_without_max)
    rest = next(one for one in scene.of("account", "receipt") if not one.is_without_max)
    world.overwrite("DELETE FROM referrals_exclusion WHERE referral_id = %s", [str(theirs.id)])
    page = who.opens(theirs.id)
    control = who.opens(rest.id)
    return judged(
        "... take away the row that says who is left out, and let that counselor open it",
        1,
        [theirs.code] if scene.word in page.text or page.status == 200 else [],
        "what was sealed says it too: not there for them; one they are not left out of opens",
        control=control.status == 200 and rest.words in control.text,
    )


def records(world: World, scene: Scene) -> Line:
    """Edit, delete and put in records of openings; `care_verify` names each, and all damage."""
    sealed = world.sql(
        "SELECT o.id FROM referrals_opening o JOIN referrals_link l ON l.row_id = o.id"
        " WHERE o.what = 'case' ORDER BY o.at LIMIT 2"
    )
    edited, gone, put_in = (str(one) for one in (sealed[0][0], sealed[1][0], uuid.uuid4()))
    world.overwrite("UPDATE referrals_opening SET name = 'Eli' WHERE id = %s", [edited])
    world.overwrite("DELETE FROM referrals_opening WHERE id = %s", [gone])
    world.overwrite(
        "INSERT INTO referrals_opening (id, at, referral_id, counselor_id, name, what) SELECT %s,"
        " at - interval '1 hour', referral_id, counselor_id, name, what FROM referrals_opening"
        " WHERE id = %s",
        [put_in, edited],
    )
    said = world.care.manage("care_verify", may_fail=True)
    wanted = {
        edited: "an edited opening",
        gone: "a deleted opening",
        "Ghost is not genuine": "a planted counselor",
        "Eli is not genuine": "a changed role",
        "passkey of Dee is not genuine": "a swapped passkey",
        "does not open": "blobs",
    }
    missed = [name for words, name in wanted.items() if words not in said]
    return judged(
        "... edit and delete records of who opened what, after they were sealed into the chain",
        2,
        missed,
        "`care_verify` names each, and every planted counselor, passkey and blob",
        control=True,
    )


def attack(world: World, scene: Scene) -> list[Line]:
    """Damage everything, look, put it back, and look again: nothing is wrong any more."""
    world.tick()  # what was opened until now is sealed into the chain
    with kept(world):
        lines = [left_in(world, scene), contents(world, scene)]
        lines += [ghosts(world, scene), records(world, scene)]
    clean = world.care.manage("care_verify", may_fail=True)
    lines[-1] = judged(
        lines[-1].what,
        lines[-1].times,
        [] if lines[-1].verdict == "held" else [lines[-1].came],
        f"{lines[-1].came}; put back, it finds nothing",
        control=" wrong" not in clean,
    )
    _sit_down_again(world, scene)
    return [lines[2], lines[1], lines[3], lines[0]]


def _sit_down_again(world: World, scene: Scene) -> None:
    for one in scene.counselors.values():
        if one.name != "fay":
            one.browser, page = sign_in(world.care, one.key, one.id)
            assert page.status == 302, page.status
