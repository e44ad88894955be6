"""Who may make an account: by the school's list, by the domain of their address, as set."""

from django.conf import settings

from accounts.queries.roster import standing_of
from accounts.roster_rules import STUDENTS


def may_join(email: str) -> bool:
    """Return whether an address without an account may make one: one query, whatever it is.

    Whoever the list calls faculty or gone may not, whatever their domain says.
    """
    standing = standing_of(email)
    if standing is not None and standing not in STUDENTS:
        return False
    if standing is not None and "roster" in settings.ADMIT:
        return True
    return "domain" in settings.ADMIT and _domain(email) in settings.STUDENT_DOMAINS


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()
