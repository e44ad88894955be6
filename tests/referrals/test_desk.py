"""What counselors do with cases: one winner, one row noted, and nothing rings afterwards."""

from datetime import datetime, timedelta

import pytest

from peersupport.core.audit.models import Entry
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from referrals import permissions, rules
from referrals.models import Counselor, Counter, Exclusion, Referral, Sealed, Taken, Wrap
from referrals.queries.desk import doing
from referrals.rules import Kind, Outcome, Refusal, Urgency
from referrals.services import desk, opening
from tests.care import care_cast, counselor
from tests.referrals.cases import reads, sent, take_back

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
S = rules.State


def _people(now: datetime) -> dict[str, Counselor]:
    return {**care_cast(now), "fay": counselor("Fay", now)}


def _now(row: Referral) -> Referral:
    return Referral.objects.get(pk=row.pk)


def test_acknowledge_stops_what_rings_and_says_until_when(evening: datetime) -> None:
    cast = _people(evening)
    reads(cast["eli"].card, 0, 1, 2, 3, 4)
    row = sent(evening)

    done = desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    assert (done.state, done.owner_id, done.ring_at) == (S.ACKNOWLEDGED, cast["eli"].pk, None)
    # Eight reading hours from 9am on Tuesday.
    assert done.contact_by is not None
    assert done.contact_by - evening == timedelta(hours=23, minutes=50)
    step = Taken.objects.get(referral=row)
    assert (step.verb, step.to, step.by) == ("acknowledge", "acknowledged", str(cast["eli"].pk))


def test_danger_is_answered_by_the_clock_on_the_wall(evening: datetime) -> None:
    cast = _people(evening)
    reads(cast["eli"].card, 1)
    row = sent(evening, kind=Kind.DANGER, urgency=Urgency.URGENT)

    done = desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    assert done.contact_by == evening + rules.DANGER.contact


def test_the_second_is_told_who_has_it(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["dee"], now=evening)

    with pytest.raises(desk.HasIt) as told:
        desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    assert told.value.name == "Dee"
    assert Taken.objects.count() == 1


def test_whoever_is_left_out_is_told_nothing(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, not_by=(cast["eli"].pk,))
    desk.acknowledge(referral=row.pk, by=cast["dee"], now=evening)

    with pytest.raises(rules.NotAllowed):
        desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_close_counts_and_lets_go_of_the_tag(evening: datetime, outcome: Outcome) -> None:
    cast = _people(evening)
    row = sent(evening, urgency=Urgency.ROUTINE)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.contact(referral=row.pk, by=cast["eli"], now=evening)

    done = desk.close(referral=row.pk, outcome=outcome, by=cast["eli"], now=evening)

    assert (done.state, done.tag, done.ring_at) == (S.CLOSED, None, None)
    assert done.ended_on == evening.date()
    assert set(Counter.objects.values_list("series", "bucket", "period", "count")) == {
        ("outcome by term", str(outcome), "2026-2", 1),
        ("urgency by term", "routine", "2026-2", 1),
    }


def test_ending_twice_counts_once(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.redirect(referral=row.pk, by=cast["eli"], now=evening)

    with pytest.raises(NotAllowedFrom):
        desk.redirect(referral=row.pk, by=cast["eli"], now=evening)

    assert [c.count for c in Counter.objects.all()] == [1, 1]


def test_hand_on_begins_a_new_round_and_must_be_taken(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    done = desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)

    assert (done.state, done.asked_id, done.round) == (S.TRANSFERRED, cast["fay"].pk, 1)
    assert (done.ring_at, done.rung, done.contact_by) == (evening, 0, None)
    taken = desk.acknowledge(referral=row.pk, by=cast["fay"], now=evening)
    assert (taken.owner_id, taken.asked_id, taken.ring_at) == (cast["fay"].pk, None, None)


def test_whoever_handed_it_on_may_take_it_back(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)

    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    assert _now(row).owner_id == cast["eli"].pk
    assert not permissions.may_see(cast["fay"], row)


@pytest.mark.parametrize("to", ["self", "ended", "nobody"])
def test_it_is_handed_to_nobody_who_could_not_take_it(evening: datetime, to: str) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    Counselor.objects.filter(pk=cast["fay"].pk).update(state=Counselor.State.ENDED)
    key = {"self": cast["eli"].pk, "ended": cast["fay"].pk, "nobody": row.pk}[to]

    with pytest.raises(rules.NotAllowed):
        desk.transfer(referral=row.pk, to=key, by=cast["eli"], now=evening)


def test_it_is_handed_to_nobody_whom_somebody_wrote_into_the_database(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    found = doing(cast["eli"], row.pk, evening, facts().zone)
    assert found is not None
    assert [one.name for one in found.colleagues] == ["Dee", "Fay"]
    Counselor.objects.filter(pk=cast["fay"].pk).update(seal=b"forged")

    found = doing(cast["eli"], row.pk, evening, facts().zone)
    assert found is not None
    assert [one.name for one in found.colleagues] == ["Dee"]
    with pytest.raises(rules.NotAllowed):
        desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)


def test_a_conflict_of_interest_puts_it_back_for_good(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    desk.step_aside(referral=row.pk, by=cast["eli"], now=evening)

    found = _now(row)
    assert (found.state, found.owner_id, found.ring_at, found.round) == (
        S.RECEIVED, None, evening, 1,
    )  # fmt: skip
    assert Exclusion.objects.get().why == Exclusion.Why.CONFLICT
    assert not permissions.may_see(cast["eli"], row)
    assert permissions.may_see(cast["fay"], row)
    entry = Entry.objects.get(verb="step aside")
    assert (entry.actor_label, entry.note) == ("counselor", "")


def test_whoever_never_had_it_steps_aside_without_moving_it(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.step_aside(referral=row.pk, by=cast["fay"], now=evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.step_aside(referral=row.pk, by=cast["dee"], now=evening)

    assert _now(row).owner_id == cast["eli"].pk
    with pytest.raises(rules.NotAllowed):
        desk.step_aside(referral=row.pk, by=cast["dee"], now=evening)


def test_the_one_who_was_asked_steps_aside(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)

    desk.step_aside(referral=row.pk, by=cast["fay"], now=evening)

    assert (_now(row).state, _now(row).round) == (S.RECEIVED, 2)


def test_whoever_handed_it_on_steps_aside_and_it_stays_with_the_one_asked(
    evening: datetime,
) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)

    desk.step_aside(referral=row.pk, by=cast["eli"], now=evening)

    assert (_now(row).state, _now(row).owner_id) == (S.TRANSFERRED, None)
    assert not permissions.may_see(cast["eli"], row)
    desk.acknowledge(referral=row.pk, by=cast["fay"], now=evening)


def test_refused_danger_ends_and_nothing_of_it_is_left(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, kind=Kind.DANGER)

    done = desk.refuse(referral=row.pk, reason=Refusal.NO_DANGER, by=cast["dee"], now=evening)

    assert (done.state, done.consent, done.tag) == (S.REFUSED, "refused", None)
    assert not Sealed.objects.filter(referral=row).exists()
    assert not Wrap.objects.filter(referral=row).exists()
    entry = Entry.objects.get(verb="refuse danger")
    assert (entry.actor_label, entry.note) == ("lead counselor", "no danger")


def test_only_steps_py_moves_a_referral() -> None:
    """No second write path: a state is written in one place of the care side's services."""
    from pathlib import Path

    written = [
        path.name
        for path in Path(desk.__file__).parent.glob("*.py")
        if ".update(state=" in path.read_text() and "Referral" in path.read_text()
    ]
    assert written == ["steps.py"]


# -- taken back ---


def test_what_nobody_had_opened_goes_at_once(evening: datetime) -> None:
    _people(evening)
    row = sent(evening)
    take_back(row, evening)

    assert desk.settle_withdrawn(now=evening) == 1

    found = _now(row)
    assert (found.state, found.tag, found.ring_at) == (S.WITHDRAWN, None, None)
    assert not Sealed.objects.filter(referral=row).exists()
    assert desk.settle_withdrawn(now=evening) == 0
    assert Counter.objects.get(series="outcome by term").bucket == "withdrawn"


def test_what_somebody_had_read_follows_the_90_days(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    opening.open_case(referral=row, counselor=cast["eli"], what="case", now=evening)
    take_back(row, evening)

    desk.settle_withdrawn(now=evening)

    assert Sealed.objects.filter(referral=row).exists()
    with pytest.raises(rules.NotAllowed):
        opening.open_case(referral=row, counselor=cast["eli"], what="case", now=evening)


def test_taking_back_in_the_middle_of_handing_on(evening: datetime) -> None:
    """T12: nothing rings any more, nobody takes it, and it ends once."""
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)
    take_back(row, evening)

    assert not Referral.objects.unanswered().exists()
    for who in cast.values():
        with pytest.raises(rules.NotAllowed):
            desk.acknowledge(referral=row.pk, by=who, now=evening)
    assert desk.settle_withdrawn(now=evening) == 1
    assert (_now(row).state, _now(row).asked_id, _now(row).ring_at) == (S.WITHDRAWN, None, None)


def test_what_ended_before_it_was_taken_back_stays_as_it_ended(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    desk.close(referral=row.pk, outcome=Outcome.CONNECTED, by=cast["eli"], now=evening)
    take_back(row, evening)

    assert desk.settle_withdrawn(now=evening) == 0
    assert _now(row).state == S.CLOSED
