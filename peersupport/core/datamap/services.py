"""Running every forgetting job of the map."""

import logging
from datetime import datetime

from django.conf import settings

from peersupport.core.datamap.models import ForgettingRun
from peersupport.core.datamap.registry import Store, stores
from peersupport.core.sides import CARE, WORKER, acting_for

_log = logging.getLogger(__name__)


def is_here(store: Store) -> bool:
    """Return whether a store is forgotten by processes of this plane.

    On SQLite every process has every right, but what is the care side's takes its keys too.
    """
    return settings.PLANE == "all" or (settings.PLANE == CARE) == (store.side == CARE)


def forget_everything(*, now: datetime) -> dict[str, int]:
    """Forget what is due in every store of the sides whose rights this process has.

    Returns how many rows each. One store that fails does not stop the others: it is logged by its
    key and counts -1, and the run does not count as good. The worker's run is the one that is
    noted.
    """
    counts: dict[str, int] = {}
    sides = acting_for()
    for store in stores():
        if store.forget is None or store.side not in sides or not is_here(store):
            continue
        try:
            counts[store.key] = store.forget(now=now)
        except Exception:
            _log.exception("forgetting failed: %s", store.key)
            counts[store.key] = -1
    if WORKER in sides:
        _note(now, good=all(count >= 0 for count in counts.values()))
    return counts


def _note(now: datetime, *, good: bool) -> None:
    row = ForgettingRun(pk=1, last_at=now, last_good_at=now if good else None)
    ForgettingRun.objects.bulk_create([row], ignore_conflicts=True)
    changes = {"last_at": now, **({"last_good_at": now} if good else {})}
    ForgettingRun.objects.filter(pk=1).update(**changes)
