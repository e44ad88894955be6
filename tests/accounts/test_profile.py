"""A supporter's profile: what students read, and what stays hidden until its owner agreed."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from accounts.models import Person, Profile, Tag
from accounts.queries.profiles import Card, cards, my_tags
from accounts.rules import Role, holds_contact, sameness
from accounts.services import grant_role, join_as_student, revoke_role
from accounts.services.profile import set_tag_policy
from officehours.models import Assignment
from peersupport.core import clock
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from program.services import touch_public
from tests.people import cast, hours_of, sign_in, tag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]

FACTS = {
    "shown_name": "Priya",
    "year": "year 4",
    "pronouns": "she/her",
    "bio": "I failed a board and came back.",
    "languages": "Hindi",
    "ways": ["in person", "video"],
    "room_link": "https://meet.example/priya",
}


def _card(person: Person) -> Card:
    return cards([person.pk])[person.pk]


def _unasked(person: Person, *said: str, **more: Any) -> None:
    tag(person, *said, is_consented=False, **more)


def test_a_rare_tag_is_hidden_until_its_owner_agrees(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    _unasked(priya, "failed a board")
    assert _card(priya).findable == ()

    Tag.objects.update(is_consented=True)

    assert _card(priya).tags == ("failed a board",)


def test_three_who_say_the_same_need_not_agree(evening: datetime) -> None:
    people = cast(evening)
    _unasked(people["sol"], "first in college")
    _unasked(people["marcus"], "First  in College")
    assert _card(people["sol"]).findable == ()

    _unasked(people["priya"], "FIRST in college")

    assert _card(people["sol"]).tags == ("first in college",)
    assert _card(people["priya"]).tags == ("FIRST in college",)


def test_a_tag_that_becomes_rare_hides_again_by_itself(evening: datetime) -> None:
    people = cast(evening)
    for name in ("sol", "priya", "marcus"):
        _unasked(people[name], "parent")
    assert _card(people["sol"]).tags == ("parent",)

    revoke_role(person=people["marcus"], role=Role.SUPPORTER, by=SYSTEM, now=evening)

    assert _card(people["sol"]).findable == ()
    [mine] = my_tags(people["sol"])
    assert (mine.is_rare, mine.is_readable) == (True, False)


def test_a_tag_that_is_off_counts_for_nobody(evening: datetime) -> None:
    people = cast(evening)
    _unasked(people["sol"], "parent")
    _unasked(people["priya"], "parent")
    _unasked(people["marcus"], "parent", use=Tag.Use.OFF)

    assert _card(people["sol"]).findable == ()
    assert _card(people["marcus"]).findable == ()


def test_only_finds_me_is_not_beside_the_name(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    tag(priya, "sober", use=Tag.Use.FILTER)

    assert (_card(priya).tags, _card(priya).findable) == ((), ("sober",))


def test_the_program_can_leave_demographic_tags_out(evening: datetime) -> None:
    people = cast(evening)
    tag(people["priya"], "trans", kind=Tag.Kind.DEMOGRAPHIC)
    tag(people["priya"], "failed a board")
    tag(people["priya"], "Hindi", kind=Tag.Kind.LANGUAGE)

    set_tag_policy(shows_demographic=False, by=people["cora"], now=evening)

    assert _card(people["priya"]).findable == ("Hindi", "failed a board")
    assert Entry.objects.filter(verb="set tag policy").count() == 1
    set_tag_policy(shows_demographic=True, by=people["cora"], now=evening)
    assert "trans" in _card(people["priya"]).findable


def test_the_page_of_the_policy_keeps_it(evening: datetime) -> None:
    people = cast(evening)
    tag(people["priya"], "trans", kind=Tag.Kind.DEMOGRAPHIC)

    sign_in(people["cora"]).post("/accounts/tags/", {})
    assert _card(people["priya"]).findable == ()

    sign_in(people["ida"]).post("/accounts/tags/", {"shows_demographic": "on"})
    assert _card(people["priya"]).findable == ("trans",)


def test_students_see_the_card_that_the_preview_shows() -> None:
    people = cast(clock.now())
    sign_in(people["priya"]).post("/accounts/profile/", FACTS)
    tag(people["priya"], "failed a board")
    _unasked(people["priya"], "only one of these")
    hours_of(people["priya"], clock.now() + timedelta(days=1))

    preview = sign_in(people["priya"]).get("/accounts/profile/seen/").content.decode()
    booking = sign_in(people["ana"]).get("/visits/book/").content.decode()

    card = preview[preview.index("<article") : preview.index("</article>")]
    assert "I failed a board and came back." in card
    assert card in booking
    assert "only one of these" not in booking
    assert "meet.example" not in booking
    hidden = preview[preview.index("</article>") :]
    assert "only one of these" in hidden


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "http://meet.example/a",
        "https://user:pass@meet.example/",
        "https://localhost",
        "data:text/html,x",
        "//meet.example/a",
        "https://[::1",
        "meet.example",
    ],
)
def test_a_room_link_is_a_web_page_under_tls(evening: datetime, link: str) -> None:
    priya = cast(evening)["priya"]

    answer = sign_in(priya).post("/accounts/profile/", {**FACTS, "room_link": link})

    assert answer.status_code == 400
    assert Profile.objects.get(person=priya).room_link != link


def test_an_address_in_the_few_words_is_asked_about_first(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    client = sign_in(priya)
    facts = {**FACTS, "bio": "Write to priya@school.example"}

    asked = client.post("/accounts/profile/", facts)
    assert asked.status_code == 400
    assert 'name="has_contact"' in asked.content.decode()
    assert Profile.objects.get(person=priya).bio == ""
    client.post("/accounts/profile/", {**facts, "has_contact": "on"})

    assert Profile.objects.get(person=priya).bio == facts["bio"]


@pytest.mark.parametrize("text", ["call (555) 010-0123", "a.b@c.example", "555 010 0123"])
def test_ways_to_reach_somebody_are_seen(text: str) -> None:
    assert holds_contact(text)


@pytest.mark.parametrize("text", ["USMLE 2019, 2020", "born 1998", "3 kids, 2 cats", "@ school"])
def test_plain_words_are_no_way_to_reach_somebody(text: str) -> None:
    assert not holds_contact(text)


def test_words_that_turn_text_around_are_refused_and_others_fenced(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    client = sign_in(priya)
    wanted = {"kind": "lived", "use": "shown", "is_consented": "on"}

    assert (
        client.post("/accounts/profile/tags/", {**wanted, "words": "a\u202eb"}).status_code == 400
    )
    assert client.post("/accounts/profile/tags/", {**wanted, "words": "عربي"}).status_code == 302

    shown = client.get("/accounts/profile/seen/").content.decode()
    assert "<bdi>عربي</bdi>" in shown


def test_the_same_twice_and_more_than_twelve_are_refused(evening: datetime) -> None:
    priya = cast(evening)["priya"]
    client = sign_in(priya)
    wanted = {"kind": "lived", "use": "off"}

    for number in range(12):
        assert (
            client.post("/accounts/profile/tags/", {**wanted, "words": f"t{number}"}).status_code
            == 302
        )
        if not number:
            assert (
                client.post("/accounts/profile/tags/", {**wanted, "words": "T0 "}).status_code
                == 400
            )
    assert client.post("/accounts/profile/tags/", {**wanted, "words": "more"}).status_code == 400
    assert Tag.objects.count() == 12


def test_nobody_changes_the_tag_of_another(evening: datetime) -> None:
    people = cast(evening)
    tag(people["priya"], "parent")
    row = Tag.objects.get()
    other = sign_in(people["sol"])

    assert other.get(f"/accounts/profile/tags/{row.pk}/").status_code == 404
    other.post(f"/accounts/profile/tags/{row.pk}/", {"kind": "lived", "use": "off"})
    other.post(f"/accounts/profile/tags/{row.pk}/remove/")

    assert Tag.objects.get().use == Tag.Use.SHOWN
    own = sign_in(people["priya"])
    own.post(f"/accounts/profile/tags/{row.pk}/", {"kind": "lived", "use": "off"})
    assert Tag.objects.get().use == Tag.Use.OFF
    own.post(f"/accounts/profile/tags/{row.pk}/remove/")
    assert not Tag.objects.exists()


def test_reading_many_cards_is_one_query(
    evening: datetime, django_assert_num_queries: Any
) -> None:
    people = []
    for number in range(20):
        person = join_as_student(email=f"s{number}@school.example", now=evening)
        grant_role(person=person, role=Role.SUPPORTER, by=SYSTEM, now=evening)
        tag(person, "parent", f"tag {number}")
        people.append(person.pk)

    with django_assert_num_queries(1):
        found = cards(people)

    assert len(found) == 20
    assert all("parent" in card.tags for card in found.values())


def test_lines_of_before_become_rows_and_go_back(evening: datetime) -> None:
    """The data migration, run by hand on a stand-in of the tables of its time."""
    priya = cast(evening)["priya"]
    step = import_module("accounts.migrations.0004_tags_into_rows")
    profile = Profile.objects.get(person=priya)

    class Before:
        objects: Any

        def exclude(self, **_: Any) -> list[Any]:
            profile.__dict__["old_tags"] = "failed a board\n\n Parent \nparent"
            return [profile]

    class Apps:
        def get_model(self, app: str, name: str) -> Any:
            stand_in = type("Profile", (), {"objects": Before()})
            return stand_in if name == "Profile" else apps.get_model(app, name)

    step.into_rows(Apps(), connection.schema_editor)

    assert set(Tag.objects.values_list("words", "use", "is_consented")) == {
        ("failed a board", "shown", False),
        ("Parent", "shown", False),
    }
    assert sameness(" Parent ") == "parent"


def test_today_follows_a_name_at_once() -> None:
    people = cast(clock.now())
    hours_of(people["priya"], clock.now() - timedelta(minutes=5), checked_in_at=clock.now())
    with transaction.atomic():
        touch_public()  # from here on Today is remembered until something says it changed
    ana = sign_in(people["ana"])
    assert "Priya" in ana.get("/").content.decode()

    sign_in(people["priya"]).post("/accounts/profile/", {**FACTS, "shown_name": "Pri"})

    assert "Pri, year 4" in ana.get("/").content.decode()


def test_what_a_supporter_wrote_is_fenced_in_the_line_too() -> None:
    people = cast(clock.now())
    hours = hours_of(
        people["priya"], clock.now() - timedelta(minutes=5), checked_in_at=clock.now()
    )
    other = Assignment.objects.create(
        shift=hours.shift,
        supporter=people["sol"],
        starts_at=hours.starts_at,
        ends_at=hours.ends_at,
        checked_in_at=clock.now(),
    )
    tag(people["sol"], "<b>عربي</b>")

    shown = sign_in(people["ana"]).get(f"/line/join/{other.shift_id}/").content.decode()

    assert "<bdi>&lt;b&gt;عربي&lt;/b&gt;</bdi>" in shown


def test_the_filter_in_the_browser_knows_what_is_only_for_it() -> None:
    people = cast(clock.now())
    tag(people["priya"], "sober", use=Tag.Use.FILTER)
    _unasked(people["priya"], "rare and unasked")
    hours_of(people["priya"], clock.now() + timedelta(days=1))

    shown = sign_in(people["ana"]).get("/visits/book/").content.decode()

    assert 'data-tag="sober"' in shown
    assert 'data-tags="sober"' in shown
    card = shown[shown.index("<article") : shown.index("</article>")]
    assert "sober" not in card
    assert "rare and unasked" not in shown
