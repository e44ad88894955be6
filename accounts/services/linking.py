"""Tying a new account to its row on the school's list."""

from accounts.models import Group, Membership, Person, RosterEntry
from accounts.queries import roster as reads
from accounts.roster_rules import APART_AT_FIRST


def link_newcomer(*, person: Person, email: str) -> None:
    """Tie a new account to its row on the list, if it has one. In the caller's transaction."""
    row = reads.find(email)
    if row is None or row.person_id is not None:
        return
    RosterEntry.objects.filter(pk=row.pk, person__isnull=True).update(person=person)
    if row.called and not person.called:
        Person.objects.filter(pk=person.pk).update(called=row.called)
    for name in filter(None, (row.class_name, row.rotation)):
        near = name == row.class_name and row.phase.upper() in APART_AT_FIRST
        group, _made = Group.objects.get_or_create(
            name=name, defaults={"from_roster": True, "is_apart": near}
        )
        Membership.objects.bulk_create(
            [Membership(group=group, person=person)], ignore_conflicts=True
        )
