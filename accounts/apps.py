"""People."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


def _note(sender: Any, user: Any, request: Any = None, **_: Any) -> None:
    from accounts.lasting import begin
    from accounts.services import note_sign_in
    from peersupport.core import clock

    note_sign_in(person=user, now=clock.now())
    if request is not None:
        begin(request, user, clock.now())


class AccountsConfig(AppConfig):
    """The accounts app."""

    name = "accounts"

    def ready(self) -> None:
        """Keep only the month of a sign-in, and send nobody what they do not want.

        Django connects its own receiver under this name. Whichever of the two apps is ready
        first: what stands here is replaced or keeps the other out.
        """
        from accounts.emails import register_kinds

        register_kinds()
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(_note, dispatch_uid="update_last_login")
        from accounts.queries.preferences import gate
        from accounts.services.preferences import flag_address
        from peersupport.core.outbox.kinds import register_gate, register_refused

        register_gate(gate)
        register_refused("web", flag_address)
        from accounts.rules import Role
        from peersupport.core.ui.nav import NavItem, register

        keepers = frozenset({str(Role.COORDINATOR), str(Role.ADMINISTRATOR)})
        register(NavItem(_("List"), "accounts:roster", keepers, 55))
