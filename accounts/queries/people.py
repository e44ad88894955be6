"""Reads about one person for those who give roles."""

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, RoleGrant
from accounts.rules import Role

ROLE_NAMES: dict[Role, str | Promise] = {
    Role.STUDENT: _("Student"),
    Role.SUPPORTER: _("Supporter"),
    Role.STUDENT_LEAD: _("Student lead"),
    Role.COORDINATOR: _("Coordinator"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.SUPERVISOR: _("Supervisor of the supporters"),
}


@dataclass(frozen=True, slots=True)
class Past:
    """One role that was given, and until when."""

    name: str | Promise
    since: date
    until: date | None


def person_with(email: str) -> Person | None:
    """Return whoever has exactly this address."""
    return Person.objects.filter(email=email.lower()).first()


def roles_of(person: Person) -> frozenset[str]:
    """Return the roles in force."""
    rows = RoleGrant.objects.filter(person=person, revoked_on__isnull=True)
    return frozenset(rows.values_list("role", flat=True))


def history(person: Person) -> list[Past]:
    """Return every role ever given to somebody, the newest first."""
    rows = RoleGrant.objects.filter(person=person).order_by("-granted_on", "role")
    return [Past(ROLE_NAMES[Role(row.role)], row.granted_on, row.revoked_on) for row in rows]


def with_role(role: Role) -> list[Person]:
    """Return everybody active with a role, by what they are called: one query."""
    people = Person.objects.filter(
        is_active=True, grants__role=str(role), grants__revoked_on__isnull=True
    )
    return list(people.distinct().order_by("called", "email"))
