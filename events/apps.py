"""Wellness events."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The events app."""

    name = "events"

    def ready(self) -> None:
        """Put message kinds into the outbox."""
        from events import emails

        emails.register_kinds()
