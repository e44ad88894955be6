"""What campaigns ought to have said, derived once more: what was planned, or ought to have been.

The planner puts back what is missing of the time to come by itself. This is for the rest: what is
due, or waits for the end of an exam, and is gone; and for everything while the planner itself
does not go round.
"""

from collections.abc import Iterator
from datetime import datetime

from peersupport.core.outbox.auditors import Expected, register_auditor
from reminders.emails import gaps_before
from reminders.queries.audience import readers
from reminders.queries.ground import HORIZON, Time, ground
from reminders.queries.meant import letter_to, mark_of, meant, readers_of
from reminders.queries.pages import planner
from reminders.services.planning import planned_to


def letters(now: datetime) -> Iterator[Expected]:
    """Return every letter that is meant for somebody and still good.

    Whoever joined after a letter was planned is not meant by it, unless nobody planned it at all.
    Queries do not grow with the number of people.
    """
    since = min(planned_to() or now, now) if planner(now).is_late else now
    good = [
        time
        for time in ground(now).times()
        if time.at.expires_at > now and time.at.due_at <= now + HORIZON
    ]
    known = meant(good, now)
    everybody = readers() if good else []
    for time in good:
        is_unplanned = since < min(time.at.due_at, now)
        marks = known.get(time.ref.packed(), frozenset())
        if not (is_unplanned or marks) or _is_idle(time, now):
            continue
        for one in readers_of(time, everybody):
            if is_unplanned or mark_of(one.person, time) in marks:
                yield letter_to(one.person, time)


def _is_idle(time: Time, now: datetime) -> bool:
    """Tell whether supporters are asked for hours of which none are missing any more."""
    return time.campaign.is_staffing and not gaps_before(time.entry, now)


def register() -> None:
    """Let the outbox ask after them."""
    register_auditor("campaigns", letters)
