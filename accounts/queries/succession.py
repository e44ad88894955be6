"""Who holds the program's roles, and who of them leaves this summer."""

import uuid
from dataclasses import dataclass
from datetime import date

from accounts.models import Invitation, RoleGrant
from accounts.roster_rules import NEXT_PHASE
from accounts.rules import Role

POSTS = (Role.COORDINATOR, Role.STUDENT_LEAD, Role.SUPERVISOR, Role.ADMINISTRATOR)
_LAST_PHASES = [phase for phase, following in NEXT_PHASE.items() if not following]


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a role, and whether their class finishes this summer."""

    person: uuid.UUID
    name: str
    leaves: bool


@dataclass(frozen=True, slots=True)
class Post:
    """One role: who holds it, and how many were asked to take it."""

    role: Role
    holders: tuple[Holder, ...]
    asked: int

    @property
    def leaving(self) -> tuple[Holder, ...]:
        """Who of them leaves."""
        return tuple(one for one in self.holders if one.leaves)

    @property
    def is_empty(self) -> bool:
        """Whether nobody holds it once those who leave are gone."""
        return len(self.leaving) == len(self.holders)


def posts(today: date) -> list[Post]:
    """Return every role of the program's own: two queries."""
    grants = RoleGrant.objects.filter(
        role__in=[str(role) for role in POSTS], revoked_on__isnull=True, person__is_active=True
    ).select_related("person__roster_entry")
    held: dict[str, list[Holder]] = {str(role): [] for role in POSTS}
    for grant in grants.order_by("person__called", "person__email"):
        person = grant.person
        entry = getattr(person, "roster_entry", None)
        leaves = entry is not None and entry.phase.upper() in _LAST_PHASES
        held[grant.role].append(Holder(person.pk, person.called or person.email, leaves))
    asked = list(Invitation.objects.filter(expires_on__gte=today).values_list("role", flat=True))
    return [Post(r, tuple(held[str(r)]), asked.count(str(r))) for r in POSTS]


def leaving_supporters() -> list[uuid.UUID]:
    """Return the supporters whose class finishes this summer: one query."""
    grants = RoleGrant.objects.filter(
        role=str(Role.SUPPORTER),
        revoked_on__isnull=True,
        person__is_active=True,
        person__roster_entry__phase__in=_LAST_PHASES,
    )
    return list(grants.values_list("person_id", flat=True))
