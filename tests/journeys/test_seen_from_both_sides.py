"""What a counselor does, as its student reads it; and what a student takes back, at the desk."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings

from referrals import tagkey
from referrals.models import Opening, Referral
from tests.care import care_cast, sit_down, stand_as, wind
from tests.journeys.story import tell, told_twice
from tests.people import cast
from tests.referrals.cases import SAID, reads, sent
from tests.roles import SUPERUSER

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.plane(SUPERUSER),
    pytest.mark.usefixtures("both_sides"),
]
MORNING = timedelta(hours=-6)  # from Monday evening to 11:10am, when somebody reads


@pytest.fixture
def both_sides(settings: Any) -> None:
    """Both sides in one process, as in the demo, before the server reads its settings."""
    stand_as(settings, "all")
    settings.MIDDLEWARE = settings.MIDDLEWARES["all"]  # its pages act for both sides


@told_twice
def test_who_opened_it_and_then_taken_back(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        people, eli = cast(now), care_cast(now)["eli"]
        reads(eli.card, *range(5))
        wind(now)
        row = sent(now, tag=tagkey.tag_for(people["ana"].pk, now))
        seat = sit_down(eli, now).cookies[settings.CARE_COOKIE].value
        with tell(live_server, "both-sides", people, script=script) as story:
            story.cookies["eli"] = [
                {"name": settings.CARE_COOKIE, "value": seat, "url": live_server.url}
            ]
            ana, desk = story.reader("ana"), story.reader("eli")
            ana.goes_to(f"/referrals/one/{row.pk}/")
            ana.reads("Who opened it", "Nobody yet.")
            desk.goes_to(f"/care/case/{row.pk}/")
            desk.presses("Open it")
            desk.reads(SAID.words)
            desk.presses("It is mine")
            desk.reads("The student was told: you call by")

            ana.page.reload()
            ana.has_heading("A counselor has it")
            ana.reads("Eli will call by", "Opened by Eli, Monday 23 November")
            ana.looks("opened")
            ana.follows("Take it back")
            ana.presses("Take it back")
            ana.has_heading("You took it back")
            ana.goes_to(f"/referrals/one/{row.pk}/")
            ana.reads("Opened by Eli, Monday 23 November")  # which stays to be seen
            ana.looks("taken-back")

            desk.goes_to("/care/")
            desk.does_not_read(row.code)
            desk.goes_to(f"/care/case/{row.pk}/")
            desk.has_heading("It is not here for you")
            desk.goes_to("/care/log/")
            desk.reads("opened")
            desk.looks("log")
        assert Opening.objects.filter(referral_id=row.pk, what="case").count() == 1
        assert Referral.objects.get(pk=row.pk).withdrawal
