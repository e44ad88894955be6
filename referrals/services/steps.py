"""The one guarded write by which a referral changes its state, and what ends with it."""

from datetime import date, datetime
from typing import Any

from django.db.models import F

from peersupport.core import clock
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from referrals import rules
from referrals.models import Counter, Referral, Taken
from referrals.queries.reading import plan

S = rules.State


def take_step(
    found: Referral, verb: str, *, by: str, now: datetime, is_system: bool = False, **fields: Any
) -> Referral:
    """Move a referral along the table, if it still is as it was found.

    One UPDATE guarded by state, owner and whoever was asked: of two at once exactly one changes
    the row, the other gets NotAllowedFrom; and so does everybody once the student has taken it
    back, except the program that settles just that. Runs in the caller's transaction, and notes
    the step there: exactly one row for one that was taken, none for one that was not.
    """
    target = rules.TRANSITIONS.target(found.state, verb)
    same = Referral.objects.filter(
        pk=found.pk, state=found.state, owner=found.owner_id, asked=found.asked_id
    )
    if not is_system:
        same = same.not_withdrawn()
    if target in rules.ENDED:
        fields |= _ending(now)
    if same.update(state=target, **fields) != 1:
        raise NotAllowedFrom(verb)
    note(found, verb, target, by=by, now=now)
    if target in rules.ENDED:
        _count(found, target, str(fields.get("outcome", "")), now)
    return Referral.objects.select_related("owner", "asked").get(pk=found.pk)


def note(found: Referral, verb: str, to: str, *, by: str, now: datetime) -> None:
    """Note what was done, by whom: the care side's own record of a case."""
    Taken.objects.create(referral=found, verb=verb, to=to, at=now, by=by)


def waits_anew(kind: str, urgency: str, now: datetime) -> dict[str, Any]:
    """Return the columns of a referral that waits for an answer from now on: a new round."""
    known = plan(now, facts().zone)
    length = known.timer(kind, urgency).acknowledge
    return {
        "acknowledge_by": known.after(kind, now, length),
        "contact_by": None,
        "rung": 0,
        "round": F("round") + 1,
        "ring_at": known.begins(kind, now),
    }


def _ending(now: datetime) -> dict[str, Any]:
    """Return the columns of what has ended: found by nobody's tag, and nothing rings."""
    today = clock.local_date(now, facts().zone)
    return {"tag": None, "ring_at": None, "asked": None, "ended_on": today}


def term_of(day: date) -> str:
    """Return the half-year of a day, such as "2026-2"."""
    return f"{day.year}-{1 if day.month < 7 else 2}"


def _count(found: Referral, target: str, outcome: str, now: datetime) -> None:
    """Count how it ended, and how urgent it was: two totals that never knew of one another."""
    period = term_of(clock.local_date(now, facts().zone))
    said = (("outcome by term", outcome or target), ("urgency by term", found.urgency))
    for series, bucket in sorted(said):
        row = {"series": series, "bucket": bucket, "period": period}
        Counter.objects.bulk_create([Counter(**row)], ignore_conflicts=True)
        Counter.objects.filter(**row).update(count=F("count") + 1)
