"""When a student or supporter deletes their account."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.registry import Leaver, Refusal, register_leaver
from officehours import rules
from officehours.models import Assignment, Rule, Visit
from officehours.queries import sealed
from officehours.services.steps import take_step
from peersupport.core import locks
from program.services import touch_public


def _refuses(person: Person, now: datetime) -> list[Refusal]:
    """Hours to come are handed over first: somebody may count on them."""
    hours = Assignment.objects.filter(supporter=person, is_active=True)
    weekly = Rule.objects.filter(supporter=person).filter(
        Q(last_on__isnull=True) | Q(last_on__gte=now.date())
    )
    if not hours.filter(ends_at__gt=now - rules.LAPSE_GRACE).exists() and not weekly.exists():
        return []
    words = _("You still hold hours. Hand them over, or cancel them and end the weekly ones.")
    return [Refusal(words, "hours:console", _("Your hours"))]


def _leave(person: Person, now: datetime) -> None:
    """Give up the booked time and the place in a line, exactly as the student could by hand.

    Nothing else about a visit is touched: a row that looked different afterwards would say whose
    it was. Of hours long past only who held them goes.
    """
    mine = list(sealed.visits_of(person.pk, now).live().values_list("pk", "shift"))
    shifts = [("shift", shift.bytes) for _visit, shift in mine]
    locks.hold_in_order([("person", person.pk.bytes), *sorted(set(shifts))])
    changed = False
    for visit in sealed.visits_of(person.pk, now).live().select_related("shift"):
        changed |= _give_up(visit, now)
    _let_go(person, now)
    if changed:
        touch_public()


def _give_up(visit: Visit, now: datetime) -> bool:
    """End a visit that has not begun; a talk that goes on ends by itself."""
    student = Visit.EndedBy.STUDENT
    if visit.shift.ends_at + rules.LAPSE_GRACE <= now:
        take_step(visit, "lapse", now=now, ended_by=Visit.EndedBy.SYSTEM)
    elif visit.state in (rules.S.BOOKED, rules.S.ARRIVED):
        take_step(visit, "cancel", now=now, ended_by=student)
    elif visit.state in (rules.S.WAITING, rules.S.CALLED):
        take_step(visit, "leave", now=now, ended_by=student)
    else:
        return False
    return True


def _let_go(person: Person, now: datetime) -> None:
    """Take a supporter's name off visits of hours that are over."""
    held = Visit.objects.filter(assignment__supporter=person)
    for visit in held.live().select_related("shift"):
        take_step(visit, "lapse", now=now, ended_by=Visit.EndedBy.SYSTEM)
    held.update(assignment=None)


def register() -> None:
    """Take part when somebody deletes their account."""
    register_leaver("office hours", Leaver(_refuses, _leave))
