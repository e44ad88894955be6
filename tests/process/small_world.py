"""A supervisor with three small parts in place of the program's (see test_supervisor.py).

python -m tests.process.small_world FOLDER [a part's name=what is wrong with it]
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from peersupport.portal.supervisor import Part, Supervisor

NAMES = ("first", "second", "third")


def part(folder: Path, name: str, fault: str) -> None:
    """Live as a part: note start and end in the log, keep a child of one's own."""
    if fault == "fails":
        sys.exit(4)
    log = folder / "log"

    def note(word: str) -> None:
        with log.open("a") as file:
            file.write(f"{word} {name}\n")

    def end(*_: object) -> None:
        note("end")
        if fault != "deaf":
            sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, lambda *_: note("interrupted"))
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder / f"{name}.pid").write_text(str(os.getpid()))
    note("start")
    while True:
        time.sleep(600)


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(folder: Path, faults: dict[str, str]) -> int:
    """Supervise."""

    def command(name: str) -> list[str]:
        fault = faults.get(name, "none")
        return [sys.executable, "-m", "tests.process.small_world", str(folder), "as", name, fault]

    supervisor = Supervisor(
        parts=[Part(name, command(name), stop_within=2) for name in NAMES],
        cwd=Path.cwd(),
        say=say,
        answers=lambda: all((folder / f"{name}.pid").exists() for name in NAMES),
        when_ready=(folder / "ready").touch,
    )
    return supervisor.run()


if __name__ == "__main__":
    place, *words = sys.argv[1:]
    if words[:1] == ["as"]:
        part(Path(place), words[1], words[2])
    sys.exit(main(Path(place), dict(word.split("=") for word in words)))
