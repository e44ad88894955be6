"""Wellness events."""

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from accounts.models import Person


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

        from events.queries import around
        from events.services import closing
        from events.views import closing as said
        from program.calendars import register_marks, register_standing
        from program.registry import Ending, register_ending

        register_marks("events", _("Events"), around.lane)
        register_standing("events", said.in_holidays)

        def end(tickets: "Collection[str]", by: "Person", now: "datetime") -> tuple[int, int]:
            return closing.cancel_shown(tickets=tickets, by=by, now=now)

        register_ending("events", Ending("events/plan/_closing.html", said.shown, end))

        leaving.register()
        emails.register_kinds()
        debrief_emails.register_kinds()
