"""What counselors do with a case: one verb, one transaction, one guarded write, one row noted.

Who may is said by `referrals.permissions` and by the table of `referrals.rules`; a case that is
not for somebody is not there for them: NotAllowed, whatever the reason.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from peersupport.core import locks
from peersupport.core.audit.services import record
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from referrals import permissions, rules
from referrals.models import Counselor, Exclusion, Opening, Referral
from referrals.queries.reading import plan
from referrals.seals import is_genuine
from referrals.services.destroying import destroy
from referrals.services.steps import note, take_step, waits_anew

S = rules.State


class HasIt(NotAllowedFrom):
    """Somebody else has it: they were quicker."""

    def __init__(self, name: str) -> None:
        super().__init__("acknowledge")
        self.name = name


class NoReason(Exception):
    """What is called danger is refused for one of the reasons of the rules, never for none."""


def _find(referral: UUID, verb: str, by: Counselor) -> Referral:
    """Return a case if this counselor may do this with it. Raises NotAllowed or NotAllowedFrom.

    The first statement of every verb: whoever else writes to this case waits until we are done.
    """
    locks.hold("referral", referral.bytes)
    found = permissions.visible_to(by).filter(pk=referral).first()
    if found is None:
        raise rules.NotAllowed
    if permissions.may_do(by, verb, found):
        return found
    if found.state in rules.TRANSITIONS.sources(verb):
        raise rules.NotAllowed
    raise NotAllowedFrom(verb)


@transaction.atomic(durable=True)
def acknowledge(*, referral: UUID, by: Counselor, now: datetime) -> Referral:
    """Say "it is mine". Of several at once one has it; the others get HasIt, with the name.

    Everything that rings stops with this write. Raises NotAllowed or NotAllowedFrom.
    """
    try:
        found = _find(referral, "acknowledge", by)
        return _take(found, by, now)
    except (rules.NotAllowed, NotAllowedFrom):
        name = _who_has(referral, by)
        if name:
            raise HasIt(name) from None
        raise


def _take(found: Referral, by: Counselor, now: datetime) -> Referral:
    """Let a case be somebody's: what rings stops, and they call within the time of its urgency."""
    known = plan(now, facts().zone)
    length = known.timer(found.kind, found.urgency).contact
    return take_step(
        found,
        "acknowledge",
        by=by.actor_id,
        now=now,
        owner=by.card,
        asked=None,
        contact_by=known.after(found.kind, now, length),
        ring_at=None,
    )


def _who_has(referral: UUID, by: Counselor) -> str:
    """Return who has a case that this counselor might have taken; nothing if they might not.

    Whoever is left out of a case gets what everybody gets for one that is not there.
    """
    out = Exclusion.objects.filter(referral=referral, counselor=by.pk)
    if by.state != Counselor.State.ACTIVE or out.exists():
        return ""
    held = Referral.objects.live().filter(pk=referral, state__in=[S.ACKNOWLEDGED, S.IN_CONTACT])
    return held.values_list("owner__name", flat=True).first() or ""


@transaction.atomic(durable=True)
def contact(*, referral: UUID, by: Counselor, now: datetime) -> Referral:
    """Note that the student was reached."""
    found = _find(referral, "contact", by)
    return take_step(found, "contact", by=by.actor_id, now=now)


@transaction.atomic(durable=True)
def close(*, referral: UUID, outcome: rules.Outcome, by: Counselor, now: datetime) -> Referral:
    """End a case, in one of four words and no more."""
    found = _find(referral, "close", by)
    return take_step(found, "close", by=by.actor_id, now=now, outcome=str(outcome))


@transaction.atomic(durable=True)
def redirect(*, referral: UUID, by: Counselor, now: datetime) -> Referral:
    """End a case because another service is the right one; the student has been told where."""
    found = _find(referral, "redirect", by)
    return take_step(found, "redirect", by=by.actor_id, now=now)


@transaction.atomic(durable=True)
def transfer(*, referral: UUID, to: UUID, by: Counselor, now: datetime) -> Referral:
    """Hand a case to a colleague, who must say that it is theirs; a new round of reminders begins.

    The lead may take it over: then it is theirs at once. Raises NotAllowed for whoever is left
    out of it, has it already, or works here no more: all alike, so that trying tells nothing.
    """
    found = _find(referral, "transfer", by)
    taker = permissions.colleagues(by, found).filter(pk=to).first()
    if taker is None or not is_genuine(taker):
        raise rules.NotAllowed
    fields = waits_anew(found.kind, found.urgency, now)
    handed = take_step(found, "transfer", by=by.actor_id, now=now, asked=taker.card, **fields)
    return _take(handed, by, now) if taker.pk == by.pk else handed


@transaction.atomic(durable=True)
def step_aside(*, referral: UUID, by: Counselor, now: datetime) -> None:
    """Declare a conflict of interest: from now on this counselor never sees this case again.

    Whoever had it, or was asked, puts it back for the others. It cannot be taken back by them.
    """
    locks.hold("referral", referral.bytes)
    found = permissions.visible_to(by).filter(pk=referral, state__in=rules.LIVE).first()
    if found is None:
        raise rules.NotAllowed
    why = Exclusion.Why.CONFLICT
    Exclusion.objects.bulk_create(
        [Exclusion(referral=found, counselor=by, why=why)], ignore_conflicts=True
    )
    if permissions.may_do(by, "step out", found):
        fields = waits_anew(found.kind, found.urgency, now)
        fields |= {"owner": None, "asked": None}
        take_step(found, "step out", by=by.actor_id, now=now, **fields)
    else:
        # Nobody takes it back from whom it was handed to: only whoever handed it on is gone.
        handed = Referral.objects.filter(pk=found.pk, state=S.TRANSFERRED, owner=by.pk)
        handed.update(owner=None)
        note(found, "step aside", found.state, by=by.actor_id, now=now)
    record(by=by, verb="step aside", thing="referral", thing_id=str(found.pk), now=now)


@transaction.atomic(durable=True)
def confirm(*, referral: UUID, by: Counselor, now: datetime) -> Referral:
    """Say, as the lead, that it was right to ask without the student's yes."""
    locks.hold("referral", referral.bytes)
    found = permissions.visible_to(by).filter(pk=referral).first()
    if found is None or not permissions.may_confirm(by, found):
        raise rules.NotAllowed
    same = Referral.objects.filter(pk=found.pk, consent=rules.Consent.AWAITING).live()
    if same.update(consent=str(rules.Consent.CONFIRMED)) != 1:
        raise NotAllowedFrom("confirm")
    note(found, "confirm", found.state, by=by.actor_id, now=now)
    record(by=by, verb="confirm danger", thing="referral", thing_id=str(found.pk), now=now)
    return Referral.objects.select_related("owner", "asked").get(pk=found.pk)


@transaction.atomic(durable=True)
def refuse(*, referral: UUID, reason: str, by: Counselor, now: datetime) -> Referral:
    """Refuse, as the lead, what came without the student's yes: it ends, and all of it goes.

    The reason is kept in the audit for two years, the content nowhere. Raises NoReason.
    """
    if reason not in set(rules.Refusal):
        raise NoReason
    found = _find(referral, "refuse", by)
    done = take_step(
        found, "refuse", by=by.actor_id, now=now, consent=str(rules.Consent.REFUSED), owner=None
    )
    destroy(referral=found.pk, now=now)
    thing = str(found.pk)
    record(by=by, verb="refuse danger", thing="referral", thing_id=thing, now=now, note=reason)
    return done


@transaction.atomic(durable=True)
def give_back(*, referral: UUID, by: Counselor, now: datetime) -> Referral:
    """End, unread, what nobody may open or nobody can: its student is told to ask elsewhere."""
    locks.hold("referral", referral.bytes)
    found = Referral.objects.filter(pk=referral, state=S.RECEIVED).first()
    if found is None or not permissions.may_give_back(by, found):
        raise rules.NotAllowed
    done = take_step(found, "give back", by=by.actor_id, now=now)
    record(by=by, verb="give back", thing="referral", thing_id=str(found.pk), now=now)
    return done


def settle_withdrawn(*, now: datetime) -> int:
    """End what students have taken back. Returns how many.

    What nobody has opened goes at once, with everything in it; what somebody has read follows the
    90 days, so that the student can still see who opened it.
    """
    taken_back = Referral.objects.filter(withdrawal__isnull=False, state__in=rules.LIVE)
    return sum(_settle(key, now) for key in taken_back.values_list("pk", flat=True))


@transaction.atomic(durable=True)
def _settle(referral: UUID, now: datetime) -> int:
    locks.hold("referral", referral.bytes)
    found = Referral.objects.filter(pk=referral, state__in=rules.LIVE).first()
    if found is None:
        return 0  # another pass was quicker
    try:
        take_step(found, "withdraw", by="system", now=now, is_system=True, contact_by=None)
    except NotAllowedFrom:
        return 0  # somebody is just doing something with it: the next pass settles it
    read = (Opening.What.CASE, Opening.What.CHART, Opening.What.CONTACT)
    if not Opening.objects.filter(referral_id=referral, what__in=read).exists():
        destroy(referral=referral, now=now)
    return 1
