"""The step of a sign-in in which a second factor is asked of whoever has one."""

from typing import Any

from allauth.account.stages import LoginStage
from django.shortcuts import redirect

from accounts.factors import is_asked_of


class SecondFactorStage(LoginStage):  # type: ignore[misc]
    """Stands behind every other step, whichever way in allauth leads: code or campus sign-on."""

    key = "second_factor"
    urlname = "accounts:second-factor"

    def handle(self) -> Any:
        """Pause the sign-in, if this person has a second factor. Nobody is signed in yet."""
        if self.login.user is None or not is_asked_of(self.login.user):
            return None, True
        return redirect(self.urlname), True
