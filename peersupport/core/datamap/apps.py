"""The data map."""

from django.apps import AppConfig


class DatamapConfig(AppConfig):
    """The data map app."""

    name = "peersupport.core.datamap"
    label = "datamap"
