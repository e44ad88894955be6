"""`manage.py check --deploy`: what Django's own checks cannot know. Each has an id and a hint."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from peersupport.portal.checks import configuration, installed, sealing

TAG = "peersupport"
Check = Callable[[], list[CheckMessage]]


def found() -> list[CheckMessage]:
    """Return everything that is wrong: the configuration, then what the database holds."""
    said = [message for check in configuration.CHECKS for message in check()]
    try:
        asked = (*installed.CHECKS, *sealing.CHECKS)
        said += [message for check in asked for message in check()]
    except DatabaseError:
        hint = "Is PostgreSQL running, DATABASE_URL right, and has `manage.py migrate` run?"
        said.append(Error("The database cannot be asked.", hint=hint, id="peersupport.E020"))
    return said


def _check(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    return found()


def register_checks() -> None:
    """Make the checks known; they run with `--deploy` only."""
    register(TAG, Tags.security, deploy=True)(_check)
