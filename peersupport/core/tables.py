"""allauth's tables without its ways in, for the side on which nobody signs in by it."""

from allauth.account.apps import AccountConfig


class AccountTables(AccountConfig):  # type: ignore[misc] # allauth has no types
    """The app as it is, but that it does not insist on its middleware."""

    def ready(self) -> None:
        """Set up nothing."""
