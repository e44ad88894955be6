"""Roles, and what a profile may hold. Pure."""

import re
import unicodedata
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
