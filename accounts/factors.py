"""Second factors as rows: allauth's table, in which everything that means something is sealed.

allauth would keep secrets readable, and the instant of every use. Here a row holds one sealed
text, bound to its person and kind, so that a secret or a passkey that somebody plants in the
table, or moves to another person's row, opens nothing. No row is dated finer than by the month.
"""

import base64
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts.models import Person, month_of
from peersupport.core.crypto import keyring

_PURPOSE = "second-factor"


class Kind(StrEnum):
    """What can be a second factor, by allauth's names."""

    APP = "totp"
    PASSKEY = "webauthn"
    CODES = "recovery_codes"


@dataclass(frozen=True, slots=True)
class Factor:
    """One row, opened. Its repr shows nothing of the content."""

    key: int
    kind: Kind
    sealed: str = field(repr=False)
    content: dict[str, Any] = field(repr=False)


def _seal(person_id: uuid.UUID, kind: Kind, content: dict[str, Any]) -> str:
    box = keyring().seal(
        json.dumps(content).encode(), purpose=_PURPOSE, context=f"{person_id}|{kind}"
    )
    return base64.b64encode(box).decode()


def _open(row: Any) -> Factor:
    sealed, kind = str(row.data["sealed"]), Kind(row.type)
    context = f"{row.user_id}|{kind}"
    plain = keyring().open(base64.b64decode(sealed), purpose=_PURPOSE, context=context)
    return Factor(key=row.pk, kind=kind, sealed=sealed, content=json.loads(plain))


def all_of(person_id: uuid.UUID) -> list[Factor]:
    """Return a person's factors, oldest first. Raises CannotOpen for a planted or edited one."""
    rows = Authenticator.objects.filter(user_id=person_id).order_by("pk")
    return [_open(row) for row in rows]


def usable(found: list[Factor]) -> list[Factor]:
    """Return those that the settings allow; recovery codes only stand beside others."""
    off = set()
    if not settings.AUTHENTICATOR_APPS:
        off.add(Kind.APP)
    if not settings.PASSKEYS:
        off.add(Kind.PASSKEY)
    return [each for each in found if each.kind not in off]


def is_asked_of(person: Person) -> bool:
    """Return whether this person has set up a second factor."""
    return bool(usable(all_of(person.pk)))


def add(person: Person, kind: Kind, content: dict[str, Any], now: datetime) -> None:
    """Store a factor."""
    Authenticator.objects.create(
        user=person,
        type=str(kind),
        data={"sealed": _seal(person.pk, kind, content)},
        created_at=month_of(now),
    )


def replace(person_id: uuid.UUID, factor: Factor, content: dict[str, Any]) -> bool:
    """Put new content into a row, if it is still as it was read. Returns whether it was."""
    row = Authenticator.objects.filter(pk=factor.key, data__sealed=factor.sealed)
    return bool(row.update(data={"sealed": _seal(person_id, factor.kind, content)}))


def keys_of(person_id: uuid.UUID) -> list[int]:
    """Return the rows of a person, without opening them."""
    return list(Authenticator.objects.filter(user_id=person_id).values_list("pk", flat=True))


def delete(keys: list[int]) -> None:
    """Delete rows."""
    Authenticator.objects.filter(pk__in=keys).delete()


def everybody_with_one() -> list[uuid.UUID]:
    """Return who has factors, in the order of their random keys."""
    people = Authenticator.objects.order_by("user_id").values_list("user_id", flat=True)
    return list(people.distinct())
