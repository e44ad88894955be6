"""The ladder by real workers and beats that are killed, doubled and stopped.

Nothing twice, nothing lost, and a clock that stands is seen.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.care_world import CareWorld, care_world, health
from tests.process.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.process
DEE, ELI, LINE = "dee@school.example", "eli@school.example", "line@oncall.example"


@pytest.fixture
def care(tmp_path: Path) -> Iterator[CareWorld]:
    """A care side on PostgreSQL and Redis, of which nothing runs yet."""
    with care_world(tmp_path / "care") as found:
        yield found


def _settles(care: CareWorld, expected: dict[str, int]) -> None:
    """Wait for exactly these letters, and let some rounds more pass: no other comes."""
    care.wait_letters(sum(expected.values()))
    rounds = care.sql("SELECT last_at FROM referrals_clock")
    wait_until(lambda: care.sql("SELECT last_at FROM referrals_clock") != rounds, "another round")
    time.sleep(3)
    assert care.letters() == Counter(expected)
    assert care.count("outbox_outgoing") == 0


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_killed_worker_loses_nothing_and_says_nothing_twice(
    care: CareWorld, moment: str, tmp_path: Path
) -> None:
    """Each of five rings by its second rung, since nobody has reading hours: Dee and Eli."""
    care.waits(5)
    mark = tmp_path / "stopped"
    beat = care.beat()
    victim = care.worker(STOP_AT=moment, STOP_MARK=str(mark))
    wait_until(mark.exists, "the worker is in the middle of a ring", within=2 * PATIENCE)
    care.kill(victim)

    done = 0 if moment == "before the commit" else 1
    assert care.count("referrals_ring") == done
    assert care.count("referrals_referral", "rung > 0") == done
    assert care.count("outbox_outgoing") == 2 * done

    care.worker()
    _settles(care, {DEE: 5, ELI: 5})
    assert care.count("referrals_ring") == 5
    assert beat.poll() is None


@pytest.mark.parametrize("broker", ["redis", "folder"])
def test_two_workers_and_two_beats_ring_once(tmp_path: Path, broker: str) -> None:
    with care_world(tmp_path / "care", broker=broker) as care:
        care.waits(8)
        for number in range(2):
            care.worker()
            care.beat(f"beat-{number}")

        _settles(care, {DEE: 8, ELI: 8})
        assert care.count("referrals_ring") == 8
        assert care.count("referrals_ring", "rung = 1") == 8


def test_a_worker_takes_no_wake_ups_of_the_other_side(care: CareWorld) -> None:
    """The care side's database user may not touch what the web side's tasks would."""
    care.worker()
    env = {**care.env, "PLANE": "worker"}  # the same broker, seen from the other side
    code = "from peersupport.celery import app; app.send_task('officehours.tasks.tick')"
    care.manage("shell", "-v", "0", "-c", code, env=env)
    care.beat()
    wait_until(lambda: care.count("referrals_clock"), "a round", within=2 * PATIENCE)

    logs = "".join(path.read_text() for path in care.home.glob("*.log"))
    assert "officehours.tasks.tick" not in logs


def test_a_stopped_beat_is_an_alarm_and_a_weekend_no_burst(care: CareWorld) -> None:
    """Time is made to pass by setting back what the clock and the ladder have noted."""
    web = care.start("-m", "gunicorn", "--bind", f"127.0.0.1:{care.env['PORT']}",
                     "peersupport.wsgi")  # fmt: skip
    worker, beat = care.worker(), care.beat()
    wait_until(
        lambda: health(care.env["PORT"]).get("code") == 200, "it is well", within=2 * PATIENCE
    )

    care.kill(beat)  # and the worker lives
    time.sleep(3)  # what it had been told before is done
    care.waits(6, hours=62)
    care.sql("UPDATE referrals_clock SET last_at = last_at - interval '5 minutes'")
    seen = health(care.env["PORT"])
    assert seen["code"] == 503
    assert seen["clock"]["ok"] is False
    assert seen["clock"]["last_round_seconds"] >= 300
    assert worker.poll() is None
    assert web.poll() is None
    assert care.letters() == {}

    care.beat()
    # The highest rung alone: the line, and with it the lead, whose own was passed over.
    _settles(care, {LINE: 6, DEE: 6})
    assert care.sql("SELECT DISTINCT rung FROM referrals_ring") == [(3,)]
    assert care.count("referrals_ring") == 6
    assert health(care.env["PORT"])["code"] == 200


def test_what_is_acknowledged_while_it_waits_is_not_said(care: CareWorld, tmp_path: Path) -> None:
    """Rung and queued, then answered before anything was delivered."""
    care.waits(3)
    mark = tmp_path / "stopped"
    care.beat()
    victim = care.worker(STOP_AT="after the commit", STOP_MARK=str(mark))
    wait_until(mark.exists, "one has rung", within=2 * PATIENCE)
    care.kill(victim)
    care.sql(
        "UPDATE referrals_referral SET state = 'acknowledged', ring_at = NULL,"
        " owner_id = (SELECT card_id FROM referrals_counselor LIMIT 1) WHERE rung > 0"
    )

    care.worker()
    _settles(care, {DEE: 2, ELI: 2})


def test_the_care_side_is_served_whole(care: CareWorld) -> None:
    """`manage.py serve` with PLANE=care: web, worker and beat; what ends is started again."""
    serve = care.start("manage.py", "serve")
    port = care.env["PORT"]
    wait_until(lambda: health(port).get("code") == 200, "it is well", within=3 * PATIENCE)
    assert set(health(port)) == {"code", "status", "database", "broker", "clock", "outbox"}

    care.waits(1)
    _settles(care, {DEE: 1, ELI: 1})
    serve.terminate()
    assert serve.wait(PATIENCE) == 0
    assert os.path.exists(care.home / "care" / "keys" / "care-epochs.json")


def test_one_pass_for_cron(care: CareWorld) -> None:
    care.waits(2)

    said = care.manage("care_tick")

    assert "ring: 2" in said
    assert "drain: 4" in said
    assert care.letters() == {DEE: 2, ELI: 2}
    assert "ring: 0" in care.manage("care_tick")
    assert care.letters() == {DEE: 2, ELI: 2}
