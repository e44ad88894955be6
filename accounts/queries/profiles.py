"""What may be read of a supporter's profile, and by whom: one place decides."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Person, Profile, Tag, TagPolicy
from accounts.rules import RARE_UNDER, Role


@dataclass(frozen=True, slots=True)
class Card:
    """A supporter as any signed-in student may see them."""

    person: uuid.UUID
    name: str
    year: str
    pronouns: str
    bio: str
    languages: str
    ways: tuple[str, ...]
    # Whether there is a room for video and voice. Its address is on no card.
    has_room: bool
    # Read beside the name; and those by which the filter in the browser finds them: these too.
    tags: tuple[str, ...]
    findable: tuple[str, ...]


def _holders() -> Any:
    """Return how many supporters in force say the same as the tag of the outer query."""
    in_force = {
        "profile__person__is_active": True,
        "profile__person__grants__role": str(Role.SUPPORTER),
        "profile__person__grants__revoked_on__isnull": True,
    }
    alike = Tag.objects.filter(sameness=OuterRef("tags__sameness"), **in_force)
    counted = alike.exclude(use=Tag.Use.OFF).order_by().values("sameness")
    return Coalesce(Subquery(counted.annotate(n=Count("profile", distinct=True)).values("n")), 0)


def _is_demographic_off() -> Exists:
    return Exists(TagPolicy.objects.filter(pk=1, shows_demographic=False))


def _is_readable(row: dict[str, Any]) -> bool:
    """Return whether students may read or find this tag at all."""
    if row["tags__use"] not in (Tag.Use.SHOWN, Tag.Use.FILTER):
        return False
    if row["tags__kind"] == Tag.Kind.DEMOGRAPHIC and row["is_off"]:
        return False
    return bool(row["tags__is_consented"] or row["holders"] >= RARE_UNDER)


_FACTS = ("person_id", "shown_name", "year", "pronouns", "bio", "languages", "ways", "room_link")
_OF_TAG = ("tags__pk", "tags__words", "tags__kind", "tags__use", "tags__is_consented")


def _rows(profiles: "QuerySet[Profile]") -> Any:
    return (
        profiles.annotate(holders=_holders(), is_off=_is_demographic_off())
        .order_by("shown_name", "person_id", "tags__words", "tags__pk")
        .values(*_FACTS, *_OF_TAG, "holders", "is_off")
    )


def cards(people: Iterable[Any]) -> dict[uuid.UUID, Card]:
    """Return the cards of these people who have a profile, by person: one query."""
    rows: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in _rows(Profile.objects.filter(person__in=set(people))):
        rows.setdefault(row["person_id"], []).append(row)
    return {person: _card(found) for person, found in rows.items()}


def _card(rows: list[dict[str, Any]]) -> Card:
    first = rows[0]
    may = [row for row in rows if _is_readable(row)]
    return Card(
        person=first["person_id"],
        name=first["shown_name"],
        year=first["year"],
        pronouns=first["pronouns"],
        bio=first["bio"],
        languages=first["languages"],
        ways=tuple(way for way in first["ways"].split(",") if way),
        has_room=bool(first["room_link"]),
        tags=tuple(row["tags__words"] for row in may if row["tags__use"] == Tag.Use.SHOWN),
        findable=tuple(row["tags__words"] for row in may),
    )


def with_room(people: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return who of these people has a room for video and voice: one query."""
    rooms = Profile.objects.filter(person__in=set(people)).exclude(room_link="")
    return frozenset(rooms.values_list("person_id", flat=True))


@dataclass(frozen=True, slots=True)
class MyTag:
    """A tag as its owner sees it: what they chose, and what becomes of it."""

    id: uuid.UUID
    words: str
    kind: str
    use: str
    is_consented: bool
    is_rare: bool
    is_off_by_program: bool
    is_readable: bool


def my_tags(person: Person) -> list[MyTag]:
    """Return one's own tags, and whether students can read each of them now: one query."""
    return [
        MyTag(
            id=row["tags__pk"],
            words=row["tags__words"],
            kind=row["tags__kind"],
            use=row["tags__use"],
            is_consented=row["tags__is_consented"],
            is_rare=row["holders"] < RARE_UNDER,
            is_off_by_program=row["tags__kind"] == Tag.Kind.DEMOGRAPHIC and row["is_off"],
            is_readable=_is_readable(row),
        )
        for row in _rows(Profile.objects.filter(person=person))
        if row["tags__pk"] is not None
    ]


def shows_demographic() -> bool:
    """Return whether this program shows tags about who somebody is."""
    return not TagPolicy.objects.filter(pk=1, shows_demographic=False).exists()


def own_profile(person: Person) -> Profile | None:
    """Return one's own profile, if one was ever made."""
    return Profile.objects.filter(person=person).first()
