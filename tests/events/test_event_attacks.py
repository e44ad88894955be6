"""What somebody tries who has a browser and time: forged forms, guessed and replayed links."""

import base64
import random
import struct
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from accounts.services.calendar import new_feed
from events import keys
from events.models import Event, Host, Rsvp
from events.queries import refs
from events.rules import Going, Kind, State, Visibility
from events.services import places, planning
from events.urls import urlpatterns
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from tests.events import matrix
from tests.events.matrix_table import TABLE
from tests.events.plans import facts, mark, typed
from tests.events.scene import event
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def _goes(row: Event, person: Person, now: datetime) -> Rsvp:
    return places.answer(event=row.pk, person=person, now=now)


def _link(answer: Rsvp) -> str:
    return refs.path_of(Event.objects.get(pk=answer.event_id), answer.pk)


def _state(answer: Rsvp) -> str:
    return str(Rsvp.objects.get(pk=answer.pk).state)


# -- forged forms ---------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["nobody", "student", "host", "coordinator"])
def test_no_form_of_another_site_does_anything(role: str, evening: datetime) -> None:
    """Every address that takes a form, sent well but without this site's token."""
    scene = matrix.set_scene(evening)
    client, before = matrix.browser(scene, role), matrix.stored()
    client.handler.enforce_csrf_checks = True
    tried = 0
    for name, verb, of, letters in matrix.cells(TABLE):
        if verb != "POST" or set(letters) == {matrix.NEVER}:
            continue
        got = client.post(matrix.address(scene, name, of), matrix.fields(scene, name, of))
        assert got.status_code == 403, (name, of, got.status_code)
        tried += 1
    assert matrix.stored() == before
    assert tried > 100


def test_no_address_of_events_takes_a_form_without_a_token() -> None:
    assert not [one.name for one in urlpatterns if getattr(one.callback, "csrf_exempt", False)]


# -- links in letters -----------------------------------------------------------------------------
def test_whatever_is_put_into_the_address_of_a_link_opens_nothing(
    people: dict[str, Person], evening: datetime
) -> None:
    mine = _goes(event(evening), people["ana"], evening)
    token = _link(mine).split("/")[3]
    raw, dice = base64.urlsafe_b64decode(token + "=="), random.Random(9)
    tried = [token[:n] for n in (1, 2, 3, 5, 20, len(token) - 1, len(token) - 2)]
    tried += [token * 2, token + "A", token[::-1], "-", "_", "A" * 2000, "none", str(mine.pk)]
    for place in range(len(raw)):
        forged = bytearray(raw)
        forged[place] ^= 1 << dice.randrange(8)
        tried.append(_slug(bytes(forged)))
    # The days of no key: long past, far ahead, none at all.
    form = raw[:1]
    for day in (0, 1, evening.date().toordinal() - 400, 3_652_059, 2**31, 2**32 - 1):
        tried.append(_slug(form + struct.pack(">I", day) + raw[5:]))
    client = Client()
    for one in tried:
        path = reverse("events:place", args=[one])
        for got in (client.get(path), client.post(path, {"what": "give-back"})):
            assert got.status_code == 404, one
    assert _state(mine) == "going"
    assert client.get(_link(mine)).status_code == 200


def _slug(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_what_a_row_of_the_outbox_holds_is_no_link(
    people: dict[str, Person], evening: datetime
) -> None:
    """Whoever reads the outbox cannot give somebody's place back."""
    row = event(evening)
    mine = _goes(row, people["ana"], evening)
    (ref,) = refs.seal_refs(Event.objects.get(pk=row.pk), [(mine.pk, 0)])

    assert Client().get(reverse("events:place", args=[_slug(ref)])).status_code == 404


def test_a_replayed_link_takes_no_place_that_is_not_offered(
    people: dict[str, Person], evening: datetime
) -> None:
    """A letter of an offer, used again after it was let go, and whatever a button could say."""
    row = event(evening, capacity=1, starts_at=evening + 20 * HOUR)
    first, mine = (_goes(row, people[who], evening) for who in ("sol", "ana"))
    places.leave(event=row.pk, person=people["sol"], now=evening)
    link, client = _link(mine), Client()
    assert _state(mine) == "offered"

    client.post(link, {"what": "give-back"})
    for what in ("take", "give-back", "going", "", "seize", "accept"):
        assert client.post(link, {"what": what}).status_code == 302
        assert (_state(mine), _state(first)) == ("declined", "left")
    assert Event.objects.values_list("taken", flat=True).get(pk=row.pk) == 0


def test_a_link_acts_on_its_own_answer_alone_whoever_is_signed_in(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening)
    mine, other = (_goes(row, people[who], evening) for who in ("ana", "ben"))

    sign_in(people["ben"]).post(_link(mine), {"what": "give-back"})
    assert (_state(mine), _state(other)) == ("left", "going")


def test_a_link_of_before_an_event_moved_ends_with_the_day_it_had(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    row = planning.write(facts=facts(), by=SYSTEM, now=evening)
    planning.publish(event=row.pk, by=SYSTEM, now=evening)
    row.refresh_from_db()
    mine = _goes(row, people["ana"], evening)
    old, ended = _link(mine), row.forget_at + DAY
    later = facts(facts().starts_at.date() + 14 * DAY)
    planning.change(event=row.pk, facts=later, seen=mark(row, evening), by=SYSTEM, now=evening)
    new = _link(mine)

    assert [Client().get(one).status_code for one in (old, new)] == [200, 200]
    time_machine.move_to(ended, tick=False)
    assert [Client().get(one).status_code for one in (old, new)] == [404, 200]
    assert Client().post(old, {"what": "give-back"}).status_code == 404
    assert _state(mine) == "going"


# -- numbers of others ----------------------------------------------------------------------------
def test_an_answer_is_marked_through_its_own_event_alone(
    people: dict[str, Person], evening: datetime
) -> None:
    """Who runs one event learns and changes nothing of another by the number of an answer."""
    soon = evening + HOUR / 6  # marking is open
    mine, other = event(evening, title="Mine", starts_at=soon), event(evening, title="Other")
    Host.objects.create(event=mine, person=people["priya"])
    answer, waits = _goes(other, people["ana"], evening), event(evening, capacity=1)
    client = sign_in(people["priya"])

    for of, status in ((mine, 302), (other, 404), (waits, 404)):
        got = client.post(f"/events/{of.pk}/day/{answer.pk}/", {"came": "yes"})
        assert got.status_code == status
    assert Rsvp.objects.get().came_by == ""
    assert not Event.objects.exclude(came=0).exists()


def test_the_door_of_one_event_is_not_the_door_of_another(
    people: dict[str, Person], evening: datetime
) -> None:
    soon = evening + HOUR / 6
    mine, other = event(evening, starts_at=soon), event(evening, starts_at=soon, is_sensitive=True)
    token = keys.key_of(mine, evening).door()
    for client in (Client(), sign_in(people["ana"]), sign_in(people["cora"])):
        for path in (f"/events/{other.pk}/door/{token}/", f"/events/{mine.pk}/door/{token[:-1]}/"):
            assert [client.get(path).status_code, client.post(path).status_code] == [404, 404]
    assert not Event.objects.exclude(walk_ins=0).exists()


def test_a_feed_holds_its_own_readers_places_and_another_token_nothing(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, is_sensitive=True, title="Canary")
    _goes(row, people["ana"], evening)
    ana, ben = (new_feed(person=people[who]) for who in ("ana", "ben"))

    found = [Client().get(f"/calendar/{token}.ics").content.decode() for token in (ana, ben)]
    assert [one.count("BEGIN:VEVENT") for one in found] == [1, 0]
    assert "Canary" not in found[0]
    # Whoever is signed in as somebody else reads no other feed by it.
    seen = sign_in(people["ben"]).get(f"/calendar/{ana}.ics").content.decode()
    assert seen.count("BEGIN:VEVENT") == 1
    tokens = [
        ana.swapcase(),
        ana[:-1],
        ben + ana,
        ids.new_token(),
        people["ana"].pk.hex,
        row.pk.hex,
    ]
    assert {Client().get(f"/calendar/{one}.ics").status_code for one in tokens} == {404}
    # The link of a letter is no feed, and a feed is no link.
    answer = Rsvp.objects.get()
    assert Client().get(f"/calendar/{_link(answer).split('/')[3]}.ics").status_code == 404
    assert Client().get(f"/events/place/{ana}/").status_code == 404


# -- more than one may ----------------------------------------------------------------------------
def _own(people: dict[str, Person], evening: datetime, **more: Any) -> Event:
    row = event(evening, kind=Kind.WORKSHOP, **more)
    Host.objects.create(event=row, person=people["priya"])
    return row


def test_a_supporter_who_may_plan_workshops_can_make_nothing_else_of_them(
    people: dict[str, Person], evening: datetime
) -> None:
    matrix.let_supporters_plan(evening)
    row = _own(people, evening, state=State.DRAFT)
    client, marcus = sign_in(people["priya"]), str(people["marcus"].pk)
    seen = mark(row, evening)
    mine: dict[str, Any] = {"hosts": [str(people["priya"].pk)], "mark": seen}

    for kind in ("group", "debrief", "move"):
        assert client.post("/events/plan/new/", typed(kind=kind)).status_code == 400
        sent = typed(kind=kind, **mine)
        assert client.post(f"/events/plan/{row.pk}/change/", sent).status_code == 400
    # Nor hand it to somebody so that it is theirs alone.
    sent = typed(kind="workshop", hosts=[marcus], mark=seen)
    assert client.post(f"/events/plan/{row.pk}/change/", sent).status_code == 404
    assert [one.person_id for one in Host.objects.all()] == [people["priya"].pk]
    # What they make is theirs too, whoever they name.
    assert (
        client.post("/events/plan/new/", typed(kind="workshop", hosts=[marcus])).status_code == 302
    )
    made = Event.objects.exclude(pk=row.pk).get()
    assert Host.objects.filter(event=made).count() == 2


def test_of_a_series_that_is_not_all_theirs_a_supporter_does_nothing_to_the_rest(
    people: dict[str, Person], evening: datetime
) -> None:
    matrix.let_supporters_plan(evening)
    series = matrix.series(evening)
    days = [evening.date() + n * 7 * DAY for n in range(2)]
    starts = [evening + (3 + n * 7) * DAY for n in range(2)]
    own = _own(people, evening, series=series, series_on=days[0], starts_at=starts[0])
    other = event(evening, series=series, series_on=days[1], starts_at=starts[1], title="Other")
    client, seen = sign_in(people["priya"]), mark(own, evening)
    before = Event.objects.filter(pk=other.pk).values().get()

    page = client.get(f"/events/plan/series/{series.pk}/").content.decode()
    assert "Other" not in page
    last = {"last_on": evening.date().isoformat(), "sure": "1", "mark": seen}
    client.post(f"/events/plan/series/{series.pk}/end/", last)
    client.post(f"/events/plan/series/{series.pk}/publish/", {"mark": seen})
    copied = client.post(f"/events/plan/series/{series.pk}/copy/", {"day": "2027-02-01"})
    assert copied.status_code == 404
    for what in ("change", "cancel", "drop", "copy"):
        path = f"/events/plan/{other.pk}/{what}/"
        assert (client.get(path).status_code, client.post(path).status_code) == (404, 404)
    sent = typed(
        kind="workshop", hosts=[str(people["priya"].pk)], mark=seen, scope="later",
        sure="1", anyway=[str(other.pk)], title="Taken over",
    )  # fmt: skip
    client.post(f"/events/plan/{own.pk}/change/", sent)
    assert Event.objects.filter(pk=other.pk).values().get() == before
    assert Event.objects.count() == 2


def test_a_private_event_is_found_by_its_address_alone(
    people: dict[str, Person], evening: datetime
) -> None:
    """No list, calendar or page of a series names it to who has no place and does not run it."""
    row = event(evening, title="By address", visibility=Visibility.PRIVATE)
    _goes(row, people["ana"], evening)
    for client in (Client(), sign_in(people["ben"]), sign_in(people["sol"])):
        for path in ("/events/", "/events/calendar.ics", "/"):
            body = client.get(path).content.decode()
            assert not [word for word in ("By address", str(row.pk)) if word in body]
    assert "By address" in sign_in(people["ana"]).get("/events/").content.decode()


def test_who_is_no_student_any_more_takes_no_place(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, capacity=1, starts_at=evening + 20 * HOUR)
    for who in ("sol", "ana"):
        _goes(row, people[who], evening)
    mine = Rsvp.objects.get(state=Going.WAITING)
    places.leave(event=row.pk, person=people["sol"], now=evening)
    Person.objects.filter(pk=people["ana"].pk).update(is_active=False)

    Client().post(_link(mine), {"what": "take"})
    assert _state(mine) == "offered"
    # It can still be let go, for whoever waits.
    Client().post(_link(mine), {"what": "give-back"})
    assert _state(mine) == "declined"
