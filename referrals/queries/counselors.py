"""The people of the care side, as its pages show them."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referrals.models import Counselor, Passkey, RecoveryCode
from referrals.rules import MOST_JOIN_TRIES, CareRole
from referrals.seals import fingerprint, is_genuine, is_genuine_passkey

_State = Counselor.State
ROLE_WORDS: dict[str, str | Promise] = {
    CareRole.COUNSELOR: _("Counselor"),
    CareRole.LEAD: _("Lead counselor"),
}
_STATE_WORDS: dict[str, tuple[str, str | Promise]] = {
    _State.ASKED: ("info", _("Asked to join")),
    _State.JOINED: ("warn", _("Waits for you")),
    _State.ACTIVE: ("ok", _("Is here")),
    _State.ENDED: ("off", _("Has left")),
}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One passkey."""

    id: uuid.UUID
    name: str
    added_on: date
    is_confirmed: bool
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody of the care side, as the lead sees them."""

    id: uuid.UUID
    name: str
    email: str
    role: str
    role_word: str | Promise
    state: str
    state_kind: str
    state_word: str | Promise
    confirmed_on: date | None
    confirmed_by: str
    is_code_good: bool
    is_mail_refused: bool
    passkeys: tuple[KeyRow, ...]

    @property
    def waiting(self) -> tuple[KeyRow, ...]:
        """Passkeys that nobody has confirmed yet."""
        return tuple(key for key in self.passkeys if not key.is_confirmed)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody whose row this program wrote, and how many rows it did not write."""

    rows: tuple[PersonRow, ...]
    strangers: int


def passkeys_of(counselor: uuid.UUID) -> tuple[KeyRow, ...]:
    """Return somebody's passkeys, the oldest first."""
    rows = Passkey.objects.filter(counselor=counselor).order_by("added_on", "name")
    return tuple(_key_row(row) for row in rows if is_genuine_passkey(row))


def codes_left(counselor: Counselor) -> int:
    """Return how many recovery codes somebody still has."""
    return RecoveryCode.objects.filter(counselor=counselor).count()


def people(now: datetime) -> People:
    """Return everybody, those who wait first."""
    rows = [*Counselor.objects.select_related("card").prefetch_related("passkeys")[:500]]
    good = [row for row in rows if is_genuine(row)]
    names = {str(row.pk): row.card.name for row in good}
    order = [_State.JOINED, _State.ASKED, _State.ACTIVE, _State.ENDED]
    shown = sorted(
        (_person_row(row, names, now) for row in good),
        key=lambda each: (not each.waiting, order.index(_State(each.state)), each.name.lower()),
    )
    return People(tuple(shown), len(rows) - len(good))


def person(counselor: uuid.UUID, now: datetime) -> PersonRow | None:
    """Return one of them, if the row is this program's own."""
    return next((row for row in people(now).rows if row.id == counselor), None)


def _key_row(row: Passkey) -> KeyRow:
    mark = fingerprint(bytes(row.credential))
    return KeyRow(row.pk, row.name, row.added_on, row.is_confirmed, mark)


def _person_row(row: Counselor, names: dict[str, str], now: datetime) -> PersonRow:
    kind, word = _STATE_WORDS[row.state]
    has_code = row.code is not None and row.code_until is not None and row.code_until > now
    keys = sorted(row.passkeys.all(), key=lambda key: (key.added_on, key.name))
    return PersonRow(
        id=row.pk,
        name=row.card.name,
        email=row.email,
        role=row.role,
        role_word=ROLE_WORDS[row.role],
        state=row.state,
        state_kind=kind,
        state_word=word,
        confirmed_on=row.confirmed_on,
        confirmed_by=names.get(row.confirmed_by, row.confirmed_by),
        is_mail_refused=row.is_mail_refused and row.state != _State.ENDED,
        is_code_good=has_code and row.code_tries < MOST_JOIN_TRIES,
        passkeys=tuple(_key_row(key) for key in keys if is_genuine_passkey(key)),
    )


def fault_of_counselors() -> str:
    """Return why this database and this host's keys do not belong together; empty if they do.

    The care side's keyring is tied to the database by the rows it sealed: if there are counselors
    and none of them is genuine, this is another database, or another keyring. One planted row
    beside genuine ones stops nothing; its page of people says that it is there.
    """
    rows = [*Counselor.objects.all()[:500]]
    if rows and not any(is_genuine(row) for row in rows):
        return "The care side's keyring is not the one with which this database's counselors came."
    return ""
