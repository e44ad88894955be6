"""Laying down a role once somebody else has taken it: the leaver's half of a hand-over.

The other half is the successor's: they say yes to an invitation, or are given the role by
somebody who may.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import Person, RoleGrant
from accounts.queries.succession import POSTS
from accounts.rules import LastHolder, NotAllowed, Role
from peersupport.core import ids
from peersupport.core.audit.services import record


@transaction.atomic(durable=True)
def lay_down(*, role: Role, by: Person, now: datetime) -> None:
    """Give one's own role back. Raises NotAllowed, and LastHolder if nobody else has it."""
    if role not in POSTS:
        raise NotAllowed
    active = RoleGrant.objects.filter(role=str(role), revoked_on__isnull=True)
    # Two who lay it down at once wait here for each other: the second sees that they are alone.
    list(active.order_by("pk").select_for_update().values_list("pk", flat=True))
    if not active.filter(person=by).exists():
        raise NotAllowed
    if not active.filter(person__is_active=True).exclude(person=by).exists():
        raise LastHolder
    active.filter(person=by).update(revoked_on=now.date())
    record(
        by=by,
        verb="lay down role",
        thing="person",
        thing_id=str(by.pk),
        now=now,
        note=str(role),
    )
    Person.objects.filter(pk=by.pk).update(session_epoch=ids.new_id())
    by.__dict__.pop("roles", None)
