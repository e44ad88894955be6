"""Writes of who stands behind the supporters: naming, their yes or no, their days away."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from peersupport.core import clock, ids
from peersupport.core.actors import Actor
from peersupport.core.audit.services import record
from program.emails import ask_to_agree
from program.models import Away, Coverage
from program.queries.basics import facts
from program.queries.standing_behind import asked_with, mark_of
from program.rules import MOST_ASKS, REVIEW_AFTER, STANDS, Answer, Kind
from program.services.facts import authorize


class AskedEnough(Exception):
    """Somebody was asked by letter as often as is decent, or has answered."""


class NothingToAnswer(Exception):
    """The link asks nothing any more: it was answered, replaced, or its time is over."""


_UNANSWERED = {
    "answer": Answer.ASKED,
    "answered_by": "",
    "answered_on": None,
    "review_on": None,
}


def _today(now: datetime) -> date:
    return clock.local_date(now, facts().zone)


def _yes(by: str, now: datetime, answer: Answer) -> dict[str, Any]:
    on = _today(now)
    return {
        "answer": answer,
        "answered_by": by,
        "answered_on": on,
        "review_on": on + REVIEW_AFTER,
        "mark": None,
    }


@transaction.atomic(durable=True)
def add_coverage(
    *,
    label: str,
    phone: str,
    weekday: int | None,
    starts: time,
    ends: time,
    until: date | None,
    by: Actor,
    now: datetime,
    first_on: date | None = None,
    kind: str = Kind.LINE,
    rung: int = 1,
    answered_by: str = "",
    email: str = "",
) -> Coverage:
    """Name somebody who answers at certain hours (wall time in the program's zone).

    With `email` they are asked by letter and count once they say yes. Without, `answered_by`
    says who had their yes; it counts at once, and is looked at again after a year.
    """
    authorize(by)
    row = Coverage(
        kind=kind,
        label=label,
        phone=phone,
        weekday=weekday,
        starts=starts,
        ends=ends,
        first_on=first_on,
        until=until,
        rung=rung,
        answer=Answer.ASKED,
    )
    if not email:
        for name, value in _yes(answered_by or by.actor_label, now, Answer.VERIFIED).items():
            setattr(row, name, value)
    row.save(force_insert=True)
    record(by=by, verb="add coverage", thing="coverage", thing_id=str(row.pk), now=now)
    if email:
        _ask(row.pk, email, now)
    return row


@transaction.atomic(durable=True)
def change_coverage(
    *,
    coverage: uuid.UUID,
    label: str,
    phone: str,
    weekday: int | None,
    starts: time,
    ends: time,
    first_on: date | None,
    until: date | None,
    kind: str,
    rung: int,
    by: Actor,
    now: datetime,
    answered_by: str = "",
) -> bool:
    """Change an entry; False if it is gone. A letter that is still open shows the new hours.

    A yes was said to certain hours. If those change, `answered_by` says who had their yes to the
    new ones; without it they are back to being asked, and count no more. The others stay as they
    are: a wrong digit is no new arrangement.
    """
    authorize(by)
    row = Coverage.objects.filter(pk=coverage).first()
    if row is None:
        return False
    hours = {
        "weekday": weekday,
        "starts": starts,
        "ends": ends,
        "first_on": first_on,
        "until": until,
    }
    again: dict[str, Any] = {}
    if row.answer in STANDS and any(getattr(row, name) != new for name, new in hours.items()):
        again = _yes(answered_by, now, Answer.VERIFIED) if answered_by else _UNANSWERED
    changed = Coverage.objects.filter(pk=coverage).update(
        **again,
        **hours,
        label=label,
        phone=phone,
        kind=kind,
        rung=rung,
    )
    if changed:
        record(by=by, verb="change coverage", thing="coverage", thing_id=str(coverage), now=now)
    return bool(changed)


def _ask(coverage: uuid.UUID, email: str, now: datetime) -> None:
    token = ids.new_token()
    asked = Coverage.objects.filter(pk=coverage, asks__lt=MOST_ASKS).update(
        **_UNANSWERED,
        mark=mark_of(token),
        asked_on=_today(now),
        asks=F("asks") + 1,
    )
    if not asked:
        raise AskedEnough
    ask_to_agree(email=email, token=token, now=now)


@transaction.atomic(durable=True)
def ask(*, coverage: uuid.UUID, email: str, by: Actor, now: datetime) -> None:
    """Ask by letter, or once more; the link before is dead.

    Only who has not said yes yet is asked: asking takes nobody's yes away. Raises AskedEnough.
    """
    authorize(by)
    waiting = [Answer.ASKED, Answer.DECLINED]
    if not Coverage.objects.filter(pk=coverage, answer__in=waiting).exists():
        raise AskedEnough
    _ask(coverage, email, now)
    record(by=by, verb="ask coverage", thing="coverage", thing_id=str(coverage), now=now)


@transaction.atomic(durable=True)
def note_yes(*, coverage: uuid.UUID, answered_by: str, by: Actor, now: datetime) -> bool:
    """Note that somebody spoke with them and they said yes, today; False if the entry is gone.

    Also what renews a yes whose review is due.
    """
    authorize(by)
    said = _yes(answered_by, now, Answer.VERIFIED)
    noted = Coverage.objects.filter(pk=coverage).update(**said, asks=0)
    if noted:
        record(by=by, verb="verify coverage", thing="coverage", thing_id=str(coverage), now=now)
    return bool(noted)


@transaction.atomic(durable=True)
def answer(*, token: str, is_yes: bool, now: datetime) -> None:
    """Take the answer of whoever has the letter, once. Raises NothingToAnswer."""
    row = asked_with(token, _today(now))
    if row is None:
        raise NothingToAnswer
    said = _yes("", now, Answer.ACCEPTED) if is_yes else {"answer": Answer.DECLINED, "mark": None}
    # A new letter, or the other button in another tab, may have come first.
    if not Coverage.objects.filter(pk=row.pk, mark=row.mark).update(**said):
        raise NothingToAnswer


@transaction.atomic(durable=True)
def remove_coverage(*, coverage: Coverage, by: Actor, now: datetime) -> None:
    """Take away a coverage entry. Hours that are already published stay as they are."""
    authorize(by)
    key = str(coverage.pk)
    coverage.delete()
    record(by=by, verb="remove coverage", thing="coverage", thing_id=key, now=now)


@transaction.atomic(durable=True)
def add_away(
    *,
    coverage: uuid.UUID,
    first_on: date,
    last_on: date,
    instead: str,
    instead_phone: str,
    by: Actor,
    now: datetime,
) -> bool:
    """Note days on which somebody does not answer; False if the entry is gone. Twice is once."""
    authorize(by)
    if not Coverage.objects.filter(pk=coverage).exists():
        return False
    what = {
        "coverage_id": coverage,
        "first_on": first_on,
        "last_on": last_on,
        "instead": instead,
        "instead_phone": instead_phone,
    }
    if not Away.objects.filter(**what).exists():
        Away.objects.create(**what)
        record(by=by, verb="add days away", thing="coverage", thing_id=str(coverage), now=now)
    return True


@transaction.atomic(durable=True)
def remove_away(*, away: uuid.UUID, by: Actor, now: datetime) -> None:
    """Take days away back: whoever is named answers on them after all."""
    authorize(by)
    if Away.objects.filter(pk=away).delete()[0]:
        record(by=by, verb="remove days away", thing="away", thing_id=str(away), now=now)


@transaction.atomic(durable=True)
def forget_away(*, now: datetime) -> int:
    """Delete days away that are over for a week; return how many."""
    return Away.objects.filter(last_on__lt=_today(now) - timedelta(days=7)).delete()[0]
