"""Who may do what with campaigns."""

from accounts.models import Person
from accounts.rules import Role
from peersupport.core.actors import Actor, System


def may_keep_campaigns(by: Actor) -> bool:
    """Return whether an actor may write, switch and end campaigns."""
    return isinstance(by, System) or (isinstance(by, Person) and by.has_role(Role.COORDINATOR))


def may_read_campaigns(by: Person) -> bool:
    """Return whether somebody may see campaigns and their totals."""
    return by.has_role(Role.COORDINATOR) or by.has_role(Role.STUDENT_LEAD)
