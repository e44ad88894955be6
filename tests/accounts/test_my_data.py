"""What somebody reads of themselves: all of it, nothing of others, and no keys."""

import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import CalendarFeed, Group, Membership, Person, Profile, Tag
from officehours.models import Escalation, Load, Visit
from officehours.queries.mine import VISIT_FIELDS, my_visit_rows
from officehours.services import booking
from officehours.services.booking import Meeting, Slot
from peersupport.core import clock, ids
from peersupport.core.audit.services import record
from peersupport.core.outbox.models import Outgoing
from tests.accounts.factor_steps import give_app
from tests.people import cast, hours_of, sign_in, tag

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]


def _canary(n: int) -> str:
    return f"canary-{n:02d}-x"


def _fill(person: Person, n: int) -> None:
    """Put marked words of one person wherever the program keeps words about a person."""
    now = clock.now()
    Person.objects.filter(pk=person.pk).update(
        called=_canary(n),
        pronouns=_canary(n + 1),
        contact_email=f"{_canary(n + 2)}@else.example",
        muted=_canary(n + 3),
    )
    Profile.objects.get_or_create(person=person)
    Profile.objects.filter(person=person).update(
        shown_name=_canary(n + 4),
        year=_canary(n + 5),
        pronouns=_canary(n + 6),
        bio=_canary(n + 7),
        languages=_canary(n + 8),
        room_link=f"https://{_canary(n + 9)}.example/",
    )
    tag(person, _canary(n + 10))
    group = Group.objects.create(name=_canary(n + 11))
    Membership.objects.create(person=person, group=group)
    Load.objects.create(supporter=person, week=f"w{n:05d}")
    Escalation.objects.create(supporter=person, level="now", week="2026W48", steps=_canary(n + 12))
    hours_of(person, now - timedelta(days=3 + n)).shift.__class__.objects.filter(
        assignments__supporter=person
    ).update(place=_canary(n + 13))
    record(by=person, verb=_canary(n + 14), thing="x", thing_id="secret-thing", now=now)
    CalendarFeed.objects.create(person=person, mark=b"secret-mark" + bytes([n]))
    Outgoing.objects.create(
        kind=_canary(n + 15),
        key=bytes([n]) * 32,
        recipient=person.pk,
        due_at=now,
        expires_at=now,
    )


def test_all_of_mine_and_nothing_of_others() -> None:
    people = cast(clock.now())
    _fill(people["priya"], 0)
    _fill(people["sol"], 40)

    for address in ("/accounts/data/", "/accounts/data/download/"):
        answer = sign_in(people["priya"]).get(address)
        text = answer.content.decode()
        assert [n for n in range(16) if _canary(n) not in text] == []
        assert [n for n in range(40, 56) if _canary(n) in text] == []
        assert answer["Cache-Control"] == "no-store"
        for other in ("sol", "marcus", "ida"):
            assert people[other].email not in text
        assert people["priya"].session_epoch.hex not in text.replace("-", "")
        assert "secret-mark" not in text
        assert "secret-thing" not in text
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'


def test_the_file_is_json_and_says_what_is_left_out_and_why() -> None:
    people = cast(clock.now())
    answer = sign_in(people["ana"]).get("/accounts/data/download/")

    stores: Any = {store["title"]: store for store in json.loads(answer.content)["stores"]}
    accounts = {table["table"]: table for table in stores["Accounts"]["tables"]}
    [me] = accounts["accounts.Person"]["rows"]
    assert me["email"] == "ana@school.example"
    assert "session_epoch" not in me
    assert accounts["accounts.Person"]["left_out"]
    assert accounts["accounts.Tag"]["rows"] == []
    [signed] = stores["Being signed in"]["tables"]
    assert "sealed" in signed["cannot_be_shown"]


def test_a_booked_time_is_readable_as_long_as_it_is_remembered() -> None:
    now = clock.now().replace(second=0, microsecond=0)
    people = cast(now)
    hours = hours_of(people["priya"], now + timedelta(hours=1))
    visit = booking.book(
        person=people["ana"],
        slot=Slot(hours.pk, hours.starts_at),
        name="called-canary",
        wants_mail=True,
        request_key=ids.new_id(),
        now=now,
        meeting=Meeting(only=frozenset({people["priya"].pk})),
    )

    text = sign_in(people["ana"]).get("/accounts/data/download/").content.decode()
    assert "called-canary" in text
    assert "Priya" in text
    assert visit.reference in text
    other = sign_in(people["ben"]).get("/accounts/data/download/").content.decode()
    assert visit.reference not in other
    [row] = my_visit_rows(people["ana"].pk, now)
    assert row.keys() == VISIT_FIELDS
    Visit.objects.update(forget_at=now - timedelta(minutes=1))
    later = sign_in(people["ana"]).get("/accounts/data/download/").content.decode()
    assert visit.reference not in later


def test_words_that_would_be_mark_up_are_only_words() -> None:
    people = cast(clock.now())
    Tag.objects.all().delete()
    tag(people["priya"], "<script>x</script>")

    shown = sign_in(people["priya"]).get("/accounts/data/").content.decode()
    assert "<script>x" not in shown


@pytest.mark.usefixtures("frozen")
def test_a_month_is_a_month_wherever_the_school_is() -> None:
    people = cast(clock.now())
    Person.objects.filter(pk=people["ana"].pk).update(last_login="2026-11-01T00:00:00Z")

    shown = sign_in(people["ana"]).get("/accounts/data/").content.decode()

    assert "November 2026" in shown
    assert "October" not in shown


def test_a_second_factor_is_told_without_its_key() -> None:
    people = cast(clock.now())
    secret, codes = give_app(people["ana"], clock.now())

    text = sign_in(people["ana"]).get("/accounts/data/download/").content.decode()

    assert '"mfa.Authenticator"' in text
    assert '"type": "totp"' in text
    assert secret not in text
    assert not [code for code in codes if code in text]
