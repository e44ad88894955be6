"""The web side in an attacker's hands: code of theirs runs there, with everything the host has."""

import base64
import json
import signal
import subprocess
import sys
import time
from typing import Any

import redis

from peersupport.core.processes import bound_to_parent
from tests.confidence.scene import Scene, Sent
from tests.confidence.table import Line, judged, limit
from tests.confidence.world import ROOT, World

# What somebody does who starts the care side's own program with what the web host has.
_AS_CARE = """
from django.db import connection
from referrals import care_keys
from referrals.models import Sealed
got = []
for act in (care_keys.secrets, care_keys.root, lambda: list(Sealed.objects.all())):
    try:
        act()
        got.append("got in")
    except Exception as error:
        got.append(type(error).__name__)
print("SAID", got)
"""


def stolen(world: World) -> list[dict[str, Any]]:
    """Return every envelope: the web host cannot read one, so somebody else has handed it over."""
    blobs = world.sql("SELECT referral_id, blob FROM referrals_sealed")
    wraps = world.sql("SELECT referral_id, sealed FROM referrals_wrap")
    return [
        {
            "id": str(key),
            "blob": bytes(blob).hex(),
            "wraps": [bytes(sealed).hex() for of, sealed in wraps if of == key],
        }
        for key, blob in blobs
    ]


def _care_secret(world: World) -> str:
    """Return the secret key of the care side's epoch, for the control."""
    store = json.loads((world.care.keys / "care-epochs.json").read_bytes())
    return base64.b64decode(store["epochs"][-1]["secret"]).hex()


def _break_in(world: World, scene: Scene, held: Sent, waiting: Sent) -> dict[str, Any]:
    dee = scene.counselors["dee"]
    told = {
        "stolen": stolen(world),
        "control": _care_secret(world),
        "lead": str(dee.id),
        "case": str(held.id),
        "other": str(waiting.id),
        "waiting": str(waiting.id),
        "port": world.care.port,
        "sessions": [one.cookies["session"] for one in scene.staff.values()],
        "real": dee.browser.cookies["care"],
        "people": {str(one.id): str(one.number) for one in scene.students},
        "place": str(world.home / "went-off"),
    }
    found: dict[str, Any] = world.web.run("tests.confidence.intruder:everything", told=told)
    return found


def _as_care(world: World) -> str:
    """Start the care side's program on the web host, with what the web host has."""
    return world.web.manage("shell", "-v", "0", "-c", _AS_CARE, PLANE="care", may_fail=True)


def _refused(tried: dict[str, str]) -> list[str]:
    return [name for name, why in tried.items() if not why]


def attack(world: World, scene: Scene) -> list[Line]:
    """Break in on the web host, try everything, and look what the care side makes of it."""
    dee = scene.counselors["dee"]
    held = next(one for one in scene.sent if one.state == "acknowledged")
    waiting = scene.of("account", "receipt")[0]
    assert dee.opens(held.id).status == 200
    links = world.sql("SELECT count(*) FROM referrals_referral WHERE tag IS NOT NULL")[0][0]
    found = _break_in(world, scene, held, waiting)
    is_taken = _lets_a_worker_take_all(world)
    planted = found["from now on"]
    after = dee.opens(held.id)
    is_as_before = after.status == 200 and held.words in after.text
    desk = dee.browser.get("/care/").text
    lines = [
        *_past(world, found, len(stolen(world)) - 1),
        judged(
            "Put other content in the place of what was sent, delete it, take its keys, move it",
            len(found["changes"]),
            [*_refused(found["changes"]), *([] if is_as_before else ["it opens otherwise"])],
            "each refused; the counselor opens it as it was sent",
            control=is_as_before,
        ),
        _bombs(found, is_taken, (world.home / "went-off").exists()),
        *_known(found, links, is_seen=str(planted["code"]) in desk),
    ]
    _mend(world, planted["id"], str(waiting.id))
    return lines


def _past(world: World, found: dict[str, Any], count: int) -> list[Line]:
    opened, plants, forged = found["open"], found["plants"], found["forged"]
    as_care = _as_care(world)
    return [
        judged(
            f"Code of an attacker on the web host: open what was sent, with every key, password "
            f"and variable there ({opened['keys']} keys, on {count} stolen envelopes)",
            opened["keys"] * count,
            [*opened["opened"], *found["from now on"]["past"]],
            f"none opened; the care host's own key opens {opened['control']}",
            control=opened["control"] >= count,
        ),
        judged(
            "... make a counselor, a passkey, a session, a recovery code, a published key, a "
            "false opening",
            len(plants),
            _refused(plants),
            "each refused by PostgreSQL or for want of a key",
            control=len(plants) > 8,
        ),
        judged(
            "... sign in on the care host with forged cookies: of random, of every key, of "
            "administrators' own sessions",
            forged["tried"],
            forged["in"],
            "led to the sign-in page; a counselor's own cookie opens the desk",
            control=len(forged["control"]) == 2,
        ),
        judged(
            "... start the counselors' program there, as PLANE=care",
            3,
            ["got in"] if "got in" in as_care else [],
            "no key, and no right to read: nothing",
            control="KeysUnusable" in as_care or "Refused" in as_care,
        ),
    ]


def _lets_a_worker_take_all(world: World) -> bool:
    """Run the care side's own worker until its queue is empty; return whether it got there."""
    store = redis.Redis.from_url(world.broker)
    words = ["-m", "celery", "--quiet", "--app", "peersupport.celery", "worker"]
    words += ["--pool", "threads", "--concurrency", "1", "--without-gossip", "--without-mingle"]
    with (world.care.home / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=world.care.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=bound_to_parent(signal.SIGTERM),  # noqa: PLW1509 - one call into libc
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and store.llen("care") and worker.poll() is None:
        time.sleep(0.2)
    is_empty = not store.llen("care") and worker.poll() is None
    time.sleep(1)  # it has taken it; now it would unpack it
    worker.kill()
    worker.wait()
    return is_empty


def _bombs(found: dict[str, Any], is_taken: bool, went_off: bool) -> Line:
    return judged(
        "... put code that runs when unpacked under every key of the shared Redis and into the "
        "queues of both sides",
        found["bombs"]["keys"] + 2,
        ["it ran on the care host"] if went_off else [],
        "the counselors' worker and pages took it up and did not unpack it; here it goes off",
        control=found["bombs"]["control"] and is_taken,
    )


def _known(found: dict[str, Any], links: int, *, is_seen: bool) -> list[Line]:
    planted, harm, linked = found["from now on"], found["in the way"], found["linked"]
    return [
        limit(
            "... seal what is typed from then on to a key of their own",
            1,
            "they can read what is typed after the break-in, and nothing from before it; the lead "
            "sees at once that one does not open",
            is_as_said=planted["new"] == 1
            and not planted["past"]
            and bool(planted["planted"])
            and not planted["ready with another pin"]
            and is_seen,
        ),
        limit(
            "... say whose the open requests are, with the tag key and the list of accounts",
            len(linked),
            f"{len(linked)} of {links} that were kept on an account, none kept with a receipt; "
            "what is in them stays sealed",
            is_as_said=len(linked) == links,
        ),
        limit(
            "... do harm without reading: take requests back in a student's name",
            1,
            "it can be done. The desk shows whatever is not taken back, and of what is, that it "
            "was there and when it was taken back",
            is_as_said=not harm["taken back"],
        ),
    ]


def _mend(world: World, planted: str, waiting: str) -> None:
    """Take away what the attack could leave, so that the next one begins as this one did."""
    for table, column in (
        *(("sealed", "referral_id"), ("wrap", "referral_id"), ("routed", "referral_id")),
        *(("ring", "referral_id"), ("referral", "id")),
    ):
        world.overwrite(f"DELETE FROM referrals_{table} WHERE {column} = %s", [planted])
    world.overwrite("DELETE FROM referrals_withdrawal WHERE referral_id = %s", [waiting])
    store = redis.Redis.from_url(world.broker)
    for key in set(store.scan_iter()) - {b"taken"}:
        store.delete(key)
