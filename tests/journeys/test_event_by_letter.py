"""A full evening: somebody gives their place back by the link in a letter, who waits gets it.

All of it signed out, and from outside nobody can tell what it is about.
"""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from events.models import Event
from tests import browser as chromium
from tests.events.scene import event
from tests.journeys.story import tell, told_twice
from tests.people import cast
from tests.roles import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
HOUR = timedelta(hours=1)
TITLE = "Grief circle"


def _link(letter: Any) -> str:
    found = re.search(r"http\S+/events/place/\S+", letter.body)
    assert found
    return found[0]


def _letter_to(who: str, mailoutbox: list[Any], now: datetime) -> Any:
    drain(now=lambda: now)
    (letter,) = [mail for mail in mailoutbox if mail.to == [f"{who}@school.example"]]
    mailoutbox.clear()
    assert letter.subject == "You have a message"
    assert TITLE not in str(letter.message())
    return letter


@told_twice
def test_a_full_evening_is_given_on_by_link(
    live_server: Any, evening: datetime, mailoutbox: list[Any], settings: Any, *, script: bool
) -> None:
    settings.PUBLIC_URL = live_server.url
    with time_machine.travel(evening, tick=False) as clock:
        people = cast(evening)
        group = event(evening, title=TITLE, is_sensitive=True, capacity=1)
        soon = group.starts_at - 10 * HOUR
        page = f"/events/{group.pk}/"
        with tell(live_server, "event-by-letter", people, script=script) as story:
            for who, button in (("ana", "I am going"), ("ben", "Join the line")):
                reader = story.reader(who)
                reader.goes_to(page)
                reader.presses(button)
                reader.reads("You are going" if who == "ana" else "in the line")
            letter = _letter_to("ana", mailoutbox, evening)
            _reads_as_mail(story.reader(), letter)

            somebody = story.reader()
            somebody.page.goto(_link(letter))
            somebody.has_heading("You have a place")
            somebody.does_not_read(TITLE, "Atrium", "Ana")
            somebody.looks("have-a-place")
            somebody.presses("I cannot come")
            somebody.has_heading("You are not coming")
            somebody.looks("not-coming")

            letter = _letter_to("ben", mailoutbox, evening)
            somebody = story.reader()
            somebody.page.goto(_link(letter))
            somebody.has_heading("You have a place")
            ben = story.reader("ben")
            ben.goes_to(page)
            ben.reads("You are going")
            ana = story.reader("ana")
            ana.goes_to(page)
            ana.presses("Join the line")

            clock.move_to(soon)
            somebody.presses("I cannot come")
            letter = _letter_to("ana", mailoutbox, soon)
            _takes_the_offer(story, letter)
    assert Event.objects.get(pk=group.pk).taken == 1


def _reads_as_mail(reader: Any, letter: Any) -> None:
    """Read a letter as a mail program shows it."""
    for theme in chromium.THEMES if reader.story.script else ():
        reader.page.emulate_media(color_scheme=theme)
        reader.page.set_content(letter.alternatives[0][0])
        chromium.keep(reader.page, f"event-by-letter/letter-{theme}")


def _takes_the_offer(story: Any, letter: Any) -> None:
    assert "kept for you until" in letter.body
    somebody = story.reader()
    somebody.page.goto(_link(letter))
    somebody.has_heading("A place is kept for you")
    somebody.looks("offer")
    somebody.presses("Take the place")
    somebody.has_heading("You have a place")
