"""The messages of events. Each is neutral outside, and its row in the outbox names nobody.

Every `tell_*` runs in the transaction of the change it tells, and is said once.
"""

from datetime import datetime

from events.models import Event, Rsvp


def tell_going(event: Event, rsvp: Rsvp, now: datetime) -> None:
    """Confirm a place somebody took, and plan the reminder before it and the thanks after it."""


def tell_given(event: Event, rsvp: Rsvp, now: datetime) -> None:
    """Tell somebody who waited that a place is theirs, with a link to say no in one click."""


def tell_offered(event: Event, rsvp: Rsvp, now: datetime) -> None:
    """Offer a place to somebody who waited, until `rsvp.offer_until`."""


def tell_changed(event: Event, now: datetime) -> None:
    """Tell everybody who comes or waits that day, time, place or link have changed."""


def tell_cancelled(event: Event, now: datetime) -> None:
    """Tell everybody who comes or waits that an event is off."""


def tell_all_given(event: Event, rsvps: list[Rsvp], now: datetime) -> None:
    """Tell several who waited that places are theirs: as many queries as for one."""
