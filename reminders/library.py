"""The library: campaigns to look at and switch on, one by one.

Their words come from people, say a time and a place, and promise nothing. They give no advice on
exams, claim to have noticed nothing about anybody, and leave the choice to whoever reads. Every
letter ends with the crisis lines (peersupport/core/ui/letters.py).
"""

from dataclasses import dataclass
from datetime import time

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Words
from program.calendar_rules import Kind
from reminders.planning_rules import CountsFrom
from reminders.rules import Audience

_FIRST, _LAST, _WEEKLY = CountsFrom.FIRST, CountsFrom.LAST, CountsFrom.WEEKLY


@dataclass(frozen=True, slots=True)
class Shipped:
    """One campaign of the library."""

    title: Words
    kind: Kind | None
    words: str
    offset: int
    counts_from: CountsFrom
    at: time
    subject: Words
    opening: Words
    priority: int = 3
    good_for: int = 1
    audience: Audience = Audience.OWN

    @property
    def body(self) -> str:
        """The whole text: what supporters are asked stands alone."""
        if self.audience is Audience.SUPPORTERS:
            return str(self.opening)
        return f"{self.opening}\n\n{_TALK}"


_TALK = _(
    "You can talk with another student, who has been through it, about anything or nothing in "
    "particular. You need no reason and no appointment.\n\nNext hours: {next_hours}\n\nWho is in "
    "at this moment: {today_link}"
)


def _staffing(title: Words, offset: int, ask: Words, priority: int) -> Shipped:
    return Shipped(
        title,
        Kind.EXAM,
        "",
        offset,
        _FIRST,
        time(10),
        _("Hours before {first_day}"),
        ask,
        priority=priority,
        audience=Audience.SUPPORTERS,
    )


LIBRARY: dict[str, Shipped] = {
    "exam-two-weeks": Shipped(
        _("Two weeks before an exam"), Kind.EXAM, "", -14, _FIRST, time(10),
        _("Two weeks to {milestone}"),
        _("Hello from the students of peer support.\n\n{milestone} is on {first_day}. Before it "
          "we keep our usual hours open, for whatever these weeks bring."),
    ),
    "exam-three-days": Shipped(
        _("Three days before an exam"), Kind.EXAM, "", -3, _FIRST, time(12),
        _("Before {milestone}: when we are in"),
        _("Hello from the students of peer support.\n\n{milestone} is on {first_day}. If company "
          "for half an hour would do you good, we are there."),
        priority=4,
    ),
    "exam-after": Shipped(
        _("The day after an exam"), Kind.EXAM, "", 1, _LAST, time(9),
        _("After {milestone}: the door is open"),
        _("Hello from the students of peer support.\n\n{milestone} is behind you. However it "
          "went, you can sit down with one of us."),
        priority=4,
    ),
    "study-weekly": Shipped(
        _("Every week of dedicated study"), Kind.STUDY, "", 2, _WEEKLY, time(11),
        _("This week's hours"),
        _("Hello from the students of peer support.\n\nDays of studying alone are long for most "
          "people. Here is when somebody is there this week."),
        priority=2,
    ),
    "clerkship-third-day": Shipped(
        _("The third day of a clerkship"), Kind.CHANGE, "clerkship, rotation", 2, _FIRST, time(18),
        _("The first days on a new team"),
        _("Hello from the students of peer support.\n\nA new team, a new badge, new names: the "
          "first days take a lot out of most of us. You can tell somebody who remembers their "
          "own."),
    ),
    "clerkship-third-week": Shipped(
        _("The third week of a clerkship"), Kind.CHANGE, "clerkship, rotation", 14, _FIRST,
        time(18),
        _("Three weeks in"),
        _("Hello from the students of peer support.\n\nBy now you have seen things on the wards "
          "that are hard to tell at home. You can tell them to one of us."),
    ),
    "match-friday": Shipped(
        _("The Friday before Match Week"), Kind.DEADLINE, "match week", -3, _FIRST, time(12),
        _("Before Match Week: when we are in"),
        _("Hello from the students of peer support.\n\nMatch Week begins on {first_day}. Whatever "
          "Monday says, somebody is there that day and every day of the week."),
        priority=4,
    ),
    "match-monday": Shipped(
        _("The Monday of Match Week"), Kind.DEADLINE, "match week", 0, _FIRST, time(9, 30),
        _("Today: who is in"),
        _("Hello from the students of peer support.\n\nWhatever today's message says, you need "
          "not be alone with it. There is a room, and somebody in it."),
        priority=5, good_for=0,
    ),
    "match-after": Shipped(
        _("A week after Match Day"), Kind.DEADLINE, "match week", 7, _LAST, time(12),
        _("A week after Match Day"),
        _("Hello from the students of peer support.\n\nSome have what they hoped for, some do "
          "not, and many feel both. All of it can be talked about here."),
    ),
    "score-eve": Shipped(
        _("The day before scores come out"), None, "score", -1, _FIRST, time(12),
        _("Tomorrow: when we are in"),
        _("Hello from the students of peer support.\n\n{milestone}: {first_day}. You can open it "
          "alone, with a friend, or in our room."),
        priority=5, good_for=0,
    ),
    "step-week-before": Shipped(
        _("The week before Step or Level"), Kind.EXAM, "step 1, step 2, level 1, level 2", -7,
        _FIRST, time(12),
        _("A week to {milestone}: when we are in"),
        _("Hello from the students of peer support.\n\n{milestone} is on {first_day}. If you "
          "would like to hear how somebody else got through this week, ask us."),
        priority=5,
    ),
    "staffing-four-weeks": _staffing(
        _("Supporters: four weeks before an exam"), -28,
        _("{first_day} is four weeks away, and some times before it have nobody yet: {gaps}. "
          "Sign in to see whether one of them suits you. Nobody is counted on without a yes."), 2,
    ),
    "staffing-three-weeks": _staffing(
        _("Supporters: three weeks before an exam"), -21,
        _("Some times before {first_day} still have nobody: {gaps}. Sign in to see whether one of "
          "them suits you, or to say that none does."), 3,
    ),
    "staffing-one-week": _staffing(
        _("Supporters: a week before an exam"), -7,
        _("It is a week to {first_day}. Times that have nobody: {gaps}. What stays empty is taken "
          "off the page, so that nobody waits before a closed door."), 3,
    ),
}  # fmt: skip
