"""Where somebody stands, for the page behind the link in a letter. It names no event."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from events.models import Rsvp
from events.rules import Going, State


class Standing(StrEnum):
    """What the page says."""

    OFF = "off"  # cancelled
    OVER = "over"
    GOING = "going"
    OFFERED = "offered"
    WAITING = "waiting"
    GONE = "gone"  # an offer that ran out
    NOT = "not"


_OF = {
    Going.GOING: Standing.GOING,
    Going.OFFERED: Standing.OFFERED,
    Going.WAITING: Standing.WAITING,
    Going.LAPSED: Standing.GONE,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands with what the letter was about."""

    standing: Standing
    until: datetime | None = None


def place_of(rsvp: Rsvp, now: datetime) -> Place:
    """Return where an answer stands now. An offer past its end has lapsed, whatever ran."""
    if rsvp.event.state == State.CANCELLED:
        return Place(Standing.OFF)
    if rsvp.event.ends_at <= now:
        return Place(Standing.OVER)
    if rsvp.offer_until is not None and rsvp.offer_until <= now:
        return Place(Standing.GONE)
    return Place(_OF.get(Going(rsvp.state), Standing.NOT), rsvp.offer_until)
