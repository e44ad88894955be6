"""Whatever becomes of a debrief, whoever asked and whoever was asked read it on one page."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Person
from events.models import Event, Request, Taker
from events.queries.debriefs import Asked
from events.services import debriefs, places, planning
from peersupport.core import ids
from tests.journeys.story import tell, told_twice
from tests.people import cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
TEAMS = ("Nobody answers", "Full", "Called off", "Declined", "Taken back", "Taken back early")


def _lived_through(people: dict[str, Person], now: datetime) -> dict[str, Event]:
    """Let Ana ask for each of these, and Priya do what their names say. Return what is set."""
    taker = Taker.objects.create(person=people["priya"], about="has sat with many teams")
    Taker.objects.create(person=people["marcus"], about="nurse educator on 5 West")
    found: dict[str, Event] = {}
    for number, team in enumerate(TEAMS[1:] + TEAMS[:1]):
        debriefs.ask(
            taker=taker.pk, asked=Asked(team, "To sit down for half an hour", "After 6pm"),
            request_key=ids.new_id(), person=people["ana"], now=now,
        )  # fmt: skip
        row = Request.objects.get(state="asked")
        starts = now + timedelta(days=3, hours=number)
        when = {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "place": "Room 9"}
        if team in ("Full", "Called off", "Taken back"):
            found[team] = debriefs.take(request=row.pk, **when, by=people["priya"], now=now)  # type: ignore[arg-type]
        elif team == "Declined":
            debriefs.decline(request=row.pk, by=people["priya"], now=now)
        if team.startswith("Taken back"):
            debriefs.withdraw(request=row.pk, person=people["ana"], now=now)
    Event.objects.filter(pk=found["Full"].pk).update(capacity=1, places=1)
    places.answer(event=found["Full"].pk, person=people["ben"], now=now)
    planning.cancel(event=found["Called off"].pk, by=people["priya"], now=now)
    return found


@told_twice
def test_both_pages_say_what_became_of_it(
    live_server: Any, evening: datetime, *, script: bool
) -> None:
    with time_machine.travel(evening, tick=False):
        people = cast(evening)
        found = _lived_through(people, evening)
    with time_machine.travel(evening + timedelta(days=2), tick=False):
        with tell(live_server, "debriefs", people, script=script) as story:
            ana = story.reader("ana")
            ana.goes_to("/events/debriefs/")
            ana.reads(
                "With Priya since Monday 23 November; no answer yet.",
                "Priya meets you: Thursday 26 November, 5:10pm to 6:10pm.",
                "All its places are taken",
                "It was called off.",
                "Priya cannot do it this time.",
                "Priya is told. It is not called off yet",
                "You took it back.",
            )
            ana.looks("what-ana-asked-for")
            ana.chooses("Priya")
            ana.fills("Which team is it?", "The night team on 5 West")
            ana.fills("When would it suit?", "After 6pm")
            ana.presses("Ask")
            ana.reads("There is a problem", "You have asked them")
            ana.looks("asked-already")
            ana.chooses("Marcus")
            ana.presses("Ask")
            ana.reads("With Marcus; no answer yet.")

            priya = story.reader("priya")
            priya.goes_to("/events/debriefs/asked/")
            priya.reads(
                "They still wait for your answer.",
                "All its places are taken.",
                "It was called off.",
                "You declined.",
                "Whoever asked has taken it back. It is still on",
                "It was taken back before you answered.",
            )
            priya.looks("what-priya-was-asked")
            priya.follows("Call it off")
            priya.has_heading("Cancel this event?")
            priya.presses("Cancel it")
            priya.goes_to("/events/debriefs/asked/")
            priya.does_not_read("It is still on")
        assert Event.objects.get(pk=found["Taken back"].pk).state == "cancelled"
