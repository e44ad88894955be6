"""A counselor's morning at the desk, without JavaScript and with it, with a look at each page.

Every story begins with a seat that has just used a passkey; the passkey itself is in
tests/referrals/test_care_doors.py and in the story of second factors.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from playwright.sync_api import Error, expect

from program.models import Holiday
from referrals.models import Counselor, DaysAway, Opening, Referral
from referrals.rules import Kind, Urgency
from referrals.services import desk
from tests.care import care_cast, counselor, sit_down, wind
from tests.journeys.story import Story, tell, told_twice
from tests.referrals.cases import SAID, break_blob, reads, sent
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane"),
]
MORNING = timedelta(hours=17)  # from Monday, 5:10pm, to Tuesday, 10:10am


@pytest.fixture
def care_plane(settings: Any) -> None:
    """The care side alone, as its own program serves it."""
    from tests.care import stand_as

    stand_as(settings, "care")


def _scene(now: datetime) -> dict[str, Counselor]:
    cast = {**care_cast(now), "fay": counselor("Fay", now)}
    for one, days in (("eli", (0, 1, 2, 3, 4)), ("fay", (1, 3))):
        reads(cast[one].card, *days, starts="09:00", ends="12:00" if one == "eli" else "17:00")
    wind(now)
    return cast


@contextmanager
def _told(
    server: Any, folder: str, cast: dict[str, Counselor], now: datetime, *, script: bool
) -> Iterator[Story]:
    seats = {
        name: [
            {
                "name": settings.CARE_COOKIE,
                "value": sit_down(one, now).cookies[settings.CARE_COOKIE].value,
                "url": server.url,
            }
        ]
        for name, one in cast.items()
    }
    with tell(server, f"desk-{folder}", {}, script=script) as story:
        story.cookies = seats
        yield story


@told_twice
def test_the_morning(live_server: Any, evening: datetime, *, script: bool) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        cast = _scene(now)
        sent(evening - timedelta(days=3), urgency=Urgency.ROUTINE)
        row = sent(evening)
        sent(now, urgency=Urgency.URGENT)
        with _told(live_server, "morning", cast, now, script=script) as story:
            eli = story.reader("eli")
            eli.goes_to("/care/")
            eli.has_heading("Desk")
            eli.reads("These are reading hours.", "Urgent", "Waiting since yesterday", row.code)
            eli.does_not_read(SAID.name, SAID.words)
            eli.looks("desk")
            eli.goes_to(f"/care/case/{row.pk}/")
            eli.looks("case")
            eli.presses("It is mine")
            eli.reads("It is yours", "The student was told: you call by")
            eli.presses("Open it")
            eli.reads("How to reach them", SAID.words, "Leave no message", "A supporter's words")
            eli.looks("opened")
            eli.presses("Copy to the chart")
            eli.has_heading("Copy to the chart")
            eli.looks("chart")
            eli.follows("Done")
            eli.presses("I have reached them")
            eli.reads("Noted: you are in contact.", "Yours", "In contact.")
            eli.looks("in-contact")
            eli.goes_to(f"/care/case/{row.pk}/")
            eli.follows("End it")
            eli.presses("End it")
            eli.reads("There is a problem")
            eli.looks("end")
            eli.chooses("They are with us")
            eli.presses("End it")
            eli.reads("Ended. Everything in it is destroyed in 90 days.")
            eli.does_not_read(row.code)
            eli.follows("What was opened")
            eli.reads("opened", "copied to the chart", row.code)
            eli.looks("log")
            other = story.reader("fay")
            other.goes_to(f"/care/case/{row.pk}/")
            other.has_heading("It is not here for you")
            other.looks("gone")
        assert Opening.objects.filter(referral_id=row.pk, name="Eli").count() == 2


@told_twice
def test_stepping_aside_and_handing_on(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        cast = _scene(now)
        mine, row = sent(now), sent(now)
        with _told(live_server, "handing-on", cast, now, script=script) as story:
            eli, fay = story.reader("eli"), story.reader("fay")
            fay.goes_to(f"/care/case/{row.pk}/")
            eli.goes_to(f"/care/case/{mine.pk}/")
            eli.follows("I should not have this one")
            eli.has_heading("Should somebody else have this one?")
            eli.looks("aside")
            eli.presses("Step aside")
            eli.reads("You do not see it any more.")
            eli.does_not_read(mine.code)

            eli.goes_to(f"/care/case/{row.pk}/")
            eli.presses("It is mine")
            fay.presses("It is mine")
            fay.has_heading("Eli has it")
            fay.looks("has-it")
            eli.follows("Hand it to a colleague")
            eli.looks("hand-on")
            eli.chooses("Fay")
            eli.presses("Hand it over")
            eli.reads("Handed to Fay, who has not answered yet.")
            eli.looks("handed")
            fay.follows("Back to the desk")
            fay.reads("Handed to you", "Eli asks you to take it.")
            fay.looks("asked")
            fay.goes_to(f"/care/case/{row.pk}/")
            fay.presses("It is mine")
            fay.reads("It is yours")
        assert Referral.objects.get(pk=row.pk).owner_id == cast["fay"].pk


@told_twice
def test_somebody_away_and_the_lead_takes_over(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        cast = _scene(now)
        mine, other, handed = sent(now), sent(now), sent(now)
        for row in (mine, other, handed):
            desk.acknowledge(referral=row.pk, by=cast["eli"], now=now)
        desk.contact(referral=other.pk, by=cast["eli"], now=now)
        desk.transfer(referral=handed.pk, to=cast["fay"].pk, by=cast["eli"], now=now)
        with acting_as("care"):
            for name in ("eli", "fay"):
                DaysAway.objects.create(
                    card=cast[name].card, first_on=now.date(), last_on=now.date()
                )
        with _told(live_server, "away", cast, now, script=script) as story:
            eli, dee = story.reader("eli"), story.reader("dee")
            eli.goes_to("/care/")
            eli.reads("You are away until Wednesday 25 November: hand this on.")
            eli.looks("own")
            dee.goes_to("/care/")
            dee.reads(
                "Somebody else must take these",
                "Eli is away, and back on Wednesday 25 November",
                "Fay is away, and back on Wednesday 25 November",
            )
            dee.looks("lead")
            dee.page.locator(f"a[href='/care/case/{mine.pk}/hand-on/']").click()
            dee.reads("Me: I take it now", "Fay: away, and back on Wednesday 25 November")
            dee.looks("hand-on")
            dee.chooses("Me: I take it now")
            dee.presses("Hand it over")
            dee.reads("It is yours.", "The student was told: you call by")
            dee.looks("taken-over")
        assert Referral.objects.get(pk=mine.pk).owner_id == cast["dee"].pk


@told_twice
def test_danger_and_what_only_the_lead_sees(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        cast = _scene(now)
        row = sent(now, kind=Kind.DANGER, urgency=Urgency.URGENT)
        desk.acknowledge(referral=sent(now).pk, by=cast["eli"], now=now)
        sent(evening, not_by=tuple(one.pk for one in cast.values()))
        late = sent(evening - timedelta(days=4))
        broken = sent(now)
        with acting_as("care"):
            broken.routed.is_whole = False
            broken.routed.save()
        break_blob(late)
        with _told(live_server, "lead", cast, now, script=script) as story:
            dee = story.reader("dee")
            dee.goes_to("/care/")
            dee.reads("In danger", "Not confirmed yet", "Nobody may open these", "late since")
            dee.looks("desk")
            dee.goes_to(f"/care/case/{row.pk}/")
            dee.reads("A supporter sent this without the student's yes")
            dee.looks("case")
            dee.follows("Say whether it was right")
            dee.looks("confirm")
            dee.chooses("Yes: somebody is")
            dee.presses("Answer")
            dee.reads("Confirmed.")
            dee.does_not_read("Not confirmed yet")
            dee.goes_to(f"/care/case/{late.pk}/")
            dee.presses("Open it")
            dee.has_heading(f"{late.code} does not open")
            dee.looks("does-not-open")
            dee.goes_to("/care/")
            dee.follows("End it")
            dee.looks("give-back")
            dee.presses("End it")
            dee.reads("Its student reads that nobody here could take it.")


@told_twice
def test_hours_and_timers(live_server: Any, evening: datetime, *, script: bool) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        cast = _scene(now)
        with acting_as("owner"):
            first = now.date() + timedelta(days=2)
            Holiday.objects.create(name="Thanksgiving", first_on=first, last_on=first)
        with _told(live_server, "hours", cast, now, script=script) as story:
            eli, dee = story.reader("eli"), story.reader("dee")
            eli.goes_to("/care/duty/")
            eli.page.get_by_label("Day", exact=True).select_option("2")
            eli.fills("From", "17:00")
            eli.fills("Until", "14:00")
            eli.presses("Add")
            eli.reads("Choose a time after the start.")
            eli.fills("From", "13:00")
            eli.presses("Add")
            eli.reads("Added.", "Wednesday, 1pm to 2pm", "Thanksgiving: nobody")
            eli.fills("First day away", "2026-11-30")
            eli.fills("Last day away", "2026-11-27")
            eli.presses("Note days away")
            eli.reads("There is a problem", "Choose a day that is not before the first.")
            eli.fills("Last day away", "2026-12-02")
            eli.presses("Note days away")
            eli.reads("Noted.", "Away Monday 30 November 2026 to Wednesday 2 December 2026")
            eli.looks("duty")
            dee.goes_to("/care/duty/")
            dee.reads("Away Monday 30 November 2026 to Wednesday 2 December 2026")
            dee.looks("duty-lead")
            dee.follows("How soon we answer")
            dee.reads("If somebody asks now", "No on-call line is set")
            dee.looks("timers")
            dee.page.get_by_label("Taken within").first.fill("2")
            dee.presses("Save")
            dee.reads("There is a problem", "Choose at least 5 minutes.")
            dee.looks("timers-wrong")
            dee.page.get_by_label("Taken within").first.fill("30")
            dee.fills("Name of the on-call line", "Night line")
            dee.fills("Its e-mail address", "night@school.example")
            dee.presses("Save")
            dee.reads("Saved.", "Night line")


@told_twice
def test_signed_out_and_back_shows_nothing(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    now = evening + MORNING
    with time_machine.travel(now, tick=False):
        cast = _scene(now)
        row = sent(now)
        with _told(live_server, "back", cast, now, script=script) as story:
            eli = story.reader("eli")
            eli.goes_to(f"/care/case/{row.pk}/")
            eli.presses("Open it")
            eli.reads(SAID.words)
            eli.page.get_by_role("button", name="Sign out").click()
            eli.has_heading("Sign in")
            for _ in range(2):
                # To what was opened by POST the browser does not even go back: it asks to send
                # again, and here there is nobody to say yes.
                with suppress(Error):
                    eli.page.go_back()
                eli.does_not_read(SAID.words, SAID.name)
            eli.goes_to("/care/")
            eli.does_not_read(row.code)


def test_an_empty_desk(live_server: Any, evening: datetime) -> None:
    with time_machine.travel(evening, tick=False):
        cast = _scene(evening)
        with _told(live_server, "empty", cast, evening, script=True) as story:
            eli = story.reader("eli")
            eli.goes_to("/care/")
            eli.reads("Nobody waits.", "The next reading hours begin tomorrow at 9am")
            eli.looks("desk")
            row = sent(evening)
            eli.page.evaluate("htmx.trigger('#desk', 'refresh')")
            eli.reads(row.code)


def test_a_desk_left_alone_says_so_and_closes(live_server: Any, evening: datetime) -> None:
    """By the browser's own clock, which is moved on, and the server's with it."""
    with time_machine.travel(evening, tick=False) as clock:
        cast = _scene(evening)
        row = sent(evening)
        with _told(live_server, "idle", cast, evening, script=True) as story:
            eli = story.reader("eli")
            page = eli.page
            page.clock.install()
            eli.goes_to(f"/care/case/{row.pk}/")
            eli.presses("Open it")
            eli.reads(SAID.words)
            warning = page.locator("[data-idle-warning]")
            page.wait_for_load_state()  # only then has the page begun to count
            page.clock.run_for(8 * 60_000)
            expect(warning).to_be_hidden()

            page.clock.run_for(65_000)
            expect(warning).to_be_visible()
            expect(warning).to_contain_text("It closes within a minute.")
            # However long a busy machine takes to look at it.
            page.evaluate("() => { const now = Date.now(); Date.now = () => now; }")
            eli.looks("warning")
            warning.get_by_role("link", name="I am still here").click()
            eli.has_heading(row.code)
            eli.does_not_read(SAID.words)  # back at the case, not at what was opened
            expect(warning).to_be_hidden()
            page.wait_for_load_state()

            page.clock.run_for(9 * 60_000 + 10_000)
            expect(warning).to_be_visible()
            clock.shift(timedelta(minutes=11))
            page.clock.run_for(65_000)
            page.wait_for_url("**/care/sign-in/?closed")
            eli.does_not_read(row.code)
            eli.looks("closed")
