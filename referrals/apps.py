"""Referrals: the last step to counseling."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    """The referrals app."""

    name = "referrals"

    def ready(self) -> None:
        """Put the page into the navigation, and tell visits what became of their contacts."""
        from peersupport.core.emergency import register_notes
        from peersupport.core.ui.nav import NavItem, register
        from referrals.queries import danger

        register(NavItem(_("More help"), "referrals:start", frozenset(), 25))
        register_notes(danger.notes)
