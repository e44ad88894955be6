"""What can still be said of somebody's own visits: what the reader could open anyway."""

import uuid
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Profile
from officehours.models import Visit
from officehours.queries import sealed

_PLAIN = ("starts_at", "ends_at", "state", "way", "reference", "forget_at")
VISIT_FIELDS = frozenset([*_PLAIN, "holder", "name", "acceptable", "log"])


def my_visit_rows(person: uuid.UUID, now: datetime) -> list[dict[str, Any]]:
    """Return the visits this person holds, opened, as long as they are remembered."""
    held = sealed.visits_of(person, now).select_related("shift").order_by("ends_at")
    return [_row(visit, now) for visit in held]


def _row(visit: Visit, now: datetime) -> dict[str, Any]:
    holder = sealed.holder_of(visit, now)
    log = sealed.log_of(visit, now)
    mail = _("you; with mail if it changes") if holder and holder.wants_mail else _("you")
    return {
        **{name: getattr(visit, name) for name in _PLAIN},
        "holder": mail,
        "name": sealed.name_of(visit, now),
        "acceptable": _whom(sealed.wanted_of(visit, now)),
        "log": f"{log.length}; {', '.join(log.topics)}; {log.weight}" if log else "",
    }


def _whom(wanted: sealed.Wanted) -> str:
    if wanted.only is None:
        return _("anybody")
    names = Profile.objects.filter(person__in=wanted.only - wanted.never)
    return ", ".join(sorted(names.values_list("shown_name", flat=True)))
