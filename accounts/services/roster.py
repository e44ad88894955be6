"""Writes on the school's list: a new list, a class moved up, one person's standing.

Whoever is faculty or gone is no student here from their next request on, whatever else they are.
"""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Group, Membership, Person, RoleGrant, RosterEntry
from accounts.permissions import may_keep_roster
from accounts.queries import roster as reads
from accounts.queries.standing import is_barred
from accounts.roster_files import List
from accounts.roster_rules import (
    APART_AT_FIRST,
    STUDENTS,
    Change,
    Entry,
    Plan,
    Standing,
    compare,
    moved_up,
)
from accounts.rules import OF_STUDENTS, AddressTaken, ChangedMeanwhile, NotAllowed, Role
from accounts.services.people import grant_role, revoke_role
from peersupport.core import ids, locks
from peersupport.core.actors import Actor
from peersupport.core.audit.services import record

_FIELDS = [
    "other_email",
    "called",
    "class_name",
    "phase",
    "site",
    "rotation",
    "standing",
    "person",
]


def plan_list(read: List) -> Plan:
    """Return what a list that was read would change now."""
    return compare(reads.everybody(), read.entries, columns=read.columns)


def plan_summer() -> Plan:
    """Return what moving every class up would change now."""
    known = reads.everybody()
    wanted = [moved_up(entry) for entry in known.values()]
    every = {"name", "class", "phase", "site", "rotation", "standing", "other email"}
    return compare(known, wanted, columns=every)


@transaction.atomic(durable=True)
def apply_list(*, read: List, seen: str, ends_missing: bool, by: Actor, now: datetime) -> Plan:
    """Make the list what was shown: all of it or nothing. Returns what was done.

    `seen` is the mark of the plan that was shown; `ends_missing` marks those as gone whom the
    list does not name. Raises NotAllowed, ChangedMeanwhile, or AddressTaken where an address
    would belong to two people.
    """
    _begin(by)
    plan = plan_list(read)
    return _apply(plan, seen, by, now, "import the list", ends_missing=ends_missing)


@transaction.atomic(durable=True)
def move_up(*, seen: str, by: Actor, now: datetime) -> Plan:
    """Move every class up by a year; who finished the last is gone. Raises as `apply_list`."""
    _begin(by)
    return _apply(plan_summer(), seen, by, now, "move classes up", ends_missing=False)


@transaction.atomic(durable=True)
def change_entry(*, email: str, after: Entry, by: Actor, now: datetime) -> None:
    """Change what the list says of one person. Raises NotAllowed, AddressTaken."""
    _begin(by)
    row = RosterEntry.objects.filter(email=email).first()
    if row is None:
        raise NotAllowed
    before = reads.entry_of(row)
    if before != after:
        _write((), [Change(before, after)], by, now)
        record(by=by, verb="change the list", thing="roster", thing_id=str(row.pk), now=now)


@transaction.atomic(durable=True)
def keep_apart(*, apart: Collection[uuid.UUID], by: Actor, now: datetime) -> None:
    """Keep the members of exactly these groups from meeting each other. Raises NotAllowed."""
    _begin(by)
    on = Group.objects.filter(pk__in=apart, is_apart=False).update(is_apart=True)
    off = Group.objects.filter(is_apart=True).exclude(pk__in=apart).update(is_apart=False)
    if on or off:
        note = f"{on} on, {off} off"
        record(by=by, verb="keep groups apart", thing="groups", thing_id="all", now=now, note=note)


def _begin(by: Actor) -> None:
    if not may_keep_roster(by):
        raise NotAllowed
    locks.hold("roster", b"")


def _apply(
    plan: Plan, seen: str, by: Actor, now: datetime, verb: str, *, ends_missing: bool
) -> Plan:
    if plan.mark != seen:
        raise ChangedMeanwhile
    changes = list(plan.changed)
    if ends_missing:
        changes += [Change(entry, _gone(entry)) for entry in plan.missing]
    _write(plan.new, changes, by, now)
    note = f"{len(plan.new)} new, {len(changes)} changed"
    record(by=by, verb=verb, thing="roster", thing_id="all", now=now, note=note)
    return plan


def _gone(entry: Entry) -> Entry:
    return Entry(entry.email, entry.called, entry.cohort, Standing.GONE, entry.other_email)


def _write(new: Iterable[Entry], changes: list[Change], by: Actor, now: datetime) -> None:
    new = list(new)
    _check_addresses(new, changes)
    touched = [*new, *(change.after for change in changes)]
    people = _people_of(touched)
    _untie_moved(touched, people)
    rows = {row.email: row for row in RosterEntry.objects.select_related("person")}
    RosterEntry.objects.bulk_create([_fill(RosterEntry(), entry, people) for entry in new])
    changed = [_fill(rows[change.before.email], change.after, people) for change in changes]
    # As one insert that meets its own rows: `bulk_update` took six times as long (bench).
    RosterEntry.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["id"], update_fields=_FIELDS
    )
    back = {
        change.after.email
        for change in changes
        if change.before.standing not in STUDENTS and change.after.standing in STUDENTS
    }
    _settle_roles({entry.email for entry in touched}, back, by, now)
    keep_groups()


def _check_addresses(new: list[Entry], changes: list[Change]) -> None:
    """Raise AddressTaken if an address would name two people. Checked here, so that no address
    gets into the database's log by way of a failed constraint."""
    after = {**reads.everybody(), **{entry.email: entry for entry in new}}
    after |= {change.after.email: change.after for change in changes}
    seen: set[str] = set()
    for entry in after.values():
        for address in filter(None, (entry.email, entry.other_email)):
            if address in seen:
                raise AddressTaken
            seen.add(address)


def _people_of(entries: Iterable[Entry]) -> dict[str, Person]:
    """Return who already has an account under one of these addresses, by address."""
    addresses = {a for entry in entries for a in (entry.email, entry.other_email) if a}
    return {person.email: person for person in Person.objects.filter(email__in=addresses)}


def _untie_moved(entries: Iterable[Entry], people: dict[str, Person]) -> None:
    """Free whoever signs in with the school address of one row, but is tied to another.

    A school address has changed, and the person with it: the row of the old one must not take
    their roles when it is marked as gone. By the other address nobody moves.
    """
    wanted = {people[e.email].pk: e.email for e in entries if e.email in people}
    tied = {row.person_id: row for row in RosterEntry.objects.filter(person__isnull=False)}
    moved = [tied[pk].pk for pk, at in wanted.items() if pk in tied and tied[pk].email != at]
    RosterEntry.objects.filter(pk__in=moved).update(person=None)
    still = {pk for pk, row in tied.items() if row.pk not in moved}
    for entry in entries:
        other = people.get(entry.other_email)
        if other is not None and (other.pk in still or other.pk in wanted):
            people.pop(entry.other_email)


def _fill(row: RosterEntry, entry: Entry, people: dict[str, Person]) -> RosterEntry:
    row.email, row.other_email, row.called = entry.email, entry.other_email, entry.called
    row.class_name, row.phase = entry.cohort.class_name, entry.cohort.phase
    row.site, row.rotation = entry.cohort.site, entry.cohort.rotation
    row.standing = str(entry.standing)
    if row.person_id is None:
        row.person = people.get(entry.email) or people.get(entry.other_email)
    return row


def _settle_roles(emails: set[str], back: set[str], by: Actor, now: datetime) -> None:
    """Take or give what hangs on being a student, where the list has changed.

    `back` are those whom the list called no students before: their accounts open again. Nobody
    else's does, for it may have been closed for another reason.
    """
    linked = RosterEntry.objects.select_related("person").filter(person__isnull=False)
    rows = [row for row in linked if row.email in emails]
    held: dict[Any, set[str]] = {row.person_id: set() for row in rows}
    grants = RoleGrant.objects.filter(person__roster_entry__isnull=False, revoked_on__isnull=True)
    for person_id, role in grants.values_list("person_id", "role"):
        if person_id in held:
            held[person_id].add(role)
    for row in rows:
        if row.person is None:
            continue
        if Standing(row.standing) not in STUDENTS:
            _take_roles(row.person, held[row.person_id], by, now)
        elif str(Role.STUDENT) not in held[row.person_id] and not is_barred(row.person):
            grant_role(person=row.person, role=Role.STUDENT, by=by, now=now)
    opened = [row.person_id for row in rows if row.email in back and row.person_id]
    Person.objects.filter(pk__in=opened, is_active=False).update(is_active=True)


def _take_roles(person: Person, held: set[str], by: Actor, now: datetime) -> None:
    """Take the roles of students; every session ends. Whoever is nothing else is closed out."""
    for role in sorted(OF_STUDENTS & {Role(one) for one in held}):
        revoke_role(person=person, role=role, by=by, now=now)
    if held & OF_STUDENTS:
        Person.objects.filter(pk=person.pk).update(
            session_epoch=ids.new_id(), is_active=bool(held - OF_STUDENTS)
        )


def keep_groups() -> None:
    """Make the list's classes and rotations groups, and their members those of the list.

    In the caller's transaction. What was declared about a group stays with its name.
    """
    rows = list(RosterEntry.objects.filter(person__isnull=False, standing__in=map(str, STUDENTS)))
    wanted = {
        (name, row.person_id)
        for row in rows
        for name in (row.class_name, row.rotation)
        if name and row.person_id is not None
    }
    names = {name for name, _person in wanted}
    known = set(Group.objects.filter(name__in=names).values_list("name", flat=True))
    near = {row.class_name for row in rows if row.phase.upper() in APART_AT_FIRST}
    Group.objects.bulk_create(
        [Group(name=name, from_roster=True, is_apart=name in near) for name in names - known]
    )
    Group.objects.filter(name__in=names, from_roster=False).update(from_roster=True)
    groups = dict(Group.objects.filter(name__in=names).values_list("name", "pk"))
    wanted_rows = {(groups[name], person) for name, person in wanted}
    there = Membership.objects.filter(group__from_roster=True)
    have = {(m.group_id, m.person_id): m.pk for m in there}
    Membership.objects.filter(pk__in=[have[key] for key in set(have) - wanted_rows]).delete()
    Membership.objects.bulk_create(
        [Membership(group_id=g, person_id=p) for g, p in wanted_rows - set(have)],
        ignore_conflicts=True,
    )
