"""The contact of a remote visit: which talks have one, and taking the day's seal off it."""

import uuid
from datetime import date, datetime, timedelta

from officehours import rules
from officehours.models import Visit, VisitSet
from officehours.queries import sealed
from peersupport.core import daykey
from peersupport.core.emergency import Handed, Note, Talk, notes

# A talk "has just ended" for so long: a supporter may think of it on the way home.
_JUST_ENDED = timedelta(hours=6)
_SOON = timedelta(minutes=15)
_STATES = (rules.S.BOOKED, rules.S.ARRIVED, rules.S.CALLED, rules.S.TALKING, rules.S.FINISHED)


def _own(supporter: uuid.UUID, now: datetime) -> VisitSet:
    """Return a supporter's own visits of this hour and the last ones."""
    return Visit.objects.remembered(now).filter(
        assignment__supporter=supporter,
        state__in=[str(state) for state in _STATES],
        assignment__starts_at__lte=now + _SOON,
        assignment__ends_at__gt=now - _JUST_ENDED,
    )


def talks(supporter: uuid.UUID, now: datetime) -> list[Talk]:
    """Return the talks a supporter may name when somebody is in danger: one query."""
    rows = _own(supporter, now).order_by("-ends_at", "reference")
    return [
        Talk(
            visit.reference,
            visit.starts_at or visit.changed_at or visit.ends_at,
            visit.state == rules.S.FINISHED,
            visit.contact is not None,
        )
        for visit in rows
        if visit.starts_at is None or visit.starts_at <= now + _SOON
    ]


def tag_of(visit: uuid.UUID, day: date) -> bytes:
    """Return the mark of a visit under the key of its day; empty when that is forgotten."""
    found = daykey.tags(day, day, visit.bytes, purpose="visit|emergency")
    return next(iter(found.values()), b"")


def take_contact(supporter: uuid.UUID, reference: str, now: datetime) -> Handed | None:
    """Return the contact of a supporter's own talk, without the day's seal: one query.

    Inside it is still sealed to the counselors' side. None if there is none, or no such talk.
    """
    visit = _own(supporter, now).filter(reference=reference, contact__isnull=False).first()
    if visit is None:
        return None
    inner = sealed.open_outer_contact(visit, now)
    return Handed(inner, tag_of(visit.pk, visit.key_day)) if inner else None


def notes_of(visit: uuid.UUID, now: datetime) -> list[Note]:
    """Return what the student of a visit is told about their contact: two queries or more."""
    day = Visit.objects.remembered(now).filter(pk=visit).values_list("key_day", flat=True).first()
    tag = tag_of(visit, day) if day is not None else b""
    return notes(tag, now) if tag else []
