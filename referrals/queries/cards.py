"""The counselors whom a student may leave out, as their cards say."""

import uuid

from referrals.models import Card


def cards() -> list[tuple[uuid.UUID, str]]:
    """Return every counselor who is there, with their name and what is said of them."""
    rows = Card.objects.filter(is_there=True).order_by("name", "pk")
    return [
        (key, f"{name}: {about}" if about else name)
        for key, name, about in rows.values_list("pk", "name", "about")
    ]
