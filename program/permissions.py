"""Who may change the school's own facts."""

from accounts.models import Person
from accounts.rules import Role


def may_keep_facts(person: Person) -> bool:
    """Return whether this person may change coverage and the program's zone."""
    return bool({Role.COORDINATOR, Role.ADMINISTRATOR} & set(person.roles))
