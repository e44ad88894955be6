"""How far this app's own first steps are, from what is set."""

from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Invitation, Person
from accounts.rules import Role
from peersupport.core import clock, words
from program.guide import Look, State, Way, way
from program.models import Coverage
from program.queries.basics import facts
from program.queries.crisis import crisis_lines, tried
from program.registry import TOPICS, value_of
from program.rules import STANDS


def look() -> Look:
    """Return what the steps are derived from, now: one query."""
    now, known = clock.now(), facts()
    return Look(known.values, known.zone, clock.local_date(now, known.zone), now)


def current_way() -> Way:
    """Return the whole way as it stands now."""
    return way(look())


def school(known: Look) -> State:
    """Return whether the school has said its name and confirmed its zone."""
    kept = value_of(known.values, "school")
    zone = words.zone_name(known.now, known.zone)
    if kept:
        return State(True, _("%(name)s, %(zone)s") % {"name": kept["name"], "zone": zone})
    said = {"name": settings.SITE_NAME, "zone": zone}
    return State(False, _("Until you say: “%(name)s”, %(zone)s.") % said)


def _with(role: Role) -> int:
    people = Person.objects.filter(is_active=True, grants__revoked_on__isnull=True)
    return people.filter(grants__role=str(role)).distinct().count()


def _asked(role: Role, today: date) -> int:
    return Invitation.objects.filter(role=str(role), expires_on__gte=today).count()


def coordinator(known: Look) -> State:
    """Return whether somebody runs the program."""
    if _with(Role.COORDINATOR):
        return State(True, _("Somebody is coordinator."))
    if _asked(Role.COORDINATOR, known.today):
        return State(False, _("Asked by e-mail, not answered yet. You can go on meanwhile."))
    return State(False, _("Nobody yet."))


def confidential(known: Look) -> State:
    """Return whether every topic is decided."""
    open_ones = [topic for topic in TOPICS if not value_of(known.values, f"topic-{topic}")]
    if not open_ones:
        return State(True, _("Every topic is decided."))
    count = len(open_ones)
    said = ngettext("%d topic is not decided.", "%d topics are not decided.", count)
    return State(False, said % count)


def numbers(known: Look) -> State:
    """Return whether somebody has tried the crisis numbers within a year."""
    found = tried(crisis_lines(known.values), known.today)
    if found is None:
        return State(False, _("Nobody has tried them yet."))
    if not found.who:
        return State(found.holds, _("Looked at: %s.") % words.dated(found.on))
    said = _("Tried by %(who)s, %(day)s.") % {"who": found.who, "day": words.dated(found.on)}
    return State(found.holds, said)


def behind(known: Look) -> State:
    """Return whether somebody is named as standing behind the supporters, today or later."""
    named = Coverage.objects.order_by("rung", "label").values_list("label", "until", "answer")
    rows = [(label, until) for label, until, answer in named if answer in STANDS]
    names = [label for label, until in rows if until is None or until >= known.today]
    if names:
        return State(True, ", ".join(dict.fromkeys(names)))
    if rows:
        return State(False, _("The last day of everybody named is over."))
    if named:
        return State(False, _("Asked by letter. Hours wait until somebody says yes."))
    return State(False, _("Nobody is named, so no hours can be published."))


def place(known: Look) -> State:
    """Return whether a place is named."""
    kept = value_of(known.values, "place")
    return State(True, kept["room"]) if kept else State(False, _("No room yet."))


def supporters(known: Look) -> State:
    """Return whether anybody may hold hours."""
    count = _with(Role.SUPPORTER)
    if count:
        return State(True, ngettext("%d supporter.", "%d supporters.", count) % count)
    asked = _asked(Role.SUPPORTER, known.today)
    if asked:
        said = ngettext("%d asked, no answer yet.", "%d asked, no answer yet.", asked)
        return State(False, said % asked)
    return State(False, _("Nobody yet."))
