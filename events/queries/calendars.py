"""Reads for calendars: what is public, one event, and what somebody has a place in."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import CharField, Q, URLField, Value
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import Person
from events import keys, rules
from events.models import Event, Rsvp, Withdrawn
from events.queries import pages
from peersupport.core.crypto import keyring
from peersupport.core.ical import Entry

# What everything that is not public is called where others may read it.
NEUTRAL = _lazy("Appointment")
# An event that was is kept in calendars for as long as one that was cancelled.
_BACK = rules.CANCELLED_SHOWN
_FIELDS = ("pk", "title", "starts_at", "ends_at", "place", "link", "state", "sequence", "facts_at")
# The same of an event that is withdrawn. The names are not those of its own columns.
_NAMELESS = {
    "no_title": Value("", CharField()),
    "no_place": Value("", CharField()),
    "no_link": Value("", URLField()),
    "is_off": Value(str(rules.State.CANCELLED), CharField()),
}
_GONE_FIELDS = (
    "pk", "no_title", "starts_at", "ends_at", "no_place", "no_link", "is_off", "sequence",
    "withdrawn_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Announced:
    """What a calendar says of a public event."""

    id: uuid.UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    link: str
    state: str
    sequence: int
    facts_at: datetime

    def entry(self) -> Entry:
        """Return its entry, under its own name: everybody may know of it.

        The address of a call is for whoever has a place, and stands on the page.
        """
        return Entry(
            uid=str(self.id),
            title=self.title or _("Event"),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            changed_at=self.facts_at,
            sequence=self.sequence,
            place=self.place or (_("Online") if self.link else ""),
            link=self._address() if self.title else "",
            is_cancelled=self.state == rules.State.CANCELLED,
            is_private=False,
        )

    def _address(self) -> str:
        return settings.PUBLIC_URL.rstrip("/") + reverse("events:event", args=[self.id])


def announced(now: datetime) -> list[Announced]:
    """Return the public events that calendars show, in their order: one query.

    Those that were public and are not any more are among them for a while, as cancelled and
    without a name: a calendar that has one would keep it for ever.
    """
    since = now - _BACK
    is_shown = Q(state=str(rules.State.PUBLISHED), ends_at__gt=since) | Q(
        state=str(rules.State.CANCELLED), cancelled_at__gt=since
    )
    # The begin has the index.
    near = Event.objects.public().filter(is_shown, starts_at__gt=since - rules.FARTHEST)
    gone = Withdrawn.objects.filter(withdrawn_at__gt=since).annotate(**_NAMELESS)
    rows = near.order_by().values_list(*_FIELDS)
    both = rows.union(gone.values_list(*_GONE_FIELDS), all=True)
    return sorted((Announced(*row) for row in both), key=lambda one: (one.starts_at, one.id))


def version_of(rows: Sequence[Announced]) -> str:
    """Return what changes whenever anything in the calendar of these events does."""
    seen = hashlib.sha256(settings.PUBLIC_URL.encode())
    for row in rows:
        seen.update(repr(row).encode("utf-8", "surrogatepass"))
    return seen.hexdigest()[:32]


def _neutral(event: Event, person: Person) -> Entry:
    """Return an event in somebody's own calendar: when it is, and nothing of what or where.

    Its name is a mark that leads to no row and differs from reader to reader: whoever sees two
    calendars cannot tell that both were at the same.
    """
    mark = keyring().mac(person.pk.bytes + event.pk.bytes, purpose="calendar-event").hex()[:32]
    return Entry(
        uid=mark,
        title=str(NEUTRAL),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        changed_at=event.facts_at,
        sequence=event.sequence,
        is_cancelled=event.state == rules.State.CANCELLED,
    )


def _has_place_in(events: Iterable[Event], person: Person, now: datetime) -> set[uuid.UUID]:
    """Return in which of these events somebody has a place: one query."""
    tags = {key.tag(person.pk): pk for pk, key in keys.keys_of(events, now).items()}
    going = Rsvp.objects.filter(tag__in=list(tags), state=str(rules.Going.GOING))
    return {tags[bytes(tag)] for tag in going.values_list("tag", flat=True)}


def mine(person: Person, now: datetime) -> list[Entry]:
    """Return the entries of what somebody has a place in, as long as that is known: two queries.

    What was cancelled stays for a while, so that calendars see it.
    """
    recent = Q(cancelled_at__isnull=True) | Q(cancelled_at__gt=now - rules.CANCELLED_SHOWN)
    shown = Event.objects.shown().remembered(now).filter(recent).defer("words", "access")
    known = list(shown.order_by("starts_at", "pk"))
    chosen = _has_place_in(known, person, now)
    return [_neutral(event, person) for event in known if event.pk in chosen]


def public_file(event_id: uuid.UUID) -> Entry | None:
    """Return the entry of a public event, under its own name; None if there is none: one query."""
    row = Event.objects.shown().public().filter(pk=event_id).values_list(*_FIELDS).first()
    return Announced(*row).entry() if row is not None else None


def own_file(event_id: uuid.UUID, person: Person, now: datetime) -> Entry | None:
    """Return the neutral entry of an event that somebody may see; None if they may not.

    Whether they have a place in it makes no difference: a file tells nobody either.
    """
    seen = pages.one(person, event_id, now)
    return _neutral(seen.row, person) if seen is not None else None
