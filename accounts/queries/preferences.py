"""What somebody wants to be sent, asked at the moment of sending."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Person
from accounts.queries.recipients import named_in
from peersupport.core.datamap.registry import Words
from peersupport.core.outbox import kinds
from peersupport.core.outbox.models import Outgoing


def gate(kind: kinds.Kind, outgoing: Outgoing, now: datetime) -> kinds.Verdict:
    """Drop what its recipient does not want; "stop everything" wins over whatever was asked for.

    Where no mail server takes mail for somebody, nothing unasked is tried any more. A message to
    nobody known passes: its own composing finds that there is nobody to tell.
    """
    person = _person(kind, outgoing, now)
    if person is None:
        return "pass"
    if person.is_mail_refused and not kind.asked:
        return "drop"
    return "pass" if person.wants(kind.name) else "drop"


def _person(kind: kinds.Kind, outgoing: Outgoing, now: datetime) -> Person | None:
    if kind.whom is None:
        return named_in(outgoing, now)
    recipient = kind.recipient(outgoing, now)
    return Person.objects.filter(pk=recipient).first() if recipient else None


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of message on the page of preferences."""

    name: str
    title: Words
    is_wanted: bool


def choices(person: Person) -> list[Choice]:
    """Return the kinds of messages that can reach this person, and which they want. No query
    beyond the roles."""
    muted = person.muted.split()
    return [
        Choice(kind.name, kind.title, kind.name not in muted)
        for kind in kinds.named()
        if not kind.roles or kind.roles & person.roles
    ]
