"""The keys of the care side, as each side can see them: whether their time is over."""

from datetime import date, timedelta

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as Caution

from peersupport.core import clock
from referrals.recipients import sealed_to_since
from referrals.services import rotation

# The web side sees only since when a key is in use: it speaks when nobody has for a while.
_PATIENCE = timedelta(days=14)


def epoch() -> list[CheckMessage]:
    """The key to which content is sealed is not older than a quarter of a year."""
    now = clock.now()
    if settings.PLANE != "web" and rotation.is_here():
        is_over = rotation.is_due(now)
    else:
        is_over = _is_stale(sealed_to_since(), now.date())
    if not is_over:
        return []
    hint = "On the care host: manage.py care_keys rotate; then make a new sealed copy of the keys."
    said = "The key of the care side has served its quarter of a year."
    return [Caution(said, hint=hint, id="peersupport.W034")]


def _is_stale(since: date | None, today: date) -> bool:
    return since is not None and since + rotation.LASTS + _PATIENCE <= today


CHECKS = (epoch,)
