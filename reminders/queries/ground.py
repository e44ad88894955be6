"""What stands behind planning and sending: the zone, campaigns, dates and terms."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from peersupport.core import clock
from program.calendar_rules import Entry, Quiet, quiet_times
from program.queries.basics import facts
from program.queries.confidentiality import is_critical
from program.queries.milestones import entry_of, milestones, terms
from reminders.models import Campaign
from reminders.planning_rules import MOST_OFFSET, Occurrence, occurrences
from reminders.rules import Ref, State

CAMPAIGN, STAFFING = "campaign", "staffing"
KINDS = (CAMPAIGN, STAFFING)
HORIZON = timedelta(days=2)
_AROUND = timedelta(days=MOST_OFFSET + 14)
# Between terms, and where none is written down, limits count so many days back.
_NO_TERM = timedelta(days=120)


def kind_of(campaign: Campaign) -> str:
    """Return the kind of a campaign's messages, by which people choose what they want."""
    return STAFFING if campaign.is_staffing else CAMPAIGN


@dataclass(frozen=True, slots=True)
class Time:
    """One time that a campaign speaks."""

    campaign: Campaign
    entry: Entry
    at: Occurrence

    @property
    def ref(self) -> Ref:
        """What its rows in the outbox say of themselves."""
        return Ref(self.campaign.pk, self.at.milestone, self.at.index, self.at.due_at)


@dataclass(frozen=True, slots=True)
class Ground:
    """What planning and sending stand on at one moment."""

    zone: ZoneInfo
    today: date
    is_critical: bool
    campaigns: tuple[Campaign, ...]
    entries: Mapping[uuid.UUID, Entry]
    term_first: date

    def times(self) -> Iterator[Time]:
        """Return every time that campaigns which are on speak around the dates known here."""
        for campaign in self.campaigns:
            yield from times_of(campaign, self.entries, self.zone)

    def quiets(self, class_name: str, rotation: str) -> tuple[Quiet, ...]:
        """Return the quiet times of somebody of a class and rotation group."""
        return quiets_of(self.entries.values(), class_name, rotation)


def times_of(
    campaign: Campaign, entries: Mapping[uuid.UUID, Entry], zone: ZoneInfo
) -> Iterator[Time]:
    """Return every time that one campaign speaks around some dates."""
    for at in occurrences(campaign.pattern, entries.items(), zone):
        yield Time(campaign, entries[at.milestone], at)


def quiets_of(entries: Iterable[Entry], class_name: str, rotation: str) -> tuple[Quiet, ...]:
    """Return the quiet times that some dates make for a class and rotation group."""
    return tuple(quiet_times(e for e in entries if e.is_for(class_name, rotation)))


def _term_first(today: date) -> date:
    """Return from which day on limits of a term count: one query."""
    begun = [term.first_on for term in terms() if term.first_on <= today <= term.last_on]
    return max(begun, default=today - _NO_TERM)


def term_first(now: datetime) -> date:
    """Return the first day of the term, or of the days that count where there is none."""
    return _term_first(clock.local_date(now, facts().zone))


def ground(now: datetime) -> Ground:
    """Return what stands at this moment: four queries."""
    known = facts()
    today = clock.local_date(now, known.zone)
    on = Campaign.objects.filter(state=str(State.ON)).order_by("pk")
    near = milestones(today - _AROUND, today + _AROUND)
    return Ground(
        known.zone,
        today,
        is_critical(known.values, now),
        tuple(on),
        {row.pk: entry_of(row) for row in near},
        _term_first(today),
    )
