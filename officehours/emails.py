"""The messages of office hours.

"Your time has changed" and "it is soon" go only to those who asked for mail. Their rows in the
outbox name nobody: they hold the visit's id, sealed under the visit's day key. The recipient is
found at sending, and not at all once the visit is forgotten.

What `tell_*` queues is made by a function of its own, since the auditor says it again
(officehours/services/auditing.py).
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

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
from peersupport.core import clock, daykey
from peersupport.core.clock import UTC
from peersupport.core.outbox.auditors import Expected, put
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.ui.letters import personal_letter
from program.queries import facts

CHANGED = "time-changed"
SOON = "time-soon"
NUDGE = "check-in"
DARK = "hours-dark"
PLANNED = "hours-planned"
_CONSOLE = "hours:console"
# One context for each kind: the row of one is no row of the other.
_CONTEXT = "outgoing|%s"
# A word that comes after the time itself helps nobody.
USEFUL = timedelta(hours=12)
_BEFORE = timedelta(hours=2)


def _ref(kind: str, visit: Visit) -> bytes:
    day = visit.key_day
    sealed_id = daykey.seal(day, visit.pk.bytes, context=_CONTEXT % kind)
    return day.toordinal().to_bytes(4, "big") + sealed_id


def changed(visit: Visit, word: str, *, due: datetime, expires: datetime) -> Expected:
    """Return the word that a booked time has changed; it names nobody."""
    return Expected(
        CHANGED, f"{CHANGED}|{visit.pk}|{word}", due, expires, ref=_ref(CHANGED, visit)
    )


def tell_changed(visit: Visit, now: datetime, *, word: str = "cancelled") -> None:
    """Queue the word that a booked time has changed, if its holder asked for mail.

    At most once for each `word` (cancelled, offer, late) and visit. Runs in the transaction
    that changes it.
    """
    holder = sealed.holder_of(visit, now)
    if holder is None or not holder.wants_mail:
        return
    put(changed(visit, word, due=now, expires=now + USEFUL), now)


def soon(visit: Visit, booked_at: datetime, zone: ZoneInfo) -> Expected | None:
    """Return the word some time before a booked time; None for one booked on the same day.

    Whoever booked it that morning, or an hour ago, knows.
    """
    starts = visit.starts_at
    if starts is None or booked_at >= starts - _BEFORE:
        return None
    if clock.local_date(booked_at, zone) >= clock.local_date(starts, zone):
        return None
    return Expected(SOON, f"{SOON}|{visit.pk}", starts - _BEFORE, starts, ref=_ref(SOON, visit))


def remind_of(visit: Visit, now: datetime, *, wants_mail: bool) -> None:
    """Queue the word before a time that was just booked, if its holder asks for mail."""
    word = soon(visit, now, facts().zone) if wants_mail else None
    if word is not None:
        put(word, now)


def _visit_of(outgoing: Outgoing, now: datetime) -> Visit | None:
    ref = bytes(outgoing.ref)
    day = datetime.fromordinal(int.from_bytes(ref[:4], "big")).replace(tzinfo=UTC).date()
    try:
        raw = daykey.open_sealed(day, ref[4:], context=_CONTEXT % outgoing.kind, now=now)
    except (daykey.Forgotten, daykey.CannotOpen):
        return None
    return Visit.objects.remembered(now).filter(pk=uuid.UUID(bytes=raw)).first()


def whom_changed(outgoing: Outgoing, now: datetime) -> uuid.UUID | None:
    """Return whom the word goes to, found in the visit as long as it is remembered."""
    visit = _visit_of(outgoing, now)
    holder = sealed.holder_of(visit, now) if visit is not None else None
    return holder.person if holder is not None else None


def compose_changed(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None when there is nobody to tell any more."""
    line = _("Something you planned has changed. Sign in to see what is new.")
    return _to_holder(_visit_of(outgoing, now), line, now)


def compose_soon(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter before a time, or None if it does not stand any more or has begun."""
    visit = _visit_of(outgoing, now)
    if visit is None or visit.state != rules.S.BOOKED or (visit.starts_at or now) <= now:
        return None
    return _to_holder(visit, _("Something you planned begins soon. Sign in to see it."), now)


def _to_holder(visit: Visit | None, line: str, now: datetime) -> Letter | None:
    holder = sealed.holder_of(visit, now) if visit is not None else None
    if holder is None or not holder.wants_mail:
        return None
    person = Person.objects.filter(pk=holder.person, is_active=True).first()
    if person is None:
        return None
    link = settings.PUBLIC_URL + reverse("visits:list")
    subject, text, html = personal_letter(person.mail_address, [line], link)
    return Letter(to=person.mail_address, subject=subject, text=text, html=html)


def nudge(assignment: Assignment, due: datetime) -> Expected:
    """Return the reminder to a supporter who is late."""
    return Expected(
        NUDGE,
        f"{NUDGE}|{assignment.pk}",
        due,
        assignment.starts_at + rules.DARK_AFTER,
        recipient=assignment.supporter_id,
        ref=assignment.pk.bytes,
    )


def tell_nudge(assignment: Assignment, now: datetime) -> None:
    """Queue the reminder to a supporter who is late. Runs in the caller's transaction."""
    put(nudge(assignment, now), now)


def dark(closed: Mapping[uuid.UUID, datetime]) -> list[Expected]:
    """Return the words to each coordinator that hours did not open, and when: one query."""
    coordinators = Person.objects.filter(
        is_active=True, grants__role=Role.COORDINATOR, grants__revoked_on__isnull=True
    )
    return [
        Expected(DARK, f"{DARK}|{each}|{person}", at, at + USEFUL, recipient=person)
        for person in coordinators.values_list("pk", flat=True)
        for each, at in closed.items()
    ]


def tell_dark(assignment: Assignment, now: datetime) -> None:
    """Queue the word to the coordinators that hours did not open. In the caller's transaction."""
    for word in dark({assignment.pk: now}):
        put(word, now)


def tell_planned(supporter: uuid.UUID, now: datetime) -> None:
    """Queue the word that the program planned hours for somebody, at most once a day."""
    key = f"{PLANNED}|{now:%Y-%m-%d}|{supporter}"
    put(Expected(PLANNED, key, now, now + USEFUL, recipient=supporter), now)


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
            name=SOON,
            asked=True,
            compose=compose_soon,
            title=gettext_lazy("A time you booked begins soon, if you asked to be told"),
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
