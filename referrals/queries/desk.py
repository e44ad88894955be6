"""What stands on a counselor's desk: a number of queries that does not grow with the cases."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from program.rules import Span
from referrals import permissions, reading_rules, rules
from referrals.models import Counselor, EmergencyContact, Opening, Referral
from referrals.queries import held
from referrals.queries.held import Gone, Gones
from referrals.queries.reading import Plan, plan
from referrals.rules import CareRole, Consent, Kind, Urgency
from referrals.seals import is_genuine

S = rules.State
_LIVE = sorted(map(str, rules.LIVE))
# Most urgent first; danger stands before all of them.
_RANK = {Urgency.URGENT: 0, Urgency.SOON: 1, Urgency.ROUTINE: 2}


@dataclass(frozen=True, slots=True)
class Case:
    """The outside of a referral, as somebody who may see it sees it. Nothing of what is in it."""

    id: UUID
    code: str
    kind: str
    urgency: str
    state: str
    received_at: datetime
    # By when the next thing must be done, and how much time to read lies before it.
    due_at: datetime | None
    left: timedelta
    owner: str
    asked: str
    is_mine: bool
    is_asked: bool
    awaits_yes: bool
    outcome: str = ""
    # Whoever has it, or was asked to take it, is not there.
    gone: Gone | None = None

    @property
    def is_danger(self) -> bool:
        """Whether somebody said that the student is in danger."""
        return self.kind == Kind.DANGER

    @property
    def waits(self) -> bool:
        """Whether somebody must still say that it is theirs."""
        return self.state in rules.UNANSWERED


@dataclass(frozen=True, slots=True)
class Closed:
    """A case of which the lead sees that it is there, and nothing more."""

    id: UUID
    code: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything on one counselor's desk, each case in one place."""

    danger: tuple[Case, ...]
    # What somebody has, or was asked to take, who is not there.
    held: tuple[Case, ...]
    handed: tuple[Case, ...]
    waiting: tuple[Case, ...]
    mine: tuple[Case, ...]
    # For the lead: what colleagues have.
    others: tuple[Case, ...]
    unopenable: tuple[Closed, ...]
    broken: tuple[Closed, ...]
    # What could not even be looked at: something is wrong with this host.
    unrouted: int
    reads_next: datetime | None


def _due(row: Referral) -> datetime | None:
    if row.state in rules.UNANSWERED:
        return row.acknowledge_by
    return row.contact_by if row.state == S.ACKNOWLEDGED else None


def _case(
    row: Referral, counselor: Counselor, reading: list[Span], wall: list[Span], gone: Gones
) -> Case:
    due = _due(row)
    ahead = wall if row.kind == Kind.DANGER else reading
    whose = row.asked_id if row.state == S.TRANSFERRED else row.owner_id
    return Case(
        id=row.pk,
        code=row.code,
        kind=row.kind,
        urgency=row.urgency,
        state=row.state,
        received_at=row.received_at,
        due_at=due,
        left=reading_rules.left(ahead, due) if due else timedelta(),
        owner=row.owner.name if row.owner else "",
        asked=row.asked.name if row.asked else "",
        is_mine=row.owner_id == counselor.pk,
        is_asked=row.asked_id == counselor.pk,
        awaits_yes=row.consent == Consent.AWAITING,
        outcome=row.outcome,
        gone=gone.get(whose) if whose is not None and row.state in rules.LIVE else None,
    )


def _order(case: Case) -> tuple[int, datetime, str]:
    return (_RANK[Urgency(case.urgency)], case.due_at or case.received_at, case.code)


def _spans(known: Plan, now: datetime) -> tuple[list[Span], list[Span]]:
    """Return when somebody reads from now on; without any hours the clock on the wall counts."""
    wall = [Span(now, now + reading_rules.HORIZON)]
    return reading_rules.ahead(known.windows, now, known.zone) or wall, wall


def _place(case: Case, *, is_lead: bool) -> str:
    """Return on which part of the desk a case lies: danger on top while it waits for somebody."""
    waits_for_me = case.state == S.RECEIVED or (case.waits and case.is_asked)
    if case.is_danger and (waits_for_me or (is_lead and case.awaits_yes)):
        return "danger"
    if case.gone is not None and not case.is_asked and (is_lead or case.is_mine):
        return "held"
    if case.is_asked and case.state == S.TRANSFERRED:
        return "handed"
    if case.state == S.RECEIVED:
        return "waiting"
    return "mine" if case.is_mine else "others"


def desk(counselor: Counselor, now: datetime, zone: ZoneInfo) -> Desk:
    """Return everything on a counselor's desk."""
    known = plan(now, zone)
    reading, wall = _spans(known, now)
    rows = permissions.visible_to(counselor).filter(state__in=_LIVE)
    gone = held.gone(known.roster, now, zone)
    found = rows.select_related("owner", "asked")
    cases = [_case(row, counselor, reading, wall, gone) for row in found]
    is_lead = counselor.role == CareRole.LEAD
    places: dict[str, list[Case]] = {}
    for case in sorted(cases, key=_order):
        places.setdefault(_place(case, is_lead=is_lead), []).append(case)
    new = Referral.objects.filter(state=S.RECEIVED, routed__isnull=True).not_withdrawn()
    return Desk(
        **{
            name: tuple(places.get(name, ()))
            for name in ("danger", "held", "handed", "waiting", "mine", "others")
        },
        unopenable=_closed(permissions.unopenable()) if is_lead else (),
        broken=_closed(permissions.broken()) if is_lead else (),
        unrouted=new.count(),
        reads_next=reading_rules.next_reading(known.windows, now, zone),
    )


def _closed(rows: Iterable[Referral]) -> tuple[Closed, ...]:
    found = sorted(rows, key=lambda row: (row.received_at, row.code))
    return tuple(Closed(row.pk, row.code, row.received_at) for row in found)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to whom a case may be handed."""

    id: UUID
    name: str
    is_me: bool
    gone: Gone | None


@dataclass(frozen=True, slots=True)
class Doing:
    """One case with everything that this counselor may do with it now."""

    case: Case
    verbs: frozenset[str]
    contacts: tuple[UUID, ...]
    colleagues: tuple[Colleague, ...]


VERBS = ("acknowledge", "contact", "transfer", "close", "redirect", "refuse")


def doing(counselor: Counselor, case: UUID, now: datetime, zone: ZoneInfo) -> Doing | None:
    """Return one case, if this counselor may see it; None alike for every other."""
    row = permissions.visible_to(counselor).select_related("owner", "asked").filter(pk=case)
    found = row.first()
    if found is None:
        return None
    known = plan(now, zone)
    reading, wall = _spans(known, now)
    gone = held.gone(known.roster, now, zone)
    verbs = {verb for verb in VERBS if permissions.may_do(counselor, verb, found)}
    if found.state in rules.LIVE:
        verbs.add("step aside")
    if permissions.may_confirm(counselor, found):
        verbs.add("confirm")
    contacts = EmergencyContact.objects.filter(referral=found.pk, until__gt=now)
    others = permissions.colleagues(counselor, found) if "transfer" in verbs else ()
    return Doing(
        case=_case(found, counselor, reading, wall, gone),
        verbs=frozenset(verbs),
        contacts=tuple(contacts.order_by("until", "pk").values_list("pk", flat=True)),
        colleagues=tuple(
            Colleague(one.pk, one.card.name, one.pk == counselor.pk, gone.get(one.pk))
            for one in others
            if is_genuine(one)
        ),
    )


def in_hand(counselor: Counselor, card: UUID) -> int:
    """Return how much somebody has in hand, of what this counselor may see."""
    rows = permissions.visible_to(counselor).filter(owner=card, state__in=_LIVE)
    return rows.count()


def contact_of(found: Doing, contact: UUID) -> EmergencyContact | None:
    """Return one of the contacts of a case that somebody may see, as it was handed over."""
    row = EmergencyContact.objects.filter(pk=contact, referral=found.case.id)
    return row.first()


def to_give_back(counselor: Counselor, case: UUID) -> Closed | None:
    """Return a case that the lead may end unread; None alike for every other."""
    row = Referral.objects.filter(pk=case).first()
    if row is None or not permissions.may_give_back(counselor, row):
        return None
    return Closed(row.pk, row.code, row.received_at)


def ended(counselor: Counselor) -> list[Referral]:
    """Return what this counselor has ended and what is not destroyed yet, the latest first."""
    mine = permissions.visible_to(counselor).exclude(state__in=_LIVE)
    return list(mine.order_by("-ended_on", "code")[:50])


@dataclass(frozen=True, slots=True)
class Opened:
    """One opening, as the log shows it."""

    at: datetime
    name: str
    what: str
    code: str


def openings(counselor: Counselor, *, most: int = 200) -> list[Opened]:
    """Return what this counselor has opened; for the lead what anybody has: two queries.

    What the lead is left out of stands there without its code: it is not there for them.
    """
    rows = Opening.objects.order_by("-at", "pk")
    if counselor.role != CareRole.LEAD:
        rows = rows.filter(counselor_id=counselor.pk)
    found = list(rows[:most])
    keys = {one.referral_id for one in found}
    out = Q(exclusions__counselor=counselor.pk)
    seen = Referral.objects.filter(pk__in=keys).exclude(out).values_list("pk", "code")
    codes = dict(seen)
    return [Opened(one.at, one.name, one.what, codes.get(one.referral_id, "")) for one in found]
