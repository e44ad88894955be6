"""The two letters about a debrief somebody asks for. Neutral outside; their rows name nobody.

What a row holds is sealed with the keyring, as the request itself is, and gone at delivery.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.rules import Role
from events.models import Request
from peersupport.core.crypto import CannotOpen, keyring
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.many import Nameless, enqueue_nameless
from peersupport.core.outbox.models import Outgoing
from peersupport.core.ui.letters import personal_letter

ASKED, ANSWERED = "events.debrief-asked", "events.debrief-answered"
_PURPOSE = "debrief-letter"
_USEFUL = timedelta(days=7)
_ID = 16
_ANSWERS = frozenset({Request.State.TAKEN, Request.State.DECLINED})


def _put(kind: str, request: Request, about: bytes, now: datetime) -> None:
    ref = keyring().seal(request.pk.bytes + about, purpose=_PURPOSE, context=kind)
    key = f"{kind}|{request.pk}|{request.state}"
    ends = min(now + _USEFUL, request.forget_at)
    enqueue_nameless([Nameless(kind, key, ref, now, ends)], now=now)


def tell_asked(request: Request, now: datetime) -> None:
    """Tell whoever was asked for a debrief, in the transaction that asks. Once."""
    _put(ASKED, request, b"", now)


def tell_answered(request: Request, asker: uuid.UUID, now: datetime) -> None:
    """Tell who asked that there is an answer, in the transaction that answers. Once for each."""
    _put(ANSWERED, request, asker.bytes, now)


def _opened(outgoing: Outgoing, now: datetime) -> tuple[Request, bytes] | None:
    """Return the request a row is about, and what else it holds. One query."""
    try:
        raw = keyring().open(bytes(outgoing.ref), purpose=_PURPOSE, context=outgoing.kind)
    except CannotOpen:
        return None
    known = Request.objects.select_related("taker").filter(forget_at__gt=now)
    request = known.filter(pk=uuid.UUID(bytes=raw[:_ID])).first()
    return (request, raw[_ID:]) if request is not None else None


def whom_asked(outgoing: Outgoing, now: datetime) -> uuid.UUID | None:
    """Return who was asked, while the request waits for them."""
    found = _opened(outgoing, now)
    if found is None or found[0].state != Request.State.ASKED or found[0].taker is None:
        return None
    return found[0].taker.person_id


def whom_answered(outgoing: Outgoing, now: datetime) -> uuid.UUID | None:
    """Return who asked, once there is an answer."""
    found = _opened(outgoing, now)
    if found is None or found[0].state not in _ANSWERS:
        return None
    return uuid.UUID(bytes=found[1])


def _letter(person: uuid.UUID | None, line: str) -> Letter | None:
    known = Person.objects.filter(pk=person, is_active=True).first() if person else None
    if known is None:
        return None
    try:
        path = reverse("events:debriefs")
    except NoReverseMatch:
        path = reverse("events:mine")
    to, link = known.mail_address, settings.PUBLIC_URL.rstrip("/") + path
    return Letter(to, *personal_letter(to, [line], link))


def compose_asked(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter to who was asked; None if it was withdrawn, answered or forgotten."""
    line = _("Somebody asks you for something you offer. Sign in to read it and to answer.")
    return _letter(whom_asked(outgoing, now), line)


def compose_answered(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter to who asked; None if it was withdrawn meanwhile or is forgotten."""
    line = _("There is an answer to something you asked for. Sign in to read it.")
    return _letter(whom_answered(outgoing, now), line)


def register_kinds() -> None:
    """Make the two messages known to the outbox."""
    register(
        Kind(
            name=ASKED,
            asked=True,
            compose=compose_asked,
            title=gettext_lazy("Events: somebody asks you for a group debrief"),
            roles=frozenset({str(Role.SUPPORTER), str(Role.COORDINATOR), str(Role.STUDENT_LEAD)}),
            whom=whom_asked,
        )
    )
    register(
        Kind(
            name=ANSWERED,
            asked=True,
            compose=compose_answered,
            title=gettext_lazy("Events: an answer to a group debrief you asked for"),
            roles=frozenset({str(Role.STUDENT), str(Role.SUPPORTER)}),
            whom=whom_answered,
        )
    )
