"""Writes of terms and of what stands in the calendar of a class."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from program.calendar_rules import Entry, Plan, compare
from program.calendars import calendar_changed
from program.models import Milestone, Term
from program.queries.milestones import by_key
from program.services.facts import authorize, touch_public


class ChangedMeanwhile(Exception):
    """What was shown is not what would be done any more."""


def _tell() -> None:
    """Say that the calendar has changed: to what visitors read now, to others after the commit."""
    touch_public()
    transaction.on_commit(calendar_changed)


def _values(entry: Entry) -> dict[str, Any]:
    return {
        "title": entry.title,
        "kind": entry.kind,
        "first_on": entry.first_on,
        "last_on": entry.last_on,
        "starts": entry.starts,
        "ends": entry.ends,
        "class_name": entry.class_name,
        "rotation": entry.rotation,
    }


@transaction.atomic(durable=True)
def add_milestones(*, entries: Sequence[Entry], by: Actor, now: datetime) -> int:
    """Write milestones down; what stands there word for word is not written twice.

    Returns how many are new. All of them or none.
    """
    authorize(by)
    new = 0
    for entry in entries:
        if not Milestone.objects.filter(**_values(entry)).exists():
            Milestone.objects.create(**_values(entry))
            new += 1
    if new:
        note = str(new)
        record(by=by, verb="add milestones", thing="calendar", thing_id="-", now=now, note=note)
        _tell()  # an exam takes its people's free times off Today
    return new


@transaction.atomic(durable=True)
def change_milestone(*, milestone: uuid.UUID, entry: Entry, by: Actor, now: datetime) -> bool:
    """Change a milestone; False if it is gone. The next file may change it again."""
    authorize(by)
    changed = Milestone.objects.filter(pk=milestone).update(**_values(entry))
    if changed:
        record(by=by, verb="change milestone", thing="milestone", thing_id=str(milestone), now=now)
        _tell()
    return bool(changed)


@transaction.atomic(durable=True)
def remove_milestone(*, milestone: uuid.UUID, by: Actor, now: datetime) -> bool:
    """Take a milestone out of the calendar; False if it is gone already."""
    authorize(by)
    gone = Milestone.objects.filter(pk=milestone).delete()[0]
    if gone:
        record(by=by, verb="remove milestone", thing="milestone", thing_id=str(milestone), now=now)
        _tell()
    return bool(gone)


def plan_file(entries: Sequence[Entry]) -> Plan:
    """Return what taking a file would change, as it stands now."""
    return compare(entries, by_key(entry.key for entry in entries))


@transaction.atomic(durable=True)
def take_file(*, entries: Sequence[Entry], seen: str, by: Actor, now: datetime) -> Plan:
    """Make the calendar what the file says: new ones added, known ones changed, all or nothing.

    What an earlier file brought and this one leaves out stays. Raises ChangedMeanwhile unless
    that is exactly what was shown under the mark `seen`.
    """
    authorize(by)
    touch_public()  # of two who take a file at once, the second sees what the first has done
    plan = plan_file(entries)
    if plan.mark != seen:
        raise ChangedMeanwhile
    rows = [Milestone(key=entry.key, **_values(entry)) for entry in plan.new]
    Milestone.objects.bulk_create(rows)
    for _before, entry in plan.changed:
        Milestone.objects.filter(key=entry.key).update(**_values(entry))
    if plan.new or plan.changed:
        note = f"{len(plan.new)}+{len(plan.changed)}"
        record(by=by, verb="take calendar", thing="calendar", thing_id="-", now=now, note=note)
        transaction.on_commit(calendar_changed)
    return plan


@transaction.atomic(durable=True)
def keep_term(*, name: str, first_on: date, last_on: date, by: Actor, now: datetime) -> Term:
    """Name a term, or give a known one other days."""
    authorize(by)
    row, _new = Term.objects.update_or_create(
        name=name, defaults={"first_on": first_on, "last_on": last_on}
    )
    record(by=by, verb="keep term", thing="term", thing_id=str(row.pk), now=now)
    return row


@transaction.atomic(durable=True)
def remove_term(*, term: uuid.UUID, by: Actor, now: datetime) -> None:
    """Take a term away; its milestones stay."""
    authorize(by)
    if Term.objects.filter(pk=term).delete()[0]:
        record(by=by, verb="remove term", thing="term", thing_id=str(term), now=now)
