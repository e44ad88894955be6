"""Roles. Pure."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody may be on the web side. Counselors live on the care side only."""

    STUDENT = "student"
    SUPPORTER = "supporter"
    STUDENT_LEAD = "student_lead"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"
    # The one clinician who looks after the supporters: their load and escalations, no visits.
    SUPERVISOR = "supervisor"


# Which roles a role may grant and take away.
GRANTS: dict[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.COORDINATOR: frozenset({Role.STUDENT, Role.SUPPORTER, Role.STUDENT_LEAD}),
}


class NotAllowed(Exception):
    """This person may not do that."""


class LastAdministrator(Exception):
    """The last administrator cannot be removed."""
