"""The demo's term: dates of its classes, letters around them, and the last ten days of both.

Laid out once, and again when nothing is ahead any more. What a visitor changes stays changed.
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.models import Person, RosterEntry
from accounts.roster_rules import Standing
from peersupport.core.actors import SYSTEM
from peersupport.core.clock import local_date, to_utc
from peersupport.core.outbox.delivery import drain
from program import services as program
from program.calendar_rules import Entry, Kind
from program.models import Milestone, Term
from program.queries import facts
from reminders.models import Campaign
from reminders.rules import Verb
from reminders.services import campaigns
from reminders.services.planning import plan

_DAY = timedelta(days=1)
# The supporters stand on no list, so that no exam of their own closes the hours of the demo.
_CLASSES = {"ana": "M1", "ben": "M2"}
_LETTERS = (
    "exam-two-weeks",
    "exam-three-days",
    "exam-after",
    "study-weekly",
    "match-friday",
    "match-monday",
    "staffing-four-weeks",
    "staffing-three-weeks",
    "staffing-one-week",
)
_LIVED = 10
_HOURS = (time(9, 5), time(12, 5))
_BLOCKS = ("Cardiology", "Renal", "Neurology", "Endocrinology")
# Of the days gone by: one exam that is over, and two so close that a letter had to wait.
_BEHIND = (
    ("Biochemistry block exam", Kind.EXAM, -6, -6, "M1"),
    ("Clinical skills exam", Kind.EXAM, -1, -1, "M2"),
    ("Histology practical", Kind.EXAM, 2, 2, "M2"),
)


_Date = tuple[str, Kind, int, int, str]


def _ahead(block: str, today: date) -> tuple[_Date, ...]:
    """Return what is coming, in days from today: the Match in the week that all schools have."""
    match = (_match_monday(today) - today).days
    study = 28 + (-(today.weekday() + 28)) % 7  # from a Monday on
    return (
        (f"{block} block exam", Kind.EXAM, 9, 10, "M2"),
        ("Anatomy practical", Kind.EXAM, 16, 16, "M1"),
        ("Physiology block exam", Kind.EXAM, 37, 37, "M1"),
        ("Dedicated study for Step 1", Kind.STUDY, study, study + 32, "M2"),
        ("Rank order list due", Kind.DEADLINE, match - 12, match - 12, "M4"),
        ("Match Week", Kind.DEADLINE, match, match + 4, "M4"),
    )


def _match_monday(today: date) -> date:
    """Return the Monday before the next third Friday of March."""
    for year in (today.year, today.year + 1):
        first = date(year, 3, 1)
        friday = first + ((4 - first.weekday()) % 7 + 14) * _DAY
        if friday > today + 20 * _DAY:
            break
    return friday - 4 * _DAY


def lay_out_term(cast: dict[str, Person], *, now: datetime) -> None:
    """See to it that dates lie ahead, that letters speak around them, and that some have gone."""
    today = local_date(now, facts().zone)
    _put_in_classes(cast)
    is_new = not Milestone.objects.exists() and not Term.objects.exists()
    if not Term.objects.filter(first_on__lte=today, last_on__gte=today).exists():
        first, last = today - 70 * _DAY, today + 70 * _DAY
        name = "This term" if is_new else f"Term of {today:%B %Y}"
        program.keep_term(name=name, first_on=first, last_on=last, by=SYSTEM, now=now)
    if not Milestone.objects.filter(kind=str(Kind.EXAM), first_on__gt=today).exists():
        before = Milestone.objects.filter(title__endswith=" block exam", class_name="M2").count()
        dates = _ahead(_BLOCKS[before % len(_BLOCKS)], today)
        program.add_milestones(
            entries=_entries(today, (*_BEHIND, *dates) if is_new else dates), by=SYSTEM, now=now
        )
    if not Campaign.objects.exists():
        _switch_on(now)
        _live_through(today, now)


def _put_in_classes(cast: dict[str, Person]) -> None:
    for name, class_name in _CLASSES.items():
        entry = RosterEntry(
            person=cast[name],
            email=cast[name].email,
            class_name=class_name,
            standing=str(Standing.ENROLLED),
        )
        if not RosterEntry.objects.filter(email=entry.email).exists():
            RosterEntry.objects.bulk_create([entry], ignore_conflicts=True)


def _entries(today: date, dates: tuple[_Date, ...]) -> list[Entry]:
    """Return dates as the calendar has them, but for those that stand there already."""
    known = set(Milestone.objects.values_list("title", "first_on"))
    return [
        Entry(title, kind, today + first * _DAY, today + last * _DAY, None, None, who)
        for title, kind, first, last, who in dates
        if (title, today + first * _DAY) not in known
    ]


def _switch_on(now: datetime) -> None:
    by: dict[str, Any] = {"by": SYSTEM, "now": now}
    for key in _LETTERS:
        row = campaigns.take_from_library(key=key, **by)
        campaigns.switch(campaign=row.pk, verb=Verb.SWITCH_ON, **by)


def _live_through(today: date, now: datetime) -> None:
    """Plan and deliver as the worker would have done on the days before this one.

    Nothing is made up: what went, waited or was left out is the governor's own doing.
    """
    zone = facts().zone
    for back in range(_LIVED, -1, -1):
        for wall in _HOURS:
            at = to_utc(datetime.combine(today - back * _DAY, wall), zone)
            if at < now:
                plan(now=at)
                _deliver(at)


def _deliver(at: datetime) -> None:
    """Deliver, and let the mailbox show the letters at the time they are of."""
    box = Path(settings.MAIL_DIR)
    before = set(box.glob("*.eml"))
    drain(now=lambda: at)
    for path in set(box.glob("*.eml")) - before:
        _stamp, _dash, rest = path.name.partition("-")
        path.rename(box / f"{int(at.timestamp() * 1e9):020d}-{rest}")
