"""Who may make an account: by the school's list, by the domain of their address, as set."""

from django.conf import settings

from accounts.queries.roster import find
from accounts.roster_rules import STUDENTS, Standing


def may_join(email: str) -> bool:
    """Return whether an address without an account may make one: one query, whatever it is.

    Whoever the list calls faculty or gone may not, whatever their domain says. Another address
    that it gives counts for somebody on leave: otherwise they would be here twice.
    """
    row = find(email)
    if row is not None:
        standing = Standing(row.standing)
        is_other = row.email != email.lower()
        if standing not in STUDENTS or (is_other and standing != Standing.ON_LEAVE):
            return False
        if "roster" in settings.ADMIT:
            return True
    return "domain" in settings.ADMIT and _domain(email) in settings.STUDENT_DOMAINS


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()
