"""The events app. Its tables and pages come with its own work."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The events app."""

    name = "events"
