"""Who is alive: processes that carry a mark in their environment."""

import os
from pathlib import Path


def carrying(mark: str) -> dict[int, str]:
    """Return the living processes (zombies are not) whose environment has `mark`, with names."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:  # ended meanwhile, or not ours
            continue
    return found
