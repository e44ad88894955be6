"""The demo's cases: on the desk each day, opened with the demo's keys, told to their students."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.test import Client

from peersupport.portal.cast import ensure_counselors
from peersupport.portal.demo_care import SCENES, lay_out_desk
from referrals.models import Counselor, PublishedKey, Referral, Withdrawal
from referrals.rules import State
from referrals.services import desk, rotation
from tests.care import stand_as, wind
from tests.people import cast
from tests.roles import SUPERUSER

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane(SUPERUSER),
]


@pytest.fixture
def demo(settings: Any, evening: datetime) -> Any:
    """Both sides in one process, with cast, keys and the day's cases, at that evening."""
    stand_as(settings, "all")
    settings.MIDDLEWARE = settings.MIDDLEWARES["all"]
    import_module(settings.ROOT_URLCONF)
    settings.DEMO = True
    with time_machine.travel(evening, tick=False):
        rotation.publish()
        people, counselors = cast(evening), ensure_counselors(evening)
        wind(evening)

        def lay_out(now: datetime) -> None:
            lay_out_desk(people=people, counselors=counselors, now=now)

        lay_out(evening)
        yield lay_out


def _as(name: str) -> Client:
    client = Client()
    said = {"email": f"{name}@school.example", "next": "/care/"}
    assert client.post("/demo/sign-in/", said).status_code == 302
    return client


def _case(urgency: str, *states: State) -> Referral:
    return Referral.objects.get(urgency=urgency, state__in=states)


@pytest.mark.parametrize("who", ["dee", "eli"])
def test_a_real_desk_that_opens(demo: Any, who: str) -> None:
    client = _as(who)
    page = client.get("/care/").content.decode()
    urgent = _case("urgent", State.RECEIVED)
    taken = _case("soon", State.ACKNOWLEDGED)
    for row in (urgent, taken, _case("routine", State.IN_CONTACT)):
        assert row.code in page
    assert _case("routine", State.CLOSED).code not in page

    opened = client.post(f"/care/case/{urgent.pk}/open/").content.decode()
    assert SCENES[0].content.words.split(".")[0] in opened
    opened = client.post(f"/care/case/{taken.pk}/open/").content.decode()
    assert "mornings are the hardest" in opened


def test_its_students_see_how_it_stands(demo: Any) -> None:
    ana = _as("ana")
    taken = _case("soon", State.ACKNOWLEDGED)
    assert "A counselor has it" in ana.get("/referrals/").content.decode()
    page = ana.get(f"/referrals/one/{taken.pk}/").content.decode()
    assert "Opened by Eli" in page
    assert _as("ben").get(f"/referrals/one/{taken.pk}/").status_code == 404


def test_laid_out_once_whatever_was_done_since(demo: Any, evening: datetime) -> None:
    eli = Counselor.objects.get(email="eli@school.example")
    desk.acknowledge(referral=_case("urgent", State.RECEIVED).pk, by=eli, now=evening)
    demo(evening + timedelta(minutes=5))
    assert Referral.objects.count() == len(SCENES)
    assert not Referral.objects.filter(state=State.RECEIVED).exists()


def test_a_new_day_begins_with_a_new_desk(demo: Any, evening: datetime) -> None:
    tomorrow = evening + timedelta(days=1)
    with time_machine.travel(tomorrow, tick=False):
        demo(tomorrow)
        assert Withdrawal.objects.count() == 3  # what was not ended yesterday
        desk.settle_withdrawn(now=tomorrow)
    live = Referral.objects.live()
    assert live.count() == 3
    assert live.get(urgency="urgent").received_at.date() == tomorrow.date()


def test_without_a_key_it_waits_for_one(demo: Any, evening: datetime) -> None:
    PublishedKey.objects.all().delete()
    demo(evening + timedelta(days=1))
    assert Referral.objects.count() == len(SCENES)
