"""Changing the address that somebody signs in with."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from accounts.emails import tell_of_change
from accounts.models import Person
from peersupport.core import ids
from peersupport.core.audit.services import record


class AddressTaken(Exception):
    """The address belongs to another account."""


def is_free(email: str) -> bool:
    """Return whether nobody has this address."""
    return not Person.objects.filter(email=email).exists()


@transaction.atomic(durable=True)
def change_address(*, person: Person, email: str, now: datetime) -> None:
    """Give a person the address that a code has just shown to be theirs. Only they can.

    The former address is told; every other session ends. Raises AddressTaken.
    """
    former, epoch = person.email, ids.new_id()
    try:
        with transaction.atomic():
            same = Person.objects.filter(pk=person.pk, email=former)
            if not same.update(email=email, session_epoch=epoch, is_mail_refused=False):
                raise AddressTaken
    except IntegrityError:
        raise AddressTaken from None
    person.email, person.session_epoch = email, epoch
    EmailAddress.objects.filter(user_id=person.pk).delete()
    tell_of_change(person=person, former=former, now=now)
    if person.is_staff_member:
        record(
            by=person, verb="change own address", thing="person", thing_id=str(person.pk), now=now
        )
