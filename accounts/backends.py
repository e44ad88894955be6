"""How a session becomes a person."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError

from accounts.models import Person


class ActivePersonBackend(BaseBackend):
    """Active people only; nobody signs in with a password."""

    def get_user(self, user_id: Any) -> Person | None:
        """Return the active person of a session, else None."""
        try:
            return Person.objects.filter(pk=user_id, is_active=True).first()
        except (ValidationError, ValueError):
            return None
