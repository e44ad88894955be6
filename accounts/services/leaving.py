"""Deleting one's own account: all of it or nothing, and what stays behind names nobody."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, RoleGrant
from accounts.registry import Refusal, leavers
from accounts.rules import Role
from peersupport.core.audit.services import record
from peersupport.core.outbox.models import Outgoing

# Whose leaving is an act of staff. What a student does writes no audit row.
_STAFF = (Role.ADMINISTRATOR, Role.COORDINATOR, Role.SUPERVISOR, Role.STUDENT_LEAD)


class CannotLeave(Exception):
    """Something must be settled first."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("something must be settled first")
        self.refusals = refusals


def refusals(person: Person, now: datetime) -> list[Refusal]:
    """Return what must be settled before this person can delete their account."""
    found: list[Refusal] = []
    if Role.ADMINISTRATOR in _roles(person) and not _others_administer(person):
        found.append(
            Refusal(_("You are the only administrator. Somebody else must be one first."))
        )
    for leaver in leavers():
        found += leaver.refuses(person, now)
    return found


def _hold_administrators() -> None:
    """Let one administrator leave at a time: the second sees that the first has left."""
    admins = RoleGrant.objects.select_for_update().filter(role=str(Role.ADMINISTRATOR))
    list(admins.order_by("pk"))


def _roles(person: Person) -> set[str]:
    """Return the roles in force, also those that this session may not use just now."""
    grants = RoleGrant.objects.filter(person=person, revoked_on__isnull=True)
    return set(grants.values_list("role", flat=True))


def _others_administer(person: Person) -> bool:
    """Return whether somebody else can administer; whoever else is leaving waits for this one."""
    others = RoleGrant.objects.filter(
        role=str(Role.ADMINISTRATOR), revoked_on__isnull=True, person__is_active=True
    )
    return others.exclude(person=person).exists()


@transaction.atomic(durable=True)
def delete_account(*, person: Person, now: datetime) -> None:
    """Delete this person, who is also the one who asks, and everything that is theirs.

    Raises CannotLeave. Their sessions are dead at once: they carry the key of an account that is
    gone. A booked time is cancelled like any other; no row says that it went with an account.
    """
    roles = _roles(person)
    if Role.ADMINISTRATOR in roles:
        _hold_administrators()
    wrong = refusals(person, now)
    if wrong:
        raise CannotLeave(wrong)
    if roles & {str(role) for role in _STAFF}:
        record(by=person, verb="delete account", thing="person", thing_id="themselves", now=now)
    for leaver in leavers():
        leaver.leave(person, now)
    Outgoing.objects.filter(recipient=person.pk).delete()
    Person.objects.filter(pk=person.pk).delete()
