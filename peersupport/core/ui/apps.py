"""The face."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """The app that holds the base page and its parts. It has no tables."""

    name = "peersupport.core.ui"
    label = "ui"
