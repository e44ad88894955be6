"""Writes of the hand-over: what was looked at."""

from datetime import datetime

from django.db import transaction

from accounts.models import Person
from peersupport.core import clock
from program.queries.basics import facts
from program.registry import value_of
from program.services.facts import touch_public
from program.services.settings import change_setting_in


@transaction.atomic(durable=True)
def confirm_for_hand_over(*, item: str, by: Person, now: datetime) -> None:
    """Note that somebody looked at one thing today and found it right. Twice is once.

    The row of facts is taken first, so that of two at once both are noted. Raises NotAllowed.
    """
    touch_public()
    known = facts()
    seen = dict(value_of(known.values, "handed-over") or {})
    seen[item] = clock.local_date(now, known.zone).isoformat()
    change_setting_in(key="handed-over", value=seen, by=by, now=now)
