"""Somebody with a whole copy of the database who wants to know whose visits these were.

The copy has every column of every table, and what the database keeps beside them: the
transaction that wrote a row, its place in the file, the order of the rows. Whatever can be put in
order about the visits is laid beside whatever can be put in order about people, and matched: by
rank, and by the nearest value.
"""

import random
import uuid
from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import combinations
from math import factorial

from django.db import connection

from tests.roles import acting_as

Rows = list[dict[str, object]]
Number = float
Guess = dict[int, int]  # visit -> person


@acting_as("owner")
def dump() -> dict[str, Rows]:
    """Return every row of every table, with what the database keeps beside it."""
    beside = {"postgresql": "xmin::text::bigint AS xmin, ctid::text AS ctid, "}
    found: dict[str, Rows] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            hidden = beside.get(connection.vendor, "rowid AS rowid, ")
            cursor.execute(f'SELECT {hidden}* FROM "{table}"')
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found[table] = [{**row, "row order": n} for n, row in enumerate(rows)]
    return found


def _text(value: object) -> str:
    """Return a value as it would name somebody: hex without dashes, or text in lower case."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value).lower().replace("-", "")


def _moment(value: object) -> datetime | None:
    if isinstance(value, str) and value[4:5] == "-":
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def _measure(name: str, table: str, value: object) -> tuple[str, Number] | None:
    """Return what kind of quantity a value is, and how large. None if it has no order."""
    if value is None:
        return None
    if name == "ctid":
        page, line = str(value).strip("()").split(",")
        return f"place in {table}", int(page) * 65536 + int(line)
    if name in ("row order", "rowid"):
        return f"{name} of {table}", int(str(value))
    if name == "xmin":
        return "transaction", int(str(value))
    moment = _moment(value)
    if moment is not None:
        return "time", moment.timestamp()
    if isinstance(value, int | float):
        return "number", float(value)
    named = isinstance(value, uuid.UUID | bytes | memoryview)
    raw = bytes.fromhex(_text(value)) if named else str(value).encode()
    return "value", float(int.from_bytes(raw[:16].ljust(16, b"\0"), "big"))


@dataclass(frozen=True, slots=True)
class Order:
    """One column as an order of whoever it is about: first and last values are two orders."""

    name: str
    kind: str
    values: Mapping[int, Number]


def orders(copy: Mapping[str, Rows], names: Mapping[str, int]) -> list[Order]:
    """Return every order of the things in `names` (what names them -> their number)."""
    found = []
    for table, rows in copy.items():
        columns: dict[tuple[str, str], dict[int, list[Number]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for row in rows:
            whose = {names[text] for text in map(_text, row.values()) if text in names}
            for column, value in row.items() if whose else ():
                measured = _measure(column, table, value)
                if measured is not None:
                    kind, number = measured
                    for one in whose:
                        columns[column, kind][one].append(number)
        for (column, kind), values in columns.items():
            firsts = {one: min(several) for one, several in values.items()}
            lasts = {one: max(several) for one, several in values.items()}
            found.append(Order(f"{table}.{column}", kind, firsts))
            if lasts != firsts:
                found.append(Order(f"{table}.{column} (last)", kind, lasts))
    return [order for order in found if len(set(order.values.values())) > 1]


def _clock(copy: Mapping[str, Rows]) -> list[tuple[Number, Number]]:
    """Return (transaction, time) pairs that the audit gives away."""
    pairs = []
    for row in copy["audit_entry"]:
        at = _moment(row["at"])
        if at is not None and "xmin" in row:
            pairs.append((float(int(str(row["xmin"]))), at.timestamp()))
    return sorted(pairs)


def _with_times(found: list[Order], clock: list[tuple[Number, Number]]) -> list[Order]:
    times = [_in_time(order, clock) for order in found]
    return found + [order for order in times if order is not None]


def _in_time(order: Order, clock: list[tuple[Number, Number]]) -> Order | None:
    """Return an order of transactions as times, by what the clock tells of those around."""
    if order.kind != "transaction" or len(clock) < 2:
        return None
    points = [point[0] for point in clock]

    def when(number: Number) -> Number:
        place = min(max(bisect(points, number), 1), len(clock) - 1)
        (x0, t0), (x1, t1) = clock[place - 1], clock[place]
        return t0 if x1 == x0 else t0 + (t1 - t0) * (number - x0) / (x1 - x0)

    times = {one: when(number) for one, number in order.values.items()}
    return Order(f"{order.name} as time", "time", times)


def _ranked(values: Mapping[int, Number], chance: random.Random) -> list[int]:
    """Return whose values rise; equal ones in an order drawn by lot."""
    lots = list(values)
    chance.shuffle(lots)
    return sorted(lots, key=lambda one: values[one])


def _by_rank(visits: Order, people: Order, chance: random.Random) -> Guess:
    one, other = _ranked(visits.values, chance), _ranked(people.values, chance)
    return {visit: other[n * len(other) // len(one)] for n, visit in enumerate(one)}


def _by_value(visits: Order, people: Order, chance: random.Random, *, before: bool) -> Guess:
    """Match each visit with the person whose value is nearest, or the last one not after it."""
    other = _ranked(people.values, chance)

    def distance(value: Number, person: int) -> Number:
        far = value - people.values[person]
        return float("inf") if before and far < 0 else abs(far)

    return {
        visit: min(other, key=lambda person: distance(value, person))
        for visit, value in visits.values.items()
    }


def chance_of_hits(hits: int) -> float:
    """Return the most probable it can be that a guess has so many hits by chance.

    Whatever is guessed, and however many there are: if the people are spread over the visits by
    lot, one each, then the expected number of right sets of k is at most 1/k!, and so is the
    probability of at least one.
    """
    return 1 / factorial(hits)


@lru_cache
def _orders_by_inversions(size: int) -> list[int]:
    """Return how many orders of `size` have 0, 1, 2... inversions (the Mahonian numbers)."""
    counts = [1]
    for more in range(1, size):
        longer = [0] * (len(counts) + more)
        for have, ways in enumerate(counts):
            for new in range(more + 1):
                longer[have + new] += ways
        counts = longer
    return counts


def chance_of_inversions(size: int, inversions: int) -> float:
    """Return how probable it is that by chance an order has so few or so many inversions."""
    counts = _orders_by_inversions(size)
    few = min(inversions, len(counts) - 1 - inversions)
    return min(1.0, 2 * sum(counts[: few + 1]) / factorial(size))


@dataclass(frozen=True, slots=True)
class Finding:
    """What one attack reached, and how probable that is by chance."""

    chance: float
    hits: int
    name: str


class Attack:
    """All attacks on one copy, judged together. One visit for each person who came."""

    def __init__(
        self,
        copy: Mapping[str, Rows],
        *,
        people: Mapping[str, int],
        visits: Mapping[str, int],
        truth: Mapping[int, int],
    ) -> None:
        """`people` and `visits`: what names them -> their number; `truth`: visit -> person."""
        self.chance, self.truth = random.Random(7), truth
        self.findings: list[Finding] = []
        clock = _clock(copy)
        people_orders = _with_times(orders(copy, people), clock)
        for visit_order in _with_times(orders(copy, visits), clock):
            for people_order in people_orders:
                self._match(visit_order, people_order)
                self._compare(visit_order, people_order)

    def _match(self, visits: Order, people: Order) -> None:
        told = self._told(people)
        ways = {"rank": _by_rank(visits, people, self.chance)}
        if told.values:
            ways["rank among those who came"] = _by_rank(visits, told, self.chance)
        if visits.kind == people.kind:
            ways["nearest"] = _by_value(visits, people, self.chance, before=False)
            ways["last before"] = _by_value(visits, people, self.chance, before=True)
        for way, guess in ways.items():
            hits = sum(self.truth[visit] == person for visit, person in guess.items())
            name = f"{visits.name} ~ {people.name}, {way}"
            self.findings.append(Finding(chance_of_hits(hits), hits, name))

    def _told(self, people: Order) -> Order:
        """Return the order of those only who came at all, as if the attacker were told."""
        came = set(self.truth.values())
        values = {one: value for one, value in people.values.items() if one in came}
        return Order(people.name, people.kind, values)

    def _compare(self, visits: Order, people: Order) -> None:
        """See whether the visits of those who have a value here lie in the order of the values."""
        of = {person: visit for visit, person in self.truth.items() if visit in visits.values}
        both = Order("", "", {one: v for one, v in self._told(people).values.items() if one in of})
        ranks = {visit: n for n, visit in enumerate(_ranked(visits.values, self.chance))}
        line = [ranks[of[person]] for person in _ranked(both.values, self.chance)]
        inversions = sum(one > other for one, other in combinations(line, 2))
        chance = chance_of_inversions(len(line), inversions)
        self.findings.append(Finding(chance, 0, f"{visits.name} ~ {people.name}, order"))

    @property
    def best(self) -> Finding:
        """Return the best attack; its chance counts that it is the best of so many."""
        found = min(self.findings, key=lambda finding: finding.chance)
        chance = min(1.0, found.chance * len(self.findings))
        return Finding(chance, found.hits, found.name)
