"""How far the first hours are, and what the sign for the door says."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.queries.people import with_role
from accounts.queries.succession import leaving_supporters
from accounts.rules import Role
from officehours import rules
from officehours.models import Rule, Shift
from officehours.queries.planning import names, weekly_hours
from peersupport.core import clock, words
from program.guide import Look, State
from program.rules import hand_over_begins


def first_hours(known: Look) -> State:
    """Return whether any hours are published ahead: one query, two if there are none."""
    ahead = Shift.objects.bookable().filter(ends_at__gt=known.now).order_by("starts_at").first()
    if ahead is not None:
        when = words.moment_near(ahead.starts_at, known.now, known.zone)
        return State(True, _("Next: %s.") % when)
    if Rule.objects.exists():
        return State(False, _("Nothing is published for the next two weeks."))
    return State(False, _("Nothing is published yet."))


def holders() -> list[tuple[Person, str]]:
    """Return everybody who may hold hours, with the name they are shown by: two queries."""
    people = with_role(Role.SUPPORTER)
    shown = names(person.pk for person in people)
    return [(person, shown.get(person.pk) or person.called or person.email) for person in people]


def hours_of_leavers(today: date) -> int:
    """Return how many weekly hours go on although their supporter leaves: two queries."""
    leavers = leaving_supporters()
    summer = date(hand_over_begins(today).year, 7, 1)
    theirs = Rule.objects.filter(supporter__in=leavers)
    return theirs.filter(Q(last_on__isnull=True) | Q(last_on__gte=max(summer, today))).count()


@dataclass(frozen=True, slots=True)
class SignLine:
    """One line of the sign: a weekday, its hours and the room. Names nobody."""

    day: str
    hours: str
    place: str


def sign_lines(now: datetime, zone: ZoneInfo) -> list[SignLine]:
    """Return the weekly hours as the sign says them, two in one room once."""
    today = clock.local_date(now, zone)
    found: dict[tuple[int, str, str], SignLine] = {}
    for one in weekly_hours(today):
        rule = one.rule
        start, end = rules.bounds(today, rule.starts, rule.ends, ZoneInfo(rule.zone))
        hours = words.time_range(start, end, ZoneInfo(rule.zone))
        key = (rule.weekday, hours, rule.place)
        found.setdefault(key, SignLine(words.weekday(rule.weekday), hours, rule.place))
    return list(found.values())
