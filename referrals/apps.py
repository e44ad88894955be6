"""The referrals app. Its tables and pages come with its own work."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """The referrals app."""

    name = "referrals"

    def ready(self) -> None:
        """Put the message kinds of the care side into the outbox."""
        from referrals import care_emails

        care_emails.register_kinds()
