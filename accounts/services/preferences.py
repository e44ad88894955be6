"""Writes on one's own preferences. They write no audit row: they are nobody else's business."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Person


@transaction.atomic(durable=True)
def change_names(*, person: Person, called: str, pronouns: str) -> None:
    """Set what to be called and the pronouns."""
    Person.objects.filter(pk=person.pk).update(called=called, pronouns=pronouns)


@transaction.atomic(durable=True)
def choose_kinds(*, person: Person, offered: set[str], wanted: set[str]) -> None:
    """Keep which of the kinds that were offered are wanted; the others stay as they were."""
    kept = set(person.muted.split()) - offered
    muted = sorted(kept | (offered - wanted))
    Person.objects.filter(pk=person.pk).update(muted=" ".join(muted))


@transaction.atomic(durable=True)
def stop_kind(*, person: Person, kind: str) -> None:
    """Stop one kind of message to this person; stopping it twice is once."""
    # Two links pressed at once: the second waits, and keeps what the first has stopped.
    row = Person.objects.select_for_update().only("muted").get(pk=person.pk)
    muted = sorted({*row.muted.split(), kind})
    Person.objects.filter(pk=person.pk).update(muted=" ".join(muted))


@transaction.atomic(durable=True)
def stop_everything(*, person: Person, is_silent: bool) -> None:
    """Stop everything we send to this person, or end that; single choices stay as they were."""
    Person.objects.filter(pk=person.pk).update(is_silent=is_silent)


@transaction.atomic(durable=True)
def set_contact(*, person: Person, email: str) -> None:
    """Send mail to another address from now on; empty goes back to the one of signing in.

    The caller has checked that a code reached the address.
    """
    Person.objects.filter(pk=person.pk).update(contact_email=email.lower(), is_mail_refused=False)


@transaction.atomic(durable=True)
def confirm_address(*, person: Person) -> None:
    """Try the address again that a mail server had refused: its owner says that it works."""
    Person.objects.filter(pk=person.pk).update(is_mail_refused=False)


def flag_address(address: str, now: datetime) -> None:
    """Note that a mail server takes nothing for whoever has this address now, if anybody."""
    kept = address.lower()
    has = Q(contact_email=kept) | Q(contact_email="", email=kept)
    Person.objects.filter(has).update(is_mail_refused=True)
