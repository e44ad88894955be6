"""The one message of office hours: "your time has changed". Only to those who asked for it.

The row in the outbox names nobody: it holds the visit's id, sealed under the visit's day key.
The recipient is found at sending, and not at all once the visit is forgotten.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from officehours.models import Visit
from officehours.queries import sealed
from peersupport.core import daykey
from peersupport.core.clock import UTC
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.letters import personal_letter

CHANGED = "time-changed"
_CONTEXT = "outgoing|time-changed"
# A word that comes after the time itself helps nobody.
_USEFUL = timedelta(hours=12)


def tell_changed(visit: Visit, now: datetime) -> None:
    """Queue the word that a booked time was cancelled, if its holder asked for mail.

    Runs in the transaction that cancels.
    """
    holder = sealed.holder_of(visit, now)
    if holder is None or not holder.wants_mail:
        return
    day = visit.key_day
    ref = day.toordinal().to_bytes(4, "big")
    ref += daykey.seal(day, visit.pk.bytes, context=_CONTEXT)
    enqueue(
        kind=CHANGED,
        key=f"{CHANGED}|{visit.pk}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        ref=ref,
    )


def _visit_of(ref: bytes, now: datetime) -> Visit | None:
    day = datetime.fromordinal(int.from_bytes(ref[:4], "big")).replace(tzinfo=UTC).date()
    try:
        raw = daykey.open_sealed(day, ref[4:], context=_CONTEXT, now=now)
    except (daykey.Forgotten, daykey.CannotOpen):
        return None
    return Visit.objects.remembered(now).filter(pk=uuid.UUID(bytes=raw)).first()


def compose_changed(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None when there is nobody to tell any more."""
    visit = _visit_of(bytes(outgoing.ref), now)
    holder = sealed.holder_of(visit, now) if visit is not None else None
    if holder is None or not holder.wants_mail:
        return None
    person = Person.objects.filter(pk=holder.person, is_active=True).first()
    if person is None:
        return None
    link = settings.PUBLIC_URL + reverse("visits:list")
    subject, text, html = personal_letter(
        person.email, [_("Something you planned has changed. Sign in to see what is new.")], link
    )
    return Letter(to=person.email, subject=subject, text=text, html=html)


def register_kinds() -> None:
    """Make the message known to the outbox."""
    register(Kind(name=CHANGED, asked=True, compose=compose_changed))
