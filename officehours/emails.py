"""The messages of office hours.

"Your time has changed" goes only to those who asked for it. Its row in the outbox names nobody:
it holds the visit's id, sealed under the visit's day key. The recipient is found at sending, and
not at all once the visit is forgotten.
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
from officehours.models import Assignment, Visit
from officehours.queries import sealed
from peersupport.core import daykey
from peersupport.core.clock import UTC
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.letters import personal_letter

CHANGED = "time-changed"
NUDGE = "check-in"
DARK = "hours-dark"
PLANNED = "hours-planned"
_CONSOLE = "hours:console"
_CONTEXT = "outgoing|time-changed"
# A word that comes after the time itself helps nobody.
_USEFUL = timedelta(hours=12)


def tell_changed(visit: Visit, now: datetime, *, word: str = "cancelled") -> None:
    """Queue the word that a booked time has changed, if its holder asked for mail.

    At most once for each `word` (cancelled, offer, late) and visit. Runs in the transaction
    that changes it.
    """
    holder = sealed.holder_of(visit, now)
    if holder is None or not holder.wants_mail:
        return
    day = visit.key_day
    ref = day.toordinal().to_bytes(4, "big")
    ref += daykey.seal(day, visit.pk.bytes, context=_CONTEXT)
    enqueue(
        kind=CHANGED,
        key=f"{CHANGED}|{visit.pk}|{word}",
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


def whom_changed(outgoing: Outgoing, now: datetime) -> uuid.UUID | None:
    """Return whom the word goes to, found in the visit as long as it is remembered."""
    visit = _visit_of(bytes(outgoing.ref), now)
    holder = sealed.holder_of(visit, now) if visit is not None else None
    return holder.person if holder is not None else None


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
        person.mail_address,
        [_("Something you planned has changed. Sign in to see what is new.")],
        link,
    )
    return Letter(to=person.mail_address, subject=subject, text=text, html=html)


def tell_nudge(assignment: Assignment, now: datetime) -> None:
    """Queue the reminder to a supporter who is late. Runs in the caller's transaction."""
    enqueue(
        kind=NUDGE,
        key=f"{NUDGE}|{assignment.pk}",
        due_at=now,
        expires_at=assignment.starts_at + rules.DARK_AFTER,
        now=now,
        recipient=assignment.supporter_id,
        ref=assignment.pk.bytes,
    )


def tell_dark(assignment: Assignment, now: datetime) -> None:
    """Queue the word to the coordinators that hours did not open. In the caller's transaction."""
    for person in Person.objects.filter(
        is_active=True, grants__role=Role.COORDINATOR, grants__revoked_on__isnull=True
    ):
        enqueue(
            kind=DARK,
            key=f"{DARK}|{assignment.pk}|{person.pk}",
            due_at=now,
            expires_at=now + _USEFUL,
            now=now,
            recipient=person.pk,
        )


def tell_planned(supporter: uuid.UUID, now: datetime) -> None:
    """Queue the word that the program planned hours for somebody, at most once a day."""
    enqueue(
        kind=PLANNED,
        key=f"{PLANNED}|{now:%Y-%m-%d}|{supporter}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        recipient=supporter,
    )


def compose_planned(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the word to a supporter whose hours somebody else planned."""
    line = _("Something has been planned for you, as you agreed. Sign in to see it.")
    return _staff_letter(outgoing, line, _CONSOLE, now)


def _staff_letter(outgoing: Outgoing, line: str, address: str, now: datetime) -> Letter | None:
    person = recipient_of(outgoing, now)
    if person is None:
        return None
    link = settings.PUBLIC_URL + reverse(address)
    subject, text, html = personal_letter(person.mail_address, [line], link)
    return Letter(to=person.mail_address, subject=subject, text=text, html=html)


def compose_nudge(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the reminder, or None once they are in, or the hours have been closed."""
    waits = Assignment.objects.filter(
        pk=uuid.UUID(bytes=bytes(outgoing.ref)), is_active=True, checked_in_at__isnull=True
    )
    if not waits.exists():
        return None
    line = _("Something you planned has begun. Open it to say that you are in.")
    return _staff_letter(outgoing, line, _CONSOLE, now)


def compose_dark(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the word to a coordinator that hours did not open."""
    line = _("Hours did not open as planned. Sign in to see which.")
    return _staff_letter(outgoing, line, "hours:program", now)


def register_kinds() -> None:
    """Make the messages known to the outbox."""
    register(
        Kind(
            name=CHANGED,
            asked=True,
            compose=compose_changed,
            title=gettext_lazy("A time you booked has changed, if you asked to be told"),
            roles=frozenset({str(Role.STUDENT)}),
            whom=whom_changed,
        )
    )
    register(
        Kind(
            name=NUDGE,
            asked=True,
            compose=compose_nudge,
            title=gettext_lazy("Your own hours have begun and you are not in yet"),
            roles=frozenset({str(Role.SUPPORTER)}),
        )
    )
    register(
        Kind(
            name=PLANNED,
            asked=True,
            compose=compose_planned,
            title=gettext_lazy("The program has planned hours for you"),
            roles=frozenset({str(Role.SUPPORTER)}),
        )
    )
    register(
        Kind(
            name=DARK,
            asked=True,
            compose=compose_dark,
            title=gettext_lazy("Hours did not open as planned"),
            roles=frozenset({str(Role.COORDINATOR)}),
        )
    )
