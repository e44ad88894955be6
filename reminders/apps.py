"""The reminders app. Its tables and pages come with its own work."""

from django.apps import AppConfig


class RemindersConfig(AppConfig):
    """The reminders app."""

    name = "reminders"
