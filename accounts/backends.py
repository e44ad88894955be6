"""How a session becomes a person."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError

from accounts.models import Person, with_roles


class ActivePersonBackend(BaseBackend):
    """Active people only; nobody signs in with a password."""

    def get_user(self, user_id: Any) -> Person | None:
        """Return the active person of a session, else None."""
        try:
            return with_roles(user_id)
        except (ValidationError, ValueError):
            return None
