"""The one guarded write by which a visit changes its state."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, QuerySet

from accounts.models import Person
from officehours import rules
from officehours.emails import tell_changed
from officehours.models import Visit
from peersupport.core import daykey
from peersupport.core.states import NotAllowedFrom


def take_step(visit: Visit, verb: str, *, now: datetime, **fields: Any) -> Visit:
    """Move a visit along the table, if it still is where the verb may be done.

    One UPDATE guarded by the state: of two at once exactly one changes the row, the other gets
    NotAllowedFrom. A visit that ends is remembered for 24 hours from then, never longer than
    its day key. Returns the visit as it now is. Runs in the caller's transaction.
    """
    target = rules.TRANSITIONS.target(visit.state, verb)
    if target in rules.ENDED:
        ended = min(now + rules.REMEMBER, daykey.gone_at(visit.key_day))
        fields.setdefault("forget_at", ended)
    changed = Visit.objects.filter(pk=visit.pk, state=visit.state, is_forgotten=False).update(
        came_from=F("state"), state=target, changed_at=now, **fields
    )
    if changed != 1:
        raise NotAllowedFrom(verb)
    return Visit.objects.select_related("shift", "assignment").get(pk=visit.pk)


def made_for(visit: uuid.UUID, person: uuid.UUID | None) -> QuerySet[Visit]:
    """Return the row just made, if the one it is for still has an account.

    They may have deleted it while this transaction waited for their lock. Asked in the query that
    finds the row, so that it costs none.
    """
    found = Visit.objects.filter(pk=visit)
    if person is None:
        return found
    return found.filter(Exists(Person.objects.filter(pk=person, is_active=True)))


def cancel_with_word(visit: Visit, ended_by: str, now: datetime) -> None:
    """Cancel one booked visit and queue the word to whoever asked for it."""
    done = take_step(visit, "cancel", now=now, ended_by=ended_by)
    tell_changed(done, now)
