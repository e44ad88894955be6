"""Wellness events."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The events app."""

    name = "events"

    def ready(self) -> None:
        """Put the pages of planning into the navigation."""
        from django.utils.translation import gettext_lazy as _

        from accounts.rules import Role
        from peersupport.core.ui.nav import NavItem, register

        program = frozenset({str(Role.COORDINATOR), str(Role.STUDENT_LEAD)})
        register(NavItem(_("Plan events"), "events:plan", program, 46))
