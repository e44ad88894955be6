"""Stopping what nobody asked for, by the link in a letter. Writes no audit row."""

from accounts.services.preferences import stop_everything, stop_kind
from reminders.models import StopLink


def follow(*, link: StopLink, is_everything: bool) -> None:
    """Stop the kind of a link's letter, or everything, for whoever it was sent to."""
    if is_everything:
        stop_everything(person=link.person, is_silent=True)
    else:
        stop_kind(person=link.person, kind=link.kind)
