"""What somebody sees of events, and what one tap does."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person, RosterEntry
from events import keys, rules
from events.models import Event, Host, Invited, Rsvp
from events.rules import Going
from events.services import places
from peersupport.core import ids
from tests.events.scene import event
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return cast(evening)


def _body(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def _tap(client: Client, row: Event, what: str = "going") -> str:
    answer = client.post(f"/events/{row.pk}/{what}/", follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_visitor_sees_public_events_alone(people: dict[str, Person], evening: datetime) -> None:
    public = event(evening, title="Open yoga", visibility=rules.Visibility.PUBLIC)
    inside = event(evening, title="For us")
    hidden = event(evening, title="By address", visibility=rules.Visibility.PRIVATE)
    draft = event(
        evening, title="Not yet", visibility=rules.Visibility.PUBLIC, state=rules.State.DRAFT
    )

    seen = _body(Client(), "/events/")
    assert "Open yoga" in seen
    assert not [row for row in (inside, hidden, draft) if row.title in seen]
    assert "Sign in to take a place" in _body(Client(), f"/events/{public.pk}/")
    for row in (inside, hidden, draft):
        assert Client().get(f"/events/{row.pk}/").status_code == 404


def test_a_place_is_one_tap_and_a_change_of_mind_another(
    people: dict[str, Person], evening: datetime
) -> None:
    row, ana = event(evening), sign_in(people["ana"])

    assert "You are going." in _tap(ana, row)
    assert "You are going" in _tap(ana, row)  # twice is once
    assert Event.objects.get(pk=row.pk).taken == 1
    assert "Yours" in _body(ana, "/events/")

    assert "You are no longer going" in _tap(ana, row, "not-going")
    assert Event.objects.get(pk=row.pk).taken == 0
    assert Rsvp.objects.get().state == Going.LEFT
    assert "Yours" not in _body(ana, "/events/")


def test_a_full_event_says_which_place_in_line_one_would_have(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, capacity=1)
    places.answer(event=row.pk, person=people["marcus"], now=evening)
    ana, ben = sign_in(people["ana"]), sign_in(people["ben"])

    assert "Full: you would be 1st in line" in _body(ana, f"/events/{row.pk}/")
    assert "You are in the line" in _tap(ana, row)
    assert "You are 1st in line" in _body(ana, f"/events/{row.pk}/")
    assert "Full: you would be 2nd in line" in _body(ben, f"/events/{row.pk}/")

    places.leave(event=row.pk, person=people["marcus"], now=evening)
    assert "You are going" in _body(ana, f"/events/{row.pk}/")
    assert "Full: you would be 1st" in _body(ben, f"/events/{row.pk}/")


def test_an_offer_past_its_end_is_none_although_nothing_ran(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    row = event(evening, capacity=1, starts_at=evening + timedelta(hours=22))
    places.answer(event=row.pk, person=people["marcus"], now=evening)
    places.answer(event=row.pk, person=people["ana"], now=evening)
    places.leave(event=row.pk, person=people["marcus"], now=evening)
    ana, offer = sign_in(people["ana"]), Rsvp.objects.get(state=Going.OFFERED)
    assert offer.offer_until is not None
    assert "A place is yours until" in _body(ana, f"/events/{row.pk}/")

    time_machine.move_to(offer.offer_until, tick=False)
    ana = sign_in(people["ana"])
    seen = _body(ana, f"/events/{row.pk}/")
    assert "A place is yours until" not in seen
    assert "went to somebody else" in seen
    # Whoever taps now is asked anew, and has the place that is free.
    assert "You are going." in _tap(ana, row)


def test_in_the_last_minutes_a_free_place_is_whoever_taps_first(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    row = event(evening, capacity=1, starts_at=evening + timedelta(hours=2))
    for who in ("marcus", "ana"):
        places.answer(event=row.pk, person=people[who], now=evening)
    late = row.starts_at - timedelta(minutes=20)
    time_machine.move_to(late, tick=False)
    path, ben = f"/events/{row.pk}/", sign_in(people["ben"])
    assert "disabled" in _body(ben, path)

    places.leave(event=row.pk, person=people["marcus"], now=late)
    assert Rsvp.objects.filter(state=Going.WAITING).count() == 1  # nobody is asked any more
    for client in (ben, sign_in(people["ana"])):
        shown = _body(client, path)
        assert "I am going" in shown
        assert "disabled" not in shown

    assert "You are going." in _tap(sign_in(people["ana"]), row)
    assert "disabled" in _body(ben, path)
    assert "The last place has just been taken." in _tap(ben, row)


def test_how_many_come_to_a_discreet_event_is_not_said(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, capacity=2, is_sensitive=True)
    ben = sign_in(people["ben"])
    before = [_body(ben, path) for path in ("/events/", f"/events/{row.pk}/")]
    places.answer(event=row.pk, person=people["ana"], now=evening)
    after = [_body(ben, path) for path in ("/events/", f"/events/{row.pk}/")]

    assert [_bare(page) for page in before] == [_bare(page) for page in after]
    assert not [page for page in after if "left" in page]
    places.answer(event=row.pk, person=people["marcus"], now=evening)
    assert "Full: you can wait for a place" in _body(ben, f"/events/{row.pk}/")


def _bare(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def test_an_audience_is_asked_for_by_the_page_and_by_the_service(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, title="For M2")
    Invited.objects.create(event=row, class_name="M2")
    entry, _made = RosterEntry.objects.get_or_create(
        person=people["ana"], defaults={"email": people["ana"].email, "standing": "enrolled"}
    )
    entry.class_name = "M1"
    entry.save()
    ana = sign_in(people["ana"])

    assert "For M2" not in _body(ana, "/events/")
    assert ana.get(f"/events/{row.pk}/").status_code == 404
    assert ana.post(f"/events/{row.pk}/going/").status_code == 404
    with pytest.raises(rules.NotAllowed):
        places.answer(event=row.pk, person=people["ana"], now=evening)

    entry.class_name = "M2"
    entry.save()
    assert "For M2" in _body(ana, "/events/")
    assert "You are going." in _tap(ana, row)


def test_a_private_event_is_found_by_its_address_alone(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(
        evening, title="By address", visibility=rules.Visibility.PRIVATE, is_sensitive=True
    )
    ana, ben = sign_in(people["ana"]), sign_in(people["ben"])

    assert "By address" not in _body(ana, "/events/")
    assert "You are going." in _tap(ana, row)
    assert "By address" in _body(ana, "/events/")
    assert "By address" not in _body(ben, "/events/")
    assert sign_in(people["cora"]).get(f"/events/{row.pk}/").status_code == 404
    Host.objects.create(event=row, person=people["cora"])
    assert "By address" in _body(sign_in(people["cora"]), f"/events/{row.pk}/")


def test_the_link_of_a_call_is_for_who_is_going(
    people: dict[str, Person], evening: datetime
) -> None:
    row = event(evening, link="https://call.example/room-CANARY")
    ana = sign_in(people["ana"])

    assert "CANARY" not in _body(ana, f"/events/{row.pk}/")
    _tap(ana, row)
    assert "CANARY" in _body(ana, f"/events/{row.pk}/")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"opens_at": timedelta(hours=1)}, "Opens"),
        ({"closes_at": timedelta(hours=-1)}, "Closed"),
        ({"state": rules.State.CANCELLED, "cancelled_at": timedelta()}, "Cancelled"),
        ({"starts_at": timedelta(hours=-3)}, "Past"),
    ],
)
def test_outside_the_window_nothing_is_taken(
    people: dict[str, Person], evening: datetime, more: dict[str, Any], why: str
) -> None:
    said = {
        name: evening + value if isinstance(value, timedelta) else value
        for name, value in more.items()
    }
    row, ana = event(evening, **said), sign_in(people["ana"])

    assert why in _body(ana, f"/events/{row.pk}/")
    assert "Places cannot be taken here" in _tap(ana, row)
    assert not Rsvp.objects.exists()


def test_pages_ask_the_same_number_of_queries_however_many_events_there_are(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    ana = sign_in(people["ana"])
    counts = []
    for number in (2, 30):
        for _each in range(number):
            row = event(evening)
        for who in ("marcus", "priya"):
            places.answer(event=row.pk, person=people[who], now=evening)
        for path in ("/events/", f"/events/{row.pk}/"):
            with django_assert_max_num_queries(12) as seen:
                _body(ana, path)
            counts.append(_own(seen.captured_queries))
    assert max(counts) <= 6, counts
    assert counts[0] == counts[2], counts
    assert counts[1] == counts[3], counts


def test_the_list_is_pages_of_forty_each_event_on_one_of_them(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    ana = sign_in(people["ana"])
    made = [
        event(evening, title=f"Walk {n:03}", starts_at=evening + timedelta(days=2, hours=n))
        for n in range(95)
    ]
    for row in (made[0], made[90]):
        places.answer(event=row.pk, person=people["ana"], now=evening)
    event(evening, title="Hidden one", visibility=rules.Visibility.PRIVATE)

    seen, counts = [], []
    for number in (1, 2, 3):
        with django_assert_max_num_queries(12) as asked:
            seen.append(_body(ana, f"/events/?page={number}"))
        counts.append(_own(asked.captured_queries))
    assert max(counts) <= 6, counts
    titles = [re.findall(r"Walk \d{3}", page) for page in seen]
    assert [len(found) for found in titles] == [42, 40, 13]
    assert titles[0][:2] == ["Walk 000", "Walk 090"]  # one's own stand first, on page one alone
    assert sorted(one for found in titles for one in found) == [row.title for row in made]
    assert "Yours" not in seen[1]
    assert "Hidden one" not in "".join(seen)
    assert "Page 2 of 3" in seen[1]


@pytest.mark.parametrize("asked", ["0", "-1", "x", "", "9" * 40, "1.5"])
def test_a_page_that_is_not_there_is_the_nearest_one(
    people: dict[str, Person], evening: datetime, asked: str
) -> None:
    for _each in range(41):
        event(evening)
    seen = _body(sign_in(people["ana"]), f"/events/?page={asked}")
    assert re.search(r"Page [12] of 2", seen)


def test_links_between_pages_keep_what_else_is_asked_for(
    people: dict[str, Person], evening: datetime
) -> None:
    for _each in range(81):
        event(evening, visibility=rules.Visibility.PUBLIC)
    seen = _body(Client(), "/events/?kind=move&page=2")
    assert 'href="?kind=move&amp;page=1"' in seen
    assert 'href="?kind=move&amp;page=3"' in seen
    assert "Page" not in _body(sign_in(people["cora"]), "/events/plan/earlier/")


def test_whoever_plans_reads_pages_of_forty_drafts_first(
    people: dict[str, Person], evening: datetime, django_assert_max_num_queries: Any
) -> None:
    cora = sign_in(people["cora"])
    for n in range(90):
        event(evening, title=f"Walk {n:03}", starts_at=evening + timedelta(days=2, hours=n))
    event(evening, title="Draft", state=rules.State.DRAFT, starts_at=evening + timedelta(days=99))
    seen = []
    for number in (1, 3):
        with django_assert_max_num_queries(12) as asked:
            seen.append(_body(cora, f"/events/plan/?page={number}"))
        assert _own(asked.captured_queries) <= 6, asked.captured_queries
    found = [re.findall(r"(?:Walk \d{3}|Draft)</a>", page) for page in seen]
    assert [len(each) for each in found] == [40, 11]
    assert found[0][0] == "Draft</a>"
    past = [event(evening, starts_at=evening - timedelta(days=n + 2)) for n in range(41)]
    assert past
    older = _body(cora, "/events/plan/earlier/?page=2")
    assert older.count("Look at it") == 1
    assert "Newer" in older


def _own(queries: list[dict[str, str]]) -> int:
    """Return how many queries are not those of the session and of the transaction."""
    others = ("sessions_row", "accounts_person", "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return len([q for q in queries if not any(each in q["sql"][:90] for each in others)])


@pytest.mark.parametrize("waiting", [0, 40])
def test_a_tap_asks_few_queries(
    people: dict[str, Person],
    evening: datetime,
    django_assert_max_num_queries: Any,
    waiting: int,
) -> None:
    row, ana = event(evening, capacity=1 if waiting else 100), sign_in(people["ana"])
    Invited.objects.create(event=row, class_name="M1")
    entry = {"email": people["ana"].email, "standing": "enrolled", "class_name": "M1"}
    RosterEntry.objects.update_or_create(person=people["ana"], defaults=entry)
    key = keys.key_of(row, evening)
    for number in range(waiting + 1 if waiting else 0):
        state = Going.WAITING if number else Going.GOING
        who = ids.new_id()
        Rsvp.objects.create(
            event=row,
            tag=key.tag(who),
            holder=key.seal_holder(who),
            state=state,
            number=number,
        )
    taken = 1 if waiting else 0
    Event.objects.filter(pk=row.pk).update(taken=taken, waiting=waiting, next_number=99)

    for what in ("going", "not-going"):
        with django_assert_max_num_queries(20) as seen:
            ana.post(f"/events/{row.pk}/{what}/")
        assert _own(seen.captured_queries) <= 10, seen.captured_queries
