"""The messages of debriefs: neutral, and of who asked the row holds a seal alone."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.rules import Role
from events.models import Request
from events.queries.debriefs import holder_of
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.letters import personal_letter

ASKED, ANSWERED = "events.debrief-asked", "events.debrief-answered"
_USEFUL = timedelta(days=7)
_NEEDED = ("id", "taker_id", "state", "holder", "event_id", "forget_at")


def tell_asked(row: Request, now: datetime) -> None:
    """Tell whoever was asked that a request is there. In the caller's transaction."""
    if row.taker is not None:
        _put(ASKED, row, str(row.pk), now, row.taker.person_id)


def tell_answered(row: Request, now: datetime) -> None:
    """Tell whoever asked that there is an answer. In the caller's transaction."""
    _put(ANSWERED, row, f"{row.pk}|{row.state}", now, None)


def _put(kind: str, row: Request, key: str, now: datetime, recipient: uuid.UUID | None) -> None:
    enqueue(
        kind=kind,
        key=f"{kind}|{key}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        recipient=recipient,
        ref=row.pk.bytes,
    )


def _request(outgoing: Outgoing, now: datetime) -> Request | None:
    known = Request.objects.only(*_NEEDED).filter(pk=uuid.UUID(bytes=bytes(outgoing.ref)))
    return known.filter(forget_at__gt=now).first()


def _letter(person: uuid.UUID | None, line: str, url_name: str) -> Letter | None:
    reader = Person.objects.filter(pk=person, is_active=True).first() if person else None
    if reader is None:
        return None
    link = settings.PUBLIC_URL.rstrip("/") + reverse(url_name)
    subject, text, html = personal_letter(reader.mail_address, [line], link)
    return Letter(to=reader.mail_address, subject=subject, text=text, html=html)


def _compose_asked(outgoing: Outgoing, now: datetime) -> Letter | None:
    row = _request(outgoing, now)
    if row is None or row.state != Request.State.ASKED:
        return None
    line = _("Somebody has asked you for something. Sign in to read it and to answer.")
    return _letter(outgoing.recipient, line, "events:asked")


def _whom_answered(outgoing: Outgoing, now: datetime) -> uuid.UUID | None:
    row = _request(outgoing, now)
    return holder_of(row) if row is not None else None


def _compose_answered(outgoing: Outgoing, now: datetime) -> Letter | None:
    row = _request(outgoing, now)
    if row is None or row.state not in (Request.State.TAKEN, Request.State.DECLINED):
        return None
    line = _("There is an answer to what you asked for. Sign in to read it.")
    return _letter(holder_of(row), line, "events:debriefs")


def register_kinds() -> None:
    """Make the messages known to the outbox."""
    everybody = frozenset({str(Role.SUPPORTER), str(Role.COORDINATOR), str(Role.STUDENT_LEAD)})
    register(
        Kind(
            name=ASKED,
            asked=True,
            compose=_compose_asked,
            title=gettext_lazy("A team asks you for a talk after a hard day"),
            roles=everybody,
        )
    )
    register(
        Kind(
            name=ANSWERED,
            asked=True,
            compose=_compose_answered,
            title=gettext_lazy("An answer to what you asked for with your team"),
            roles=frozenset({str(Role.STUDENT)}),
            whom=_whom_answered,
        )
    )
