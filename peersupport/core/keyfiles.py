"""Key files: where they lie, how they are made, and that nobody else may read them.

They live in one directory outside the database and outside its backups. In the demo they are
made at the first start; elsewhere `manage.py init_keys` makes them once, on purpose.
This module must not need settings: settings use it.
"""

import base64
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

KEYRING = "keyring.json"
DAYKEY = "daykey.json"
# Of the care side alone: what its own rows, cookies and marks are sealed under.
CARE_KEYRING = "care-keyring.json"
CARE_PUB = "care.pub"
CARE_KEY = "care.key"
# The care side's root signs the keys that content is sealed to; the web side pins its public half.
CARE_ROOT_KEY = "care-root.key"
CARE_ROOT_PUB = "care-root.pub"
CARE_EPOCHS = "care-epochs.json"
# Of the care host too, and append-only: what was destroyed, and the ends of the chain of openings.
CARE_ERASED = "care-erased.log"
CARE_CHAIN_HEAD = "care-chain-head"
SECRET = "secret.txt"  # noqa: S105 - a file name


class KeysUnusable(RuntimeError):
    """A key file is missing, malformed, readable by others, or belongs to another database."""


def place(configured: str, data_dir: Path) -> Path:
    """Return the directory of the key files: KEYS_DIR, else `keys` in the data directory."""
    return Path(configured).absolute() if configured else data_dir / "keys"


def write_private(path: Path, content: bytes, *, replace: bool = True) -> bool:
    """Write a file whole, for its owner only. Returns False if it exists and may not be replaced.

    The new content is complete on disk before it takes the name; no reader sees a part of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
            return True
        try:
            os.link(temporary, path)  # fails if another process made it first
        except FileExistsError:
            return False
        return True
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def overwrite_private(path: Path, content: bytes) -> None:
    """Replace a file as `write_private` does, then overwrite what it held in its own blocks."""
    with path.open("r+b") as old:
        write_private(path, content)
        with suppress(OSError):
            size = os.fstat(old.fileno()).st_size
            old.seek(0)
            old.write(b"\0" * size)
            old.flush()
            os.fsync(old.fileno())


def append_private(path: Path, line: str) -> None:
    """Add one line to a file of its owner's; it is on disk when this returns.

    A line before it that a crash left without its end is ended first.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        is_cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, b"\n" * is_cut + line.encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time change a key file; readers wait for nobody."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_private(path: Path) -> bytes:
    """Return the content of a key file. Raises KeysUnusable if missing or open to others.

    A file that was replaced while it was read may have been overwritten by then: it is read anew.
    """
    try:
        is_old = True
        while is_old:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
                content = file.read()
                # Ours is open, so no other file has its number.
                is_old = found.st_ino != path.stat().st_ino
    except OSError as error:
        raise KeysUnusable(f"Key file {path.name} cannot be read: {error.strerror}.") from None
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise KeysUnusable(f"Key file {path.name} can be read by others: chmod 600 it.")
    return content


def new_keyring() -> bytes:
    """Return the content of a fresh keyring with one version."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return json.dumps({"format": 1, "current": 1, "versions": {"1": key}}).encode()


def demo_secret(keys_dir: Path) -> str:
    """Return the demo's SECRET_KEY, made at the first call; safe when two processes race."""
    path = keys_dir / SECRET
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48).encode(), replace=False)
    return read_private(path).decode()
