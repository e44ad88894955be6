"""Office hours."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import Person


class OfficeHoursConfig(AppConfig):
    """The office hours app."""

    name = "officehours"

    def ready(self) -> None:
        """Put the pages into the navigation and the message kinds into the outbox."""
        from accounts.rules import Role
        from officehours import care_emails, cover_emails, emails
        from peersupport.core.ui.nav import NavItem, register

        register(NavItem(_("My times"), "visits:list", frozenset({str(Role.STUDENT)}), 20))
        register(NavItem(_("My hours"), "hours:console", frozenset({str(Role.SUPPORTER)}), 30))
        register(
            NavItem(
                _("All hours"),
                "hours:program",
                frozenset({str(Role.COORDINATOR), str(Role.STUDENT_LEAD)}),
                40,
            )
        )
        program = frozenset({str(Role.COORDINATOR), str(Role.STUDENT_LEAD)})
        register(NavItem(_("For me"), "hours:mine", frozenset({str(Role.SUPPORTER)}), 35))
        register(NavItem(_("Capacity"), "hours:capacity", program, 45))
        register(
            NavItem(_("Supporters"), "hours:supervisor", frozenset({str(Role.SUPERVISOR)}), 35)
        )
        from officehours.queries import outlook
        from officehours.queries import planning as reads
        from officehours.services import auditing, hours, leaving, planning
        from program.calendars import (
            Closing,
            register_closing,
            register_hours,
            register_missing,
            register_next_hours,
        )
        from program.registry import register_closer

        def clear(first: date, last: date, by: "Person", now: datetime) -> int:
            return planning.clear_holiday(first=first, last=last, by=by, now=now)

        register_closing("office hours", Closing(clear, reads.standing_in, "hours:holiday"))

        register_hours("office hours", reads.hours_by_week)
        register_next_hours("office hours", outlook.next_hours)
        register_missing("office hours", outlook.missing_hours)

        def close(start: datetime, end: datetime, by: "Person", now: datetime) -> tuple[int, int]:
            return hours.close_between(start=start, end=end, by=by, now=now)

        register_closer("office hours", close)
        from officehours.queries import emergency
        from officehours.views import first, standing
        from peersupport.core.emergency import register_visits

        register_visits(emergency.talks, emergency.take_contact)
        first.register()
        standing.register()
        leaving.register()
        emails.register_kinds()
        care_emails.register_kinds()
        cover_emails.register_kinds()
        auditing.register()
