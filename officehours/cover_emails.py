"""The word to the other supporters that hours need somebody: not which, whose, or why.

At most one a day for each of them, on the next full hour: when somebody asked cannot be told from
it, nor whether by hand or after something heavy.
"""

import uuid
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.queries.recipients import recipient_of
from accounts.rules import Role
from officehours import rules
from officehours.models import Cover, Shift
from peersupport.core.outbox.auditors import Expected, put
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.ui.letters import personal_letter

ASKED = "cover-asked"
_HOUR = timedelta(hours=1)
_USEFUL = timedelta(days=1)


def next_hour(now: datetime) -> datetime:
    """Return when the word goes: on the next full hour."""
    return now.replace(minute=0, second=0, microsecond=0) + _HOUR


def key_of(person: uuid.UUID, day: date) -> str:
    """Return the name of a day's word to a supporter."""
    return f"{ASKED}|{day:%Y-%m-%d}|{person}"


def asked(person: uuid.UUID, now: datetime) -> Expected:
    """Return the word to one supporter that something needs somebody."""
    due = next_hour(now)
    return Expected(ASKED, key_of(person, due.date()), due, due + _USEFUL, recipient=person)


def supporters() -> set[uuid.UUID]:
    """Return every supporter: one query."""
    here = Person.objects.filter(
        is_active=True, grants__role=Role.SUPPORTER, grants__revoked_on__isnull=True
    )
    return set(here.values_list("pk", flat=True))


def tell_supporters(but: uuid.UUID, now: datetime) -> None:
    """Queue the word to every supporter but the one who asks. In the caller's transaction."""
    for person in supporters() - {but}:
        put(asked(person, now), now)


def open_requests(now: datetime) -> QuerySet[Cover]:
    """Return the requests that wait for anybody at all, and that are not too late."""
    return Cover.objects.filter(
        state=rules.CoverState.OPEN,
        exchange__isnull=True,
        assignment__is_active=True,
        assignment__starts_at__gt=now,
        assignment__shift__in=Shift.objects.bookable(),
    )


def compose_asked(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None if nobody else's hours need somebody any more."""
    person = recipient_of(outgoing, now)
    if person is None or not person.has_role(Role.SUPPORTER):
        return None
    if not open_requests(now).exclude(assignment__supporter=person).exists():
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
