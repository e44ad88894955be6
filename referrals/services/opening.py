"""The one door to what is sealed: who may, then a record that stays, then the content.

The record is committed before anything is decrypted, in a transaction of its own: a page that
fails later keeps it, and without it nothing is shown. Inside another transaction nothing is
opened at all, since that one could take the record back.

What does not open leaves a second record and an error that says nothing. No error here is raised
while another is being handled: those of libraries hold what they were given.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection, transaction

from peersupport.core.crypto import CannotOpen
from peersupport.core.keyfiles import KeysUnusable
from referrals import care_keys, envelope, permissions
from referrals.content import Content, NotContent, from_bytes
from referrals.envelope import Envelope
from referrals.models import Counselor, EmergencyContact, Opening, Referral, Sealed, Wrap
from referrals.rules import NotAllowed
from referrals.seals import is_genuine

_log = logging.getLogger(__name__)
What = Opening.What
T = TypeVar("T")


class NotInsideATransaction(RuntimeError):
    """Something sealed was to be opened inside a transaction, which could take the record back."""

    def __init__(self) -> None:
        super().__init__("Nothing sealed is opened inside a transaction.")


class NotRecorded(OperationalError):
    """The record of an opening could not be written, so nothing was opened.

    One of the database's errors that pass: unless a page says something else, it is a calm 503.
    """

    def __init__(self) -> None:
        super().__init__("The opening could not be recorded.")


def open_case(*, referral: Referral, counselor: Counselor, what: str, now: datetime) -> Content:
    """Return what is in a referral, to a counselor who may see it; `what` is "case" or "chart".

    Whom the student left out is asked of what was sent itself as well. Raises NotAllowed,
    NotRecorded, and CannotOpen or NotContent for what is not as it was sent.
    """
    if what not in (What.CASE, What.CHART):
        raise ValueError("A counselor opens a case, or copies it to the chart.")
    _record(_by_counselor(referral.pk, counselor), referral.pk, what, now)
    content = _opened(lambda: _content(referral.pk), referral.pk, counselor, now)
    if counselor.pk in content.not_by:
        # Whoever can write the whole database can take away the row that says so; not this.
        _record(lambda: counselor, referral.pk, What.REFUSED, now)
        raise NotAllowed
    return content


def read_routing(*, referral: Referral, now: datetime) -> Content:
    """Return what is in a new referral to the program itself, once, to find who is left out.

    Raises as `open_case` does.
    """
    _record(lambda: _by_program(referral.pk), referral.pk, What.ROUTING, now)
    return _opened(lambda: _content(referral.pk), referral.pk, None, now)


def open_contact(
    *, contact: EmergencyContact, counselor: Counselor, now: datetime
) -> tuple[str, str]:
    """Return where somebody in danger is and a number, to a counselor who may see the case.

    Raises as `open_case` does; NotAllowed also when its time is over, though no job has run.
    """
    if contact.until <= now:
        raise NotAllowed
    referral = contact.referral_id
    _record(_by_counselor(referral, counselor), referral, What.CONTACT, now)
    return _opened(lambda: _where(bytes(contact.sealed)), referral, counselor, now)


# -- who may, and the record ----------------------------------------------------------------------


def _by_counselor(referral: UUID, counselor: Counselor) -> Callable[[], Counselor]:
    """Return what asks the tables, not the objects at hand, whether this counselor may now."""

    def ask() -> Counselor:
        who = Counselor.objects.select_related("card").filter(pk=counselor.pk).first()
        there = Referral.objects.filter(pk=referral).first()
        if who is None or there is None or not is_genuine(who):
            raise NotAllowed
        if who.state != Counselor.State.ACTIVE or not permissions.may_see(who, there):
            raise NotAllowed
        return who

    return ask


def _by_program(referral: UUID) -> None:
    new = Referral.objects.live().filter(pk=referral, routed__isnull=True)
    if not new.exists():
        raise NotAllowed


def _record(ask: Callable[[], Counselor | None], referral: UUID, what: str, now: datetime) -> None:
    """Ask, and write the record, in one transaction that has ended when this returns."""
    if connection.in_atomic_block or not connection.get_autocommit():
        raise NotInsideATransaction
    try:
        with transaction.atomic(durable=True):
            _write(ask(), referral, what, now)
    except DatabaseError:
        is_written = False
    else:
        is_written = True
    if not is_written:
        _log.error("an opening could not be recorded: nothing was opened")
        raise NotRecorded


def _write(who: Counselor | None, referral: UUID, what: str, now: datetime) -> None:
    Opening(
        at=now,
        referral_id=referral,
        counselor_id=who.pk if who else None,
        name=who.card.name if who else "",
        what=what,
    ).save()


def _opened(
    read: Callable[[], T], referral: UUID, counselor: Counselor | None, now: datetime
) -> T:
    """Return what `read` finds. What it cannot leaves a record of its own, and is raised."""
    failed: type[Exception]
    try:
        return read()
    except (CannotOpen, NotContent) as error:
        failed = type(error)
    except KeysUnusable:
        # Its text names a file: that is for whoever runs the host, not for whoever asked.
        _log.error("a key file of the care side cannot be used: manage.py care_keys verify")
        failed = CannotOpen
    _record(lambda: counselor, referral, What.REFUSED, now)
    raise failed


# -- reading --------------------------------------------------------------------------------------


def _content(referral: UUID) -> Content:
    sealed = Sealed.objects.filter(pk=referral).first()
    if sealed is None:
        raise CannotOpen
    rows = Wrap.objects.filter(referral=referral).order_by("pk")
    wraps = tuple(envelope.Wrap(row.recipient, bytes(row.sealed)) for row in rows)
    box = Envelope(bytes(sealed.blob), wraps)
    return from_bytes(envelope.open_envelope(box, referral=referral, secrets=care_keys.secrets()))


def _where(sealed: bytes) -> tuple[str, str]:
    said = _listed(care_keys.open_contact_box(sealed))
    if not isinstance(said, list) or [type(one) for one in said] != [str, str]:
        raise NotContent
    return said[0], said[1]


def _listed(plain: bytes) -> object:
    try:
        return json.loads(plain)
    except ValueError:
        return None
