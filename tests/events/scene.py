"""Events of the tests."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Person
from events import keys, rules
from events.models import Event, Rsvp
from peersupport.core import ids


def event(now: datetime, **more: Any) -> Event:
    """Return a published event in three days, for twelve, with a key of its own."""
    starts = more.pop("starts_at", now + timedelta(days=3))
    said: dict[str, Any] = {
        "id": ids.new_id(),
        "kind": rules.Kind.MOVE,
        "title": "Yoga in the atrium",
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=1),
        "place": "Atrium",
        "visibility": rules.Visibility.STUDENTS,
        "state": rules.State.PUBLISHED,
        "capacity": 12,
        "facts_at": now,
        **more,
    }
    said.setdefault("places", said["capacity"])
    ends, sensitive = said["ends_at"], said.get("is_sensitive", False)
    forget = rules.forget_at(ends, is_sensitive=sensitive)
    day = keys.day_for(forget)
    return Event.objects.create(
        **said, forget_at=forget, key_day=day, key=keys.new_key(said["id"], day)
    )


def rsvp(
    to: Event, person: Person, now: datetime, state: rules.Going = rules.Going.GOING, **more: Any
) -> Rsvp:
    """Return somebody's answer to an event, as if they had tapped; counters are kept."""
    key = keys.key_of(to, now)
    row = Rsvp.objects.create(
        event=to, tag=key.tag(person.pk), holder=key.seal_holder(person.pk), state=state, **more
    )
    held = Rsvp.objects.filter(event=to).holding().count()
    waiting = Rsvp.objects.filter(event=to).in_line().count()
    Event.objects.filter(pk=to.pk).update(taken=held, waiting=waiting)
    return row
