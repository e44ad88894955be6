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
        register(NavItem(_("Our facts"), "program:index", roles, 50))

        from peersupport.core import clock
        from peersupport.core.outbox import kinds
        from peersupport.core.ui.context import register_name
        from peersupport.core.ui.notices import register_notices
        from program import emails
        from program.queries.basics import remembered
        from program.queries.cheerful import cheerful_gate
        from program.queries.confidentiality import notices
        from program.registry import value_of
        from program.services import touch_public
        from program.views import crisis, first, index, succession

        def standing(may_ask: bool) -> list[str]:
            known = remembered(may_ask=may_ask)
            return notices(known.values, clock.now()) if known is not None else []

        from program.calendars import register_exams
        from program.queries.milestones import exams_of_one, exams_of_several

        register_exams("milestones", exams_of_one, many=exams_of_several)
        on_profile_change("today", touch_public)
        register_notices("program", standing)
        kinds.register_gate(cheerful_gate)
        emails.register_kinds()
        index.register()
        crisis.register()
        first.register()
        succession.register()

        def name() -> str:
            known = remembered()
            kept = value_of(known.values, "school") if known is not None else None
            return str(kept["name"]) if kept else ""

        register_name(name)
