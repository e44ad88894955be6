"""Who plans at this moment, and what they may see: what every page of planning begins with."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from events.models import Event
from events.permissions import may_draft, may_keep
from events.planning_rules import Letting
from events.queries import plans
from peersupport.core import clock
from program.queries import facts as program_facts
from program.queries.basics import FactsNow

# Whom a page of planning can concern; each page asks further.
planners = require_role(Role.COORDINATOR, Role.STUDENT_LEAD, Role.SUPPORTER)


@dataclass(frozen=True, slots=True)
class Desk:
    """Who plans, when, and what they are let do."""

    by: Person
    now: datetime
    known: FactsNow
    letting: Letting

    @property
    def today(self) -> date:
        """The local day."""
        return clock.local_date(self.now, self.known.zone)


def desk(request: HttpRequest, *, drafting: bool = False) -> Desk:
    """Return who plans here: one query. Raises Http404 for who may not write anything down."""
    by, known = signed_in(request), program_facts()
    letting = plans.letting(known)
    if drafting and not may_draft(by, letting):
        raise Http404
    return Desk(by, clock.now(), known, letting)


def event_or_404(at: Desk, event: uuid.UUID) -> Event:
    """Return an event that they may see."""
    row = plans.one(at.by, event)
    if row is None:
        raise Http404
    return row


def needs_keeper(at: Desk, row: Event, hosts: Iterable[uuid.UUID]) -> None:
    """Raise Http404 unless they may change it."""
    if not may_keep(at.by, row, at.letting, is_host=at.by.pk in hosts):
        raise Http404


def meanwhile(request: HttpRequest) -> None:
    """Say that somebody else was there first."""
    messages.warning(
        request, _("Somebody changed it in the meantime, and nothing was done. It stands so now.")
    )
