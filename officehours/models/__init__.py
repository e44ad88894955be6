"""Tables of office hours.

There is no foreign key from a visit to the person who came, and no table that leads from one to
the other: docs/decisions/0002-claims.md.
"""

from officehours.models.care import Break, Distance, Escalation, Load
from officehours.models.counts import Counter
from officehours.models.hours import Assignment, Cover, Rule, Shift, ShiftSet, SkippedDay
from officehours.models.visits import Visit, VisitSet

__all__ = [
    "Assignment",
    "Break",
    "Counter",
    "Cover",
    "Distance",
    "Escalation",
    "Load",
    "Rule",
    "Shift",
    "ShiftSet",
    "SkippedDay",
    "Visit",
    "VisitSet",
]
