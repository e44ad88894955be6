"""Taking over hours that are kept elsewhere: all of a file, or nothing.

The preview does the whole thing and takes it back, so that what is shown is what would be done:
coverage, holidays and overlaps, those among the lines of the file too, are asked where they
always are.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.queries.people import with_role
from accounts.rules import Role
from officehours import rules
from officehours.hours_files import Entry, Timetable, Wrong
from officehours.models import Assignment, Rule
from officehours.permissions import may_run_program
from officehours.planning_rules import PUBLISHES, Row
from officehours.queries import planning
from officehours.services.hours import Once, put_shift, put_weekly
from peersupport.core import clock, ids, locks
from program.queries import facts
from program.queries.settings import must_sign

_WRONG = {
    rules.NotCovered: gettext_lazy("Nobody stands behind these hours."),
    rules.Overlaps: gettext_lazy("They overlap other hours of the same supporter."),
    rules.OutOfTime: gettext_lazy("They last from 15 minutes to 12 hours and end in the future."),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of one line: how many days at once, what is left out, or there already."""

    entry: Entry
    who: str
    days: int
    left_out: tuple[Row, ...] = ()
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a file."""

    taken: tuple[Taken, ...]
    wrong: tuple[Wrong, ...]

    @property
    def new(self) -> int:
        """How many lines make hours that are not there yet."""
        return sum(not one.is_there for one in self.taken)

    @property
    def mark(self) -> str:
        """What was shown, in a form that a page can send back."""
        seen = [
            (one.entry.line, one.days, one.is_there, [(r.day, str(r.fate)) for r in one.left_out])
            for one in self.taken
        ]
        said = repr((seen, [(one.line, one.words) for one in self.wrong]))
        return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


@transaction.atomic(durable=True)
def preview_hours(*, read: Timetable, by: Person, now: datetime) -> Outcome:
    """Return what a file would do; nothing of it stays. Raises NotAllowed."""
    done = _take(read, by, now)
    transaction.set_rollback(True)
    return done


@transaction.atomic(durable=True)
def import_hours(*, read: Timetable, seen: str, by: Person, now: datetime) -> Outcome:
    """Publish everything in a file, or nothing. What is there already stays as it is.

    Raises NotAllowed, and ChangedMeanwhile if it would be other than what was seen, or if any
    line is wrong.
    """
    done = _take(read, by, now)
    if done.wrong or done.mark != seen:
        raise rules.ChangedMeanwhile
    return done


def _take(read: Timetable, by: Person, now: datetime) -> Outcome:
    if not may_run_program(by):
        raise rules.NotAllowed
    known = facts()
    today = clock.local_date(now, known.zone)
    people = {person.email: person for person in with_role(Role.SUPPORTER)}
    named = {entry.email for entry in read.entries} & set(people)
    locks.hold_all("supporter", [people[email].pk.bytes for email in named])
    shown = planning.names(people[email].pk for email in named)
    unsigned = {e for e in named if must_sign(people[e].pk, known.values, today)}
    taken: list[Taken] = []
    wrong = list(read.wrong)
    for entry in read.entries:
        person = people.get(entry.email)
        if person is None:
            said = _("Nobody who holds hours here has the address %s.") % entry.email[:60]
            wrong.append(Wrong(entry.line, said))
            continue
        if entry.email in unsigned:
            wrong.append(Wrong(entry.line, _("They have not signed the pledge in time.")))
            continue
        who = shown.get(person.pk) or entry.email
        try:
            taken.append(_taken(entry, person, who, by, now))
        except tuple(_WRONG) as why:
            wrong.append(Wrong(entry.line, str(_WRONG[type(why)])))
    return Outcome(tuple(taken), tuple(sorted(wrong, key=lambda one: one.line)))


def _taken(entry: Entry, person: Person, who: str, by: Person, now: datetime) -> Taken:
    if _is_there(entry, person, now):
        return Taken(entry, who, 0, is_there=True)
    if entry.weekday is None:
        wanted = Once(
            entry.first_on,
            entry.starts,
            entry.ends,
            entry.place,
            entry.minutes,
            entry.ways,
            ids.new_id(),
        )
        put_shift(wanted, supporter=person, by=by, now=now)
        return Taken(entry, who, 1)
    rule = Rule(
        supporter=person,
        weekday=entry.weekday,
        starts=entry.starts,
        ends=entry.ends,
        zone=facts().zone.key,
        place=entry.place,
        minutes=entry.minutes,
        ways=entry.ways,
        first_on=entry.first_on,
        last_on=entry.last_on,
    )
    _made, rows = put_weekly(rule, by=by, now=now, skipping=frozenset(entry.skipped))
    days = sum(row.fate in PUBLISHES for row in rows)
    left_out = tuple(row for row in rows if row.fate not in PUBLISHES)
    return Taken(entry, who, days, left_out)


def _is_there(entry: Entry, person: Person, now: datetime) -> bool:
    """Return whether the same hours are there: by what they are, whoever made them."""
    zone = facts().zone
    if entry.weekday is None:
        start, end = rules.bounds(entry.first_on, entry.starts, entry.ends, zone)
        mine = Assignment.objects.filter(supporter=person, is_active=True)
        return mine.filter(starts_at=start, ends_at=end).exists()
    alike = Rule.objects.filter(
        supporter=person, weekday=entry.weekday, starts=entry.starts, ends=entry.ends
    )
    today = clock.local_date(now, zone)
    return any(
        (rule.last_on is None or rule.last_on >= max(today, entry.first_on))
        and (entry.last_on is None or rule.first_on <= entry.last_on)
        for rule in alike
    )
