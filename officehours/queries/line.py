"""Reads of the line: whether one can join, who is where in it, and the code at the door."""

import base64
import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Person, Profile
from accounts.queries.profiles import cards
from officehours import rules
from officehours.models import Assignment, Shift, Visit
from officehours.queries import care, sealed
from officehours.queries.sealed import Claimant
from peersupport.core.crypto import keyring

_LINE = [str(rules.S.WAITING), str(rules.S.CALLED)]


def door_code(shift: uuid.UUID, now: datetime, *, back: int = 0) -> str:
    """Return the code shown at the door now, or `back` steps ago: 130 bits, nothing stored."""
    bucket = rules.door_bucket(now) - back
    code = keyring().mac(shift.bytes + bucket.to_bytes(8, "big"), purpose="door")
    return base64.b32encode(code)[:26].decode().lower()


def is_door_code(shift: uuid.UUID, code: str, now: datetime, *, back: int) -> bool:
    """Return whether this is the door's code now or one of the `back` before it."""
    given = code.encode("utf-8", "replace")
    known = [door_code(shift, now, back=n).encode() for n in range(back + 1)]
    return any(hmac.compare_digest(given, one) for one in known)


def is_in(row: Assignment, now: datetime) -> bool:
    """Return whether a supporter is really there: checked in, not out, within the hours."""
    there = row.checked_in_at is not None and row.checked_out_at is None
    return row.is_active and there and now < row.ends_at


def line_is_open(shift: Shift, rows: Iterable[Assignment], now: datetime) -> bool:
    """Return whether one can join: somebody is in, or the hours begin in a moment."""
    if shift.state not in rules.BOOKABLE_SHIFT or shift.is_line_closed or now >= shift.ends_at:
        return False
    if now < shift.starts_at - rules.EARLY_IN:
        return False
    awaited = now < shift.starts_at + rules.DARK_AFTER
    active = [row for row in rows if row.is_active and row.checked_out_at is None]
    return any(row.checked_in_at is not None or awaited for row in active)


def who_may_call(rows: Iterable[Assignment], now: datetime) -> list[Assignment]:
    """Return those who may call somebody more: not whoever has had enough, or rests.

    A line in which nobody may call must not be joined: three queries.
    """
    given = list(rows)
    closed = care.closed_to_new(given, now)
    return [row for row in given if row.pk not in closed]


@dataclass(frozen=True, slots=True)
class Host:
    """A supporter one may meet in a line, as a student sees them."""

    id: uuid.UUID
    name: str
    year: str
    tags: tuple[str, ...]
    is_in: bool
    has_room: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line as somebody who thinks of joining sees it."""

    shift: uuid.UUID
    place: str
    ends_at: datetime
    ways: tuple[str, ...]
    hosts: tuple[Host, ...]
    waiting: int
    wait: rules.Wait
    is_open: bool


def _hosts(rows: list[Assignment], now: datetime) -> tuple[Host, ...]:
    known = cards(row.supporter_id for row in rows)
    hosts = [
        Host(card.person, card.name, card.year, card.tags, is_in(row, now), card.has_room)
        for row in rows
        if (card := known.get(row.supporter_id)) is not None
    ]
    return tuple(sorted(hosts, key=lambda host: host.name))


def line_of(shift_id: uuid.UUID, now: datetime) -> Line | None:
    """Return the line of a shift, or None if there is no such shift: seven queries."""
    shift = Shift.objects.prefetch_related("assignments").filter(pk=shift_id).first()
    if shift is None or shift.state not in rules.BOOKABLE_SHIFT:
        return None
    here = [row for row in shift.assignments.all() if row.is_active and not row.checked_out_at]
    rows = who_may_call(here, now)
    waiting = Visit.objects.filter(shift=shift, state__in=_LINE).count()
    there = sum(is_in(row, now) for row in rows)
    hosts = _hosts(rows, now)
    ways = rules.ways_with(shift.ways, has_room=any(host.has_room for host in hosts))
    return Line(
        shift=shift.pk,
        place=shift.place,
        ends_at=shift.ends_at,
        ways=ways,
        hosts=hosts,
        waiting=waiting,
        wait=rules.wait_range(waiting, there, shift.minutes),
        is_open=bool(ways) and line_is_open(shift, rows, now),
    )


def is_waiting_in(person: Person, shift: uuid.UUID, now: datetime) -> bool:
    """Return whether this person has a live place in this line."""
    tags = sealed.claim_tags(person.pk, "waiting", now).values()
    live = Visit.objects.live().remembered(now).filter(shift=shift)
    return live.filter(claim_tag__in=tags).exists()


@dataclass(frozen=True, slots=True)
class MyPlace:
    """A place in a line as the one who holds it sees it."""

    id: uuid.UUID
    state: str
    ended_by: str
    ahead: int
    wait: rules.Wait
    is_away: bool
    way: str
    place: str
    who: str
    year: str
    room_link: str
    come_by: datetime | None
    ends_at: datetime
    forget_at: datetime
    may_come_late: bool
    late_minutes: int
    reference: str
    nobody_suits: bool
    # Instants at which what stands here becomes untrue although nobody does anything.
    edges: tuple[datetime, ...]


def my_place(claimant: Claimant, now: datetime) -> MyPlace | None:
    """Return the line visit this account or device holds: the live one, else the latest."""
    held = sealed.claimed_by(claimant, now).filter(line_rank__isnull=False)
    found = list(held.select_related("shift", "assignment").order_by("-changed_at"))
    if not found:
        return None
    found.sort(key=lambda visit: visit.state not in rules.LIVE)
    return _place(found[0], now)


def _place(visit: Visit, now: datetime) -> MyPlace:
    shift = visit.shift
    rows = list(
        Assignment.objects.filter(shift=shift, is_active=True, checked_out_at__isnull=True)
    )
    there = [row for row in rows if is_in(row, now)]
    ahead = Visit.objects.filter(
        shift=shift, state=rules.S.WAITING, line_rank__lt=visit.line_rank
    ).count()
    profile = None
    if visit.assignment is not None:
        profile = Profile.objects.filter(person=visit.assignment.supporter_id).first()
    called = visit.state == rules.S.CALLED
    state = visit.state
    if state in rules.LIVE and shift.ends_at + rules.LAPSE_GRACE <= now:
        state = str(rules.S.LAPSED)
    elif state == rules.S.WAITING and shift.ends_at <= now:
        state = str(rules.S.CLOSED)
    wanted = sealed.wanted_of(visit, now)
    remote = visit.way in rules.REMOTE and state in rules.WITH_SUPPORTER
    return MyPlace(
        id=visit.pk,
        state=state,
        ended_by=visit.ended_by,
        ahead=ahead,
        wait=rules.wait_range(ahead, len(there), shift.minutes),
        is_away=visit.is_away,
        way=visit.way,
        place=shift.place,
        who=profile.shown_name if profile else "",
        year=profile.year if profile else "",
        room_link=profile.room_link if profile and remote else "",
        come_by=visit.changed_at + rules.CALL_TIMEOUT if called and visit.changed_at else None,
        ends_at=shift.ends_at,
        forget_at=visit.forget_at,
        may_come_late=state == rules.S.MISSED and bool(rows) and now < shift.ends_at,
        late_minutes=max((row.late_minutes for row in there), default=0),
        reference=visit.reference,
        nobody_suits=not any(wanted.allows(row.supporter_id) for row in rows),
        edges=(
            *(row.ends_at for row in rows),
            shift.ends_at,
            shift.ends_at + rules.LAPSE_GRACE,
            visit.forget_at,
        ),
    )


@dataclass(frozen=True, slots=True)
class InLine:
    """Somebody in the line as the supporters of the shift see them: a number, no name."""

    id: uuid.UUID
    number: int
    reference: str
    is_away: bool
    is_called: bool
    is_nameless: bool
    way: str


def line_for_supporters(shifts: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[InLine]]:
    """Return who waits in each shift, in order: one query."""
    rows = Visit.objects.filter(shift__in=list(shifts), state__in=_LINE, is_forgotten=False)
    found: dict[uuid.UUID, list[InLine]] = {}
    for visit in rows.order_by("line_rank"):
        line = found.setdefault(visit.shift_id, [])
        line.append(
            InLine(
                id=visit.pk,
                number=len(line) + 1,
                reference=visit.reference,
                is_away=visit.is_away,
                is_called=visit.state == rules.S.CALLED,
                is_nameless=visit.holder_kind != Visit.HolderKind.ACCOUNT,
                way=visit.way,
            )
        )
    return found


def code_lasts(now: datetime) -> timedelta:
    """Return for how long the code at the door is still shown."""
    end = (rules.door_bucket(now) + 1) * rules.DOOR_STEP.total_seconds()
    return timedelta(seconds=end - now.timestamp())
