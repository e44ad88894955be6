"""Pages of care: who may open which, what each says, and what it must not say."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Group, Person
from accounts.rules import Role
from accounts.services import grant_role
from officehours import rules
from officehours.models import Break, Cover, Distance, Escalation, Load
from officehours.queries import care_pages
from officehours.services import care, talks
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from program import services as program
from tests.officehours.test_care import NEW_YORK, talk
from tests.people import cast, hours_of, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anydb]
DAY = timedelta(days=1)


@pytest.fixture
def people(evening: datetime) -> dict[str, Person]:
    """The cast, with Eli as the one clinical supervisor of these tests."""
    found = cast(evening)
    grant_role(person=found["eli"], role=Role.SUPERVISOR, by=SYSTEM, now=evening)
    return found


@pytest.fixture
def at(evening: datetime) -> Iterator[Any]:
    """The clock stands still at the evening."""
    with time_machine.travel(evening, tick=False) as moment:
        yield moment


def text_of(client: Client, address: str) -> str:
    """Return a page's text with its white space made plain."""
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def stand_behind(now: datetime) -> None:
    """Name somebody who answers at every hour, and somebody who answers in the morning."""
    for label, phone, starts, ends in [
        ("On-call counselor", "555-0100", time(0), time(0)),
        ("Morning desk", "555-0199", time(8), time(9)),
    ]:
        program.add_coverage(
            label=label,
            phone=phone,
            weekday=None,
            starts=starts,
            ends=ends,
            until=None,
            by=SYSTEM,
            now=now,
        )


def test_a_heavy_talk_leads_to_one_question(
    people: dict[str, Person], evening: datetime, at: Any
) -> None:
    hours = hours_of(people["priya"], evening - timedelta(minutes=40), checked_in_at=evening)
    hours_of(people["priya"], evening + DAY)
    one = talk(hours, hours.starts_at)
    browser = sign_in(people["priya"])
    log = {"length": "15 to 30", "weight": "heavy"}

    answer = browser.post(f"/hours/talks/{one.pk}/log/", log)
    assert answer.headers["Location"] == "/hours/after-heavy/"
    page = text_of(browser, "/hours/after-heavy/")
    assert "Find cover for tomorrow?" in page
    assert "Tomorrow, 5:10pm to 7:10pm, Room 214" in page
    assert not Break.objects.exists()  # to have seen the question, or to say no, keeps nothing
    assert not Cover.objects.exists()

    browser.post("/hours/mine/break/", {"length": "1", "find_cover": "on"})
    assert Break.objects.count() == Cover.objects.count() == 1
    assert "You are stepping back" in text_of(browser, "/hours/mine/")


def test_a_lighter_talk_asks_nothing(
    people: dict[str, Person], evening: datetime, at: Any
) -> None:
    hours = hours_of(people["priya"], evening - timedelta(minutes=40), checked_in_at=evening)
    one = talk(hours, hours.starts_at)
    log = {"length": "15 to 30", "weight": "middling"}

    answer = sign_in(people["priya"]).post(f"/hours/talks/{one.pk}/log/", log)
    assert answer.headers["Location"] == "/hours/"


def test_who_answers_now_comes_first(
    people: dict[str, Person], evening: datetime, at: Any
) -> None:
    """Also for a supporter without any hours, and with no script at all."""
    stand_behind(evening)
    for address in ("/hours/worried/", *(f"/hours/worried/?level={one}" for one in rules.Level)):
        page = text_of(sign_in(people["sol"]), address)
        main = page[page.index("<main") :]
        assert main.index("tel:5550100") < main.index("</section>")
        assert "555-0199" not in page
        assert ("tel:911" in main) is (address.endswith("now"))
    assert main.index("tel:911") < main.index("tel:5550100")


def test_nobody_on_call_leaves_the_schools_lines(
    people: dict[str, Person], evening: datetime, at: Any, settings: Any
) -> None:
    browser = sign_in(people["sol"])
    settings.CRISIS_EXTRA = [("On-call counselor", "555-0100")]
    assert "tel:5550100" in text_of(browser, "/hours/worried/").partition("<main")[2]
    settings.CRISIS_EXTRA = []
    assert "tel:988" in text_of(browser, "/hours/worried/").partition("<main")[2]


@pytest.mark.parametrize(("level", "asks"), [("unsure", False), ("today", True), ("now", True)])
def test_a_worry_from_the_page_to_the_question(
    people: dict[str, Person], evening: datetime, at: Any, level: str, asks: bool
) -> None:
    browser = sign_in(people["priya"])
    form = {"level": level, "request_key": str(ids.new_id()), "wants_debrief": "on"}

    addresses = {browser.post("/hours/worried/", form).headers["Location"] for _ in range(2)}
    assert len(addresses) == 1
    assert Escalation.objects.count() == 1
    [address] = addresses
    page = text_of(browser, address)
    assert ("Find cover until the end of" in page) is asks
    assert 'value="7"' in page if asks else "Find cover" not in page
    assert not Break.objects.exists()
    assert sign_in(people["sol"]).get(address).status_code == 404


def test_my_page_thanks_for_open_hours(
    people: dict[str, Person], evening: datetime, at: Any
) -> None:
    """Empty hours count like full ones; the last term's, and others', do not."""
    priya = people["priya"]
    came = evening - 3 * DAY
    for start, who in [(came, "priya"), (came - 7 * DAY, "priya"), (came, "sol")]:
        hours_of(people[who], start, checked_in_at=start, checked_out_at=start + 2 * DAY / 24)
    spring = datetime(2026, 6, 30, 15, tzinfo=NEW_YORK)
    hours_of(priya, spring, checked_in_at=spring, checked_out_at=spring + DAY / 24)
    hours_of(priya, evening - timedelta(minutes=50), checked_in_at=evening - timedelta(minutes=40))
    hours_of(priya, evening + DAY)

    assert "You kept 5 hours open this term. That is the point." in text_of(
        sign_in(priya), "/hours/mine/"
    )


def test_distance_is_chosen_from_the_groups(
    people: dict[str, Person], evening: datetime, at: Any
) -> None:
    group = Group.objects.create(name="Small group 7")
    browser = sign_in(people["priya"])
    assert "Small group 7" in text_of(browser, "/hours/mine/")

    assert browser.post("/hours/mine/distance/", {"groups": [str(group.pk)]}).status_code == 302
    assert Distance.objects.count() == 1
    assert "checked" in text_of(browser, "/hours/mine/").partition("Small group 7")[0][-200:]
    assert browser.post("/hours/mine/distance/", {"groups": ["nonsense"]}).status_code == 400
    assert Distance.objects.count() == 1


def test_back_again(people: dict[str, Person], evening: datetime, at: Any) -> None:
    browser = sign_in(people["priya"])
    browser.post("/hours/mine/break/", {"length": "open"})
    rest = Break.objects.get()
    assert rest.ends_at is None
    assert "until you come back" in text_of(browser, "/hours/mine/")
    sign_in(people["sol"]).post(f"/hours/mine/break/{rest.pk}/end/")
    assert Break.objects.exists()
    browser.post(f"/hours/mine/break/{rest.pk}/end/")
    assert not Break.objects.exists()


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        ({"length": "day", "last_on": "2026-11-23"}, 24),
        ({"length": "3"}, 27),
        ({"length": "7"}, 31),
    ],
)
def test_lengths(
    people: dict[str, Person], evening: datetime, at: Any, data: dict[str, str], ends: int
) -> None:
    sign_in(people["priya"]).post("/hours/mine/break/", data)

    end = Break.objects.get().ends_at
    day = date(2026, 11, 24) + timedelta(days=ends - 24)
    assert end is not None
    assert end.astimezone(NEW_YORK) == datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)


def _scene(people: dict[str, Person], evening: datetime) -> None:
    for week, who, heavy in [("2026-W48", "priya", 1), ("2026-W47", "sol", 0)]:
        Load.objects.create(supporter=people[who], week=week, talks=3, heavy=heavy)
    for level, who in [("now", "priya"), ("unsure", "sol")]:
        care.note_worry(
            supporter=people[who],
            level=rules.Level(level),
            steps=["stayed"],
            wants_debrief=False,
            request_key=ids.new_id(),
            by=people[who],
            now=evening,
        )


def test_the_supervisor_sees_weeks_and_marks(
    people: dict[str, Person], evening: datetime, at: Any
) -> None:
    _scene(people, evening)
    eli = sign_in(people["eli"])
    page = text_of(eli, "/hours/supervisor/")
    main = page[page.index("<main") : page.index("</main")]
    assert "Review the steps by Monday 30 November" in main
    assert main.count("<article") == 1  # unsure, and no debrief wanted: only in the table
    for clock_time in ("5:10pm", "17:10", "22:10"):
        assert clock_time not in main

    kept = Escalation.objects.get(level="now")
    for mark in ("debriefed", "reviewed"):
        assert eli.post(f"/hours/supervisor/{kept.pk}/{mark}/").status_code == 302
    assert "Nobody waits for a debrief" in text_of(eli, "/hours/supervisor/")
    assert eli.post(f"/hours/supervisor/{kept.pk}/level/").status_code == 404


def test_only_the_supervisor_opens_that_page(people: dict[str, Person], evening: datetime) -> None:
    _scene(people, evening)
    kept = Escalation.objects.get(level="now")
    for who in ("ana", "priya", "cora", "ida"):
        browser = sign_in(people[who])
        assert browser.get("/hours/supervisor/").status_code == 404
        assert browser.post(f"/hours/supervisor/{kept.pk}/reviewed/").status_code == 404
    assert not Escalation.objects.filter(is_reviewed=True).exists()
    eli = sign_in(people["eli"])
    for address in ("/hours/mine/", "/hours/capacity/", "/hours/", "/hours/worried/"):
        assert eli.get(address).status_code == 404


def test_the_program_sees_gaps_and_one_word(
    people: dict[str, Person], evening: datetime, at: Any
) -> None:
    """Neither who rests, nor why, nor for how long; cover asked for and a break look the same."""
    resting = hours_of(people["priya"], evening + 2 * DAY)
    asking = hours_of(people["sol"], evening + DAY)
    hours_of(people["priya"], evening - DAY / 24, checked_in_at=evening)  # what happened in it?
    hours_of(people["marcus"], evening + 3 * DAY)
    Break.objects.create(supporter=people["priya"], starts_at=evening, ends_at=evening + 6 * DAY)
    Cover.objects.create(assignment=asking, state="open")
    _scene(people, evening)

    page = text_of(sign_in(people["cora"]), "/hours/capacity/")
    main = page[page.index("<main") : page.index("</main")]
    assert "2 gaps in two weeks" in main
    assert main.count("Needs somebody") == 2
    for name in ("Priya", "Sol", "Marcus", "heavy", "Heavy", "break", "exam", "debrief", "worr"):
        assert name not in main
    resting.is_active = asking.is_active = False
    for row in (resting, asking):
        row.save()
        row.shift.state = rules.ShiftState.CANCELLED
        row.shift.save()
    assert "Somebody is there for all published hours" in text_of(
        sign_in(people["cora"]), "/hours/capacity/"
    )


def test_the_pages_are_flat(people: dict[str, Person], evening: datetime) -> None:
    def asked() -> list[int]:
        counts = []
        for read in (
            lambda: care_pages.standing(evening),
            lambda: care_pages.supervision(evening, NEW_YORK),
            lambda: care_pages.mine(people["priya"], evening, NEW_YORK),
            lambda: care_pages.heavy_lately(people["priya"], evening, NEW_YORK),
        ):
            with CaptureQueriesContext(connection) as seen:
                read()
            counts.append(len(seen))
        return counts

    hours = hours_of(people["priya"], evening + DAY / 24)
    _scene(people, evening)
    first = asked()
    assert first == [8, 3, 5, 2]
    for n in range(20):
        person = Person.objects.create_user(f"s{n}@school.example", joined=evening.date())
        grant_role(person=person, role=Role.SUPPORTER, by=SYSTEM, now=evening)
        Cover.objects.create(
            assignment=hours_of(person, evening + (n + 1) * DAY / 24), state="open"
        )
        Break.objects.create(supporter=person, starts_at=evening)
        Load.objects.create(supporter=person, week="2026-W48", talks=1)
        Escalation.objects.create(supporter=person, level="now", week="2026-W48")
        Group.objects.create(name=f"group {n}")
        start = evening - (n + 2) * DAY
        hours_of(people["priya"], start, checked_in_at=start)
        talk(hours, hours.starts_at + n * timedelta(minutes=1))
    assert asked() == first


def test_a_break_is_not_in_the_way_of_a_talk_that_is_booked(
    people: dict[str, Person], evening: datetime
) -> None:
    """Stepping back never cancels: who was promised a time can still be met."""
    hours = hours_of(people["priya"], evening)
    booked = talk(hours, hours.starts_at, "booked")
    care.take_break(
        supporter=people["priya"], starts_at=evening, ends_at=None, by=people["priya"], now=evening
    )

    done = talks.start(visit=booked, by=people["priya"], now=evening)
    assert done.state == "talking"
