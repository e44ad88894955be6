"""Two sides, one table of messages: each sends its own, and leaves the other's as they are."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as conf
from django.core import mail
from django.db import transaction

from peersupport.core.outbox import kinds
from peersupport.core.outbox.delivery import DrainResult, drain
from peersupport.core.outbox.marks import claim
from peersupport.core.outbox.models import DrainRun, Outgoing, OutgoingSet
from peersupport.core.outbox.queries import health
from peersupport.core.outbox.services import enqueue
from tests.roles import acting_as

# As the owner, who sees all rows: PostgreSQL shows each side its own alone, whatever the program
# asks for (tests/portal/test_row_rules.py), and that must not hide what the program does.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("owner"),
]
PLANES = {"web": {"word"}, "worker": {"word"}, "care": {"care.word"}, "all": {"word", "care.word"}}
# Names that look like the care side's and are not.
LOOKALIKES = ["care", "careful", "care_word", "xcare.word", "my.care.word"]


@pytest.fixture(autouse=True)
def _kinds() -> None:
    def compose(row: Outgoing, now: datetime) -> kinds.Letter | None:
        if bytes(row.ref) == b"gone":
            return None
        return kinds.Letter(f"{row.kind}@school.example", "You have a message", "text", "<p>")

    for name in ("word", "care.word"):
        kinds.register(kinds.Kind(name=name, asked=True, compose=compose))


def _put(now: datetime, *names: str, ref: bytes = b"", lasts: int = 60) -> None:
    with transaction.atomic():
        for name in names:
            enqueue(
                kind=name,
                key=name,
                due_at=now,
                expires_at=now + timedelta(minutes=lasts),
                now=now,
                ref=ref,
            )


def _drain(now: datetime) -> DrainResult:
    """Drain as this plane does, with the rights that it has in the database."""
    side = {"all": "owner", "web": "worker"}.get(conf.PLANE, conf.PLANE)
    with acting_as(side):
        return drain(now=lambda: now)


def _rows() -> dict[str, tuple[Any, ...]]:
    columns = ("state", "attempts", "lease_token", "error", "due_at")
    return {row[0]: row[1:] for row in Outgoing.objects.values_list("kind", *columns)}


@pytest.mark.parametrize("plane", PLANES)
def test_each_side_sends_its_own(settings: Any, evening: datetime, plane: str) -> None:
    settings.PLANE = plane
    _put(evening, "word", "care.word")
    before = _rows()

    done = _drain(evening)

    assert {each.to[0].partition("@")[0] for each in mail.outbox} == PLANES[plane]
    assert done.sent == len(PLANES[plane])
    assert _rows() == {name: row for name, row in before.items() if name not in PLANES[plane]}


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("why", ["expired", "nothing to say", "unknown kind"])
def test_neither_drops_or_fails_the_others(
    settings: Any, evening: datetime, plane: str, why: str
) -> None:
    settings.PLANE = plane
    names = ("strange", "care.strange") if why == "unknown kind" else ("word", "care.word")
    own = {name for name in names if name.replace("strange", "word") in PLANES[plane]}
    _put(evening, *names, ref=b"gone" if why == "nothing to say" else b"")
    before = _rows()
    later = evening + timedelta(hours=2 if why == "expired" else 0)

    done = _drain(later)

    assert (done.dead if why == "unknown kind" else done.dropped) == len(own)
    left = _rows()
    assert {name: row for name, row in left.items() if name not in own} == {
        name: row for name, row in before.items() if name not in own
    }
    if why == "unknown kind":
        assert {left[name][0] for name in own} == {Outgoing.State.DEAD}
    else:
        assert not own & left.keys()


def test_only_the_prefix_makes_it_the_care_sides(settings: Any, evening: datetime) -> None:
    _put(evening, *LOOKALIKES, "care.word")
    settings.PLANE = "care"
    assert [row.kind for row in claim(now=evening)[1]] == ["care.word"]

    settings.PLANE = "web"
    assert {row.kind for row in claim(now=evening)[1]} == set(LOOKALIKES)
    assert {kinds.kind_of("care.word").side, kinds.kind_of("word").side} == {"care", "web"}  # type: ignore[union-attr]


def test_control_without_the_sides_the_other_is_taken(
    settings: Any, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OutgoingSet, "of", lambda rows, sides: rows)
    _put(evening, "word", "care.word")

    drain(now=lambda: evening)

    assert len(mail.outbox) == 2


def test_the_note_of_the_last_drain_is_the_web_sides(settings: Any, evening: datetime) -> None:
    settings.PLANE = "care"
    _drain(evening)
    assert not DrainRun.objects.exists()

    settings.PLANE = "web"
    _drain(evening)
    assert DrainRun.objects.get().last_at == evening


def test_health_counts_its_own(settings: Any, evening: datetime) -> None:
    _put(evening - timedelta(minutes=9), "care.word")
    _put(evening - timedelta(minutes=4), "word")
    for n in range(3):
        dead = {"state": "dead", "due_at": evening, "expires_at": evening}
        Outgoing.objects.create(kind="care.word", key=bytes([n]), **dead)

    settings.PLANE = "web"
    assert health(evening).oldest_due_at == evening - timedelta(minutes=4)
    assert health(evening).dead == 0
    settings.PLANE = "care"
    assert health(evening).oldest_due_at == evening - timedelta(minutes=9)
    assert health(evening).dead == 3
