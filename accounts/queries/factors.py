"""What somebody has set up, for their own pages; what staff have asked to be reset."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import factors
from accounts.factors import Kind
from accounts.models import FactorReset, Person


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey: its random reference and its name."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Ways:
    """What a person can prove themselves with."""

    has_app: bool
    passkeys: tuple[Passkey, ...]
    codes_left: int

    @property
    def is_set_up(self) -> bool:
        """Whether there is any."""
        return self.has_app or bool(self.passkeys) or bool(self.codes_left)

    @property
    def has_codes(self) -> bool:
        """Whether something can be typed."""
        return self.has_app or bool(self.codes_left)


def ways_of(person: Person) -> Ways:
    """Return what a person can prove themselves with, as the settings stand."""
    found = factors.usable(factors.all_of(person.pk))
    return Ways(
        has_app=any(each.kind == Kind.APP for each in found),
        passkeys=tuple(
            Passkey(each.content["ref"], each.content["name"])
            for each in found
            if each.kind == Kind.PASSKEY
        ),
        codes_left=sum(len(each.content["left"]) for each in found if each.kind == Kind.CODES),
    )


@dataclass(frozen=True, slots=True)
class Reset:
    """A request that somebody's factors be taken away."""

    key: uuid.UUID
    email: str
    started_by: str
    is_mine: bool
    is_about_me: bool


def resets(person: Person, now: datetime) -> list[Reset]:
    """Return the requests that still stand, as this member of staff sees them."""
    rows = FactorReset.objects.filter(started_on__gte=(now - timedelta(days=3)).date())
    return [
        Reset(
            key=row.pk,
            email=row.person.email,
            started_by=row.started_by.called or row.started_by.email,
            is_mine=row.started_by_id == person.pk,
            is_about_me=row.person_id == person.pk,
        )
        for row in rows.select_related("person", "started_by").order_by("pk")
    ]


def reset_about(person: Person, now: datetime) -> uuid.UUID | None:
    """Return the request about this person, if one stands."""
    rows = FactorReset.objects.filter(
        person=person, started_on__gte=(now - timedelta(days=3)).date()
    )
    return rows.values_list("pk", flat=True).first()


def reset_named(key: uuid.UUID) -> str:
    """Return the address of whom a request is about, or nothing."""
    row = FactorReset.objects.filter(pk=key).select_related("person").first()
    return row.person.email if row is not None else ""


def with_address(email: str) -> Person | None:
    """Return the active person with an address."""
    return Person.objects.filter(email=email, is_active=True).first()
