"""Sessions."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """The sessions app."""

    name = "peersupport.core.sessions"
    label = "sessions"
