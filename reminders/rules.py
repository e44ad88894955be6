"""What a campaign may be and say, and what a message says of itself. Pure."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


# -- states ---------------------------------------------------------------------------------------
class State(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    ON = "on"
    PAUSED = "paused"
    ENDED = "ended"


class Verb(StrEnum):
    """What the coordinator does with one."""

    SWITCH_ON = "on"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


TRANSITIONS: dict[tuple[State, Verb], State] = {
    (State.DRAFT, Verb.SWITCH_ON): State.ON,
    (State.ON, Verb.PAUSE): State.PAUSED,
    (State.PAUSED, Verb.RESUME): State.ON,
    (State.DRAFT, Verb.END): State.ENDED,
    (State.ON, Verb.END): State.ENDED,
    (State.PAUSED, Verb.END): State.ENDED,
}
# What was looked at before it was switched on is what goes: one that is on is paused first.
MAY_CHANGE = frozenset({State.DRAFT, State.PAUSED})


def verbs_of(state: State) -> list[Verb]:
    """Return what can be done with a campaign in a state."""
    return [verb for (before, verb) in TRANSITIONS if before is state]


class Audience(StrEnum):
    """Whom a campaign is for."""

    OWN = "own"
    EVERYBODY = "everybody"
    COHORT = "cohort"
    SUPPORTERS = "supporters"


class NotAllowed(Exception):
    """This person may not do that."""


class NotAllowedFrom(Exception):
    """Somebody got there first, or it cannot be done in this state."""


class AlreadyTaken(Exception):
    """This one of the library is there already."""


# -- words ----------------------------------------------------------------------------------------
NAMES = ("next_hours", "today_link", "crisis_line", "milestone", "first_day")
STAFFING_NAMES = (*NAMES, "gaps")
MOST_SUBJECT, MOST_BODY = 90, 1800
_PLACE = re.compile(r"\{([^{}]*)\}")
_TAG = re.compile(r"<[A-Za-z/!?]|&#|&[A-Za-z]+;")


def unknown_places(text: str, names: tuple[str, ...] = NAMES) -> list[str]:
    """Return what stands in braces and is no placeholder, each once; a lone brace is one too."""
    found = [match[0] for match in _PLACE.finditer(text) if match[1] not in names]
    lone = re.findall(r"[{}]", _PLACE.sub("", text))
    return list(dict.fromkeys([*found, *lone]))


def holds_markup(text: str) -> bool:
    """Return whether a text holds HTML, or what a mailbox might take for it."""
    return bool(_TAG.search(text))


def fill_in(text: str, values: dict[str, str]) -> str:
    """Return a text with its placeholders filled in, once: what is filled in is not read again."""
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), text)


# -- references -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ref:
    """What the row of a message says of itself. It names no person."""

    campaign: uuid.UUID
    milestone: uuid.UUID
    index: int
    due_at: datetime

    def packed(self) -> bytes:
        """Return it as bytes."""
        stamp = int(self.due_at.timestamp()).to_bytes(8, "big")
        return self.campaign.bytes + self.milestone.bytes + bytes([self.index]) + stamp

    @property
    def topic(self) -> str:
        """What is said once to each person, whenever it falls due."""
        return f"{self.campaign}|{self.milestone}|{self.index}"


def ref_from(raw: bytes) -> Ref | None:
    """Return what bytes say, or None if they are of no such message."""
    if len(raw) != 41:
        return None
    return Ref(
        uuid.UUID(bytes=raw[:16]),
        uuid.UUID(bytes=raw[16:32]),
        raw[32],
        datetime.fromtimestamp(int.from_bytes(raw[33:], "big"), UTC),
    )
