"""The referrals app: the last step, and the side of the counselors."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """The referrals app."""

    name = "referrals"

    def ready(self) -> None:
        """Let "Exit this page" end the desk's session too."""
        from peersupport.core.ui import leaving
        from referrals.care_sessions import leave

        leaving.register("desk", leave)
