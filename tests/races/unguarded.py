"""The program as gunicorn serves it, with guards taken away: what the races' controls run on.

    UNGUARDED=person,state gunicorn tests.races.unguarded:application

Each word takes one guard away, and lets those who should exclude one another meet in the moment
that it guards:

- `person`: nobody waits for their own other bookings between looking for one and making one;
- `state`: a step writes what it read, without asking again which state the row is in;
- `places`: nobody holds an event's row between reading how many places are taken and writing it;
- `change`: nobody holds an event's row between reading how it stands and answering it, and it is
  changed meanwhile;
- `transaction`: every statement stands alone. On SQLite the IMMEDIATE transaction keeps all
  writers apart, so there the other guards can be seen at work only without it;
- `nothing`: start and cancel meet as in `state`, with their guard where it is.

The guard of a time is a constraint in the database; its control drops it there.
"""

import os
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

# First: it makes the program ready, and what follows is of the program.
from peersupport.wsgi import application

# isort: split
from django.conf import settings
from django.db import transaction

from events import permissions
from events.services import places, planning, writing
from officehours import rules
from officehours.models import Visit
from officehours.services import booking, steps, talks
from peersupport.core import locks

__all__ = ["application"]

_WORDS = os.environ["UNGUARDED"]
_PATIENCE = 10.0
_find, _take_step = booking._lock_and_find, steps.take_step


def _meet(sign: str, *, wait_for: str, number: int = 1) -> None:
    """Leave a sign and wait until others have left theirs, in whichever worker they are."""
    place = Path(settings.DATA_DIR) / "meeting" / _WORDS
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{sign} {uuid.uuid4()}").touch()
    deadline = time.monotonic() + _PATIENCE
    while len([*place.glob(f"{wait_for} *")]) < number and time.monotonic() < deadline:
        time.sleep(0.01)


def _find_and_meet(*args: Any) -> Any:
    found = _find(*args)
    _meet("looked", wait_for="looked", number=3)
    return found


def _write_blindly(visit: Visit, verb: str, *, now: datetime, **fields: Any) -> Visit:
    """What `take_step` would be without its guard."""
    target = rules.TRANSITIONS.target(visit.state, verb)
    Visit.objects.filter(pk=visit.pk).update(state=target, changed_at=now, **fields)
    return Visit.objects.select_related("shift", "assignment").get(pk=visit.pk)


def _meeting(write: Callable[..., Visit]) -> Callable[..., Visit]:
    """Let start and cancel both have read before either writes; the cancel writes last."""

    def take(visit: Visit, verb: str, **more: Any) -> Visit:
        _meet(verb, wait_for="cancel" if verb == "start" else "started")
        done = write(visit, verb, **more)
        _meet(f"{verb}ed", wait_for=verb)
        return done

    return take


def _without_person() -> None:
    booking._lock_and_find = _find_and_meet  # type: ignore[assignment]
    locks.hold_in_order = lambda names: None


def _without_row_of_event() -> None:
    allowed = permissions.may_answer

    def meet(*args: Any) -> bool:
        found = allowed(*args)
        _meet("came", wait_for="came", number=3)
        return found

    places.hold_row = lambda event: 1
    mock.patch.object(places, "may_answer", meet).start()


def _changing(change: Callable[..., Any]) -> Callable[..., Any]:
    """Let an event be changed once three have read how it stood, and before they write."""

    def act(*, event: uuid.UUID, **more: Any) -> Any:
        _meet(f"asked {event}", wait_for=f"came {event}", number=3)
        done = change(event=event, **more)
        _meet(f"changed {event}", wait_for=f"asked {event}")
        return done

    return act


def _without_row_of_changed() -> None:
    allowed = permissions.may_answer

    def meet(person: Any, event: Any) -> bool:
        found = allowed(person, event)
        _meet(f"came {event.pk}", wait_for=f"changed {event.pk}")
        return found

    places.hold_row = lambda event: 1
    writing.hold_rows = lambda events: None
    mock.patch.object(places, "may_answer", meet).start()
    mock.patch.object(planning, "cancel", _changing(planning.cancel)).start()
    mock.patch.object(planning, "change", _changing(planning.change)).start()


def _step_by(write: Callable[..., Visit]) -> None:
    booking.take_step = talks.take_step = _meeting(write)  # type: ignore[attr-defined]


def _without_transaction() -> None:
    transaction.Atomic.__enter__ = lambda self: None  # type: ignore[method-assign]
    transaction.Atomic.__exit__ = lambda self, *error: None  # type: ignore[method-assign]


_AWAY: dict[str, Callable[[], None]] = {
    "person": _without_person,
    "places": _without_row_of_event,
    "change": _without_row_of_changed,
    "state": lambda: _step_by(_write_blindly),
    "transaction": _without_transaction,
    "nothing": lambda: _step_by(_take_step),
}
for _word in _WORDS.split(","):
    _AWAY[_word]()
