"""Words to counselors. From outside each is like every other: "You have a message".

They name no case, no code and no urgency: whoever reads over a shoulder, or a mail server, learns
that somebody has a message. At sending the live row is asked again: what was answered or taken
back meanwhile rings nobody.
"""

import struct
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from peersupport.core.crypto import CannotOpen, care_keyring
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.letters import personal_letter
from referrals import rules
from referrals.models import Counselor, Exclusion, Referral
from referrals.queries.held import holder_if_gone
from referrals.queries.ladder import line_address
from referrals.seals import is_genuine

CHECK = "care.check"  # something waits on the desk
CONFIRM = "care.confirm"  # the lead is asked to confirm a danger
HELD = "care.held"  # whoever has something in hand is not there
ALARM = "care.alarm"  # nobody can be told, or words did not arrive
# Later than this it says nothing that the desk does not: then the next rung has rung long since.
_USEFUL = timedelta(days=2)
_REF = struct.Struct(">16sH")
_PURPOSE = "care-message"


def _sealed(kind: str, referral: uuid.UUID, round_: int) -> bytes:
    plain = _REF.pack(referral.bytes, round_)
    return care_keyring().seal(plain, purpose=_PURPOSE, context=kind)


def about(outgoing: Outgoing) -> tuple[uuid.UUID, int]:
    """Return the referral and the round of a message. Raises CannotOpen for one not of ours."""
    ref = bytes(outgoing.ref)
    plain = care_keyring().open(ref, purpose=_PURPOSE, context=outgoing.kind)
    referral, round_ = _REF.unpack(plain)
    return uuid.UUID(bytes=referral), round_


def tell(
    kind: str,
    *,
    referral: uuid.UUID,
    counselor: uuid.UUID | None,
    now: datetime,
    round_: int = 0,
    rung: int = 0,
) -> bool:
    """Queue one word to a counselor, or to the on-call line, in the caller's transaction.

    Once for each rung of each round, whoever calls it how often.
    """
    return enqueue(
        kind=kind,
        key=f"{kind}|{referral}|{round_}|{rung}|{counselor or 'line'}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        recipient=counselor,
        ref=_sealed(kind, referral, round_),
    )


def tell_held(
    *,
    referral: uuid.UUID,
    round_: int,
    counselor: uuid.UUID | None,
    mark: str,
    due_at: datetime,
    now: datetime,
) -> bool:
    """Queue one word that whoever has a case is not there. Once for each case and absence."""
    return enqueue(
        kind=HELD,
        key=f"{HELD}|{referral}|{round_}|{mark}|{counselor or 'line'}",
        due_at=due_at,
        expires_at=due_at + _USEFUL,
        now=now,
        recipient=counselor,
        ref=_sealed(HELD, referral, round_),
    )


def tell_undelivered(*, message: uuid.UUID, lead: uuid.UUID, now: datetime) -> bool:
    """Queue one word to a lead that a message could not be delivered to somebody."""
    return enqueue(
        kind=ALARM,
        key=f"{ALARM}|undelivered|{message}|{lead}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        recipient=lead,
    )


def _address(outgoing: Outgoing, referral: uuid.UUID | None, *, is_lead: bool = False) -> str:
    """Return where a message goes; nothing if whom it was for may not be told any more."""
    if outgoing.recipient is None:
        return line_address()
    there = Counselor.objects.filter(pk=outgoing.recipient, state=Counselor.State.ACTIVE)
    if is_lead:
        there = there.filter(role=rules.CareRole.LEAD)
    counselor = there.first()
    if counselor is None or not is_genuine(counselor):
        return ""
    out = Exclusion.objects.filter(referral=referral, counselor=counselor.pk)
    return "" if out.exists() else counselor.email


def _letter(to: str, *, is_line: bool = False) -> Letter | None:
    if not to:
        return None
    lines = [_("There is something new for you to look at. Sign in to see it.")]
    if is_line:
        lines.append(_("If you cannot sign in there, call the person you were told to call."))
    link = settings.PUBLIC_URL.rstrip("/") + "/care/"
    subject, text, html = personal_letter(to, lines, link)
    return Letter(to=to, subject=subject, text=text, html=html)


def compose_check(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter; None once somebody has it, it was taken back or handed on."""
    referral, round_ = about(outgoing)
    waiting = Referral.objects.unanswered().filter(pk=referral, round=round_)
    if not waiting.exists():
        return None
    return _letter(_address(outgoing, referral), is_line=outgoing.recipient is None)


def compose_confirm(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter; None once a lead has confirmed or refused it, or it has ended."""
    referral, _round = about(outgoing)
    awaiting = Referral.objects.live().filter(pk=referral, consent=str(rules.Consent.AWAITING))
    if not awaiting.exists():
        return None
    return _letter(_address(outgoing, referral, is_lead=True))


def compose_held(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter; None once it is somebody else's, ended, or its holder there again."""
    referral, round_ = about(outgoing)
    holder = holder_if_gone(referral, round_, now)
    if holder is None:
        return None
    is_lead = outgoing.recipient != holder
    to = _address(outgoing, referral, is_lead=is_lead)
    return _letter(to, is_line=outgoing.recipient is None)


def compose_alarm(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter to the line about one that nobody else can be told of, or to a lead."""
    if outgoing.ref:
        return compose_check(outgoing, now)
    if outgoing.recipient is None:
        raise CannotOpen  # nobody of ours has queued this
    return _letter(_address(outgoing, None, is_lead=True))


def register_kinds() -> None:
    """Make the messages known to the outbox. No wish and no limit holds them back."""
    composers = {
        CHECK: compose_check,
        CONFIRM: compose_confirm,
        HELD: compose_held,
        ALARM: compose_alarm,
    }
    for name, compose in composers.items():
        register(Kind(name=name, asked=True, compose=compose, always=True))
