"""Who a campaign is for. For planning and sending, never for a page: pages get counts."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Person, RoleGrant
from accounts.roster_rules import Standing
from accounts.rules import Role
from program.calendar_rules import Entry
from reminders.models import Campaign
from reminders.rules import Audience


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may be written to, by the groups they belong to. No address."""

    person: uuid.UUID
    is_student: bool
    is_supporter: bool
    class_name: str
    rotation: str
    is_away: bool
    is_silent: bool
    muted: frozenset[str]

    def wants(self, kind: str) -> bool:
        """Return whether they may be sent a kind of message."""
        return not self.is_silent and kind not in self.muted


def _has(role: Role) -> Exists:
    held = RoleGrant.objects.filter(person=OuterRef("pk"), role=str(role), revoked_on__isnull=True)
    return Exists(held)


def _readers(people: QuerySet[Person]) -> list[Reader]:
    rows = people.annotate(student=_has(Role.STUDENT), supporter=_has(Role.SUPPORTER))
    found = []
    for row in rows.values_list(
        "pk",
        "student",
        "supporter",
        "roster_entry__class_name",
        "roster_entry__rotation",
        "roster_entry__standing",
        "is_silent",
        "is_mail_refused",
        "muted",
    ):
        pk, student, supporter, class_name, rotation, standing, silent, refused, muted = row
        is_away = standing not in (None, str(Standing.ENROLLED))
        kinds = frozenset(muted.split())
        found.append(
            Reader(
                pk,
                student,
                supporter,
                class_name or "",
                rotation or "",
                is_away,
                silent or refused,
                kinds,
            )
        )
    return found


def readers() -> list[Reader]:
    """Return everybody with an account that is in use: one query."""
    return _readers(Person.objects.filter(is_active=True))


def readers_of(people: Collection[uuid.UUID]) -> dict[uuid.UUID, Reader]:
    """Return some of them: one query."""
    found = _readers(Person.objects.filter(pk__in=people, is_active=True)) if people else []
    return {one.person: one for one in found}


def is_for(campaign: Campaign, entry: Entry, one: Reader) -> bool:
    """Return whether a campaign around a milestone is for somebody.

    Nobody on leave is written to: the dates are not theirs. Supporters are asked for hours unless
    the exam is their own.
    """
    if one.is_away:
        return False
    if campaign.audience == Audience.SUPPORTERS:
        return one.is_supporter and not entry.is_for(one.class_name, one.rotation)
    if not one.is_student:
        return False
    if campaign.audience == Audience.EVERYBODY:
        return True
    if campaign.audience == Audience.COHORT:
        return campaign.class_name in ("", one.class_name) and campaign.rotation in (
            "",
            one.rotation,
        )
    return entry.is_for(one.class_name, one.rotation)


def count(campaign: Campaign, entry: Entry, everybody: Iterable[Reader]) -> int:
    """Return how many people a campaign around a milestone is for."""
    return sum(is_for(campaign, entry, one) for one in everybody)
