"""Running every forgetting job of the map."""

import logging
from datetime import datetime

from django.conf import settings

from peersupport.core.datamap.models import ForgettingRun
from peersupport.core.datamap.registry import Store, stores

_log = logging.getLogger(__name__)


def is_here(store: Store) -> bool:
    """Return whether a store is forgotten by processes of this plane."""
    return settings.PLANE == "all" or (settings.PLANE == "care") == (store.side == "care")


def forget_everything(*, now: datetime) -> dict[str, int]:
    """Forget what is due in every store of this side; return how many rows each.

    The care side's stores are forgotten by the care side: nobody else may touch their tables.

    One store that fails does not stop the others: it is logged by its key and counts -1, and the
    run does not count as good.
    """
    counts: dict[str, int] = {}
    for store in stores():
        if store.forget is None or not is_here(store):
            continue
        try:
            counts[store.key] = store.forget(now=now)
        except Exception:
            _log.exception("forgetting failed: %s", store.key)
            counts[store.key] = -1
    good = all(count >= 0 for count in counts.values())
    row = ForgettingRun(pk=1, last_at=now, last_good_at=now if good else None)
    ForgettingRun.objects.bulk_create([row], ignore_conflicts=True)
    changes = {"last_at": now, **({"last_good_at": now} if good else {})}
    ForgettingRun.objects.filter(pk=1).update(**changes)
    return counts
