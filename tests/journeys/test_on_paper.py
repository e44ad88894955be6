"""What is printed fits its paper, A4 and Letter, with the longest words a school may set."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Person
from peersupport.core.actors import SYSTEM
from peersupport.core.ui.crisis import Line
from program.registry import STATUSES, TOPICS
from program.services import change_setting
from program.services.crisis import save_line
from tests import browser as chromium
from tests.events.scene import event, rsvp
from tests.journeys.story import cookies
from tests.people import cast, hours_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
# As wide and high as each paper is, in dots of which there are 96 to the inch.
PAPERS = {"A4": (794, 1123), "Letter": (816, 1056)}
# A page, who may print it, and on how many sheets it must fit.
PRINTS = [
    ("poster", "cora", "/program/poster/", 1),
    ("cards", "cora", "/program/cards/", 1),
    ("sign", "cora", "/hours/program/sign/", 1),
    ("door", "priya", "/hours/{0}/door/", 1),
    ("tally", "cora", "/events/{1}/day/tally/", 1),
    ("tally of many", "cora", "/events/{2}/day/tally/", 1),
    ("expected", "cora", "/events/{2}/day/", 2),
    ("hand-over", "cora", "/program/succession/", 3),
    ("term", "cora", "/program/terms/", 2),
    ("coverage", "cora", "/program/coverage/", 2),
]


_TITLE = "An evening for whoever lost somebody lately or a long time ago, by the window"


def _scene(now: datetime) -> tuple[dict[str, Person], list[str]]:
    people = cast(now)
    for number, topic in enumerate(TOPICS):
        status = list(STATUSES)[number % len(STATUSES)]
        value = {"status": status, "owner": "Title IX office", "on": "2026-11-01"}
        change_setting(key=f"topic-{topic}", value=value, by=SYSTEM, now=now)
    room = {"room": "the student lounge behind the anatomy hall, Room 214 B"}
    change_setting(key="place", value=room, by=SYSTEM, now=now)
    today = date(2026, 11, 23)
    for name in ("On-call counselor of the student service", "Night line of the university"):
        days: Any = {"checked_on": today, "review_on": today + timedelta(days=90)}
        line = Line(name[:40], "+1 (555) 010-0177", hours="weekdays from 8pm to 8am", **days)
        save_line(line=line, checked_by="Cora", by=SYSTEM, now=now)
    mine = [hours_of(people["priya"], now + timedelta(days=n, hours=1)) for n in range(5)]
    discreet = event(now, title=_TITLE, is_sensitive=True, capacity=8)
    many = event(now, title=_TITLE, capacity=600)
    for person in people.values():
        rsvp(many, person, now)
    return people, [str(mine[0].pk), str(discreet.pk), str(many.pk)]


def _sheets(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", content))


def test_every_print_fits_its_paper(live_server: Any, evening: datetime, settings: Any) -> None:
    settings.CRISIS_EXTRA = []  # the school's own two take all the room there is
    with time_machine.travel(evening, tick=False):
        people, mine = _scene(evening)
        signed_in = cookies(live_server, {name: people[name] for name in ("cora", "priya")})
        found = {}
        with chromium.launch() as browser:
            for name, who, address, _most in PRINTS:
                page = chromium.open_page(browser)
                page.context.add_cookies(signed_in[who])
                answer = page.goto(live_server.url + address.format(*mine))
                assert answer is not None
                assert answer.status == 200, address
                page.emulate_media(media="print")
                for paper, (width, height) in PAPERS.items():
                    page.set_viewport_size({"width": width, "height": height})
                    path = chromium.PICTURES / "on-paper" / f"{name}-{paper}.pdf"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    found[name, paper] = _sheets(page.pdf(path=path, format=paper))
                page.close()

    most = {name: count for name, _who, _address, count in PRINTS}
    assert {each: count for each, count in found.items() if not 1 <= count <= most[each[0]]} == {}
