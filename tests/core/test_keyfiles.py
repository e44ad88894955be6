"""Key files that are replaced while others read them."""

import threading
from pathlib import Path
from typing import Any

import pytest

from peersupport.core import keyfiles
from peersupport.core.keyfiles import KeysUnusable


def test_whoever_reads_meanwhile_reads_the_old_or_the_new_and_never_what_was_overwritten(
    tmp_path: Path,
) -> None:
    path, seen, is_over = tmp_path / "day.json", set(), threading.Event()
    keyfiles.write_private(path, b"a" * 4000)

    def read() -> None:
        while not is_over.is_set():
            seen.add(keyfiles.read_private(path))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for one in readers:
        one.start()
    for turn in range(600):
        keyfiles.overwrite_private(path, b"ba"[turn % 2 : turn % 2 + 1] * 4000)
    is_over.set()
    for one in readers:
        one.join()

    assert seen <= {b"a" * 4000, b"b" * 4000}


def test_one_that_is_replaced_after_it_was_opened_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "day.json"
    keyfiles.write_private(path, b"old")
    real = Path.open
    opened: list[Path] = []

    def open_then_replaced(self: Path, *args: Any, **named: Any) -> Any:
        file = real(self, *args, **named)
        if self == path and not opened:
            opened.append(self)
            keyfiles.overwrite_private(path, b"new")
        return file

    monkeypatch.setattr(Path, "open", open_then_replaced)

    assert keyfiles.read_private(path) == b"new"


def test_what_is_missing_or_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "day.json"
    with pytest.raises(KeysUnusable):
        keyfiles.read_private(path)
    keyfiles.write_private(path, b"key")
    path.chmod(0o644)
    with pytest.raises(KeysUnusable):
        keyfiles.read_private(path)
