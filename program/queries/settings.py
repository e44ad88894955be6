"""The history of what the school has set."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from accounts.models import Person
from accounts.rules import Role
from program.models import Setting, Signature
from program.registry import Values, value_of

_MOST = 200


def history(key: str = "") -> list[Setting]:
    """Return the changes of one key or of all, the newest first."""
    found = Setting.objects.filter(key=key) if key else Setting.objects.all()
    return list(found.order_by("-id")[:_MOST])


@dataclass(frozen=True, slots=True)
class Pledge:
    """The pledge as it stands: its words, its version, and until when it may wait."""

    text: str
    version: int
    from_on: date | None
    grace: int

    @property
    def due_on(self) -> date | None:
        """The last day on which the console opens without it; None: nobody set a day."""
        return self.from_on + timedelta(days=self.grace) if self.from_on else None

    def is_overdue(self, today: date) -> bool:
        """Return whether the days of grace are over."""
        return self.due_on is not None and self.due_on < today


def pledge(values: Values) -> Pledge:
    """Return the pledge from what is set."""
    kept: dict[str, Any] = value_of(values, "pledge")
    day = kept.get("from_on")
    return Pledge(
        kept["text"], kept["version"], date.fromisoformat(day) if day else None, kept["grace"]
    )


def has_signed(person: uuid.UUID, version: int) -> bool:
    """Return whether somebody has signed this version: one query."""
    return Signature.objects.filter(person=person, version=version).exists()


def must_sign(person: uuid.UUID, values: Values, today: date) -> bool:
    """Return whether somebody cannot plan hours before they sign: one query once it is overdue."""
    kept = pledge(values)
    return kept.is_overdue(today) and not has_signed(person, kept.version)


def not_signed(version: int) -> list[Person]:
    """Return the supporters who have not signed this version, by what they are called."""
    supporters = Person.objects.filter(
        is_active=True, grants__role=str(Role.SUPPORTER), grants__revoked_on__isnull=True
    )
    return list(
        supporters.exclude(signatures__version=version).distinct().order_by("called", "email")
    )
