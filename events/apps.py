"""Wellness events."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    """The events app."""

    name = "events"

    def ready(self) -> None:
        """Put message kinds into the outbox, and the pages into the navigation."""
        from accounts.rules import Role
        from events import debrief_emails, emails
        from events.services import leaving
        from peersupport.core.ui.nav import NavItem, register

        register(NavItem(_("What is on"), "events:list", frozenset(), 25))
        program = frozenset({str(Role.COORDINATOR), str(Role.STUDENT_LEAD)})
        register(NavItem(_("Plan events"), "events:plan", program, 46))

        leaving.register()
        emails.register_kinds()
        debrief_emails.register_kinds()
