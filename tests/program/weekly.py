"""Weekly hours for the tests of the school's facts."""

from datetime import datetime, time

from accounts.models import Person
from officehours.models import Assignment, Rule, Shift
from peersupport.core import ids
from tests.people import hours_of


def weekly_hours(supporter: Person, start: datetime, place: str) -> Assignment:
    """Return hours that a weekly rule has published."""
    made = hours_of(supporter, start)
    rule = Rule.objects.create(
        pk=ids.new_id(),
        supporter=supporter,
        weekday=start.weekday(),
        starts=time(17),
        ends=time(19),
        zone="America/New_York",
        place=place,
        minutes=30,
        ways="in person",
        first_on=start.date(),
    )
    Shift.objects.filter(pk=made.shift_id).update(rule=rule, place=place)
    return made
