"""Events when everything closes, in a holiday, and in the timeline of the term."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from events import rules
from events.emails import CANCELLED
from events.models import Event, Host
from events.rules import Kind, State
from events.services import places, planning
from peersupport.core.actors import SYSTEM
from peersupport.core.outbox.models import Outgoing
from program.models import Holiday
from program.services import close_now
from tests.events.scene import event
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
CLOSE = "/program/close/"


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return cast(evening)


def _body(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def _asked(client: Client, until: str = "") -> str:
    return str(client.post(CLOSE, {"until": until}).content.decode())


def _tickets(page: str) -> dict[str, bool]:
    """Return the ticket of each event that is offered, and whether it is ticked."""
    boxes = re.findall(r'name="end" id="[^"]+" value="([^"]+)"( checked)?', page)
    return {ticket: bool(ticked) for ticket, ticked in boxes}


def test_closing_shows_what_would_go_on_and_cancels_what_is_ticked(
    people: dict[str, Person], evening: datetime
) -> None:
    cora = sign_in(people["cora"])
    tonight = event(evening, title="Yoga tonight", starts_at=evening + timedelta(hours=2))
    later = event(evening, title="Dinner later")
    running = event(evening, title="Running now", starts_at=evening - timedelta(minutes=10))
    event(evening, title="Far away", starts_at=evening + timedelta(days=30))
    event(evening, title="A draft", state=State.DRAFT)
    places.answer(event=tonight.pk, person=people["ana"], now=evening)

    page = _asked(cora)
    tickets = {ticket.partition(".")[0]: ticked for ticket, ticked in _tickets(page).items()}
    assert tickets == {str(tonight.pk): True, str(later.pk): False, str(running.pk): False}
    assert "1 person has a place or waits, and is told." in page
    assert "Something you planned will not take place" in page  # the letter, before it is sent

    chosen = [ticket for ticket, ticked in _tickets(page).items() if ticked]
    done = cora.post(CLOSE, {"until": "", "is_sure": "on", "end": chosen}, follow=True)
    said = done.content.decode()
    assert "1 event is cancelled. Whoever had a place or waited is told." in said
    assert "These events go on" in said
    assert f"/events/plan/{later.pk}/" in said
    assert f"/events/plan/{tonight.pk}/" not in said
    states = dict(Event.objects.values_list("title", "state"))
    assert states.pop("Yoga tonight") == State.CANCELLED
    assert State.CANCELLED not in states.values()
    assert Outgoing.objects.filter(kind=CANCELLED).count() == 1


def test_without_a_tick_every_event_goes_on(people: dict[str, Person], evening: datetime) -> None:
    row = event(evening, starts_at=evening + timedelta(hours=2))
    assert sign_in(people["cora"]).post(CLOSE, {"until": "", "is_sure": "on"}).status_code == 302
    assert Event.objects.get(pk=row.pk).state == State.PUBLISHED


def test_only_the_time_of_the_closing_counts(people: dict[str, Person], evening: datetime) -> None:
    row = event(evening, starts_at=evening + timedelta(hours=2))
    cora = sign_in(people["cora"])
    assert _tickets(_asked(cora))
    # 22:10 UTC is 17:10 in the school: closed until 18:00, an event at 19:10.
    assert "No event is planned in that time." in _asked(cora, "2026-11-23T18:00")
    assert str(row.pk) in _asked(cora, "2026-11-23T20:00")


def test_what_changed_since_it_was_shown_goes_on_and_hinders_nothing(
    people: dict[str, Person], evening: datetime
) -> None:
    cora = sign_in(people["cora"])
    rows = [event(evening, starts_at=evening + timedelta(hours=n)) for n in (2, 3)]
    page = _asked(cora)
    Event.objects.filter(pk=rows[0].pk).update(place="Elsewhere")
    sent = {"until": "", "is_sure": "on", "end": [*_tickets(page), "nonsense"]}
    done = cora.post(CLOSE, sent, follow=True).content.decode()

    assert "1 event is cancelled." in done
    assert "2 events have changed meanwhile and go on." in done
    states = [Event.objects.get(pk=row.pk).state for row in rows]
    assert states == [State.PUBLISHED, State.CANCELLED]


def test_of_a_discreet_one_no_number_is_said_and_a_debrief_is_not_shown(
    people: dict[str, Person], evening: datetime
) -> None:
    soon = evening + timedelta(hours=2)
    quiet = event(evening, title="Group", is_sensitive=True, starts_at=soon)
    places.answer(event=quiet.pk, person=people["ana"], now=evening)
    debrief = event(evening, title="CANARY", kind=Kind.DEBRIEF, is_sensitive=True, starts_at=soon)
    page = _asked(sign_in(people["cora"]))

    assert "How many that is stays unsaid here." in page
    assert "CANARY" not in page
    sent = {"until": "", "is_sure": "on", "end": f"{debrief.pk}.whatever"}
    sign_in(people["cora"]).post(CLOSE, sent)
    assert Event.objects.get(pk=debrief.pk).state == State.PUBLISHED


def test_whoever_may_not_close_cancels_nothing(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, starts_at=evening + timedelta(hours=2))
    [ticket] = _tickets(_asked(sign_in(people["cora"])))
    sent = {"until": "", "is_sure": "on", "end": ticket}
    for who in ("ana", "priya", "ida"):
        assert sign_in(people[who]).post(CLOSE, sent).status_code in (302, 403, 404)
    assert Event.objects.get(pk=row.pk).state == State.PUBLISHED


def test_the_page_of_a_closing_asks_no_more_for_more_events(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    close_now(until=None, by=people["cora"], now=evening)
    cora, counts = sign_in(people["cora"]), []
    for number in (1, 20):
        for each in range(number):
            event(evening, starts_at=evening + timedelta(hours=1 + each))
        with django_assert_max_num_queries(12) as asked:
            _body(cora, CLOSE)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_holiday_says_which_events_lie_on_it(
    people: dict[str, Person], evening: datetime
) -> None:
    day = date(2026, 11, 26)
    # Nine in the evening in the school is the next day in UTC.
    on_it = event(
        evening, title="Dinner on it", starts_at=datetime.fromisoformat("2026-11-27T02:00Z")
    )
    event(evening, title="Day after", starts_at=datetime.fromisoformat("2026-11-27T18:00Z"))
    event(evening, title="A draft", starts_at=on_it.starts_at, state=State.DRAFT)
    cora = sign_in(people["cora"])
    typed = {"name": "Thanksgiving", "first_on": day.isoformat(), "last_on": day.isoformat()}
    said = cora.post("/program/holidays/", typed, follow=True).content.decode()

    assert "1 published event lies in these days and goes on." in said
    assert f"/events/plan/{on_it.pk}/" in said
    assert "Dinner on it" in said
    assert "Day after" not in said
    assert "A draft" not in said
    # Whoever looks after the server alone knows what everybody knows.
    assert "Dinner on it" not in _body(sign_in(people["ida"]), "/program/holidays/")
    planning.cancel(event=on_it.pk, by=SYSTEM, now=evening)
    assert "Dinner on it" not in _body(cora, "/program/holidays/")


def test_the_timeline_has_a_lane_of_events_in_picture_and_table(
    people: dict[str, Person], evening: datetime
) -> None:
    event(evening, title="Open yoga", visibility=rules.Visibility.PUBLIC)
    event(evening, title="Quiet group", is_sensitive=True)
    event(evening, title="A draft", state=State.DRAFT)
    off = event(evening, title="Off", visibility=rules.Visibility.PUBLIC)
    planning.cancel(event=off.pk, by=SYSTEM, now=evening)
    debrief = event(evening, title="CANARY", kind=Kind.DEBRIEF, is_sensitive=True)
    Host.objects.create(event=debrief, person=people["priya"])

    for path in ("/program/terms/", "/reminders/"):
        seen = _body(sign_in(people["cora"]), path)
        assert seen.count(">Open yoga</text>") == 1
        assert seen.count("Thursday 26 November 2026: Open yoga") == 1
        assert seen.count("Quiet group") == 2
        assert not [title for title in ("A draft", ">Off<", "CANARY") if title in seen]
    ida = _body(sign_in(people["ida"]), "/program/terms/")
    assert ida.count("Open yoga") == 2
    assert "Quiet group" not in ida
    Holiday.objects.all().delete()


def test_of_very_many_the_names_are_in_the_table(
    people: dict[str, Person], evening: datetime
) -> None:
    for number in range(85):
        event(evening, title="Walk", starts_at=evening + timedelta(days=1 + number // 2))
    seen = _body(sign_in(people["cora"]), "/program/terms/")
    assert ">Walk</text>" not in seen
    assert seen.count('class="bar mark"') == 43
    assert "Events (their names are in the table)" in seen
    assert seen.count(": Walk</li>") == 85
