"""The outbox."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """The outbox app."""

    name = "peersupport.core.outbox"
    label = "outbox"
