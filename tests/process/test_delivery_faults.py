"""Delivering while everything around it dies: nothing lost, at most one message twice per kill.

About 200 messages each here, 5,000 each in `make soak`. One world for all: each test begins with
an empty outbox and an empty list at the mail server, and breaks one thing.
"""

import time
from collections.abc import Iterator

import pytest

from tests.process.faults_world import FaultsWorld, faults_world
from tests.process.waiting import wait_until

pytestmark = pytest.mark.process
COUNT = [200, pytest.param(5000, marks=pytest.mark.soak)]
PACE = 0.002  # each message takes that long, so that there is a middle to be killed in


@pytest.fixture(scope="module")
def world() -> Iterator[FaultsWorld]:
    """Everything that delivers, ready to be broken."""
    with faults_world() as found:
        yield found


def _all_came(world: FaultsWorld, count: int, *, twice: int, but: int = 0) -> None:
    """Every message came; at most `twice` of them twice, none thrice; nothing is left over."""
    world.wait_taken(count - but)
    world.settle()
    taken = world.taken()
    assert len(taken) == count - but
    assert sum(taken.values()) - len(taken) <= twice, taken.most_common(3)
    assert world.sql("SELECT count(*) FROM outbox_tombstone") == [(count - but,)]


@pytest.mark.parametrize("count", COUNT)
def test_workers_killed_in_mid_batch(world: FaultsWorld, count: int) -> None:
    kills = 1 if count < 1000 else 6  # a worker takes seconds to begin
    world.fresh(pace=PACE)
    world.fill(count)
    for number in range(kills):
        world.wait_taken(len(world.taken()) + count // 10)
        assert "worker" in world.parts
        world.kill("worker")
        assert len(world.taken()) < count, f"kill {number} came too late"
        world.worker()

    _all_came(world, count, twice=kills)


@pytest.mark.parametrize("count", COUNT)
def test_redis_killed(world: FaultsWorld, count: int) -> None:
    world.fresh(pace=PACE)
    world.fill(count)
    world.wait_taken(count // 4)
    world.kill("redis")
    world.redis()

    _all_came(world, count, twice=0)
    world.fill(10)  # and wake-ups come again
    world.settle()


@pytest.mark.parametrize("count", COUNT)
def test_postgresql_killed(world: FaultsWorld, count: int) -> None:
    world.fresh(pace=PACE)
    world.fill(count)
    world.wait_taken(count // 4)
    world.kill("pg")
    time.sleep(0.5)
    world.database()

    _all_came(world, count, twice=1)


@pytest.mark.parametrize("count", COUNT)
def test_beat_killed_and_then_two_of_them(world: FaultsWorld, count: int) -> None:
    world.fresh(pace=PACE)
    world.fill(count)
    world.kill("beat")
    time.sleep(0.6)  # two of its rounds
    before = world.note("tick_at")
    time.sleep(1)
    assert world.note("tick_at") == before  # which is what the alarm is told by
    world.beat()
    world.beat("second beat")
    world.worker("second worker")

    _all_came(world, count, twice=0)
    world.kill("second beat")
    world.kill("second worker")


@pytest.mark.parametrize("count", COUNT)
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_the_clock_is_set_in_mid_batch(world: FaultsWorld, count: int, seconds: int) -> None:
    world.fresh(pace=PACE)
    world.fill(count)
    world.sql("UPDATE outbox_outgoing SET due_at = due_at - interval '2 hours'")
    world.wait_taken(count // 4)
    world.step(seconds)

    _all_came(world, count, twice=1)
    world.step(0)


@pytest.mark.parametrize("count", COUNT)
def test_the_mail_server_dies_after_taking_one(world: FaultsWorld, count: int) -> None:
    """Whether it was accepted nobody can know: this one message comes twice."""
    world.fresh(pace=PACE, dies=count // 4)
    world.fill(count)
    wait_until(lambda: world.parts["sink"].poll() is not None, "it dies")
    world.orders(pace=PACE)
    world.sink()

    _all_came(world, count, twice=1)


@pytest.mark.parametrize("count", COUNT)
def test_the_mail_server_stalls(world: FaultsWorld, count: int) -> None:
    world.fresh(pace=PACE, stalls=2)
    world.fill(count)

    _all_came(world, count, twice=2)


@pytest.mark.parametrize("count", COUNT)
def test_one_recipient_is_refused(world: FaultsWorld, count: int) -> None:
    world.fresh(to={"s7@school.example": "550 5.1.1 nobody"})
    world.fill(count)

    _all_came(world, count, twice=0, but=1)
    dead = world.sql("SELECT state, error FROM outbox_outgoing")
    assert dead == [("dead", "address")]


@pytest.mark.parametrize("count", COUNT)
@pytest.mark.parametrize(
    ("answer", "given_up"), [("550 5.1.1 nobody", 40), ("451 4.3.0 later", 0)]
)
def test_everybody_is_refused(world: FaultsWorld, count: int, answer: str, given_up: int) -> None:
    """It is about us: hardly anybody's is given up, and all others go when it has passed."""
    world.fresh(every=answer)
    world.fill(count)
    time.sleep(1.2)  # two rounds and more
    world.orders()
    world.settle()

    dead = world.sql("SELECT count(*) FROM outbox_outgoing WHERE state = 'dead'")[0][0]
    assert dead <= given_up
    _all_came(world, count, twice=0, but=dead)


@pytest.mark.parametrize("count", COUNT)
def test_credentials_are_refused(world: FaultsWorld, count: int) -> None:
    world.fresh(password="wrong")
    world.kill("worker")
    place = f"127.0.0.1:{world.ports['sink']}"
    world.worker(EMAIL_URL=f"smtp://me:secret@{place}")
    world.fill(count)
    wait_until(lambda: world.note("trouble") == "credentials", "the alarm says so")
    time.sleep(1)
    assert world.taken() == {}
    assert world.sql("SELECT DISTINCT state, attempts FROM outbox_outgoing") == [("due", 0)]

    world.orders()
    _all_came(world, count, twice=0)
    wait_until(lambda: world.note("trouble") == "", "the alarm ends")
