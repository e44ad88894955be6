"""Roles, and what a profile may hold. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


# Whose powers wait for a second factor. Student leads are students.
STAFF = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR, Role.SUPERVISOR})

# Whoever is no student may not keep these.
OF_STUDENTS = frozenset({Role.STUDENT, Role.SUPPORTER, Role.STUDENT_LEAD})


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long somebody stays signed in: without using it, and altogether."""

    idle: timedelta
    longest: timedelta
    step: timedelta  # ends are rounded up to this, so that a row says no more than that


_DAY = timedelta(days=1)
# Comfortable for students. A supporter's outlasts the longest shift. Staff: about a working day.
SESSION_STUDENT = SessionLimits(14 * _DAY, 60 * _DAY, _DAY)
SESSION_SUPPORTER = SessionLimits(_DAY, 14 * _DAY, _DAY)
SESSION_STAFF = SessionLimits(timedelta(hours=2), timedelta(hours=12), timedelta(minutes=15))


def session_limits(roles: frozenset[str]) -> SessionLimits:
    """Return the limits for somebody with these roles: the strictest."""
    if roles & {str(role) for role in STAFF}:
        return SESSION_STAFF
    if roles & {str(Role.SUPPORTER), str(Role.STUDENT_LEAD)}:
        return SESSION_SUPPORTER
    return SESSION_STUDENT


def session_ends(limits: SessionLimits, *, begun: datetime, now: datetime) -> datetime:
    """Return when a session that is used now ends, rounded up to the step."""
    end = min(now + limits.idle, begun + limits.longest)
    step = int(limits.step.total_seconds())
    return datetime.fromtimestamp(-(-int(end.timestamp()) // step) * step, UTC)


# Which roles a role may grant and take away.
GRANTS: dict[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.COORDINATOR: frozenset({Role.STUDENT, Role.SUPPORTER, Role.STUDENT_LEAD}),
}


class TooManyTags(Exception):
    """A profile holds so many tags and no more."""


class AlreadySaid(Exception):
    """The profile has this tag already."""


class NotAllowed(Exception):
    """This person may not do that."""


class ChangedMeanwhile(Exception):
    """What was shown is no longer what would be done."""


class AddressTaken(Exception):
    """That address belongs to somebody else on the list."""


class TooMany(Exception):
    """There are enough of these for now."""


class LastAdministrator(Exception):
    """The last administrator cannot be removed."""


class LastHolder(Exception):
    """Nobody else has this role: it cannot be given back yet."""


# How many times one invitation is sent, and how many stand at a time: it is no mailing list.
MOST_SENDINGS = 3
MOST_INVITATIONS = 200

# Fewer supporters than this who say the same of themselves: a reader could tell who it is.
RARE_UNDER = 3
MOST_TAGS = 12


def sameness(words: str) -> str:
    """Return what makes two tags the same: the words whatever their case, width and spaces."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split())[:80]


_ADDRESS = re.compile(r"\S+@\S+\.\w{2,}")
_NUMBER = re.compile(r"(?:\d[\s().-]{0,2}){7,}")


def holds_contact(text: str) -> bool:
    """Return whether a text seems to hold an e-mail address or a phone number."""
    return bool(_ADDRESS.search(text) or _NUMBER.search(text))
