"""The referrals app. Its tables and pages come with its own work."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """The referrals app."""

    name = "referrals"
