"""Writes of what the school sets: the change, its history, the pledge, closing everything."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from accounts.rules import Role
from peersupport.core import clock
from peersupport.core.actors import Actor, System
from peersupport.core.audit.services import record
from program.models import Facts, Setting, Signature
from program.queries.basics import facts
from program.queries.confidentiality import OPEN_END
from program.queries.settings import pledge
from program.registry import KNOWN, closers, value_of
from program.services.facts import NotAllowed, touch_public


class Unknown(Exception):
    """No such setting."""


def authorize_setting(key: str, by: Actor) -> None:
    """Raise Unknown for a key that is none, NotAllowed unless this actor may set it."""
    if key not in KNOWN:
        raise Unknown
    if isinstance(by, System):
        return
    if not (isinstance(by, Person) and any(by.has_role(role) for role in KNOWN[key].roles)):
        raise NotAllowed


@transaction.atomic(durable=True)
def change_setting(*, key: str, value: Any, by: Actor, now: datetime) -> bool:
    """Set a key; every page follows at once. Returns whether it was something else before.

    Raises NotAllowed or Unknown. The row of facts is taken first: of two changes at once both
    stand, one after the other.
    """
    return change_setting_in(key=key, value=value, by=by, now=now)


def change_setting_in(*, key: str, value: Any, by: Actor, now: datetime) -> bool:
    """Set a key in the caller's transaction, as `change_setting` does."""
    authorize_setting(key, by)
    return _write(key, value, by, now)


def _write(key: str, value: Any, by: Actor, now: datetime) -> bool:
    touch_public()
    row = Facts.objects.filter(pk=1).get()
    was = value_of(row.settings, key)
    if was == value:
        return False
    Facts.objects.filter(pk=1).update(settings={**row.settings, key: value})
    today = clock.local_date(now, facts().zone)
    Setting.objects.create(key=key, value=value, was=was, by=by.actor_label, set_on=today)
    record(by=by, verb="change setting", thing="setting", thing_id=key, now=now)
    return True


@transaction.atomic(durable=True)
def change_pledge(*, text: str, grace: int, by: Actor, now: datetime) -> bool:
    """Give the pledge new words: a new version, which every supporter signs within `grace` days.

    The same words again are the same version. Raises NotAllowed.
    """
    authorize_setting("pledge", by)
    touch_public()
    known = facts()
    before = pledge(known.values)
    same = before.text == text
    today = clock.local_date(now, known.zone)
    value = {
        "text": text,
        "version": before.version if same else before.version + 1,
        "from_on": (before.from_on if same and before.from_on else today).isoformat(),
        "grace": grace,
    }
    return _write("pledge", value, by, now)


@transaction.atomic(durable=True)
def sign_pledge(*, version: int, by: Person, now: datetime) -> bool:
    """Sign the pledge as it stands. False if its words have changed meanwhile. Twice is once."""
    if not by.has_role(Role.SUPPORTER):
        raise NotAllowed
    known = facts()
    if pledge(known.values).version != version:
        return False
    today = clock.local_date(now, known.zone)
    row = Signature(person=by, version=version, signed_on=today)
    Signature.objects.bulk_create([row], ignore_conflicts=True)
    record(by=by, verb="sign pledge", thing="pledge", thing_id=str(version), now=now)
    return True


def close_now(*, until: datetime | None, by: Person, now: datetime) -> tuple[int, int]:
    """Close everything from now on, until a time or until somebody opens again.

    First the word on every page, then what is planned, in transactions of its own: should that
    break off, pressing again goes on. Returns how much is closed, and how much was left because
    somebody is in a talk.
    """
    value = {"since": now.isoformat(), "until": until.isoformat() if until else None}
    change_setting(key="closed", value=value, by=by, now=now)
    done = [closer(now, until or now + OPEN_END, by, now) for closer in closers()]
    return sum(one[0] for one in done), sum(one[1] for one in done)


def open_again(*, by: Person, now: datetime) -> None:
    """End "Close everything now". Hours that were closed stay so; new ones can be published."""
    change_setting(key="closed", value=None, by=by, now=now)
