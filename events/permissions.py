"""Who may do what with events."""

from accounts.models import Person
from accounts.rules import Role
from events.models import Event, Host
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
