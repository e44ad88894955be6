"""A debrief of the tests: Ana asks Priya, who sets a time two days ahead."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.core import mail
from django.test import Client

from accounts.models import Person
from events.models import Event, Request, Taker
from events.services import debriefs
from tests.people import cast, sign_in
from tests.roles import drain
from tests.ui.test_letters import REVEALING

WORDS = {"team": "Night team CANARY-5W", "helps": "To sit down CANARY", "suits": "after 6pm"}
# Nothing of what was typed, and no word for what it is: in no line and no address of a letter.
TELLING = [*REVEALING, "canary", "debrief", "team", "room", "november"]
TO_ANA = ("ana@school.example", "You have a message")
TO_PRIYA = ("priya@school.example", "You have a message")


def with_priya_to_ask(now: datetime) -> dict[str, Person]:
    """Return everybody; Priya can be asked."""
    found = cast(now)
    Taker.objects.create(person=found["priya"], about="Has led many")
    return found


def key_of(client: Client) -> str:
    """Return the key of the form that somebody has before them."""
    page = client.get("/events/debriefs/").content.decode()
    found = re.search(r'name="request_key" value="([^"]+)"', page)
    assert found
    return found[1]


def asks(client: Client, **more: str) -> Any:
    """Ask Priya, or whoever is named."""
    taker = str(Taker.objects.order_by("about").first().pk)  # type: ignore[union-attr]
    said = {"taker": taker, **WORDS, **more}
    said.setdefault("request_key", key_of(client))
    return client.post("/events/debriefs/", said, follow=True)


def taken(people: dict[str, Person], now: datetime, **more: Any) -> Event:
    """Let Ana ask and Priya set a time; what was told by then is sent."""
    asks(sign_in(people["ana"]))
    starts = now + timedelta(days=2)
    said = {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "place": "Room 9", **more}
    row = debriefs.take(request=Request.objects.get().pk, **said, by=people["priya"], now=now)
    sent(now)
    return row


def sent(now: datetime) -> list[tuple[str, str]]:
    """Send what is due, and return to whom under which subject. No letter says a word of it."""
    return [(message.to[0], str(message.subject)) for message in letters(now)]


def letters(now: datetime) -> list[Any]:
    """Send what is due, and return the letters: none says a word of what it is about."""
    drain(now=lambda: now)
    found: list[Any] = list(mail.outbox)
    for one in found:
        html = str(one.alternatives[0][0]).partition("<body")[2]
        for body in (one.body, html):
            own = body.partition("In crisis")[0].lower()
            assert not [word for word in TELLING if word in own], own
    mail.outbox.clear()
    return found
