"""Who may do what with events."""

from django.db.models import Subquery

from accounts.models import Person, RosterEntry
from accounts.rules import Role
from events import rules
from events.models import Event, Host, Invited
from events.planning_rules import Letting
from events.rules import Kind, State
from peersupport.core.actors import Actor, System


def may_plan(by: Actor) -> bool:
    """Return whether an actor may plan any event: coordinators and student leads."""
    if isinstance(by, System):
        return True
    return isinstance(by, Person) and (
        by.has_role(Role.COORDINATOR) or by.has_role(Role.STUDENT_LEAD)
    )


def may_draft(by: Actor, letting: Letting) -> bool:
    """Return whether an actor may write events down: supporters only workshops, if let."""
    if may_plan(by):
        return True
    return isinstance(by, Person) and by.has_role(Role.SUPPORTER) and letting != Letting.NO


def may_keep(by: Actor, event: Event, letting: Letting, *, is_host: bool) -> bool:
    """Return whether an actor may change, publish and cancel an event.

    A debrief is between a team and whoever they asked: its hosts' alone. Supporters keep their
    own workshops; once those are published, only where the program lets them publish.
    """
    if isinstance(by, System):
        return True
    if event.kind == Kind.DEBRIEF:
        return is_host
    if may_plan(by):
        return True
    is_theirs = is_host and event.kind == Kind.WORKSHOP and may_draft(by, letting)
    return is_theirs and (event.state == State.DRAFT or letting == Letting.PUBLISH)


def may_publish(by: Actor, event: Event, letting: Letting, *, is_host: bool) -> bool:
    """Return whether an actor may put an event before everybody."""
    if not may_keep(by, event, letting, is_host=is_host):
        return False
    return may_plan(by) or letting == Letting.PUBLISH or event.kind == Kind.DEBRIEF


def hosts(by: Actor, event: Event) -> bool:
    """Return whether somebody runs this event. Asks the database."""
    return isinstance(by, Person) and Host.objects.filter(event=event, person=by).exists()


def is_for(event: Event, person: Person) -> bool:
    """Return whether somebody belongs to whom an event is for. One query."""
    entry = RosterEntry.objects.filter(person=person)
    groups = Invited.objects.filter(event=event).annotate(
        my_class=Subquery(entry.values("class_name")[:1]),
        my_rotation=Subquery(entry.values("rotation")[:1]),
    )
    found = list(groups.values_list("class_name", "rotation", "my_class", "my_rotation"))
    if not found:
        return True
    mine = (found[0][2] or "", found[0][3] or "")
    return rules.is_of({(name, rotation) for name, rotation, *_mine in found}, *mine)


def may_answer(person: Person, event: Event) -> bool:
    """Return whether somebody may take a place: a student of its audience."""
    return is_of_students(person) and is_for(event, person)


def is_of_students(person: Person) -> bool:
    """Return whether somebody is a student, or supports them: what is for students is theirs."""
    return person.has_role(Role.STUDENT) or person.has_role(Role.SUPPORTER)


def may_run(by: Actor, event: Event) -> bool:
    """Return whether somebody sees an event's list on the day. Asks the database.

    Planners see that of any but a debrief, which is its hosts' alone.
    """
    return hosts(by, event) or (may_plan(by) and event.kind != Kind.DEBRIEF)
