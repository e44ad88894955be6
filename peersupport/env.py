"""What the environment says, read once and strictly.

A value that cannot be understood stops the start with a plain sentence: a program that guards
secrets must never run on a guess.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

PLANES = ("all", "web", "care", "worker")
BASE_DIR = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    """Return a variable, or the content of the file that NAME_FILE points to, stripped."""
    if name in os.environ:
        return os.environ[name].strip()
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}.") from None
    return default


def flag(name: str, default: bool = False) -> bool:
    """Return a switch. Only the usual words count; anything else stops the start."""
    value = text(name).lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if value == "":
        return default
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int = 0) -> int:
    """Return a small whole number."""
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdecimal() or int(value) > 9:
        raise ImproperlyConfigured(f"{name} must be a whole number from 0 to 9, not {value!r}.")
    return int(value)


def name(variable: str, default: str) -> str:
    """Return a name that PostgreSQL takes as it is: small letters, digits and underscores."""
    value = text(variable) or default
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,50}", value):
        raise ImproperlyConfigured(f"{variable} must be small letters, digits and _: {value!r}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list without empty parts."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where this process stands: which side of the program, and whether it is the demo."""

    demo: bool
    plane: str
    data_dir: Path


def read_stage() -> Stage:
    """Return the stage of this process.

    Raises ImproperlyConfigured on any slip between DEMO, PLANE and EMAIL_URL
    (the demo's safety rules, docs/configuration.md).
    """
    demo = flag("DEMO")
    plane = text("PLANE", "all" if demo else "")
    if not plane:
        raise ImproperlyConfigured(
            "PLANE is not set. Outside the demo it has no default: set it to web, care or worker."
        )
    if plane not in PLANES:
        raise ImproperlyConfigured(f"PLANE must be one of {', '.join(PLANES)}, not {plane!r}.")
    if plane == "all" and not demo:
        raise ImproperlyConfigured(
            "PLANE=all puts both sides into one process and is for the demo only: "
            "set PLANE to web, care or worker."
        )
    if demo and text("EMAIL_URL"):
        raise ImproperlyConfigured(
            "DEMO=1 and EMAIL_URL are set together. The demo writes its mail to its own mailbox "
            "page and must not be able to reach real people: unset one of them."
        )
    data_dir = Path(text("DATA_DIR") or BASE_DIR / "var").absolute()
    return Stage(demo=demo, plane=plane, data_dir=data_dir)


def read_port() -> int:
    """Return PORT, 8000 if unset. Raises ImproperlyConfigured if it is not a port."""
    value = text("PORT", "8000")
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise ImproperlyConfigured(f"PORT must be a number from 1 to 65535, not {value!r}.")
    return int(value)
