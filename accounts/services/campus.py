"""Whom a campus sign-on lets in, and what the school's word does to their roles.

No audit: that somebody signed in, or when the school changed its word, is nobody's business.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.admission import may_join
from accounts.campus import Arrival
from accounts.models import CampusLink, Person, RoleGrant, RosterEntry, month_of
from accounts.queries.roster import standing_of
from accounts.roster_rules import STUDENTS
from accounts.rules import OF_STUDENTS, Role
from accounts.services.people import join_as_student
from peersupport.core import ids, locks
from peersupport.core.actors import SYSTEM

Said = CampusLink.Said


def said_of(arrival: Arrival) -> Said:
    """Return what the school says, by the settings. "Never" wins over everything else."""
    if arrival.affiliations is None:
        return Said.NOTHING
    if arrival.affiliations & settings.OIDC_NEVER_VALUES:
        return Said.NEVER
    is_student = bool(arrival.affiliations & settings.OIDC_STUDENT_VALUES)
    return Said.STUDENT if is_student else Said.OTHER


@transaction.atomic(durable=True)
def welcome(*, arrival: Arrival, now: datetime) -> Person | None:
    """Return the person who came from campus, with the roles that the school's word leaves them.

    None for everybody who is not let in: unknown, not active, without an address that the school
    has verified, or somebody else than whom this account was tied to before.
    """
    locks.hold("person", arrival.mark)
    said = said_of(arrival)
    person = _tied(arrival) or _by_address(arrival, said, now)
    if person is None or not person.is_active:
        return None
    _settle(person, said, now)
    return Person.objects.get(pk=person.pk)


def _tied(arrival: Arrival) -> Person | None:
    link = CampusLink.objects.filter(mark=arrival.mark).select_related("person").first()
    return link.person if link is not None else None


def _by_address(arrival: Arrival, said: Said, now: datetime) -> Person | None:
    """Return whom the verified address leads to, tied from now on to who came."""
    if not arrival.email:
        return None
    person = Person.objects.filter(email=arrival.email).first()
    if person is None:
        if not _may_come(arrival.email, said):
            return None
        person = join_as_student(email=arrival.email, now=now)
    if not person.is_active:
        return None
    # A second subject with the address of the first must not get into their account: addresses
    # are given to somebody else, subjects never are.
    CampusLink.objects.bulk_create(
        [CampusLink(person=person, mark=arrival.mark)], ignore_conflicts=True
    )
    tied = CampusLink.objects.filter(person=person, mark=arrival.mark).exists()
    return person if tied else None


def _may_come(email: str, said: Said) -> bool:
    """Return whether somebody without an account may make one."""
    standing = standing_of(email)
    if said == Said.NEVER or (standing is not None and standing not in STUDENTS):
        return False
    return may_join(email) or (said == Said.STUDENT and "affiliation" in settings.ADMIT)


def _settle(person: Person, said: Said, now: datetime) -> None:
    """Give or take what hangs on being a student; where the school says nothing, nothing."""
    if said == Said.NOTHING:
        return
    CampusLink.objects.filter(person=person).exclude(said=said).update(said=said)
    counts = "affiliation" in settings.ADMIT
    if said == Said.NEVER:
        _take(person, now)
    elif said == Said.STUDENT and counts and not _is_out(person):
        _give(person, now)
    elif said == Said.OTHER and counts and not _is_in_otherwise(person):
        _take(person, now)


def _is_out(person: Person) -> bool:
    rows = RosterEntry.objects.filter(person=person)
    return rows.exclude(standing__in=[str(standing) for standing in STUDENTS]).exists()


def _is_in_otherwise(person: Person) -> bool:
    """Return whether the list or the domain makes them a student, whatever campus says."""
    rows = RosterEntry.objects.filter(person=person, standing__in=[str(s) for s in STUDENTS])
    return ("roster" in settings.ADMIT and rows.exists()) or may_join(person.email)


def _give(person: Person, now: datetime) -> None:
    row = RoleGrant(
        person=person,
        role=str(Role.STUDENT),
        granted_by=SYSTEM.actor_id,
        granted_on=month_of(now).date(),
    )
    RoleGrant.objects.bulk_create([row], ignore_conflicts=True)


def _take(person: Person, now: datetime) -> None:
    """Take the roles of students; whatever session they had elsewhere ends."""
    held = RoleGrant.objects.filter(
        person=person, role__in=[str(role) for role in OF_STUDENTS], revoked_on__isnull=True
    )
    if held.update(revoked_on=month_of(now).date()):
        Person.objects.filter(pk=person.pk).update(session_epoch=ids.new_id())
