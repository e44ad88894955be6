"""States of a referral, who may do what, and the times within which somebody acts. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from peersupport.core.states import Step, Table

# How long what ended is kept (DESIGN section 5), and everything that is short-lived on the way.
KEPT = timedelta(days=90)
DRAFT_LASTS = timedelta(hours=2)
CODE_LASTS = timedelta(minutes=30)  # how long a code read aloud lets a supporter attach words
ATTACHED_LASTS = timedelta(days=7)
CONTACT_LASTS = timedelta(hours=48)  # an emergency contact on the care side
OLD = timedelta(
    days=14
)  # older than this nothing rings any more: it stands on the desk as overdue
LONGEST_WORDS = 4000
FEWEST_REASON = 20  # characters of a reason, so that it is one


class State(StrEnum):
    """Where a referral stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IN_CONTACT = "in contact"
    TRANSFERRED = "transferred"
    CLOSED = "closed"
    REDIRECTED = "redirected"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Urgency(StrEnum):
    """How soon, as the student says it. Danger is no urgency: it is a way in of its own."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


class Kind(StrEnum):
    """Who began it: the student, or a supporter because somebody is in danger."""

    STUDENT = "student"
    DANGER = "danger"


class Consent(StrEnum):
    """Whether the student wants it; without them the lead must confirm."""

    GIVEN = "given"
    AWAITING = "awaiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Outcome(StrEnum):
    """How it ended, in four words and no more."""

    CONNECTED = "connected"
    OTHER_HELP = "other help"
    COULD_NOT_REACH = "could not reach"
    DECLINED = "declined"


class Refusal(StrEnum):
    """Why the lead refuses what came without the student's yes. In words of ours: what anybody
    would write freely could tell of the student, and is kept in the audit for two years."""

    NO_DANGER = "no danger"
    ALREADY = "already with us"
    MISTAKE = "sent by mistake"


class Word(StrEnum):
    """What the student says afterwards."""

    GOT_IN = "got in"
    COULD_NOT = "could not"


class CareRole(StrEnum):
    """What somebody is on the care side."""

    COUNSELOR = "counselor"
    LEAD = "lead"


S = State
LIVE = frozenset({S.RECEIVED, S.ACKNOWLEDGED, S.IN_CONTACT, S.TRANSFERRED})
ENDED = frozenset(State) - LIVE
# Somebody must still say that it is theirs: only then does the ladder ring.
UNANSWERED = frozenset({S.RECEIVED, S.TRANSFERRED})


def _step(sources: set[State], verb: str, target: State, *actors: str) -> Step:
    return Step(frozenset(map(str, sources)), verb, str(target), frozenset(actors))


# from -> verb -> to -> who. "counselor" is anybody who may see it; "owner" who acknowledged it;
# "asked" whom it was handed to; "lead" the lead counselor; "system" acts on the student's word.
TRANSITIONS = Table(
    [
        _step({S.RECEIVED}, "acknowledge", S.ACKNOWLEDGED, "counselor", "lead"),
        # "owner": whoever handed it on may take it back, so that nothing waits for somebody ill.
        _step({S.TRANSFERRED}, "acknowledge", S.ACKNOWLEDGED, "asked", "owner", "lead"),
        _step({S.ACKNOWLEDGED}, "contact", S.IN_CONTACT, "owner"),
        _step({S.ACKNOWLEDGED, S.IN_CONTACT}, "transfer", S.TRANSFERRED, "owner", "lead"),
        _step({S.ACKNOWLEDGED, S.IN_CONTACT}, "close", S.CLOSED, "owner", "lead"),
        _step({S.ACKNOWLEDGED, S.IN_CONTACT}, "redirect", S.REDIRECTED, "owner", "lead"),
        _step({S.RECEIVED, S.ACKNOWLEDGED, S.TRANSFERRED}, "refuse", S.REFUSED, "lead"),
        # A conflict of interest of whoever has it, or was asked: somebody else must take it.
        _step({S.ACKNOWLEDGED, S.IN_CONTACT}, "step out", S.RECEIVED, "owner"),
        _step({S.TRANSFERRED}, "step out", S.RECEIVED, "asked"),
        # Whoever had it, or was asked, works here no more.
        _step({S.ACKNOWLEDGED, S.IN_CONTACT, S.TRANSFERRED}, "release", S.RECEIVED, "system"),
        # Nobody may open it, or nobody can: its student is told to ask elsewhere.
        _step({S.RECEIVED}, "give back", S.REDIRECTED, "lead"),
        _step(set(LIVE), "withdraw", S.WITHDRAWN, "system"),
    ]
)


class NotAllowed(Exception):
    """This counselor may not do that here: not theirs, excluded, or no such case."""


class AlreadyThere(Exception):
    """Somebody with this address is on the care side, or was asked."""


class LastLead(Exception):
    """The last lead counselor stays: nobody would be left to let anybody in."""


class LeadIsThere(Exception):
    """A lead counselor is there already: the next one is let in by them."""


class LastPasskey(Exception):
    """The last confirmed passkey of somebody stays: they could open nothing any more."""


class TooMany(Exception):
    """Somebody has as many passkeys as anybody needs."""


class NotSealed(Exception):
    """Nothing can be sealed on this host now: no key of the care side is known here."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Within how much reading time somebody acknowledges, and reaches the student.

    `step` is the time between one rung of the ladder and the next.
    """

    acknowledge: timedelta
    contact: timedelta
    step: timedelta


def _minutes(acknowledge: int, contact: int, step: int) -> Timer:
    return Timer(*(timedelta(minutes=each) for each in (acknowledge, contact, step)))


# Until the lead sets others (evidence: research on referrals, section 3, "Timers").
TIMERS: dict[Urgency, Timer] = {
    Urgency.URGENT: _minutes(60, 4 * 60, 30),
    Urgency.SOON: _minutes(4 * 60, 8 * 60, 2 * 60),
    Urgency.ROUTINE: _minutes(8 * 60, 16 * 60, 8 * 60),
}
# Danger is counted by the clock on the wall, day and night.
DANGER = _minutes(15, 60, 10)


class Rung(StrEnum):
    """Whom the ladder tells, one after the other. It ends at the line, never at a dean."""

    DUTY = "duty"
    AGAIN = "again"
    LEAD = "lead"
    LINE = "line"


RUNGS = (Rung.DUTY, Rung.AGAIN, Rung.LEAD, Rung.LINE)

# The care side's own sessions: a desk left alone closes, and a working day ends it.
IDLE = timedelta(minutes=10)
LONGEST_SESSION = timedelta(hours=8)
PROVED_LASTS = timedelta(minutes=5)  # how long a passkey opens cases
JOIN_LASTS = timedelta(hours=24)
MOST_JOIN_TRIES = 5
ASKED_LASTS = timedelta(minutes=10)  # how long a passkey's question waits for its answer
MOST_PASSKEYS = 8
RECOVERY_CODES = 10
# The care side's clock: older than this, the alarm is on every page of the desk.
CLOCK_STALE = timedelta(minutes=5)
