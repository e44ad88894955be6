"""Who may do what with events."""

from accounts.models import Person, RosterEntry
from accounts.rules import Role
from events.models import Event, Host, Invited
from peersupport.core.actors import Actor, System


def may_plan(by: Actor) -> bool:
    """Return whether an actor may plan any event: coordinators and student leads."""
    if isinstance(by, System):
        return True
    return isinstance(by, Person) and (
        by.has_role(Role.COORDINATOR) or by.has_role(Role.STUDENT_LEAD)
    )


def hosts(by: Actor, event: Event) -> bool:
    """Return whether somebody runs this event. Asks the database."""
    return isinstance(by, Person) and Host.objects.filter(event=event, person=by).exists()


def is_for(event: Event, person: Person) -> bool:
    """Return whether somebody belongs to whom an event is for. Asks the database."""
    groups = list(Invited.objects.filter(event=event).values_list("class_name", "rotation"))
    if not groups:
        return True
    mine = RosterEntry.objects.filter(person=person).values_list("class_name", "rotation").first()
    return mine is not None and any(
        mine[0] == class_name and rotation in ("", mine[1]) for class_name, rotation in groups
    )


def may_answer(person: Person, event: Event) -> bool:
    """Return whether somebody may take a place: a student of its audience."""
    is_student = person.has_role(Role.STUDENT) or person.has_role(Role.SUPPORTER)
    return is_student and is_for(event, person)
