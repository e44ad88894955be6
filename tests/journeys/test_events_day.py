"""A tap at the door; a group that nobody outside sees; a team that asks for a debrief."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from events import keys, rules
from events.models import Event, Host, Rsvp, Taker
from events.services import places
from tests.events.scene import event
from tests.journeys.story import Story, tell, told_twice
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@told_twice
def test_somebody_says_at_the_door_that_they_are_here(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        row = event(evening, starts_at=evening + timedelta(minutes=20))
        Host.objects.create(event=row, person=people["priya"])
        places.answer(event=row.pk, person=people["ana"], now=evening)
        door = f"/events/{row.pk}/door/{keys.key_of(row, evening).door()}/"
        with tell(live_server, "at-the-door", people, script=script) as story:
            priya = story.reader("priya")
            priya.goes_to(f"/events/{row.pk}/day/")
            priya.reads("Places taken: 1", "Who is expected")
            priya.looks("who-is-expected")
            priya.follows("Code for the door")
            priya.has_heading("Code for the door")
            priya.looks("the-code")

            ana = story.reader("ana")
            ana.goes_to(door)
            ana.has_heading("Are you here?")
            ana.looks("are-you-here")
            ana.presses("I am here")
            ana.has_heading("Good that you are here")
            ana.looks("you-are-here")

            _somebody_without_an_account(story, door)

            priya.goes_to(f"/events/{row.pk}/day/")
            priya.reads("is there", "Came: 1 and 1 without a name")
            priya.fills("How many people were there?", "-3")
            priya.presses("Note it")
            priya.reads("There is a problem", "Write a number that is not below nothing.")
            priya.looks("a-number-please")
            priya.fills("How many people were there?", "14")
            priya.presses("Note it")
            priya.reads("Noted.")
            priya.looks("noted")
        row.refresh_from_db()
        assert (row.came, row.walk_ins, row.heads) == (1, 1, 14)


def _somebody_without_an_account(story: Story, door: str) -> None:
    stranger = story.reader()
    stranger.goes_to(door)
    stranger.reads("Who you are stays with you.")
    stranger.looks("a-stranger")
    stranger.presses("I am here")
    stranger.has_heading("Good that you are here")


@told_twice
def test_a_group_that_nobody_outside_sees(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    title = "Group for whoever lost somebody"
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        row = event(evening, kind=rules.Kind.GROUP, title=title, is_sensitive=True)
        Host.objects.create(event=row, person=people["marcus"])
        with tell(live_server, "a-discreet-group", people, script=script) as story:
            visitor = story.reader()
            visitor.goes_to("/events/")
            visitor.does_not_read(title)
            visitor.looks("seen-from-outside")

            ana = story.reader("ana")
            ana.goes_to("/events/")
            ana.follows(title)
            ana.reads("Nobody sees who comes")
            ana.looks("seen-by-a-student")
            ana.presses("I am going")
            ana.reads("You are going")
            ana.looks("ana-is-going")
            assert title not in ana.page.title()

            for name in ("marcus", "cora"):
                who = story.reader(name)
                who.goes_to(f"/events/{row.pk}/day/")
                who.reads("Places taken: 1", "Nobody sees who comes to this one, you neither.")
                who.does_not_read("Ana", people["ana"].email)
                who.looks(f"numbers-for-{name}")
        assert Rsvp.objects.get().state == rules.Going.GOING


@told_twice
def test_a_team_asks_for_a_debrief(live_server: Any, evening: datetime, *, script: bool) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        with tell(live_server, "a-debrief", people, script=script) as story:
            cora = story.reader("cora")
            cora.goes_to("/events/debriefs/takers/")
            cora.looks("nobody-yet")
            cora.page.get_by_label("Who", exact=True).select_option(label="Priya")
            cora.fills("What students read about them", "has sat with many teams")
            cora.presses("Put on the list")
            cora.reads("They can be asked now.")
            cora.looks("priya-can-be-asked")

            ben = story.reader("ben")
            ben.goes_to("/events/")
            ben.follows("Your team had a hard day?")
            ben.presses("Ask")
            ben.reads("There is a problem", "Choose whom you ask.", "Say which team it is.")
            ben.looks("what-is-missing")
            ben.chooses("Priya")
            ben.fills("Which team is it?", "The night team on 5 West")
            ben.fills("What would help?", "To sit down for half an hour")
            ben.fills("When would it suit?", "After 6pm")
            ben.presses("Ask")
            ben.reads("You hear as soon as they answer", "With Priya; no answer yet.")
            ben.looks("asked")

            priya = story.reader("priya")
            priya.goes_to("/events/debriefs/asked/")
            priya.reads("The night team on 5 West", "To sit down for half an hour")
            priya.looks("what-is-asked")
            priya.follows("I will: set a time")
            priya.fills("Day", "2026-11-25")
            priya.fills("From", "18:30")
            priya.fills("Where", "Room 9")
            priya.looks("when-and-where")
            priya.presses("Set it")
            priya.reads("Its address is for the team: hand it on.", "Room 9")
            priya.looks("it-is-set")

            ben.goes_to("/events/debriefs/")
            ben.reads("Priya meets you: Wednesday 25 November")
            ben.looks("ben-reads-when")
            ben.follows("Say that you are going")
            ben.presses("I am going")
            ben.reads("You are going")

            cora.goes_to("/events/")
            cora.does_not_read("Debrief")
        assert Taker.objects.count() == 1
        assert Event.objects.get().taken == 1
