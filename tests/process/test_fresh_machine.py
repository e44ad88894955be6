"""A machine that lacks something: it is installed, or one line says how; never passed over."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bin import services

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
ABSENT = "a-package-that-nobody-made"


def packages(folder: Path, user: int, *names: str) -> subprocess.CompletedProcess[str]:
    """Run bin/packages as somebody, where apt-get only notes what it was told."""
    for name, script in {
        "id": f"echo {user}",
        "apt-get": f'echo "$@" >>{folder}/told',
        "dpkg-query": "exit 1",
    }.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    return subprocess.run(
        [ROOT / "bin" / "packages", *names],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_somebody_else_than_root_is_told_one_line(tmp_path: Path) -> None:
    done = packages(tmp_path, 1000, ABSENT, "another-one")
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "apt-get" in line]
    assert line.endswith(f"install -y --no-install-recommends {ABSENT} another-one'")
    assert not (tmp_path / "told").exists()


def test_root_installs_and_believes_only_what_is_there(tmp_path: Path) -> None:
    done = packages(tmp_path, 0, ABSENT)
    assert (tmp_path / "told").read_text().splitlines() == [
        "update -qq",
        f"install -y -qq --no-install-recommends {ABSENT}",
    ]
    assert done.returncode == 1
    assert f"{ABSENT} is still missing" in done.stderr


def test_what_is_there_is_not_asked_for(tmp_path: Path) -> None:
    assert packages(tmp_path, 1000, "venv", "postgresql", "redis").returncode == 0


def test_ctrl_c_works_below_a_script_in_the_background(tmp_path: Path) -> None:
    """Such a script ignores it, and so would everything that it starts."""
    command = [sys.executable, "-m", "bin.services", "grep", "SigIgn", "/proc/self/status"]
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not int(done.stdout.split()[1], 16) >> (signal.SIGINT - 1) & 1


def test_postgresql_starts_in_a_deep_directory() -> None:
    """A socket's path may have 107 bytes; the test's own directory is closed to its user."""
    owner = services.account()
    place = Path(tempfile.mkdtemp(prefix="deep-" * 20, dir="/tmp"))
    try:
        os.chown(place, owner.uid, owner.gid)
        with services.postgres(owner, place) as address:
            assert address.startswith("postgres://peersupport:")
    finally:
        shutil.rmtree(place)
