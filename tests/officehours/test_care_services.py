"""Breaks by hand and after something heavy, distance, a worry without a name."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Group, Person
from accounts.rules import Role
from accounts.services import grant_role
from officehours import care_rules, rules
from officehours.models import Break, Cover, Distance, Escalation, Load, Visit
from officehours.queries import care_pages, sealed
from officehours.services import care
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from peersupport.core.outbox.kinds import kind_of
from peersupport.core.outbox.models import Outgoing
from tests.officehours.test_care import NEW_YORK, talk
from tests.people import cast, hours_of
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
DAY = timedelta(days=1)


def midnight(day: date) -> datetime:
    """Return when a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(UTC)


def rest(who: Person, now: datetime, days: int | None, **more: Any) -> Break:
    """Take a break of so many days beyond today."""
    end = None if days is None else now + timedelta(days=days)
    return care.take_break(supporter=who, starts_at=now, ends_at=end, by=who, now=now, **more)


def worry(who: Person, now: datetime, level: rules.Level, **more: Any) -> Escalation:
    """Note a worry."""
    given = {"steps": [], "wants_debrief": False, "request_key": ids.new_id(), **more}
    return care.note_worry(supporter=who, level=level, by=who, now=now, **given)


def test_a_break_is_whole_days(evening: datetime) -> None:
    """Asked for at 5:10pm for a day: tonight and all of tomorrow, and no hour is kept."""
    kept = rest(cast(evening)["priya"], evening, 1)

    assert kept.starts_at == midnight(date(2026, 11, 23))
    assert kept.ends_at == midnight(date(2026, 11, 25))


def test_a_break_over_the_clock_change_ends_at_midnight(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    saturday = datetime(2026, 10, 31, 22, tzinfo=UTC)

    kept = rest(priya, saturday, 1)

    assert kept.ends_at == midnight(date(2026, 11, 2))
    assert kept.ends_at - kept.starts_at == timedelta(hours=49)


def test_by_hand_and_by_itself_look_the_same(evening: datetime) -> None:
    """Same columns, same values; the one written after a heavy talk also asked for cover."""
    people = cast(evening)
    rest(people["priya"], evening, 1)
    rest(people["sol"], evening + timedelta(hours=2), 1, find_cover=True)

    rows = list(Break.objects.values_list("starts_at", "ends_at"))
    assert len(rows) == 2
    assert rows[0] == rows[1]
    assert {f.name for f in Break._meta.get_fields()} == {
        "id",
        "supporter",
        "starts_at",
        "ends_at",
    }
    assert not Entry.objects.filter(actor_label="supporter").exists()
    assert not Entry.objects.exclude(verb="grant role").exists()


def test_asking_twice_makes_one_and_longer_makes_it_longer(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    for days in (1, 1, 7, 3):
        rest(priya, evening, days)
    later = evening + 9 * DAY
    care.take_break(supporter=priya, starts_at=later, ends_at=later + DAY, by=priya, now=evening)
    assert Break.objects.count() == 2

    rest(priya, evening, None)
    assert list(Break.objects.values_list("starts_at", "ends_at")) == [
        (midnight(date(2026, 11, 23)), None)
    ]


def test_yes_asks_for_cover_and_cancels_nothing(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    tonight = hours_of(priya, evening - timedelta(hours=1), checked_in_at=evening)
    tomorrow, after = hours_of(priya, evening + DAY), hours_of(priya, evening + 2 * DAY)
    booked = talk(tomorrow, tomorrow.starts_at, "booked")

    for _again in range(2):
        rest(priya, evening, 1, find_cover=True)

    assert list(Cover.objects.values_list("assignment_id", "state")) == [(tomorrow.pk, "open")]
    booked.refresh_from_db()
    assert booked.state == "booked"
    for row in (tonight, tomorrow, after):
        row.refresh_from_db()
        assert row.is_active
        assert row.shift.state in rules.BOOKABLE_SHIFT


def test_coming_back_needs_nobody(evening: datetime) -> None:
    people = cast(evening)
    kept = rest(people["priya"], evening, None)

    care.end_break(supporter=people["sol"], rest=kept.pk, by=people["sol"], now=evening)
    assert Break.objects.exists()
    for _again in range(2):
        care.end_break(supporter=people["priya"], rest=kept.pk, by=people["priya"], now=evening)
    assert not Break.objects.exists()


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, -1), (3, 2), (0, 400), (400, None)])
def test_a_break_that_makes_no_sense(evening: datetime, first: int, last: int | None) -> None:
    priya = cast(evening)["priya"]
    with pytest.raises(rules.OutOfTime):
        care.take_break(
            supporter=priya,
            starts_at=evening + first * DAY,
            ends_at=None if last is None else evening + last * DAY,
            by=priya,
            now=evening,
        )
    assert not Break.objects.exists()


def test_nobody_rests_for_somebody_else(evening: datetime) -> None:
    people = cast(evening)
    for by, whom in [("cora", "priya"), ("sol", "priya"), ("ana", "ana")]:
        with pytest.raises(rules.NotAllowed):
            care.take_break(
                supporter=people[whom], starts_at=evening, ends_at=None, by=people[by], now=evening
            )


@pytest.mark.parametrize(
    ("logged", "carried", "last_week", "days"),
    [
        ([], 0, 0, 1),
        (["heavy"], 0, 0, 1),
        (["heavy", "heavy"], 0, 0, 3),
        (["heavy"], 1, 0, 3),
        (["heavy"], 0, 1, 3),
        (["heavy", "light"], 0, 0, 1),
    ],
)
def test_how_much_rest_is_offered(
    evening: datetime, logged: list[str], carried: int, last_week: int, days: int
) -> None:
    priya = cast(evening)["priya"]
    hours = hours_of(priya, evening - timedelta(hours=1))
    for n, weight in enumerate(logged):
        one = talk(hours, hours.starts_at + n * timedelta(minutes=30))
        log = sealed.Log("15 to 30", (), False, weight)
        Visit.objects.filter(pk=one.pk).update(log=sealed.seal_log(one, log))
    for week, heavy in [("2026-W48", carried), ("2026-W47", last_week), ("2026-W46", 5)]:
        Load.objects.create(supporter=priya, week=week, talks=heavy, heavy=heavy)

    heavy = care_pages.heavy_lately(priya, evening, NEW_YORK)
    assert care_rules.days_after_heavy(heavy) == days


def test_rest_after_a_worry() -> None:
    assert [care_rules.days_after_worry(level) for level in rules.Level] == [0, 7, 7]


def test_a_worry_is_noted_once_and_names_nobody(evening: datetime) -> None:
    """The row holds the supporter, a week and ticks: no visit, no name, no time, no words."""
    priya = cast(evening)["priya"]
    hours = hours_of(priya, evening, checked_in_at=evening)
    one = talk(hours, hours.starts_at, "talking")
    key = ids.new_id()
    steps = ["told", "stayed", "Ash wants to die", "called"]

    first = worry(priya, evening, rules.Level.NOW, steps=steps, request_key=key)
    again = worry(priya, evening + DAY, rules.Level.UNSURE, request_key=key)

    assert first.pk == again.pk
    assert Escalation.objects.count() == 1
    row = Escalation.objects.values().get()
    assert row["steps"] == "stayed,told"
    assert row["week"] == "2026-W48"
    kept = " ".join(map(str, row.values()))
    for secret in (one.pk, one.reference, hours.pk, hours.shift_id, "Ash", "22:10", "17:10"):
        assert str(secret) not in kept
    assert not any(isinstance(value, datetime) for value in row.values())
    assert not Entry.objects.exclude(verb="grant role").exists()


def test_another_supporters_key_is_refused(evening: datetime) -> None:
    people = cast(evening)
    key = ids.new_id()
    worry(people["priya"], evening, rules.Level.NOW, request_key=key)

    with pytest.raises(rules.NotAllowed):
        worry(people["sol"], evening, rules.Level.NOW, request_key=key)


@pytest.mark.parametrize(
    ("level", "debrief", "told"),
    [("unsure", False, 0), ("unsure", True, 1), ("today", False, 1), ("now", False, 1)],
)
def test_the_supervisor_is_told_that_there_is_something(
    evening: datetime, level: str, debrief: bool, told: int
) -> None:
    people = cast(evening)
    grant_role(person=people["eli"], role=Role.SUPERVISOR, by=SYSTEM, now=evening)
    for other in Person.objects.exclude(pk=people["eli"].pk):
        other.grants.filter(role=Role.SUPERVISOR).delete()

    key = ids.new_id()
    for _again in range(2):
        worry(people["priya"], evening, rules.Level(level), wants_debrief=debrief, request_key=key)

    assert Outgoing.objects.filter(kind="staff-note").count() == told
    for row in Outgoing.objects.all():
        assert row.recipient == people["eli"].pk
        assert bytes(row.ref) == b""
        kind = kind_of("staff-note")
        letter = kind.compose(row, evening) if kind else None
        assert letter is not None
        assert letter.subject == "You have a message"
        for word in ("Priya", level, "worr", "escalat", "support"):
            assert word not in letter.text.split("http")[0]
        people["eli"].grants.update(revoked_on=evening.date())
        assert kind is not None
        assert kind.compose(row, evening) is None


def test_only_the_supervisor_marks(evening: datetime) -> None:
    people = cast(evening)
    eli = people["eli"]
    grant_role(person=eli, role=Role.SUPERVISOR, by=SYSTEM, now=evening)
    kept = worry(people["priya"], evening, rules.Level.TODAY)

    for by, pk, mark in [
        ("priya", kept.pk, "debriefed"),
        ("cora", kept.pk, "reviewed"),
        ("eli", ids.new_id(), "reviewed"),
        ("eli", kept.pk, "level"),
    ]:
        with pytest.raises(rules.NotAllowed):
            care.mark_escalation(escalation=pk, mark=mark, by=people[by], now=evening)
    for mark in ("debriefed", "reviewed", "reviewed"):
        care.mark_escalation(escalation=kept.pk, mark=mark, by=eli, now=evening)

    kept.refresh_from_db()
    assert (kept.is_debriefed, kept.is_reviewed) == (True, True)
    assert Entry.objects.filter(thing="escalation").count() == 2


def test_distance_is_what_was_chosen_last(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    groups = [Group.objects.create(name=name) for name in ("a", "b", "c")]

    def keep(*chosen: uuid.UUID) -> set[uuid.UUID]:
        care.keep_distance(supporter=priya, groups=chosen, by=priya, now=evening)
        return set(Distance.objects.values_list("group_id", flat=True))

    assert keep(groups[0].pk, groups[1].pk) == {groups[0].pk, groups[1].pk}
    assert keep(groups[1].pk, groups[2].pk, ids.new_id()) == {groups[1].pk, groups[2].pk}
    assert keep() == set()


def test_care_is_forgotten(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    rest(priya, evening, 1)
    worry(priya, evening, rules.Level.NOW)
    Escalation.objects.create(supporter=priya, level="now", week="2025-W40")

    with acting_as("worker"):
        assert care.forget_care(now=evening + DAY) == 1
    assert Break.objects.count() == 1
    with acting_as("worker"):
        assert care.forget_care(now=evening + 2 * DAY) == 1
    assert (Break.objects.count(), Escalation.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("gaps", "available", "supporters", "word"),
    [
        (0, 8, 8, "steady"),
        (4, 8, 8, "steady"),
        (5, 8, 8, "stretched"),
        (0, 3, 8, "stretched"),
        (9, 8, 8, "ask for help"),
        (0, 0, 8, "ask for help"),
        (0, 0, 4, "steady"),  # in a small program the word says nothing about who rests
        (0, 4, 4, "steady"),
        (3, 0, 4, "stretched"),
        (1, 0, 0, "ask for help"),
        (0, 0, 0, "steady"),
    ],
)
def test_one_word_for_the_program(gaps: int, available: int, supporters: int, word: str) -> None:
    said = care_rules.capacity(gaps=gaps, available=available, supporters=supporters)

    assert said == word
