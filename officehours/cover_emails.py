"""The word to the other supporters that hours need somebody: not which, whose, or why.

At most one a day for each of them, on the next full hour: when somebody asked cannot be told from
it, nor whether by hand or after something heavy.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.queries.recipients import recipient_of
from accounts.rules import Role
from officehours import rules
from officehours.models import Cover, Shift
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.letters import personal_letter

ASKED = "cover-asked"
_HOUR = timedelta(hours=1)
_USEFUL = timedelta(days=1)


def tell_supporters(but: uuid.UUID, now: datetime) -> None:
    """Queue the word to every supporter but the one who asks. In the caller's transaction."""
    due = now.replace(minute=0, second=0, microsecond=0) + _HOUR
    supporters = Person.objects.filter(
        is_active=True, grants__role=Role.SUPPORTER, grants__revoked_on__isnull=True
    )
    for person in supporters.exclude(pk=but).values_list("pk", flat=True):
        enqueue(
            kind=ASKED,
            key=f"{ASKED}|{due:%Y-%m-%d}|{person}",
            due_at=due,
            expires_at=due + _USEFUL,
            now=now,
            recipient=person,
        )


def compose_asked(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None if nobody else's hours need somebody any more."""
    person = recipient_of(outgoing, now)
    if person is None or not person.has_role(Role.SUPPORTER):
        return None
    needs = Cover.objects.filter(
        state=rules.CoverState.OPEN,
        exchange__isnull=True,
        assignment__is_active=True,
        assignment__starts_at__gt=now,
        assignment__shift__in=Shift.objects.bookable(),
    )
    if not needs.exclude(assignment__supporter=person).exists():
        return None
    line = _("Something planned needs somebody. Sign in to see if it fits.")
    link = settings.PUBLIC_URL + reverse("hours:cover")
    subject, text, html = personal_letter(person.mail_address, [line], link)
    return Letter(to=person.mail_address, subject=subject, text=text, html=html)


def register_kinds() -> None:
    """Make the message known to the outbox. A staffing call: nobody asked for it."""
    register(
        Kind(
            name=ASKED,
            asked=False,
            compose=compose_asked,
            title=gettext_lazy("Somebody else's hours need cover"),
            roles=frozenset({str(Role.SUPPORTER)}),
        )
    )
