"""The insights app. Its tables and pages come with its own work."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """The insights app."""

    name = "insights"
