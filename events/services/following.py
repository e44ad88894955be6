"""What becomes of a debrief's request when its event moves or is off: in the caller's transaction.

Whoever asked need not have a place in it, so what tells those who come does not reach them.
"""

from datetime import datetime

from events.debrief_emails import tell_moved, tell_off
from events.models import Event, Request
from events.rules import Kind


def follow_changed(event: Event, *, is_told: bool, now: datetime) -> None:
    """Let a request be forgotten with its event, and tell whoever asked if the event moved."""
    for row in _requests(event):
        if row.forget_at != event.forget_at:
            row.forget_at = event.forget_at
            row.save(update_fields=["forget_at"])
        if is_told and row.state == Request.State.TAKEN:
            tell_moved(row, event, now)


def follow_off(event: Event, now: datetime) -> None:
    """Tell whoever asked that the event is called off, although they took it back before."""
    for row in _requests(event):
        tell_off(row, event, now)


def _requests(event: Event) -> list[Request]:
    """Return what an event came of: nothing but a debrief's came of a request."""
    if event.kind != Kind.DEBRIEF:
        return []
    known = Request.objects.only("id", "state", "event_id", "forget_at", "holder")
    return list(known.filter(event=event))
