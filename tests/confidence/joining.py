"""A thief with a whole copy of the database who wants to know which student sent what."""

from typing import Any
from uuid import UUID

from tests.confidence.scene import Scene
from tests.confidence.table import Line, judged, limit
from tests.confidence.world import World

# The best of some thousand attacks may be as good as this by chance once in a thousand runs, at
# the most. What is to be called a limit is called so sooner.
LEVEL, DOUBT = 1e-3, 1e-2
GROUPS = {"everybody": (0, 1), "signed in long before": (0,), "signed in just before": (1,)}


def measure(*, people: list[list[Any]], sent: list[list[Any]]) -> dict[str, Any]:
    """Lay every order of anything about the requests beside every order of anything about people.

    `people` are (key, address, number); `sent` are (key, number of the student), in the order of
    sending. In the program's shell, as somebody who reads the whole database.
    """
    from tests.officehours.attacker import Attack, Rows, dump

    copy = dump()
    place = {UUID(key).hex: number for number, (key, _who) in enumerate(sent)}
    # What would be found if something wrote down who came, without saying for what.
    keys = {number: UUID(key) for key, _email, number in people}
    leak: Rows = [{"row order": n, "who": keys[who]} for n, (_key, who) in enumerate(sent)]
    alone = {name: copy[name] for name in ("referrals_sealed", "audit_entry")}

    def best(of: dict[str, Rows], parities: tuple[int, ...]) -> list[Any]:
        truth = {n: who for n, (_key, who) in enumerate(sent) if who % 2 in parities}
        names = {
            text: number
            for key, email, number in people
            if number % 2 in parities
            for text in (UUID(key).hex, email)
        }
        visits = {text: n for text, n in place.items() if n in truth}
        done = Attack(of, people=names, visits=visits, truth=truth)
        hits = max(found.hits for found in done.findings)
        return [done.best.chance, hits, len(truth), len(done.findings), done.best.name]

    return {
        "direct": _direct(copy, people, [key for key, _who in sent]),
        "control": {name: best({**alone, "leaky": leak}, of) for name, of in GROUPS.items()},
        "found": {name: best(copy, of) for name, of in GROUPS.items()},
    }


def _direct(copy: Any, people: list[list[Any]], sent: list[str]) -> list[str]:
    """Return the tables in which one row names both a student and a request."""
    from tests.officehours.attacker import _text

    students = {text for key, email, _n in people for text in (UUID(key).hex, email)}
    requests = {UUID(key).hex for key in sent}
    return [
        table
        for table, rows in copy.items()
        for row in rows
        if (values := set(map(_text, row.values()))) & students and values & requests
    ]


def _measured(world: World, scene: Scene) -> dict[str, Any]:
    people = [[str(one.id), one.email, one.number] for one in scene.students]
    sent = [[str(one.id), one.who] for one in scene.sent if one.who >= 0]
    found: dict[str, Any] = world.care.run(
        "tests.confidence.joining:measure", as_user=world.superuser, people=people, sent=sent
    )
    return found


def attack(world: World, scene: Scene) -> list[Line]:
    """Attack a copy of the same minute, and one after the hourly mixing of rows."""
    early = _measured(world, scene)
    for host in (world.worker, world.web):
        host.manage("forget")
    late = _measured(world, scene)
    control = all(found[0] < LEVEL for found in late["control"].values())
    lines = [
        judged(
            "Join students to requests in a copy of the whole database, by names, order, time, "
            f"place and transaction of every row ({name})",
            count,
            [f"{how}: {hits} of {of}"] * (chance < LEVEL) + late["direct"],
            f"best of them: {hits} of {of} right, as by chance (each guess is right for 1 of {of} "
            f"students; p = {chance:.2g} for the best of so many); a planted list is found",
            control=control,
        )
        for name, (chance, hits, of, count, how) in late["found"].items()
    ]
    chance, hits, of, count, how = early["found"]["signed in just before"]
    if chance < DOUBT:
        lines.append(
            limit(
                "... in a copy made within the hour in which they signed in and sent",
                count,
                f"{hits} of {of} right by {how}: rows are mixed once an hour, and a copy from "
                "before that shows in which order they were written",
            )
        )
    else:
        lines.append(
            judged("... in a copy made within the same hour", count, early["direct"],
                   f"best attack: {hits} of {of} right, as good as chance", control=control)
        )  # fmt: skip
    return lines
