"""The training app. Its tables and pages come with its own work."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """The training app."""

    name = "training"
