"""The governor at sending: asks the rules, remembers what was said, writes the ledger.

It is a gate of the outbox and stands before all others. What was asked for passes untouched. It
decides about every message that a worker has in hand at once, in a few queries; that two workers
never let two messages to one person through in a week is held by the database.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from peersupport.core import clock
from peersupport.core.crypto import keyring
from peersupport.core.outbox.batches import shared
from peersupport.core.outbox.kinds import Kind, Until, Verdict, kind_of
from peersupport.core.outbox.models import Outgoing
from program.calendar_rules import Quiet
from reminders.emails import gaps_before
from reminders.limit_rules import (
    Decision,
    Known,
    Outcome,
    Rival,
    SaidOnce,
    Why,
    decide,
    next_week,
)
from reminders.models import Said
from reminders.planning_rules import monday_of
from reminders.queries.audience import Reader, is_for, readers_of
from reminders.queries.ground import KINDS, Ground, Time, ground
from reminders.queries.ground import kind_of as kind_of_campaign
from reminders.rules import Ref, ref_from
from reminders.services.said import Line, count, first_held, line_of, reserve, tag_of, taken_back

# What no campaign says is as useful as most.
_USUAL = 3


def governor(kind: Kind, outgoing: Outgoing, now: datetime) -> Verdict:
    """Decide about one message that nobody asked for. One that names nobody passes."""
    if not _is_governed(kind):
        return "pass"
    decisions = shared(outgoing, now, "governor", lambda rows: _judge(rows, now))
    decision = decisions.get(bytes(outgoing.key))
    if decision is None or decision.outcome is Outcome.WENT:
        return "pass"
    if decision.outcome is Outcome.DROPPED:
        return "drop"
    return Until(decision.until) if decision.until is not None else "hold"


def _is_governed(kind: Kind | None) -> bool:
    return kind is not None and not (kind.asked or kind.always or kind.side == "care")


@dataclass(slots=True)
class _One:
    """One message that is decided about."""

    kind: Kind
    row: Outgoing
    person: uuid.UUID
    tag: bytes
    ref: Ref | None
    own: list[Said] = field(default_factory=list)


def _governed(rows: Sequence[Outgoing], now: datetime) -> list[_One]:
    found = []
    for row in rows:
        kind = kind_of(row.kind)
        if kind is None or not _is_governed(kind):
            continue
        person = kind.recipient(row, now)
        if person is not None:
            ref = ref_from(bytes(row.ref)) if kind.name in KINDS else None
            found.append(_One(kind, row, person, tag_of(person), ref))
    return found


@dataclass(slots=True)
class _Scene:
    """What stands behind the decisions about one batch."""

    now: datetime
    ground: Ground
    times: Mapping[Ref, Time]
    readers: Mapping[uuid.UUID, Reader]
    said: dict[bytes, list[Said]]
    quiets: dict[tuple[str, str], tuple[Quiet, ...]] = field(default_factory=dict)

    def quiet(self, one: Reader | None) -> tuple[Quiet, ...]:
        """Return somebody's quiet times."""
        if one is None:
            return ()
        group = (one.class_name, one.rotation)
        if group not in self.quiets:
            self.quiets[group] = self.ground.quiets(*group)
        return self.quiets[group]


def _scene(ones: Sequence[_One], now: datetime) -> _Scene:
    """Look up what stands behind some messages: a few queries, however many they are."""
    known = ground(now)
    said: dict[bytes, list[Said]] = defaultdict(list)
    for row in Said.objects.filter(tag__in={one.tag for one in ones}):
        said[bytes(row.tag)].append(row)
    people = readers_of({one.person for one in ones})
    return _Scene(now, known, {time.ref: time for time in known.times()}, people, said)


def _judge(rows: Sequence[Outgoing], now: datetime) -> dict[bytes, Decision]:
    """Decide about all messages in hand, in their order, and write down what was decided.

    One that was let through before and is tried again keeps its mark, if it may still go in the
    same week; else it gives its mark back and is decided about as a new one.
    """
    ones = _governed(rows, now)
    if not ones:
        return {}
    scene = _scene(ones, now)
    decided: dict[bytes, Decision] = {}
    wanted: dict[uuid.UUID, tuple[_One, Said]] = {}
    for one in ones:
        key = bytes(one.row.key)
        one.own = [row for row in scene.said[one.tag] if bytes(row.row) == key]
        scene.said[one.tag] = [row for row in scene.said[one.tag] if bytes(row.row) != key]
        decision = decided[key] = decide(_known(one, scene))
        if decision.outcome is not Outcome.WENT:
            continue
        mark = _mark(one, scene)
        scene.said[one.tag].append(mark)
        if [row.week_on for row in one.own] == [mark.week_on]:
            one.own = []  # it stands already
        else:
            wanted[mark.pk] = (one, mark)
    _write(ones, decided, wanted, scene)
    return decided


def _write(
    ones: Sequence[_One],
    decided: dict[bytes, Decision],
    wanted: Mapping[uuid.UUID, tuple[_One, Said]],
    scene: _Scene,
) -> None:
    """Write the marks and the ledger: all of a batch, or nothing of it."""
    fresh = {bytes(one.row.key) for one, _mark in wanted.values()}
    day = clock.local_date(scene.now, scene.ground.zone)
    with transaction.atomic():
        lines: Counter[Line] = Counter()
        for one in ones:
            lines.update(taken_back(one.row, one.own))
        passed = reserve(mark for _one, mark in wanted.values())
        for pk, (one, _mark) in wanted.items():
            if pk not in passed:  # another worker was quicker
                decided[bytes(one.row.key)] = _too_late(_known(one, scene))
        held = [key for key, each in decided.items() if each.outcome is Outcome.HELD]
        counted = fresh | first_held(held, scene.now)
        for one in ones:
            key = bytes(one.row.key)
            if decided[key].outcome is Outcome.DROPPED or key in counted:
                lines[line_of(one.row, day, decided[key])] += 1
        count(lines)


def _too_late(known: Known) -> Decision:
    """Return what becomes of a message to somebody to whom another worker has just let one go."""
    monday = next_week(known.now, known.zone)
    if monday < known.message.expires_at:
        return Decision(Outcome.HELD, Why.WEEK, monday)
    return Decision(Outcome.DROPPED, Why.WEEK)


def _mark(one: _One, scene: _Scene) -> Said:
    day = clock.local_date(scene.now, scene.ground.zone)
    return Said(
        tag=one.tag,
        what=_topic(one),
        row=bytes(one.row.key),
        day=day,
        week_on=monday_of(day),
        milestone=one.ref.milestone if one.ref else None,
    )


def _topic(one: _One) -> bytes:
    """Return the mark of what is said to somebody, whatever row says it."""
    if one.ref is None:
        return bytes(one.row.key)
    said = f"{one.ref.topic}|{one.row.recipient}"
    return keyring().mac(said.encode(), purpose="reminders-topic")


def _message(one: _One, known: Ground) -> Rival:
    ref = one.ref
    priority = next((c.priority for c in known.campaigns if ref and c.pk == ref.campaign), _USUAL)
    return Rival(
        priority,
        ref.milestone if ref else None,
        ref.due_at if ref else one.row.due_at,
        one.row.expires_at,
        _topic(one),
    )


def _rivals(scene: _Scene, one: _One, reader: Reader, message: Rival) -> Iterator[Rival]:
    """Return what campaigns still say to somebody in this week that might be more useful."""
    monday = next_week(scene.now, scene.ground.zone)
    for time in scene.times.values():
        if (
            time.campaign.priority >= message.priority
            and time.at.due_at < monday
            and time.at.expires_at > scene.now
            and reader.wants(kind_of_campaign(time.campaign))
            and is_for(time.campaign, time.entry, reader)
        ):
            yield _rival(time, one.person)


def _rival(time: Time, person: uuid.UUID) -> Rival:
    key = keyring().mac(f"{time.ref.topic}|{person}".encode(), purpose="reminders-topic")
    return Rival(
        time.campaign.priority, time.at.milestone, time.at.due_at, time.at.expires_at, key
    )


def _is_live(one: _One, scene: _Scene, reader: Reader | None) -> bool:
    """Return whether what a message tells is still so, and to this person."""
    if one.kind.name not in KINDS:
        return one.kind.compose(one.row, scene.now) is not None
    time = scene.times.get(one.ref) if one.ref else None
    return (
        time is not None
        and kind_of_campaign(time.campaign) == one.row.kind
        and (reader is None or is_for(time.campaign, time.entry, reader))
        and (not time.campaign.is_staffing or gaps_before(time.entry, scene.now) > 0)
    )


def _known(one: _One, scene: _Scene) -> Known:
    """Return all that decides about one message."""
    reader, said = scene.readers.get(one.person), scene.said[one.tag]
    message = _message(one, scene.ground)
    spoken = {bytes(row.what) for row in said}
    rivals = _rivals(scene, one, reader, message) if reader else ()
    return Known(
        now=scene.now,
        zone=scene.ground.zone,
        message=message,
        is_live=_is_live(one, scene, reader),
        is_there=reader is not None,
        is_wanted=reader is None or reader.wants(one.kind.name),
        was_said=message.key in spoken,
        waits_for_incident=one.kind.is_cheerful and scene.ground.is_critical,
        quiets=scene.quiet(reader),
        said=tuple(SaidOnce(row.day, row.milestone) for row in said),
        term_first=scene.ground.term_first,
        rivals=tuple(each for each in rivals if each.key not in spoken | {message.key}),
    )
