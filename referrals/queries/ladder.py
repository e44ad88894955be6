"""What the ladder reads: who waits, who works here, when they read. Nothing that is sealed."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from peersupport.core import clock
from program.queries import facts
from referrals import reading_rules, rules
from referrals.ladder_rules import LAST, Pace, Reader, Waiting
from referrals.models import Counselor, Exclusion, Referral, Timers
from referrals.models.cases import ReferralSet
from referrals.queries.reading import Plan, plan
from referrals.seals import is_genuine

_PRESSING = Q(kind=str(rules.Kind.DANGER)) | Q(urgency=str(rules.Urgency.URGENT))


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that holds for every referral of one pass, read once."""

    plan: Plan
    readers: tuple[Reader, ...]
    has_line: bool

    def pace(self, waiting: Waiting) -> Pace:
        """Return how time passes for a referral."""
        return Pace(
            windows=self.plan.windows,
            zone=self.plan.zone,
            step=self.plan.timer(waiting.kind, waiting.urgency).step,
            by_wall=waiting.kind == rules.Kind.DANGER,
        )


def routed() -> ReferralSet:
    """Return the unanswered referrals of which it is known who is left out."""
    return Referral.objects.unanswered().filter(routed__isnull=False)


def due(now: datetime) -> list[Waiting]:
    """Return what may ring now. What has been due for longer than `rules.OLD` never does."""
    rows = routed().filter(ring_at__lte=now, ring_at__gt=now - rules.OLD, rung__lte=LAST)
    names = ("kind", "urgency", "state", "rung", "round", "ring_at")
    renamed = {"key": F("pk"), "asked_of": F("asked"), "is_whole": F("routed__is_whole")}
    found = list(rows.order_by("ring_at", "pk").values(*names, **renamed))
    out = left_out([row["key"] for row in found])
    return [Waiting(**row, out=out[row["key"]]) for row in found]


def left_out(keys: Collection[UUID]) -> defaultdict[UUID, frozenset[UUID]]:
    """Return, by referral, who must never see it."""
    found: defaultdict[UUID, frozenset[UUID]] = defaultdict(frozenset)
    pairs = Exclusion.objects.filter(referral__in=keys).values_list("referral_id", "counselor_id")
    for referral, counselor in pairs:
        found[referral] |= {counselor}
    return found


def known(now: datetime) -> Known:
    """Return hours, timers, and who works here."""
    settled = plan(now, facts().zone)
    today, hours = clock.local_date(now, settled.zone), settled.roster
    readers = tuple(
        Reader(
            one.pk,
            one.role == rules.CareRole.LEAD,
            hours.windows.get(one.pk, ()),
            is_away=reading_rules.absence(hours.away.get(one.pk, ()), today) is not None,
        )
        for one in _genuine()
    )
    return Known(settled, readers, has_line=bool(line_address()))


def _genuine() -> list[Counselor]:
    """Return who works here. A row that the care side did not write itself is nobody."""
    active = Counselor.objects.filter(state=Counselor.State.ACTIVE).order_by("pk")
    return [one for one in active if is_genuine(one)]


def line_address() -> str:
    """Return the address of the on-call line; nothing if the lead has set none."""
    found = Timers.objects.filter(pk=1).values_list("line_email", flat=True).first()
    return str(found or "")


def unreached() -> bool:
    """Return whether something pressing waits of which no counselor can be told."""
    pressing = list(routed().filter(_PRESSING).values_list("pk", flat=True))
    if not pressing:
        return False
    there = {one.pk for one in _genuine()}
    out = left_out(pressing)
    return any(there <= out[one] for one in pressing)


def unconfirmed() -> list[UUID]:
    """Return what came because of danger and still needs the lead's yes or no."""
    live = Referral.objects.live().filter(routed__is_whole=True)
    awaiting = live.filter(consent=str(rules.Consent.AWAITING))
    return list(awaiting.values_list("pk", flat=True))
