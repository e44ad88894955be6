"""Keys over time: changed while all goes on, lost and found, destroyed; and an old backup."""

import subprocess
from datetime import timedelta
from typing import Any
from uuid import UUID

from bin.services import postgres_programs
from tests.confidence.scene import Scene
from tests.confidence.table import Line, judged
from tests.confidence.web_host import stolen
from tests.confidence.world import World

_PART = ("-Fc", "--data-only", "-t", "referrals_*")


def _opened(envelopes: list[dict[str, Any]]) -> int:
    """Return how many envelopes of an old copy the keys of now open. On the care host."""
    from peersupport.core.crypto import CannotOpen
    from referrals import care_keys, envelope
    from referrals.envelope import Envelope, Wrap

    keys, count = care_keys.secrets(), 0
    for one in envelopes:
        wraps = tuple(Wrap(name, bytes.fromhex(wrap)) for name in keys for wrap in one["wraps"])
        box = Envelope(bytes.fromhex(one["blob"]), wraps)
        try:
            envelope.open_envelope(box, referral=UUID(one["id"]), secrets=keys)
        except CannotOpen:
            continue
        count += 1
    return count


def drill(*, old: list[dict[str, Any]], erased: str) -> dict[str, Any]:
    """Replay the ledger, rehearse, rotate, and let three quarters of a year pass. On its host."""
    from peersupport.core import clock
    from referrals.models import Sealed
    from referrals.services import checking, ending, rehearsing, restoring, rotation

    now, key = clock.now(), UUID(erased)
    said: dict[str, Any] = {"back": Sealed.objects.filter(pk=key).count()}
    said["contents"] = restoring.restore(now=now).contents
    said["left"] = Sealed.objects.filter(pk=key).count()
    said["rehearsed"] = [[step.name, step.is_good] for step in rehearsing.rehearse(now=now)]
    done = rotation.rotate(now=now, is_early=True)
    said["rotated"] = [done.epoch, done.wrapped, done.broken]
    said["old before"] = _opened(old)
    later, gone = now, list[int]()
    for _ in range(3):
        later += rotation.LASTS + timedelta(days=1)
        ending.forget_ended(now=later)
        gone += rotation.rotate(now=later).destroyed
    said["gone"], said["old after"] = gone, _opened(old)
    said["wrong"] = [each for found in checking.look(now=later) for each in found.wrong]
    return said


def _restore(world: World, dump: bytes) -> None:
    """Put an older dump of what the care side keeps in the place of what is there."""
    rows = world.sql("SELECT tablename FROM pg_tables WHERE tablename LIKE 'referrals_%'")
    world.overwrite(f"TRUNCATE {', '.join(name for (name,) in rows)} CASCADE")
    command = [str(postgres_programs() / "pg_restore"), "--data-only", "--disable-triggers"]
    subprocess.run([*command, "-d", world.superuser], input=dump, check=True)


def attack(world: World, scene: Scene) -> list[Line]:
    """Erase one, bring back a backup from before, change and destroy keys."""
    dee = scene.counselors["dee"]
    danger = scene.of("danger")[0]
    old = stolen(world)
    dump = subprocess.run(
        [postgres_programs() / "pg_dump", *_PART, world.superuser],
        capture_output=True,
        check=True,
    ).stdout
    page = dee.browser.post(f"/care/case/{danger.id}/danger/", {"answer": "no danger"})
    gone = world.sql("SELECT 1 FROM referrals_sealed WHERE referral_id = %s", [str(danger.id)])
    assert page.status == 302, page.text
    assert not gone
    danger.state = "refused"
    _restore(world, dump)
    said = world.care.run("tests.confidence.keys:drill", old=old, erased=str(danger.id))
    held = [one for one in scene.sent if one.state == "acknowledged"]
    opens = sum(one.words in dee.opens(one.id).text for one in held)
    return [
        judged(
            "Restore a backup from before something was destroyed, then `care_keys restore`",
            1,
            ["it is back"] if said["left"] else [],
            "it came back with the backup, and the list on the care host destroyed it again; that "
            "there was one stands on the desk until the lead ends it",
            control=said["back"] == 1 and said["contents"] == 1,
        ),
        judged(
            "Lose the keys, find them in a copy, change them for new ones while requests wait",
            len(said["rehearsed"]) + said["rotated"][1],
            [name for name, is_good in said["rehearsed"] if not is_good]
            + ["some do not open"] * (said["rotated"][2] + (opens != len(held))),
            f"each step as it must be; {said['rotated'][1]} keys wrapped anew, and all open",
            control=said["rotated"][1] > 0 and bool(held),
        ),
        judged(
            "Open an old copy of the database with the care host's own keys, three quarters of a "
            "year later",
            len(old),
            [f"{said['old after']} of the old copy"] * bool(said["old after"])
            + [each for each in said["wrong"] if each != f"{danger.code} has no content"],
            f"none: keys {', '.join(map(str, said['gone']))} are destroyed; before, they opened "
            f"{said['old before']}. What still waits opens with the new ones",
            control=said["old before"] == len(old) and bool(said["gone"]),
        ),
    ]
