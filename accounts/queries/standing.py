"""Who is never a student here, whatever else says so."""

from accounts.models import CampusLink, Person, RosterEntry
from accounts.roster_rules import STUDENTS


def is_barred(person: Person) -> bool:
    """Return whether the school's list or its campus sign-on calls somebody no student."""
    listed = RosterEntry.objects.filter(person=person)
    if listed.exclude(standing__in=[str(standing) for standing in STUDENTS]).exists():
        return True
    return CampusLink.objects.filter(person=person, said=CampusLink.Said.NEVER).exists()


def campus_link(person: Person) -> CampusLink | None:
    """Return the campus sign-on of a person."""
    return CampusLink.objects.filter(person=person).first()
