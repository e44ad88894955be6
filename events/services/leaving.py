"""When somebody deletes their account: their places go to whoever waits."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.registry import Leaver, Refusal, register_leaver
from events import keys
from events.models import Event, Host, Request, Rsvp
from events.queries.debriefs import tag_of
from events.services.debriefs import decline_open
from events.services.places import leave_in_hand


def refuses(person: Person, now: datetime) -> list[Refusal]:
    """An event that is to come needs somebody who runs it."""
    alone = [
        row
        for row in Event.objects.shown().ahead(now).filter(hosts__person=person)
        if row.cancelled_at is None and not Host.objects.filter(event=row).exclude(person=person)
    ]
    if not alone:
        return []
    words = _("You run events that are to come. Hand them over, or cancel them.")
    return [Refusal(words, "events:list", _("What is on"))]


def leave(person: Person, now: datetime) -> None:
    """Give up what lies ahead as by hand; of what is over the answers are deleted."""
    rows = list(Event.objects.remembered(now).order_by("pk"))
    tags = {key.tag(person.pk): pk for pk, key in keys.keys_of(rows, now).items()}
    found = Rsvp.objects.filter(tag__in=list(tags))
    ahead = {row.pk for row in rows if row.ends_at > now}
    for event in sorted(set(found.values_list("event", flat=True)) & ahead):
        leave_in_hand(event=event, person=person, now=now)
    found.delete()
    decline_open(person=person.pk, now=now)
    Request.objects.filter(tag=tag_of(person.pk)).delete()


def register() -> None:
    """Take part when somebody deletes their account."""
    register_leaver("events", Leaver(refuses, leave))
