"""The word to whoever looks after the supporters. It says that there is something, and no more."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.queries.recipients import recipient_of
from accounts.rules import Role
from peersupport.core.outbox.auditors import Expected, put
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.ui.letters import personal_letter

NOTE = "staff-note"
# The row that waits for them stays; the mail about it is of no use for longer.
_USEFUL = timedelta(days=7)


def notes(about: list[uuid.UUID], *, due: datetime, expires: datetime) -> list[Expected]:
    """Return one neutral note to each clinical supervisor about each thing: one query."""
    supervisors = Person.objects.filter(
        is_active=True, grants__role=Role.SUPERVISOR, grants__revoked_on__isnull=True
    )
    return [
        Expected(NOTE, f"{NOTE}|{each}|{person}", due, expires, recipient=person)
        for person in supervisors.values_list("pk", flat=True)
        for each in about
    ]


def tell_supervisors(about: uuid.UUID, now: datetime) -> None:
    """Queue one neutral note to each clinical supervisor, once for each thing.

    Runs in the transaction that makes the thing; the row does not say which it is.
    """
    for note in notes([about], due=now, expires=now + _USEFUL):
        put(note, now)


def compose_note(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None for somebody who is no supervisor any more."""
    person = recipient_of(outgoing, now)
    if person is None or not person.has_role(Role.SUPERVISOR):
        return None
    line = _("There is something new for you to look at. Sign in to see it.")
    link = settings.PUBLIC_URL + reverse("hours:supervisor")
    subject, text, html = personal_letter(person.mail_address, [line], link)
    return Letter(to=person.mail_address, subject=subject, text=text, html=html)


def register_kinds() -> None:
    """Make the message known to the outbox."""
    register(
        Kind(
            name=NOTE,
            asked=True,
            compose=compose_note,
            title=gettext_lazy("Something about the supporters waits for you"),
            roles=frozenset({str(Role.SUPERVISOR)}),
        )
    )
