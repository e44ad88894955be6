"""Who may do what in office hours."""

from accounts.models import Person
from accounts.rules import Role
from officehours.models import Assignment, Visit


def may_book(person: Person) -> bool:
    """Return whether this person may book a talk: students, and nobody else."""
    return person.has_role(Role.STUDENT)


def may_hold_hours(person: Person) -> bool:
    """Return whether this person may publish hours of their own."""
    return person.has_role(Role.SUPPORTER)


def may_plan_for(by: Person, supporter: Person) -> bool:
    """Return whether somebody may publish hours of a supporter: their own, or as the program."""
    return may_hold_hours(supporter) and (by.pk == supporter.pk or may_run_program(by))


def may_run_program(person: Person) -> bool:
    """Return whether this person may see all hours and cancel them. Never who came."""
    return person.has_role(Role.COORDINATOR) or person.has_role(Role.STUDENT_LEAD)


def may_supervise(person: Person) -> bool:
    """Return whether this person looks after the supporters: their load and worries, no visits."""
    return person.has_role(Role.SUPERVISOR)


def is_theirs(person: Person, assignment: Assignment) -> bool:
    """Return whether these hours are this supporter's, and they still are a supporter."""
    return assignment.supporter_id == person.pk and may_hold_hours(person)


def is_with(person: Person, visit: Visit) -> bool:
    """Return whether this visit is with this supporter."""
    return visit.assignment is not None and is_theirs(person, visit.assignment)
