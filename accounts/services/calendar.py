"""The secret address of somebody's own calendar: made, made anew, taken away, and read."""

from datetime import date

from django.db import transaction
from django.db.models import Q

from accounts.models import CalendarFeed, Person
from peersupport.core import ids
from peersupport.core.crypto import keyring


def mark_of(token: str) -> bytes:
    """Return what is kept of a token: without the keyring nobody can even try tokens on it."""
    return keyring().mac(token.encode("utf-8", "replace"), purpose="calendar-feed")


@transaction.atomic(durable=True)
def new_feed(*, person: Person) -> str:
    """Make an address, or another one: the old one is dead. Returns the token, this once."""
    token = ids.new_token()
    fresh = {"mark": mark_of(token), "used_on": None}
    row = CalendarFeed(person=person, mark=fresh["mark"])
    CalendarFeed.objects.bulk_create([row], ignore_conflicts=True)
    CalendarFeed.objects.filter(person=person).update(**fresh)
    return token


@transaction.atomic(durable=True)
def end_feed(*, person: Person) -> None:
    """Take the address away. Twice is the same as once."""
    CalendarFeed.objects.filter(person=person).delete()


def read_feed(*, token: str, today: date) -> Person | None:
    """Return whose calendar a token opens, and note the day; None alike for all that open nothing.

    The first reading of a day writes, the others do not; no reading leaves a time of day that
    outlives the nightly mixing of rows.
    """
    mine = CalendarFeed.objects.filter(mark=mark_of(token), person__is_active=True)
    feed = mine.select_related("person").first()
    if feed is None:
        return None
    old = CalendarFeed.objects.filter(pk=feed.pk, mark=feed.mark)
    if feed.used_on != today:
        old.filter(Q(used_on__isnull=True) | Q(used_on__lt=today)).update(used_on=today)
    return feed.person


def feed_of(person: Person) -> CalendarFeed | None:
    """Return what is kept of one's own address."""
    return CalendarFeed.objects.filter(person=person).first()
