"""What is confidential here and what must be reported: the one place that gives the words."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from program.registry import CLAIMS, CONFIDENTIAL, PRIVATE, REPORT, TOPICS, Values, value_of

# Hours are published two weeks ahead: closing without an end takes back what is nearer than this,
# day by day, and whoever opens again finds the later ones as they were.
OPEN_END = timedelta(days=7)


def status_of(values: Values, topic: str) -> str:
    """Return what holds for a topic; empty while nobody has decided."""
    return str((value_of(values, f"topic-{topic}") or {}).get("status", ""))


def topics_with(values: Values, status: str) -> list[str]:
    """Return the topics of a status, in words."""
    return [str(words) for topic, words in TOPICS.items() if status_of(values, topic) == status]


def _listed(topics: list[str]) -> str:
    if len(topics) < 2:
        return "".join(topics)
    return _("%(first)s and %(last)s") % {"first": ", ".join(topics[:-1]), "last": topics[-1]}


def limits(values: Values) -> list[str]:
    """Return every limit in a supporter's words. All screens, consents and posters use these."""
    said = [_("If I think that you or somebody else may be badly hurt, I get help.")]
    for status, words in (
        (REPORT, _("I must pass on what I hear about %s.")),
        (PRIVATE, _("I keep to myself, unless somebody is in danger, what I hear about %s.")),
        (CONFIDENTIAL, _("I tell nobody what I hear about %s.")),
        ("", _("Our school has not settled what I must pass on about %s: ask me first.")),
    ):
        topics = topics_with(values, status)
        if topics:
            said.append(words % _listed(topics))
    return said


@dataclass(frozen=True, slots=True)
class Consent:
    """What a supporter says before a talk."""

    opening: str
    limits: list[str]
    ending: str


def consent(values: Values) -> Consent:
    """Return what a supporter says before a talk, from what the school has set."""
    return Consent(
        _(
            "I am a trained student, not a counselor. I write down neither your name nor what "
            "you tell me. Our talk is private, but the law does not protect it as it protects a "
            "talk with a counselor."
        ),
        limits(values),
        _(
            "If I have to tell somebody, I tell you first if I can, and we do it together. You "
            "can stop whenever you like. Is that all right?"
        ),
    )


def disclosures(values: Values) -> list[str]:
    """Return what this school has to say about itself, wherever somebody relies on it."""
    if not value_of(values, "small-school"):
        return []
    return [
        _(
            "This school is small: one person may be coordinator and counselor. They could know "
            "you from both sides."
        )
    ]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim an officer of the school has signed."""

    words: str
    officer: str
    office: str
    signed_on: date
    review_on: date


def _claim(words: Any, kept: dict[str, str]) -> Claim:
    return Claim(
        str(words),
        kept["officer"],
        kept["office"],
        date.fromisoformat(kept["signed_on"]),
        date.fromisoformat(kept["review_on"]),
    )


def claims(values: Values, today: date) -> list[Claim]:
    """Return the claims that may be shown: signed, and not past the day of their review."""
    kept = [(words, value_of(values, f"claim-{name}")) for name, words in CLAIMS.items()]
    found = [_claim(words, value) for words, value in kept if value]
    return [one for one in found if one.signed_on <= today <= one.review_on]


def _stands(kept: dict[str, Any] | None, now: datetime) -> bool:
    if not kept:
        return False
    return not kept.get("until") or now < datetime.fromisoformat(kept["until"])


def is_critical(values: Values, now: datetime) -> bool:
    """Return whether something terrible has happened and the program is run accordingly."""
    return _stands(value_of(values, "critical"), now)


def closed_until(values: Values, now: datetime) -> tuple[bool, datetime | None]:
    """Return whether everything is closed, and until when if somebody has said."""
    kept = value_of(values, "closed")
    if not _stands(kept, now):
        return False, None
    until = kept.get("until")
    return True, datetime.fromisoformat(until) if until else None


def notices(values: Values, now: datetime) -> list[str]:
    """Return what stands at the top of every page at this moment."""
    said = []
    if is_critical(values, now):
        said.append(str(value_of(values, "critical")["text"]))
    if closed_until(values, now)[0]:
        said.append(_("All hours are closed at the moment. The numbers above answer now."))
    if _stands(value_of(values, "notice"), now):
        said.append(str(value_of(values, "notice")["text"]))
    return said
