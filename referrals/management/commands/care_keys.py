"""`manage.py care_keys`: what is done with the care side's keys, on its own host."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from peersupport.core import clock
from peersupport.core.keyfiles import KeysUnusable
from referrals.services import checking, rehearsing, restoring, rotation


class Command(BaseCommand):
    """Each word of it is safe to run again. Prints counts and codes, never content."""

    help = "publish, rotate, verify, rehearse or restore the keys of the care side."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word, and what belongs to it."""
        words = parser.add_subparsers(dest="word", required=True)
        words.add_parser("publish", help="publish the keys, signed, for the web side to seal to")
        rotate = words.add_parser("rotate", help="begin a new epoch when this one is over")
        rotate.add_argument("--early", action="store_true", help="although it is not over")
        words.add_parser("verify", help="look whether everything opens and nothing was edited")
        rehearse = words.add_parser("rehearse", help="try losing the keys and restoring them")
        rehearse.add_argument("--copy", type=Path, help="the directory of the copy you would use")
        words.add_parser("restore", help="after an older copy of the database was restored")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the word says."""
        acts: dict[str, Callable[[dict[str, Any]], None]] = {
            "publish": self._publish,
            "rotate": self._rotate,
            "verify": self._verify,
            "rehearse": self._rehearse,
            "restore": self._restore,
        }
        try:
            acts[options["word"]](options)
        except KeysUnusable as error:
            raise CommandError(f"{error} This is for the care host.") from None

    def _publish(self, options: dict[str, Any]) -> None:
        written = rotation.publish()
        self.stdout.write(f"Published {written}." if written else "Everything was published.")

    def _rotate(self, options: dict[str, Any]) -> None:
        done = rotation.rotate(now=clock.now(), is_early=options["early"])
        said = "began" if done.is_new else "goes on"
        self.stdout.write(
            f"Epoch {done.epoch} {said}; it is over on {rotation.due_on():%d %B %Y}.\n"
            f"Wrapped {done.wrapped} for it; {done.broken} do not open."
        )
        for number in done.destroyed:
            self.stdout.write(f"Destroyed the key of epoch {number}.")
        if done.is_new:
            self.stdout.write(
                "Make a new sealed copy of the keys now. Should this run be stopped before it "
                "says so, run it again without --early: it takes up where it was."
            )

    def _verify(self, options: dict[str, Any]) -> None:
        wrong = 0
        for found in checking.look(now=clock.now()):
            state = f"{len(found.wrong)} wrong" if found.wrong else "all well"
            self.stdout.write(f"{found.looked_at}: {found.count}, {state}")
            for one in found.wrong:
                self.stdout.write(f"  {one}")
            wrong += len(found.wrong)
        if wrong:
            raise CommandError(f"{wrong} not as they must be.")

    def _rehearse(self, options: dict[str, Any]) -> None:
        steps = rehearsing.rehearse(now=clock.now(), copy=options["copy"])
        for step in steps:
            self.stdout.write(f"{'yes' if step.is_good else 'NO '}  {step.name}")
        if not all(step.is_good for step in steps):
            raise CommandError("The keys could not be restored like this.")

    def _restore(self, options: dict[str, Any]) -> None:
        done = restoring.restore(now=clock.now())
        self.stdout.write(
            f"Destroyed again: {done.wholes} referrals, the content of {done.contents} more.\n"
            f"Wrapped {done.wrapped} for the key of now; {done.closed} do not open.\n"
            f"The chain goes on from link {done.chain_goes_on_from}."
        )
        for number in done.epochs:
            self.stdout.write(f"Epoch {number} is gone and was refused.")
