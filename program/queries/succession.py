"""What is to be handed over each May, and how far it is: all of it from what is kept."""

from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.queries.people import ROLE_NAMES
from accounts.queries.succession import Post, posts
from peersupport.core import words
from program.guide import Item, Look, hand_over_items
from program.models import Coverage, Holiday, Milestone, Setting
from program.queries.crisis import crisis_lines, tried
from program.registry import CLAIMS, KNOWN, TOPICS, value_of
from program.rules import STANDS, hand_over_begins

_SOON = timedelta(days=30)


def items(known: Look) -> list[Item]:
    """Return everything to hand over: people, facts, days, keys. Few queries, a fixed number."""
    begins = hand_over_begins(known.today)
    return [
        *(_post(post) for post in posts(known.today)),
        *_facts(known, begins),
        *_claims(known),
        _days(begins),
        _dates(begins),
        *hand_over_items(known),
    ]


def _names(post: Post) -> str:
    return ", ".join(
        _("%s (leaves)") % one.name if one.leaves else one.name for one in post.holders
    )


def _post(post: Post) -> Item:
    group, title = _("Who takes each role"), str(ROLE_NAMES[post.role])
    state = _names(post) or _("Nobody has it.")
    if post.is_empty and post.asked:
        state += " " + _("Somebody is asked and has not answered yet.")
    elif post.leaving and not post.is_empty:
        state += " " + _("Whoever leaves can give it back now.")
    # Not every school has a student lead or a supervisor; one that had one should have one after.
    is_needed = bool(post.holders) or str(post.role) in ("coordinator", "administrator")
    is_done = not post.leaving and (bool(post.holders) or not is_needed)
    return Item(
        f"role-{post.role}",
        group,
        title,
        state,
        is_done,
        reverse("accounts:invitations"),
        _("Ask somebody"),
    )


def _facts(known: Look, begins: date) -> list[Item]:
    """The things a person looks at and confirms: since the hand-over of this year began."""
    seen: dict[str, str] = value_of(known.values, "handed-over") or {}
    changed = dict(
        Setting.objects.filter(set_on__gte=begins).order_by("id").values_list("key", "set_on")
    )
    rows = (
        Coverage.objects.filter(answer__in=STANDS)
        .order_by("rung", "label")
        .values_list("label", "until")
    )
    lasting = [label for label, until in rows if until is None or until > known.today + _SOON]
    undecided = [t for t in TOPICS if not value_of(known.values, f"topic-{t}")]
    talked, room = value_of(known.values, "talked"), value_of(known.values, "place")
    place: dict[str, tuple[str, str, bool, str]] = {
        "coverage": (
            _("Who stands behind the supporters"),
            ", ".join(dict.fromkeys(lasting)) or _("Nobody beyond the next month."),
            bool(lasting),
            reverse("program:coverage"),
        ),
        "topics": (
            _("What stays confidential"),
            _("Every topic is decided.") if not undecided else _("Not every topic is decided."),
            not undecided,
            reverse("program:first-step", args=["confidential"]),
        ),
        "talked": (
            _("Whom to tell if a supporter talked"),
            talked["name"] if talked else _("Nobody is named yet"),
            bool(talked),
            reverse("program:set", args=["talked"]),
        ),
        "pledge": (
            _("The confidentiality pledge"),
            _("Its words, and who has signed them."),
            True,
            reverse("program:set", args=["pledge"]),
        ),
        "small-school": (
            str(KNOWN["small-school"].title),
            _("Yes, and the promises say so")
            if value_of(known.values, "small-school")
            else _("No"),
            True,
            reverse("program:set", args=["small-school"]),
        ),
        "place": (
            str(KNOWN["place"].title),
            room["room"] if room else _("No room yet."),
            bool(room),
            reverse("program:first-step", args=["place"]),
        ),
        "keys": (
            _("The sealed copy of the keys"),
            _("Where it lies and who may open it; the recovery codes of whoever leaves."),
            True,
            "",
        ),
    }
    found = []
    for name, (title, state, is_right, address) in place.items():
        day = _latest(seen.get(name), changed, name)
        is_seen = day is not None and day >= begins
        said = f"{state} {_('Looked at: %s.') % words.dated(day)}" if day and is_seen else state
        group = _("What the school says") if address else _("Keys")
        is_done = is_right and is_seen
        found.append(Item(name, group, title, said, is_done, address, _("Look at it"), is_right))
    return [*found, _numbers(known, begins)]


def _latest(said: str | None, changed: dict[str, date], name: str) -> date | None:
    days = [date.fromisoformat(said)] if said else []
    days += [day for key, day in changed.items() if key == name]
    return max(days, default=None)


def _numbers(known: Look, begins: date) -> Item:
    found = tried(crisis_lines(known.values), known.today)
    day = found.on if found else None
    state = _("Tried on %s.") % words.dated(day) if day else _("Nobody has tried them yet.")
    address = reverse("program:crisis")
    title, group = _("The crisis numbers"), _("What the school says")
    is_done = day is not None and day >= begins
    return Item("numbers", group, title, state, is_done, address, _("Try them"))


def _claims(known: Look) -> list[Item]:
    """Return the signed claims: those nobody has signed are shown nowhere and need nothing."""
    found = []
    for name, title in CLAIMS.items():
        kept = value_of(known.values, f"claim-{name}")
        if not kept:
            continue
        review = date.fromisoformat(kept["review_on"])
        said = {"officer": kept["officer"], "day": words.dated(review)}
        state = _("Signed by %(officer)s. Review by %(day)s.") % said
        address = reverse("program:set", args=[f"claim-{name}"])
        is_done = review > known.today + _SOON
        found.append(
            Item(
                f"claim-{name}",
                _("Signed claims"),
                str(title),
                state,
                is_done,
                address,
                _("Renew it"),
            )
        )
    return found


def _days(begins: date) -> Item:
    autumn = date(begins.year, 8, 1)
    count = Holiday.objects.filter(last_on__gte=autumn).count()
    said = ngettext("%d from August on.", "%d from August on.", count) % count
    state = said if count else _("None from August on.")
    return Item(
        "holidays",
        _("Calendars to replace"),
        _("Holidays of the new year"),
        state,
        bool(count),
        reverse("program:holidays"),
        _("Write them down"),
    )


def _dates(begins: date) -> Item:
    """The exams of the new year: those a school writes down keep its supporters free."""
    autumn = date(begins.year, 8, 1)
    count = Milestone.objects.filter(last_on__gte=autumn).count()
    said = ngettext("%d from August on.", "%d from August on.", count) % count
    return Item(
        "milestones",
        _("Calendars to replace"),
        _("Exams and other dates of the new year"),
        said if count else _("None from August on."),
        bool(count),
        reverse("program:milestones-template"),
        _("Move last year's on"),
    )
