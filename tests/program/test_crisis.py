"""The school's crisis lines: what is fixed stays, what was tried is known, pages show it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from peersupport.core.ui import crisis
from peersupport.core.ui.errors import calm_page
from peersupport.core.ui.packs import Line
from program.models import Setting
from program.queries import facts
from program.queries.crisis import crisis_lines
from program.services import NotAllowed
from program.services import crisis as services
from tests.people import cast, sign_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.usefixtures("frozen"),
]
TODAY = date(2026, 11, 23)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    return cast(evening)


def _line(label: str = "Night line", **more: Any) -> Line:
    days = {"checked_on": TODAY, "review_on": TODAY + timedelta(days=180)}
    return Line(label, "555-0177", hours="day and night", **{**days, **more})


def _save(line: Line, now: datetime, by: Any = SYSTEM) -> str:
    return services.save_line(line=line, checked_by="Cora", by=by, now=now)


def _own() -> list[str]:
    return [one.line.label for one in crisis_lines(facts().values).own]


def test_a_line_stands_on_every_page_and_in_the_history(
    people: dict[str, Person], evening: datetime
) -> None:
    _save(_line(), evening, by=people["cora"])

    for path in ("/", "/help-now/", "/help-now/friend/", "/promises/", "/accounts/sign-in/"):
        assert b"Night line" in Client().get(path).content, path
    assert b"Night line" in calm_page(None, 503).content
    history = sign_in(people["cora"]).get("/program/history/").content.decode()
    assert "Night line 555-0177 (tried by Cora)" in history
    assert Setting.objects.filter(key="crisis-lines").count() == 1


@pytest.mark.parametrize("name", ["988"])
def test_what_the_pack_fixes_cannot_be_removed_or_changed(
    people: dict[str, Person], evening: datetime, name: str
) -> None:
    cora = sign_in(people["cora"])
    posted = {
        "label": "Other", "number": "555-0111", "hours": "never", "checked_by": "Cora",
        "checked_on": "2026-11-23", "review_on": "2027-05-01",
    }  # fmt: skip
    assert cora.post(f"/program/crisis/{name}/remove/").status_code == 404
    assert cora.post(f"/program/crisis/{name}/", posted).status_code == 404
    assert cora.post(f"/program/crisis/{name}/tried/", posted).status_code == 404
    assert cora.post("/program/set/crisis-lines/", {"value": ""}).status_code in (404, 405)
    with pytest.raises(services.FixedLine):
        services.remove_line(name=name, by=SYSTEM, now=evening)
    with pytest.raises(services.FixedLine):
        _save(_line(id=name), evening)
    with pytest.raises(services.FixedLine):
        services.choose_pack(key="us", emergency="000", by=SYSTEM, now=evening)

    page = Client().get("/help-now/").content.decode()
    assert 'href="tel:988"' in page
    assert 'href="tel:911"' in page


def test_elsewhere_a_school_enters_its_emergency_number(
    people: dict[str, Person], evening: datetime
) -> None:
    cora = sign_in(people["cora"])
    for wrong in ("", "5", "letters"):
        answer = cora.post(
            "/program/crisis/where/", {"pack": "none", "emergency": wrong, "is_sure": "on"}
        )
        assert answer.status_code == 400
    unsure = cora.post("/program/crisis/where/", {"pack": "none", "emergency": "112"})
    assert unsure.status_code == 400
    assert "Look it up, and say so" in unsure.content.decode()
    with pytest.raises(services.NoEmergencyNumber):
        services.choose_pack(key="none", emergency="", by=SYSTEM, now=evening)
    assert 'href="tel:988"' in Client().get("/").content.decode()

    sure = {"pack": "none", "emergency": "112", "is_sure": "on"}
    assert cora.post("/program/crisis/where/", sure).status_code == 302

    page = Client().get("/").content.decode()
    assert "In danger: call 112" in page
    assert "988" not in page
    assert 'href="tel:112"' in Client().get("/help-now/").content.decode()
    # And back: what is fixed in the country stands again.
    assert cora.post("/program/crisis/where/", {"pack": "us", "emergency": ""}).status_code == 302
    assert "Call or text 988" in Client().get("/").content.decode()


def test_the_installations_lines_become_the_schools_with_the_first_change(
    evening: datetime,
) -> None:
    assert _own() == ["On-call counselor"]
    _save(_line(), evening)
    assert _own() == ["On-call counselor", "Night line"]

    first = crisis_lines(facts().values).own[0].line.id
    services.remove_line(name=first, by=SYSTEM, now=evening)

    assert _own() == ["Night line"]
    assert b"On-call counselor" not in Client().get("/").content


def test_removing_the_last_one_leaves_what_is_fixed(evening: datetime) -> None:
    services.remove_line(name=crisis_lines(facts().values).own[0].line.id, by=SYSTEM, now=evening)

    assert _own() == []
    page = Client().get("/").content.decode()
    assert "Call or text 988" in page
    assert "On-call counselor" not in page


@pytest.mark.parametrize(
    ("tried", "review"),
    [
        (None, TODAY + timedelta(days=30)),
        (TODAY, None),
        (TODAY + timedelta(days=1), TODAY + timedelta(days=30)),
        (TODAY - timedelta(days=400), TODAY + timedelta(days=30)),
        (TODAY, TODAY),
        (TODAY, TODAY + timedelta(days=400)),
    ],
)
def test_a_line_that_nobody_tried_is_not_taken(
    evening: datetime, tried: date | None, review: date | None
) -> None:
    with pytest.raises(services.NotChecked):
        _save(_line(checked_on=tried, review_on=review), evening)


def test_two_at_most_stand_on_every_page(evening: datetime) -> None:
    _save(_line("Second"), evening)
    with pytest.raises(services.TooManyLines):
        _save(_line("Third"), evening)

    _save(_line("Third", is_everywhere=False), evening)

    assert b"Third" not in Client().get("/").content
    assert b"Third" in Client().get("/help-now/").content


def test_whoever_runs_it_is_reminded_before_and_the_line_steps_back_after(
    people: dict[str, Person], evening: datetime
) -> None:
    name = _save(_line(review_on=TODAY + timedelta(days=60)), evening)
    services.check_line(
        name=crisis_lines(facts().values).own[0].line.id, checked_by="Cora", checked_on=TODAY,
        review_on=TODAY + timedelta(days=300), by=SYSTEM, now=evening,
    )  # fmt: skip
    due = f"/program/crisis/{name}/tried/"

    def seen(days: int) -> tuple[bool, bool, bool]:
        """Return whether the index asks, every page shows it, and Help now says since when."""
        with time_machine.travel(evening + timedelta(days=days), tick=False):
            index = sign_in(people["cora"]).get("/program/").content.decode()
            helps = Client().get("/help-now/").content.decode()
            return (
                due in index,
                b"Night line" in Client().get("/").content,
                "Nobody has tried this line since 23 November 2026" in helps,
            )

    assert seen(40) == (False, True, False)
    assert seen(47) == (True, True, False)  # two weeks before
    assert seen(61) == (True, True, True)
    assert seen(60 + crisis.GRACE.days) == (True, True, True)
    assert seen(62 + crisis.GRACE.days) == (True, False, True)

    later = evening + timedelta(days=95)
    services.check_line(
        name=name, checked_by="Cora", checked_on=later.date(),
        review_on=later.date() + timedelta(days=200), by=SYSTEM, now=later,
    )  # fmt: skip
    assert seen(96) == (False, True, False)


def test_what_the_pack_says_is_looked_at_once_a_year(
    people: dict[str, Person], evening: datetime
) -> None:
    services.choose_pack(key="us", emergency="", by=SYSTEM, now=evening)
    asks = "A year has passed since somebody looked at what is fixed."

    for days, expected in ((360, False), (370, True)):
        with time_machine.travel(evening + timedelta(days=days), tick=False):
            index = sign_in(people["cora"]).get("/program/").content.decode()
        assert (asks in index) is expected


@pytest.mark.parametrize("who", ["ana", "priya", "dee"])
def test_nobody_else_changes_them(people: dict[str, Person], evening: datetime, who: str) -> None:
    with pytest.raises(NotAllowed):
        _save(_line(), evening, by=people[who])
    assert sign_in(people[who]).get("/program/crisis/").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("label", "", "Name"),
        ("label", "x" * 41, "at most 40"),
        ("number", "call me", "Enter a phone number"),
        ("number", "", "Enter a phone number, a number for texts or a web address"),
        ("text", "<b>", "Enter a phone number"),
        ("web", "http://plain.example", "https://"),
        ("web", "javascript:alert(1)", ""),
        ("checked_by", "", "Who tried it"),
        ("checked_on", "2027-01-01", "not ahead"),
        ("review_on", "2026-11-01", "Choose a day ahead"),
        ("review_on", "never", ""),
        ("label", "a\0b", ""),
    ],
)
def test_bad_input_gets_a_word_beside_its_field(
    people: dict[str, Person], field: str, value: str, word: str
) -> None:
    cora = sign_in(people["cora"])
    good = {
        "label": "Night line", "number": "555-0177", "hours": "at night", "checked_by": "Cora",
        "checked_on": "2026-11-23", "review_on": "2027-05-01",
    }  # fmt: skip

    answer = cora.post("/program/crisis/add/", {**good, field: value})

    assert answer.status_code == 400
    page = answer.content.decode()
    assert "There is a problem" in page
    assert word in page
    assert f'aria-describedby="id_{field}' in page or f"id_{field}-error" in page
    assert _own() == ["On-call counselor"]
    assert cora.post("/program/crisis/add/", good).status_code == 302
    assert _own() == ["On-call counselor", "Night line"]


def test_twice_at_once_both_count(evening: datetime) -> None:
    from tests.races.at_once import at_once

    found = at_once(
        [lambda n=n: _save(_line(f"Line {n}", is_everywhere=False), evening) for n in range(4)]  # type: ignore[misc]
    )

    assert not [each for each in found if isinstance(each, Exception)]
    assert sorted(_own()) == ["Line 0", "Line 1", "Line 2", "Line 3", "On-call counselor"]


def test_a_line_that_is_gone_is_a_calm_word(people: dict[str, Person], evening: datetime) -> None:
    gone = uuid4().hex
    with pytest.raises(services.NoSuchLine):
        services.remove_line(name=gone, by=SYSTEM, now=evening)
    with pytest.raises(services.NoSuchLine):
        _save(replace(_line(), id=gone), evening)
    assert sign_in(people["cora"]).get(f"/program/crisis/{gone}/").status_code == 404


def test_pages_of_help_ask_nothing_and_the_others_nothing_more(
    people: dict[str, Person], evening: datetime, django_assert_num_queries: Any
) -> None:
    for number in range(8):
        _save(_line(f"Line {number}", is_everywhere=False), evening)

    for path in ("/help-now/", "/help-now/friend/", "/help-now/kept.js"):
        with django_assert_num_queries(0):
            answer = Client().get(path)
        assert answer.status_code == 200
        assert not answer.cookies
    assert "public" in Client().get("/help-now/")["Cache-Control"]


def test_what_a_browser_keeps_changes_when_a_number_does(evening: datetime) -> None:
    before = Client().get("/help-now/kept.js").content
    assert Client().get("/help-now/kept.js").content == before

    _save(_line(), evening)

    assert Client().get("/help-now/kept.js").content != before
