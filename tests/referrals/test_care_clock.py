"""The care side's clock: what a round does, what stops it, and who sees that it stands."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from peersupport.core.datamap import registry
from peersupport.core.outbox.models import DrainRun, Outgoing
from peersupport.core.outbox.services import mark_of
from peersupport.portal import health
from referrals import rules
from referrals.models import Asked, Clock, Counselor
from referrals.queries.clock import alarm, is_clock_well, last_round
from referrals.services import clock, rounds
from referrals.services.rounds import FAILED, go_round
from referrals.tasks import care_tick
from tests.care import care_cast, sit_down, stand_as
from tests.referrals.care_host import prepare
from tests.referrals.ladder_scene import at, office_hours, on_call_line, referral
from tests.roles import acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.plane("care")]
TUESDAY = at(11, 24, 10)
MINUTE = timedelta(minutes=1)
STEPS = {
    "settle": "desk.settle_withdrawn",
    "route": "routing.route_new",
    "ring": "ladder.ring_due",
    "ask": "ladder.ask_to_confirm",
    "tell": "ladder.tell_undelivered",
    "held": "held.tell_held",
    "drain": "rounds.drain",
    "seal": "chain.seal_chain",
    "forget": "rounds._forget",
}


class Unwell(Exception):
    """Carries what must not reach a log."""


def _fails(*_args: Any, **_more: Any) -> int:
    raise Unwell("ana@school.example")


def _break(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    module, _, name = STEPS[step].partition(".")
    monkeypatch.setattr(f"referrals.services.{module}.{name}", _fails)


@pytest.fixture(autouse=True)
def _care(settings: Any, db: None, keys_dir: Path) -> None:
    stand_as(settings, "care")
    prepare(keys_dir, TUESDAY)


@pytest.fixture
def cast(frozen_tuesday: None) -> dict[str, Counselor]:
    """Dee and Eli, both in from nine to five, and the line."""
    people = care_cast(at(11, 2, 9))
    office_hours(*people.values())
    on_call_line()
    return people


@pytest.fixture
def frozen_tuesday() -> Any:
    """The program's clock stands at a Tuesday at ten."""
    with time_machine.travel(TUESDAY, tick=False):
        yield


# -- a round --------------------------------------------------------------------------------------


def test_a_round_rings_delivers_and_is_noted(cast: dict[str, Counselor]) -> None:
    referral(TUESDAY, urgency="urgent")

    done = go_round(now=TUESDAY)

    assert (done["ring"], done["drain"]) == (1, 2)
    assert FAILED not in done.values()
    assert {each.to[0] for each in mail.outbox} == {"dee@school.example", "eli@school.example"}
    assert Clock.objects.get().last_at == TUESDAY
    with acting_as("web"):
        assert not DrainRun.objects.exists()
    assert set(done) == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_fails_alone(
    cast: dict[str, Counselor],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
) -> None:
    referral(TUESDAY, urgency="urgent")
    _break(monkeypatch, step)

    with caplog.at_level(logging.INFO):
        done = go_round(now=TUESDAY)

    assert [name for name, count in done.items() if count == FAILED] == [step]
    assert f"failed to {step}: Unwell" in caplog.text
    assert "ana@" not in caplog.text
    assert "Traceback" not in caplog.text
    # A round that did not route or ring, or tell of what nobody has in hand, is no round.
    assert Clock.objects.exists() is (step not in ("route", "ring", "held"))


def test_a_store_that_fails_stops_no_other(
    cast: dict[str, Counselor], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Asked.objects.create(purpose="x", state=b"", until=TUESDAY - MINUTE)
    real = registry.stores()

    def one_breaks() -> list[registry.Store]:
        return [replace(s, forget=_fails) if s.key == "referrals" else s for s in real]

    monkeypatch.setattr(rounds, "stores", one_breaks)

    assert go_round(now=TUESDAY)["forget"] == FAILED
    assert "failed to forget referrals: Unwell" in caplog.text
    assert not Asked.objects.exists()


def test_forgetting_is_hourly_and_of_this_side_alone(
    cast: dict[str, Counselor], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def noting(store: registry.Store) -> Callable[..., int]:
        def note(*, now: datetime) -> int:
            asked.append(f"{store.side} {store.key}")
            return 0

        return note

    known = [replace(s, forget=noting(s)) for s in registry.stores() if s.forget]
    monkeypatch.setattr(rounds, "stores", lambda: known)

    for number in range(0, 5 * 60, 20):  # from 9:59 on
        go_round(now=TUESDAY - MINUTE + number * MINUTE)

    assert {each.partition(" ")[0] for each in asked} == {"care"}
    assert asked.count("care referrals") == 6


def test_the_task_does_nothing_on_another_side(settings: Any, cast: dict[str, Counselor]) -> None:
    for plane in ("web", "worker"):
        settings.PLANE = plane
        care_tick()
        assert not Clock.objects.exists()
        with pytest.raises(CommandError, match="PLANE must be care"):
            call_command("care_tick")
    settings.PLANE = "care"
    care_tick()
    assert Clock.objects.exists()


def test_the_command_says_what_failed(
    cast: dict[str, Counselor], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = StringIO()
    call_command("care_tick", stdout=said)
    assert "ring: 0" in said.getvalue()

    _break(monkeypatch, "ring")
    with pytest.raises(CommandError, match="Not every step"):
        call_command("care_tick", stdout=said)
    assert "ring: failed" in said.getvalue()


# -- how old it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "is_well"),
    [
        (timedelta(), True),
        (rules.CLOCK_STALE - MINUTE, True),
        (rules.CLOCK_STALE, False),
        (timedelta(days=3), False),
        (-MINUTE, True),  # another host is a little ahead
        (-timedelta(days=1), False),  # noted by a clock that was wrong
    ],
)
def test_when_the_clock_is_well(age: timedelta, is_well: bool) -> None:
    clock.note(TUESDAY - age)
    assert is_clock_well(TUESDAY) is is_well
    assert (alarm(TUESDAY) is None) is is_well


def test_a_clock_that_never_went_is_not_well() -> None:
    assert last_round(TUESDAY) is None
    assert not is_clock_well(TUESDAY)
    found = alarm(TUESDAY)
    assert found is not None
    assert (found.is_stopped, found.minutes) == (True, None)


def test_a_clock_set_wrong_is_put_right_by_the_next_round() -> None:
    clock.note(TUESDAY + timedelta(days=400))
    clock.note(TUESDAY)
    assert is_clock_well(TUESDAY)


def test_the_alarm_of_somebody_nobody_may_be_told_of_is_the_leads(
    cast: dict[str, Counselor],
) -> None:
    clock.note(TUESDAY)
    referral(TUESDAY, urgency="urgent", out=list(cast.values()))

    found = alarm(TUESDAY)
    assert found is not None
    assert found.has_unreached
    assert alarm(TUESDAY, for_lead=False) is None


def test_undelivered_words_of_the_last_day_are_an_alarm() -> None:
    clock.note(TUESDAY)
    for number, (kind, age) in enumerate(
        [("care.check", 1), ("care.check", 25), ("staff-note", 1)]
    ):
        done = TUESDAY - timedelta(hours=age)
        when = {"due_at": done, "expires_at": done, "done_at": done}
        with acting_as("owner"):
            Outgoing.objects.create(
                kind=kind, key=mark_of(kind, str(number)), state="dead", **when
            )

    found = alarm(TUESDAY)
    assert found is not None
    assert (found.undelivered, found.is_stopped) == (1, False)


def test_the_web_side_asks_for_the_clock_alone(django_assert_num_queries: Any) -> None:
    """It may read no other table of the desk, and a pressing case is none of its business."""
    clock.note(TUESDAY)
    with acting_as("web"), django_assert_num_queries(1):
        assert is_clock_well(TUESDAY)


# -- who sees it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["dee", "eli"])
def test_the_desk_shows_a_clock_that_stands(cast: dict[str, Counselor], who: str) -> None:
    browser = sit_down(cast[who], TUESDAY)
    pages = ["/care/", "/care/me/"]

    clock.note(TUESDAY)
    for page in pages:
        assert "Nobody is being reminded" not in browser.get(page).content.decode()
    clock.note(TUESDAY - rules.CLOCK_STALE)
    for page in pages:
        shown = browser.get(page).content.decode()
        assert "Nobody is being reminded now" in shown
        assert "It stopped 5 minutes ago." in shown


def test_the_desk_shows_the_other_alarms(cast: dict[str, Counselor]) -> None:
    clock.note(TUESDAY)
    row = referral(TUESDAY, urgency="urgent", out=list(cast.values()))
    Outgoing.objects.create(
        kind="care.check",
        key=mark_of("care.check", "1"),
        state="dead",
        due_at=TUESDAY,
        expires_at=TUESDAY,
        done_at=TUESDAY,
    )

    lead = sit_down(cast["dee"], TUESDAY).get("/care/").content.decode()
    other = sit_down(cast["eli"], TUESDAY).get("/care/").content.decode()

    assert "nobody here may be told of it" in lead
    assert "nobody here may be told of it" not in other
    for page in (lead, other):
        assert "1 message of the last day could not be delivered" in page
    assert row.code not in other


def _parts(settings: Any, plane: str, now: datetime) -> tuple[int, dict[str, Any]]:
    settings.PLANE = plane
    with acting_as({"all": "owner"}.get(plane, plane)):
        found = health.report(now)
    return (200 if found["status"] == "ok" else 503), found


def test_healthz_of_the_care_side(settings: Any, cast: dict[str, Counselor]) -> None:
    go_round(now=TUESDAY)
    status, found = _parts(settings, "care", TUESDAY)
    assert status == 200
    assert set(found) == {"status", "database", "broker", "clock", "outbox"}

    status, found = _parts(settings, "care", TUESDAY + rules.CLOCK_STALE)
    assert status == 503
    assert found["clock"] == {"ok": False, "last_round_seconds": 300, "unreached": False}


def test_healthz_answers_503_when_the_clock_stands(cast: dict[str, Counselor]) -> None:
    go_round(now=TUESDAY - rules.CLOCK_STALE)
    assert Client().get("/healthz").status_code == 503
    go_round(now=TUESDAY)
    assert Client().get("/healthz").status_code == 200


def test_healthz_says_that_nobody_can_be_told(settings: Any, cast: dict[str, Counselor]) -> None:
    go_round(now=TUESDAY)
    referral(TUESDAY, urgency="urgent", out=list(cast.values()))
    status, found = _parts(settings, "care", TUESDAY)
    assert (status, found["clock"]["unreached"]) == (503, True)


def test_healthz_sees_words_that_do_not_leave(settings: Any, cast: dict[str, Counselor]) -> None:
    """Rounds go on, and the step that delivers fails each time."""
    referral(TUESDAY, urgency="urgent")
    with pytest.MonkeyPatch.context() as patch:
        _break(patch, "drain")
        go_round(now=TUESDAY)
    later = TUESDAY + timedelta(minutes=11)
    clock.note(later)
    status, found = _parts(settings, "care", later)
    assert status == 503
    assert found["outbox"] == {"ok": False, "oldest_due_seconds": 660, "dead": 0}


def test_healthz_of_the_web_side_says_it_and_stays_well(settings: Any) -> None:
    now = at(11, 24, 10)
    _status, before = _parts(settings, "web", now)
    assert before["care"] == {"ok": False, "last_round_seconds": None}
    counted = {name: part["ok"] for name, part in before.items() if name not in ("status", "care")}
    clock.note(now)
    _status, after = _parts(settings, "web", now)
    assert after["care"] == {"ok": True, "last_round_seconds": 0}
    assert after["status"] == before["status"]
    assert counted == {name: after[name]["ok"] for name in counted}
    assert "clock" not in before
    assert "care" not in _parts(settings, "worker", now)[1]


def test_healthz_of_both_fails_with_the_care_clock(settings: Any) -> None:
    clock.note(TUESDAY)
    assert _parts(settings, "all", TUESDAY)[1]["care_clock"]["ok"] is True
    status, found = _parts(settings, "all", TUESDAY + rules.CLOCK_STALE)
    assert (status, found["care_clock"]["ok"]) == (503, False)
