"""The referrals app: the last step, and the side of the counselors."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    """The referrals app."""

    name = "referrals"

    def ready(self) -> None:
        """Put pages into the navigation, kinds into the outbox, and tell what else must end."""
        from peersupport.core.emergency import register_notes
        from peersupport.core.outbox.kinds import register_refused
        from peersupport.core.ui import leaving
        from peersupport.core.ui.nav import NavItem, register
        from referrals import care_emails
        from referrals.care_sessions import leave
        from referrals.queries import danger
        from referrals.services.counselors import flag_address

        register(NavItem(_("More help"), "referrals:start", frozenset(), 25))
        register_notes(danger.notes)
        leaving.register("desk", leave)
        care_emails.register_kinds()
        register_refused("care", flag_address)
