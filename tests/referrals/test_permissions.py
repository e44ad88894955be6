"""Who may see and do what: a case that is not for somebody is nowhere there for them."""

from datetime import datetime
from typing import Any

import pytest

from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from referrals import permissions, rules
from referrals.models import Counselor, Exclusion, Referral
from referrals.queries import desk as reads_of
from referrals.rules import Consent, Kind, Outcome, Refusal
from referrals.services import desk, opening
from tests.care import care_cast, counselor
from tests.referrals.cases import sent, take_back

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
]
S = rules.State


def _people(now: datetime) -> dict[str, Counselor]:
    return {**care_cast(now), "fay": counselor("Fay", now)}


def _seen(now: datetime, row: Referral) -> set[str]:
    return {
        one.card.name
        for one in Counselor.objects.select_related("card")
        if permissions.may_see(one, row)
    }


def test_until_somebody_has_it_all_who_read_see_it(evening: datetime) -> None:
    _people(evening)
    assert _seen(evening, sent(evening)) == {"Dee", "Eli", "Fay"}


def test_then_only_whoever_has_it_and_the_lead(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    assert _seen(evening, row) == {"Dee", "Eli"}

    desk.transfer(referral=row.pk, to=cast["fay"].pk, by=cast["eli"], now=evening)
    # Whoever handed it on sees it until it is taken, and may take it back.
    assert _seen(evening, row) == {"Dee", "Eli", "Fay"}

    desk.acknowledge(referral=row.pk, by=cast["fay"], now=evening)
    assert _seen(evening, row) == {"Dee", "Fay"}

    desk.close(referral=row.pk, outcome=Outcome.CONNECTED, by=cast["fay"], now=evening)
    assert _seen(evening, row) == {"Fay"}


def test_nobody_sees_what_is_not_routed_taken_back_or_broken(evening: datetime) -> None:
    _people(evening)
    fresh = sent(evening, routed=False)
    assert _seen(evening, fresh) == set()
    row = sent(evening)
    take_back(row, evening)
    assert _seen(evening, row) == set()
    whole = sent(evening)
    whole.routed.is_whole = False
    whole.routed.save()
    assert _seen(evening, whole) == set()


@pytest.mark.parametrize("state", ["asked", "joined", "ended"])
def test_whoever_is_not_active_sees_nothing(evening: datetime, state: str) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)
    cast["eli"].state = state

    assert not permissions.may_see(cast["eli"], row)
    assert permissions.may_see(cast["dee"], row)


# -- T6: left out means absent, everywhere ---


@pytest.mark.parametrize("why", list(Exclusion.Why))
@pytest.mark.parametrize("who", ["eli", "dee"])
def test_left_out_is_absent_everywhere(evening: datetime, who: str, why: str) -> None:
    """List, counts, opening, every verb, and as somebody to hand it to; the lead alike."""
    cast = _people(evening)
    out = cast[who]
    if why == Exclusion.Why.STUDENT:
        row = sent(evening, not_by=(out.pk,))
    else:
        row = sent(evening)
        desk.step_aside(referral=row.pk, by=out, now=evening)
    desk.acknowledge(referral=row.pk, by=cast["fay"], now=evening)

    for state in (S.RECEIVED, S.ACKNOWLEDGED, S.IN_CONTACT, S.TRANSFERRED):
        # The rows as they would be if somebody had written them by other means.
        owner = None if state == S.RECEIVED else out.card
        asked = out.card if state == S.TRANSFERRED else None
        Referral.objects.filter(pk=row.pk).update(state=state, owner=owner, asked=asked)
        assert not permissions.may_see(out, row)
        assert row.code not in str(reads_of.desk(out, evening, facts().zone))
        for verb in VERBS.values():
            with pytest.raises((rules.NotAllowed, NotAllowedFrom)):
                verb(row, out, cast, evening)
        with pytest.raises(rules.NotAllowed):
            opening.open_case(referral=row, counselor=out, what="case", now=evening)
    Referral.objects.filter(pk=row.pk).update(
        state=S.ACKNOWLEDGED, owner=cast["fay"].card, asked=None
    )
    row.refresh_from_db()
    assert out not in permissions.colleagues(cast["fay"], row)
    with pytest.raises(rules.NotAllowed):
        desk.transfer(referral=row.pk, to=out.pk, by=cast["fay"], now=evening)


VERBS: dict[str, Any] = {
    "acknowledge": lambda row, by, cast, now: desk.acknowledge(referral=row.pk, by=by, now=now),
    "contact": lambda row, by, cast, now: desk.contact(referral=row.pk, by=by, now=now),
    "close": lambda row, by, cast, now: desk.close(
        referral=row.pk, outcome=Outcome.DECLINED, by=by, now=now
    ),
    "redirect": lambda row, by, cast, now: desk.redirect(referral=row.pk, by=by, now=now),
    "transfer": lambda row, by, cast, now: desk.transfer(
        referral=row.pk, to=cast["fay"].pk, by=by, now=now
    ),
    "step aside": lambda row, by, cast, now: desk.step_aside(referral=row.pk, by=by, now=now),
    "confirm": lambda row, by, cast, now: desk.confirm(referral=row.pk, by=by, now=now),
    "refuse": lambda row, by, cast, now: desk.refuse(
        referral=row.pk, reason=Refusal.MISTAKE, by=by, now=now
    ),
    "give back": lambda row, by, cast, now: desk.give_back(referral=row.pk, by=by, now=now),
}


def test_without_the_exclusion_the_same_person_may(evening: datetime) -> None:
    """The control: it is the row that keeps them out, nothing else."""
    cast = _people(evening)
    row = sent(evening, not_by=(cast["eli"].pk,))
    assert not permissions.may_see(cast["eli"], row)

    Exclusion.objects.all()._raw_delete(Exclusion.objects.db)

    assert permissions.may_see(cast["eli"], row)
    assert desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)


def test_when_everybody_is_left_out_the_lead_sees_that_there_is_one(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, not_by=tuple(one.pk for one in cast.values()))
    other = sent(evening, not_by=(cast["dee"].pk, cast["eli"].pk))
    dee = reads_of.desk(cast["dee"], evening, facts().zone)

    assert [one.code for one in dee.unopenable] == [row.code]
    assert row.code not in str(reads_of.desk(cast["eli"], evening, facts().zone))
    assert not permissions.may_see(cast["dee"], row)
    for who in ("eli", "fay"):
        with pytest.raises(rules.NotAllowed):
            desk.give_back(referral=row.pk, by=cast[who], now=evening)
    with pytest.raises(rules.NotAllowed):
        desk.give_back(referral=other.pk, by=cast["dee"], now=evening)

    desk.give_back(referral=row.pk, by=cast["dee"], now=evening)
    assert Referral.objects.get(pk=row.pk).state == S.REDIRECTED

    # Somebody who joins later is left out of nothing.
    late = sent(evening, not_by=tuple(one.pk for one in cast.values()))
    assert permissions.may_see(counselor("Gil", evening), late)


# -- T8: danger without a yes ---


def test_danger_is_confirmed_and_refused_by_the_lead_alone(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, kind=Kind.DANGER)
    acts: tuple[Any, ...] = (
        lambda: desk.confirm(referral=row.pk, by=cast["eli"], now=evening),
        lambda: desk.refuse(referral=row.pk, reason=Refusal.MISTAKE, by=cast["eli"], now=evening),
    )
    for act in acts:
        with pytest.raises(rules.NotAllowed):
            act()
    assert Referral.objects.get(pk=row.pk).consent == Consent.AWAITING

    assert desk.confirm(referral=row.pk, by=cast["dee"], now=evening).consent == "confirmed"
    with pytest.raises(rules.NotAllowed):
        desk.confirm(referral=row.pk, by=cast["dee"], now=evening)
    with pytest.raises(rules.NotAllowed):
        desk.refuse(referral=row.pk, reason=Refusal.MISTAKE, by=cast["dee"], now=evening)


@pytest.mark.parametrize("reason", ["", "because", "NO_DANGER", "no danger "])
def test_danger_is_refused_for_a_reason_of_ours_alone(evening: datetime, reason: str) -> None:
    cast = _people(evening)
    row = sent(evening, kind=Kind.DANGER)

    with pytest.raises(desk.NoReason):
        desk.refuse(referral=row.pk, reason=reason, by=cast["dee"], now=evening)

    assert Referral.objects.get(pk=row.pk).state == S.RECEIVED


def test_what_a_student_sent_is_never_confirmed_or_refused(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)

    with pytest.raises(rules.NotAllowed):
        desk.confirm(referral=row.pk, by=cast["dee"], now=evening)
    with pytest.raises(rules.NotAllowed):
        desk.refuse(referral=row.pk, reason=Refusal.MISTAKE, by=cast["dee"], now=evening)


def test_a_referral_that_came_by_other_means_is_nobodys_twice(evening: datetime) -> None:
    """A stale object decides nothing: the tables are asked at the moment of the act."""
    cast = _people(evening)
    row = sent(evening)
    stale = Referral.objects.get(pk=row.pk)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    assert stale.state == S.RECEIVED
    assert not permissions.may_see(cast["fay"], stale)
