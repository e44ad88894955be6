"""Reminders."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RemindersConfig(AppConfig):
    """The reminders app."""

    name = "reminders"

    def ready(self) -> None:
        """Put the governor before all other gates, and the pages into the navigation."""
        from accounts.rules import Role
        from peersupport.core.outbox.kinds import register_gate, register_unsaid
        from peersupport.core.ui.nav import NavItem, register
        from program.calendars import on_calendar_change, register_marks
        from reminders import emails
        from reminders.queries.pages import marks
        from reminders.services import auditing
        from reminders.services.governor import governor
        from reminders.services.planning import on_change
        from reminders.services.said import give_back

        program = frozenset({str(Role.COORDINATOR), str(Role.STUDENT_LEAD)})
        register(NavItem(_("Reminders"), "reminders:overview", program, 47))
        register_gate(governor, first=True)
        register_unsaid("reminders", give_back)
        register_marks(
            "reminders", _("Reminders"), lambda first, last, _reader: marks(first, last)
        )
        on_calendar_change("reminders", on_change)
        emails.register_kinds()
        auditing.register()
