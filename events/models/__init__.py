"""Tables of wellness events."""

from events.models.debriefs import Request, Taker
from events.models.events import Event, EventSet, Host, Invited, Series
from events.models.rsvps import Rsvp, RsvpSet, Said
from events.models.withdrawn import Withdrawn

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
    "Withdrawn",
]
