"""`make confidence`: both sides seeded, used, attacked; one table of what came of it.

Ends by itself, leaves nothing, and with status 1 if anything did not hold.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.confidence import (
    addresses,
    copies,
    desk,
    joining,
    keys,
    letters,
    post,
    roles,
    table,
    web_host,
    writer,
)
from tests.confidence.scene import Scene, play
from tests.confidence.table import LIMIT, NOT_HELD, Line
from tests.confidence.world import World, two_sides

_CROWD = 16  # from so many requests on a join by numbers says anything at all
Part = tuple[str, Callable[[World, Scene], list[Line]]]


def parts(*, is_small: bool) -> list[Part]:
    """Return the attacks in an order in which none spoils the next."""

    def ladder(world: World, scene: Scene) -> list[Line]:
        return [desk.letters_of_the_ladder(world, scene), *letters.attack(world, scene)]

    def everywhere(world: World, scene: Scene) -> list[Line]:
        return addresses.attack(world, scene, is_small=is_small)

    def users(world: World, scene: Scene) -> list[Line]:
        return [*roles.attack(world, scene), *post.attack(world, scene)]

    def clock(world: World, scene: Scene) -> list[Line]:
        return [desk.stopped_clock(world, scene)]

    found: list[Part] = [
        ("Letters", ladder),
        ("A stolen copy of everything but the counselors' keys", copies.attack),
        ("A stolen copy, and who asked for what", joining.attack),
        ("The database users", users),
        ("Every address, by everybody", everywhere),
        ("At the counselors' desk", desk.attack),
        ("The web side in an attacker's hands", web_host.attack),
        ("Somebody who may write the whole database", writer.attack),
        ("A clock that stands", clock),
        ("Keys, backups and what was destroyed", keys.attack),
    ]
    return [part for part in found if not (is_small and part[1] is joining.attack)]


def run(home: Path, *, students: int, referrals: int) -> Iterator[tuple[str, list[Line]]]:
    """Yield each part with its lines, as they are known."""
    is_small = referrals < _CROWD
    with two_sides(home) as world:
        scene = play(world, students=students, referrals=referrals)
        for title, attack in parts(is_small=is_small):
            yield title, attack(world, scene)


def main(words: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.confidence")
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--referrals", type=int, default=30)
    said = parser.parse_args(words)
    began, lines = time.monotonic(), []
    home = Path(tempfile.mkdtemp(prefix="confidence-"))
    try:
        _say(table.head())
        found = run(home / "world", students=said.students, referrals=said.referrals)
        for title, several in found:
            _say(table.drawn(title, several))
            lines += several
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return _close(lines, time.monotonic() - began)


def _close(lines: list[Line], took: float) -> int:
    not_held = sum(one.verdict == NOT_HELD for one in lines)
    limits = sum(one.verdict == LIMIT for one in lines)
    tries = sum(one.times for one in lines)
    _say(
        f"\n{len(lines) - not_held - limits} of {len(lines) - limits} kinds of attack held, in "
        f"{tries:,} tries; {limits} known limits; {took:.0f} seconds."
    )
    return 1 if not_held else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
