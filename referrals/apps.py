"""The referrals app: the last step, and the side of the counselors."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """The referrals app."""

    name = "referrals"

    def ready(self) -> None:
        """Let "Exit this page" end the desk's session too; make the desk's messages known."""
        from peersupport.core.ui import leaving
        from referrals import care_emails
        from referrals.care_sessions import leave

        leaving.register("desk", leave)
        care_emails.register_kinds()
