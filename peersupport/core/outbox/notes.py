"""The note of the last round of delivering: what the alarms are told by."""

from datetime import datetime
from typing import Any

from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.kinds import own_sides
from peersupport.core.outbox.models import DrainRun


def _write(**changes: Any) -> None:
    # The note is the web side's; the care side has a clock of its own.
    if "web" not in own_sides():
        return
    if not DrainRun.objects.filter(pk=1).update(**changes):
        DrainRun.objects.bulk_create([DrainRun(pk=1, **changes)], ignore_conflicts=True)


def trouble() -> str:
    """Return what stopped the last round; nothing if it went through."""
    if "web" not in own_sides():
        return ""
    return DrainRun.objects.filter(pk=1).values_list("trouble", flat=True).first() or ""


def note_good(now: datetime, *, is_mended: bool) -> None:
    """Note a round that got through, and that what was wrong has passed if it has."""
    _write(last_at=now, **({"trouble": "", "trouble_at": None} if is_mended else {}))


def note_stopped(why: Trouble, before: str, now: datetime) -> None:
    """Note what stopped a round, and since when that is so."""
    if str(why) != before:
        _write(trouble=str(why), trouble_at=now)


def note_tick(now: datetime) -> None:
    """Note that the timer itself goes, whatever becomes of the round."""
    _write(tick_at=now)


def note_audit(now: datetime, repaired: int) -> None:
    """Note an audit and how many messages it put back."""
    _write(audit_at=now, repaired=repaired)
