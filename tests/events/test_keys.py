"""Who comes can be told with the event's key, until the event forgets, and never after."""

from datetime import datetime, timedelta

import pytest

from events import keys
from events.models import Event
from peersupport.core import daykey, ids
from tests.events.scene import event

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_a_holder_opens_in_its_own_event_alone(evening: datetime) -> None:
    one, other, person = event(evening), event(evening), ids.new_id()
    key = keys.key_of(one, evening)

    assert key.open_holder(key.seal_holder(person)) == person
    assert key.tag(person) == keys.key_of(Event.objects.get(pk=one.pk), evening).tag(person)
    assert key.tag(person) != keys.key_of(other, evening).tag(person)
    with pytest.raises(keys.CannotOpen):
        keys.key_of(other, evening).open_holder(key.seal_holder(person))


@pytest.mark.parametrize("is_sensitive", [False, True])
def test_it_opens_until_the_event_forgets_and_the_ratchet_moves_on(
    evening: datetime, is_sensitive: bool, keys_dir: object
) -> None:
    row = event(evening, is_sensitive=is_sensitive)
    minute = timedelta(minutes=1)

    daykey.advance(row.forget_at - minute)
    assert keys.key_of(row, row.forget_at - minute)
    with pytest.raises(keys.Forgotten):
        keys.key_of(row, row.forget_at)

    daykey.advance(row.forget_at + timedelta(hours=24))
    with pytest.raises(keys.Forgotten):  # by a copy, by whoever does not ask the clock
        daykey.open_sealed(row.key_day, bytes(row.key or b""), context="", now=evening)


def test_a_moved_event_keeps_its_key_under_another_day(evening: datetime) -> None:
    row, person = event(evening), ids.new_id()
    key = keys.key_of(row, evening)
    sealed, tag = key.seal_holder(person), key.tag(person)

    later = row.key_day + timedelta(days=30)
    row.key, row.key_day = keys.resealed(row, later, evening), later
    row.forget_at += timedelta(days=30)
    row.save()

    again = keys.key_of(Event.objects.get(pk=row.pk), evening)
    assert again.open_holder(sealed) == person
    assert again.tag(person) == tag
