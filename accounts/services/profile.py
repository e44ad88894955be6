"""Writes on a supporter's own profile. They change what students read at their next look."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Person, Profile, Tag, TagPolicy
from accounts.permissions import may_set_tag_policy
from accounts.registry import profile_changed
from accounts.rules import MOST_TAGS, AlreadySaid, NotAllowed, TooManyTags, sameness
from peersupport.core import ids
from peersupport.core.actors import Actor
from peersupport.core.audit.services import record


@dataclass(frozen=True, slots=True)
class Facts:
    """What a profile says, beside its tags."""

    shown_name: str
    year: str
    pronouns: str
    bio: str
    languages: str
    ways: tuple[str, ...]
    room_link: str


@transaction.atomic(durable=True)
def change_profile(*, person: Person, facts: Facts) -> None:
    """Write one's own profile."""
    Profile.objects.filter(person=person).update(
        shown_name=facts.shown_name,
        year=facts.year,
        pronouns=facts.pronouns,
        bio=facts.bio,
        languages=facts.languages,
        ways=",".join(facts.ways),
        room_link=facts.room_link,
    )
    profile_changed()


@transaction.atomic(durable=True)
def add_tag(*, person: Person, words: str, kind: str, use: str, is_consented: bool) -> None:
    """Say something more of oneself. Raises AlreadySaid or TooManyTags."""
    profile = Profile.objects.select_for_update().get(person=person)
    if Tag.objects.filter(profile=profile).count() >= MOST_TAGS:
        raise TooManyTags
    row = Tag(
        id=ids.new_id(),
        profile=profile,
        words=words,
        sameness=sameness(words),
        kind=kind,
        use=use,
        is_consented=is_consented,
    )
    Tag.objects.bulk_create([row], ignore_conflicts=True)
    if not Tag.objects.filter(pk=row.pk).exists():
        raise AlreadySaid


@transaction.atomic(durable=True)
def change_tag(*, person: Person, tag: uuid.UUID, kind: str, use: str, is_consented: bool) -> bool:
    """Choose who may read a tag of one's own. Returns whether there is such a tag."""
    mine = Tag.objects.filter(pk=tag, profile__person=person)
    return bool(mine.update(kind=kind, use=use, is_consented=is_consented))


@transaction.atomic(durable=True)
def remove_tag(*, person: Person, tag: uuid.UUID) -> None:
    """Take back something one said of oneself. Twice is the same as once."""
    Tag.objects.filter(pk=tag, profile__person=person).delete()


@transaction.atomic(durable=True)
def set_tag_policy(*, shows_demographic: bool, by: Actor, now: datetime) -> None:
    """Say whether this program shows tags about who somebody is."""
    if not may_set_tag_policy(by):
        raise NotAllowed
    TagPolicy.objects.bulk_create([TagPolicy(pk=1)], ignore_conflicts=True)
    changed = TagPolicy.objects.filter(pk=1).exclude(shows_demographic=shows_demographic)
    if changed.update(shows_demographic=shows_demographic):
        record(
            by=by,
            verb="set tag policy",
            thing="program",
            thing_id="tags",
            now=now,
            note="demographic tags on" if shows_demographic else "demographic tags off",
        )
