"""The school's own facts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProgramConfig(AppConfig):
    """The program app."""

    name = "program"

    def ready(self) -> None:
        """Put the page into the navigation, and let Today follow the profiles."""
        from accounts.registry import on_profile_change
        from accounts.rules import Role
        from peersupport.core.ui.nav import NavItem, register

        roles = frozenset({str(Role.COORDINATOR), str(Role.ADMINISTRATOR)})
        register(NavItem(_("Coverage"), "program:coverage", roles, 50))

        from program.services import touch_public

        on_profile_change("today", touch_public)
