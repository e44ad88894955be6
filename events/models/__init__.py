"""Tables of wellness events."""

from events.models.debriefs import Request, Taker
from events.models.events import Event, EventSet, Host, Invited, Series
from events.models.rsvps import Rsvp, RsvpSet, Said

__all__ = [
    "Event",
    "EventSet",
    "Host",
    "Invited",
    "Request",
    "Rsvp",
    "RsvpSet",
    "Said",
    "Series",
    "Taker",
]
