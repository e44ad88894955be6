"""The school's own facts."""

from django.apps import AppConfig


class ProgramConfig(AppConfig):
    """The program app."""

    name = "program"
