"""Lost phones: one of the staff asks, another agrees; nobody sets anything for anybody."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail

from accounts.models import FactorReset, Person
from accounts.rules import NotAllowed, Role
from accounts.services import grant_role
from accounts.services.resets import agree_to_reset, forget_resets, start_reset
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from tests.accounts.factor_steps import give_app, sign_in_by_code
from tests.people import cast, sign_in
from tests.roles import drain

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]


def _asked(evening: datetime, about: str = "ana") -> tuple[dict[str, Person], FactorReset]:
    people = cast(evening)
    give_app(people[about], evening)
    with time_machine.travel(evening, tick=False):
        sign_in(people["ida"]).post("/accounts/resets/", {"email": people[about].email})
    return people, FactorReset.objects.get()


def test_two_take_the_factors_away_and_the_person_starts_anew(evening: datetime) -> None:
    people, reset = _asked(evening)
    theirs = sign_in(Person.objects.get(pk=people["ana"].pk))
    cora = sign_in(people["cora"])
    address = f"/accounts/resets/{reset.pk}/agree/"
    assert "Take these second factors away?" in cora.get(address).content.decode()
    assert Authenticator.objects.exists()

    cora.post(address)

    assert not Authenticator.objects.exists()
    assert theirs.get("/accounts/").status_code == 302
    _client, answer = sign_in_by_code("ana@school.example")
    assert answer["Location"] == "/"
    told = set(Entry.objects.values_list("verb", "actor_id"))
    assert ("ask to reset second factors", str(people["ida"].pk)) in told
    assert ("reset second factors", str(people["cora"].pk)) in told


def test_one_alone_cannot(evening: datetime) -> None:
    people, reset = _asked(evening)

    answer = sign_in(people["ida"]).post(f"/accounts/resets/{reset.pk}/agree/")

    assert answer.status_code == 404
    with pytest.raises(NotAllowed):
        agree_to_reset(reset=reset.pk, by=people["ida"], now=evening)
    assert Authenticator.objects.exists()


def test_nobody_has_a_part_in_their_own(evening: datetime) -> None:
    people, reset = _asked(evening, about="cora")

    with pytest.raises(NotAllowed):
        agree_to_reset(reset=reset.pk, by=people["cora"], now=evening)
    with pytest.raises(NotAllowed):
        start_reset(person=people["ida"], by=people["ida"], now=evening)


@pytest.mark.parametrize("who", ["ben", "sol", "dee", "eli"])
def test_others_cannot(evening: datetime, who: str) -> None:
    people, reset = _asked(evening)
    client = sign_in(people[who])

    assert client.post("/accounts/resets/", {"email": "ana@school.example"}).status_code == 404
    assert client.post(f"/accounts/resets/{reset.pk}/agree/").status_code == 404
    assert client.post(f"/accounts/resets/{reset.pk}/withdraw/").status_code == 404
    with pytest.raises(NotAllowed):
        agree_to_reset(reset=reset.pk, by=people[who], now=evening)


def test_staff_who_have_not_proved_themselves_are_asked_first(evening: datetime) -> None:
    people = cast(evening)
    client = sign_in(people["ida"], passed=False)

    assert client.get("/accounts/resets/")["Location"].startswith("/accounts/second-factor/")


def test_the_person_is_told_at_once_and_can_stop_it(evening: datetime) -> None:
    people, _reset = _asked(evening)
    drain(now=lambda: evening)
    assert [message.to for message in mail.outbox] == [["ana@school.example"]] * 2  # set up, asked
    ana = sign_in(Person.objects.get(pk=people["ana"].pk))
    assert "Somebody asked to take this away" in ana.get("/accounts/factors/").content.decode()

    ana.post("/accounts/factors/stop-reset/")

    assert not FactorReset.objects.exists()
    assert Authenticator.objects.exists()


def test_a_request_stands_for_three_days(evening: datetime) -> None:
    people, reset = _asked(evening)
    later = evening + timedelta(days=4)

    assert agree_to_reset(reset=reset.pk, by=people["cora"], now=later) is False
    assert Authenticator.objects.exists()
    assert forget_resets(now=later) == 1


def test_it_happens_once(evening: datetime) -> None:
    people, reset = _asked(evening)
    grant_role(person=people["dee"], role=Role.COORDINATOR, by=SYSTEM, now=evening)
    people["dee"] = Person.objects.get(pk=people["dee"].pk)

    assert agree_to_reset(reset=reset.pk, by=people["cora"], now=evening)
    assert not agree_to_reset(reset=reset.pk, by=people["dee"], now=evening)


def test_no_page_lets_staff_set_a_factor_or_an_address_for_somebody(evening: datetime) -> None:
    """Every form of these pages is about the person who sends it; another name is nothing."""
    people = cast(evening)
    ida = sign_in(people["ida"])
    more = {"person": str(people["ana"].pk), "user": str(people["ana"].pk)}
    ida.post("/accounts/email/", {"email": "evil@school.example", **more})
    code = re.search(r"\d{6}", str(mail.outbox[-1].body))
    assert code
    ida.post("/accounts/email/code/", {"code": code[0], **more})

    assert Person.objects.get(pk=people["ana"].pk).email == "ana@school.example"
    assert Person.objects.get(pk=people["ida"].pk).email == "evil@school.example"
