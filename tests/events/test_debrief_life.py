"""The life of a debrief: whatever happens, both pages say a plain true sentence of it."""

import html
import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Person, RoleGrant
from events import debrief_emails
from events.models import Event, Host, Request, Taker
from events.queries.debriefs import tag_of
from events.rules import NotAllowedFrom
from events.services import debriefs, places, planning
from events.tasks import sweep
from peersupport.core import ids
from peersupport.core.audit.models import Entry
from peersupport.core.outbox.models import Outgoing
from tests.events.debriefs import (
    TO_ANA,
    TO_PRIYA,
    WORDS,
    asks,
    letters,
    sent,
    taken,
    with_priya_to_ask,
)
from tests.people import sign_in
from tests.roles import SUPERUSER, acting_as

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASK, ASKED = "/events/debriefs/", "/events/debriefs/asked/"


@pytest.fixture
def people(evening: datetime, time_machine: Any) -> dict[str, Person]:
    time_machine.move_to(evening, tick=False)
    return with_priya_to_ask(evening)


def _reads(person: Person, path: str) -> str:
    """Return the words of somebody's page, as they stand there."""
    shown = sign_in(person).get(path)
    assert shown.status_code == 200
    text = re.sub(r"<[^>]+>", " ", shown.content.decode().partition("<main")[2])
    return re.sub(r"\s+", " ", html.unescape(text))


def _only_supports(person: Person, now: datetime) -> None:
    RoleGrant.objects.filter(person=person, role="student").update(revoked_on=now.date())


def _leaves(person: Person, now: datetime, how: str = "role") -> None:
    """Let somebody leave the program as the school's list does."""
    RoleGrant.objects.filter(person=person).update(revoked_on=now.date())
    if how == "account":
        Person.objects.filter(pk=person.pk).update(is_active=False)


# -- who may ask ----------------------------------------------------------------------------------
def test_a_supporter_who_is_no_student_asks_as_well(
    people: dict[str, Person], evening: datetime
) -> None:
    sol = people["sol"]
    _only_supports(sol, evening)
    client = sign_in(sol)

    assert "You hear as soon as they answer" in asks(client).content.decode()
    assert sent(evening) == [TO_PRIYA]
    request = Request.objects.get().pk
    starts = evening + 2 * DAY
    row = debriefs.take(
        request=request, starts_at=starts, ends_at=starts + HOUR, place="Room 9",
        by=people["priya"], now=evening,
    )  # fmt: skip
    assert sent(evening) == [("sol@school.example", "You have a message")]

    page = client.get(ASK).content.decode()
    assert f"/events/{row.pk}/" in page  # to hand on
    for link in re.findall(r'href="(/events/[^"]+)"', page):
        assert client.get(link).status_code == 200, link
    assert client.post(f"{ASK}{request}/back/").status_code == 302
    assert Request.objects.get().state == "withdrawn"


@pytest.mark.parametrize("who", ["cora", "ida"])
def test_who_neither_is_a_student_nor_supports_them_does_not_ask(
    people: dict[str, Person], who: str
) -> None:
    assert sign_in(people[who]).get(ASK).status_code == 404
    assert sign_in(people[who]).post(ASK, WORDS).status_code == 404


def test_nobody_asks_themselves(people: dict[str, Person], evening: datetime) -> None:
    priya = sign_in(people["priya"])

    assert "Nobody is named for this yet." in _reads(people["priya"], ASK)
    assert "What teams have asked you" in _reads(people["priya"], ASK)
    Taker.objects.create(person=people["marcus"], about="zzz")
    refused = asks(priya)
    assert refused.status_code == 400
    assert "They can no longer be asked." in refused.content.decode()
    assert not Request.objects.exists()


def test_the_day_of_asking_is_the_local_one(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    time_machine.move_to(evening + 6 * HOUR, tick=False)  # 11pm, and the next day in UTC
    asks(sign_in(people["ana"]))
    assert Request.objects.get().asked_on == date(2026, 11, 23)


# -- asked twice ----------------------------------------------------------------------------------
def test_whoever_waits_for_an_answer_does_not_ask_the_same_person_again(
    people: dict[str, Person], evening: datetime
) -> None:
    ana = sign_in(people["ana"])
    asks(ana)
    sent(evening)

    again = asks(ana, team="Another team")

    assert again.status_code == 400
    text = again.content.decode()
    assert "they have not answered yet" in text
    assert "Another team" in text  # nothing has to be typed anew
    assert Request.objects.count() == 1
    assert sent(evening) == []

    Taker.objects.create(person=people["marcus"], about="zzz")
    other = str(Taker.objects.get(person=people["marcus"]).pk)
    assert asks(ana, taker=other).status_code == 200  # somebody else at once
    assert asks(sign_in(people["ben"])).status_code == 200  # and others of the team
    ana.post(f"{ASK}{Request.objects.get(**_of_ana(people)).pk}/back/")
    assert asks(ana).status_code == 200
    assert Request.objects.filter(state="asked").count() == 3


def _of_ana(people: dict[str, Person]) -> dict[str, Any]:
    return {"tag": tag_of(people["ana"].pk), "taker__person": people["priya"], "state": "asked"}


def test_control_the_database_itself_keeps_one_open_request(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    row = Request.objects.get()
    row.pk, row.request_key = ids.new_id(), ids.new_id()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    row.state = "declined"
    row.save(force_insert=True)


# -- declined, or whoever was asked is gone -------------------------------------------------------
def test_declined_the_form_holds_what_was_typed_for_somebody_else(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    debriefs.decline(request=Request.objects.get().pk, by=people["priya"], now=evening)

    page = sign_in(people["ana"]).get(ASK).content.decode()
    assert f'value="{WORDS["team"]}"' in page
    assert f'value="{WORDS["suits"]}"' in page
    assert "You declined. Whoever asked is told" in _reads(people["priya"], ASKED)
    assert f'value="{WORDS["team"]}"' not in sign_in(people["ben"]).get(ASK).content.decode()


@pytest.mark.parametrize("how", ["role", "account"])
def test_when_whoever_was_asked_leaves_the_program_the_asker_is_told(
    people: dict[str, Person], evening: datetime, how: str
) -> None:
    asks(sign_in(people["ana"]))
    asks(sign_in(people["ben"]))
    sent(evening)
    _leaves(people["priya"], evening, how)

    # The page says so at once, whatever ran.
    assert "Priya can no longer answer. Ask somebody else" in _reads(people["ana"], ASK)
    with acting_as("worker"):
        sweep()
        sweep()

    assert {row.state for row in Request.objects.all()} == {"declined"}
    assert sorted(sent(evening)) == [TO_ANA, ("ben@school.example", "You have a message")]
    assert "cannot do it this time" in _reads(people["ana"], ASK)
    assert sent(evening + 3 * DAY) == []


def test_control_whoever_is_still_there_is_left_alone(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    asks(sign_in(people["ben"]))
    with acting_as("worker"):
        assert debriefs.notice_who_left(now=evening) == 0
    row.refresh_from_db()
    assert row.state == "published"
    assert sorted(Request.objects.values_list("state", flat=True)) == ["asked", "taken"]


def test_a_debrief_whose_leader_left_is_called_off_and_all_are_told(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    places.answer(event=row.pk, person=people["ben"], now=evening)
    sent(evening)
    _leaves(people["priya"], evening)

    with acting_as("worker"):
        sweep()
        sweep()

    row.refresh_from_db()
    assert row.state == "cancelled"
    assert sorted(sent(evening)) == [TO_ANA, ("ben@school.example", "You have a message")]
    assert "It was called off. Ask again below" in _reads(people["ana"], ASK)
    with acting_as(SUPERUSER):
        assert Entry.objects.filter(verb="cancel event").count() == 1


def test_a_debrief_that_somebody_else_leads_as_well_stays(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    Host.objects.create(event=row, person=people["marcus"])
    _leaves(people["priya"], evening)
    with acting_as("worker"):
        sweep()
    row.refresh_from_db()
    assert row.state == "published"


def test_whoever_is_taken_off_the_list_keeps_what_they_have_set(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    debriefs.end_taker(taker=Taker.objects.get().pk, by=people["cora"], now=evening)
    with acting_as("worker"):
        sweep()

    row.refresh_from_db()
    assert row.state == "published"
    assert sent(evening) == []
    assert "Whoever you asked meets you: Wednesday 25 November" in _reads(people["ana"], ASK)


# -- no answer for two days -----------------------------------------------------------------------
def test_after_two_days_both_pages_say_that_an_answer_is_missing(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    asks(sign_in(people["ana"]))
    assert "With Priya; no answer yet." in _reads(people["ana"], ASK)
    assert "still wait for your answer" not in _reads(people["priya"], ASKED)

    time_machine.move_to(evening + 2 * DAY, tick=False)

    page = _reads(people["ana"], ASK)
    assert "With Priya since Monday 23 November; no answer yet." in page
    assert "ask somebody else below" in page
    asks(sign_in(people["ben"]), team="Another team")
    page = _reads(people["priya"], ASKED)
    assert page.count("They still wait for your answer.") == 1
    assert page.index("CANARY-5W") < page.index("Another team")  # the longest waits on top


# -- taken back -----------------------------------------------------------------------------------
def test_taken_back_before_an_answer_nothing_of_it_is_left_to_read(
    people: dict[str, Person], evening: datetime
) -> None:
    asks(sign_in(people["ana"]))
    request = Request.objects.get().pk
    for _twice in range(2):
        debriefs.withdraw(request=request, person=people["ana"], now=evening)

    page = _reads(people["priya"], ASKED)
    assert "Asked on Monday 23 November" in page
    assert "It was taken back before you answered." in page
    assert "CANARY" not in page
    assert "Ana" not in page
    assert "You took it back." in _reads(people["ana"], ASK)
    assert Request.objects.get().forget_at == evening + 7 * DAY


def test_taken_back_after_a_time_was_set_whoever_set_it_is_told_and_calls_it_off(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    request, ana = Request.objects.get().pk, sign_in(people["ana"])

    for _twice in range(2):
        done = ana.post(f"{ASK}{request}/back/", follow=True)
        assert "Taken back." in done.content.decode()

    (letter,) = letters(evening)
    assert (letter.to[0], letter.subject) == TO_PRIYA
    assert "/events/for-you/" in letter.body
    row.refresh_from_db()
    assert row.state == "published"  # others of the team may come
    mine = _reads(people["ana"], ASK)
    assert "Priya is told. It is not called off yet: Wednesday 25 November" in mine
    assert "Whoever asked has taken it back. It is still on" in _reads(people["priya"], ASKED)

    priya = sign_in(people["priya"])
    link = f"/events/plan/{row.pk}/cancel/"
    assert link in priya.get(ASKED).content.decode()
    seen = re.search(r'name="mark" value="([^"]+)"', priya.get(link).content.decode())
    assert seen
    priya.post(link, {"mark": seen[1]})
    assert sent(evening) == [TO_ANA]
    assert "It was called off." in _reads(people["ana"], ASK)
    assert "It was called off. Whoever asked" in _reads(people["priya"], ASKED)


@pytest.mark.parametrize("what", ["called off", "over"])
def test_what_is_off_or_over_is_not_taken_back(
    people: dict[str, Person], evening: datetime, what: str
) -> None:
    row, now = taken(people, evening), evening
    if what == "over":
        now = row.ends_at
    else:
        planning.cancel(event=row.pk, by=people["priya"], now=evening)
    with pytest.raises(NotAllowedFrom):
        debriefs.withdraw(request=Request.objects.get().pk, person=people["ana"], now=now)
    assert not Outgoing.objects.filter(kind=debrief_emails.BACK).exists()


def test_it_was_taken_back_and_called_off_before_the_letter_went(
    people: dict[str, Person], evening: datetime
) -> None:
    row = taken(people, evening)
    debriefs.withdraw(request=Request.objects.get().pk, person=people["ana"], now=evening)
    planning.cancel(event=row.pk, by=people["priya"], now=evening)
    assert sent(evening) == [TO_ANA]


# -- full, over -----------------------------------------------------------------------------------
def test_full_both_pages_say_so(people: dict[str, Person], evening: datetime) -> None:
    row = taken(people, evening)
    assert "places are taken" not in _reads(people["ana"], ASK)
    Event.objects.filter(pk=row.pk).update(capacity=1, places=1)
    places.answer(event=row.pk, person=people["ben"], now=evening)

    page = _reads(people["ana"], ASK)
    assert "All its places are taken: whoever comes to its page now can wait for one." in page
    page = _reads(people["priya"], ASKED)
    assert "All its places are taken. With more places" in page
    assert "Ben" not in page


def test_over_both_pages_say_so_until_it_is_forgotten(
    people: dict[str, Person], evening: datetime, time_machine: Any
) -> None:
    row = taken(people, evening)

    time_machine.move_to(row.ends_at, tick=False)
    mine = _reads(people["ana"], ASK)
    assert "It was on Wednesday 25 November, 5:10pm to 6:10pm, and is over." in mine
    assert "meets you" not in mine
    assert "It is over." in _reads(people["priya"], ASKED)

    time_machine.move_to(row.forget_at, tick=False)
    assert "What you asked for" not in _reads(people["ana"], ASK)
    assert "Nothing is asked of you." in _reads(people["priya"], ASKED)
