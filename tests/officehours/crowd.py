"""A few days of a program as they happen: a crowd that signs in, looks, books, comes and goes.

Everything goes through the pages. Of every three students one has been signed in for days, one
signs in for the first time this month a minute before booking, and one makes the account in that
minute. Some only look around.
"""

import heapq
import random
import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import time_machine
from django.core import mail
from django.test import Client

from accounts.models import Person
from accounts.services import join_as_student
from officehours.models import Assignment
from officehours.queries.pages import slot_value
from peersupport.core import clock, ids
from peersupport.core.actors import SYSTEM
from program.queries import facts
from program.services import add_coverage
from tests.people import cast, confirm, sign_in
from tests.roles import forget_all

VISITORS, LOOKERS, DAYS = 40, 8, 4
NEW, LONG_SIGNED_IN, JUST_SIGNED_IN = range(3)  # a student's number modulo three
_OPEN_FOR, _LENGTH, _MINUTE = timedelta(hours=12), timedelta(minutes=20), timedelta(minutes=1)
_LOG = {"length": "15 to 30", "topics": ["study"], "weight": "light"}
Act = Callable[[], object]


def address(number: int) -> str:
    """Return a student's address."""
    return f"s{number}@school.example"


class Crowd:
    """The days, as a queue of acts; afterwards who came to which visit."""

    def __init__(self, begins: datetime) -> None:
        self.begins = begins
        self.last_visit: dict[int, uuid.UUID] = {}  # of each student by number
        self.who_books: uuid.UUID | None = None  # while a booking is being made
        self._chance = random.Random(24)
        self._acts: list[tuple[datetime, int, Act]] = []
        self._turn = count()
        self._browsers: dict[int, Client] = {}
        self._taken: set[datetime] = set()
        self._hours: dict[datetime, Assignment] = {}

    def run(self) -> None:
        """Live through the days, with the forgetting job every few hours."""
        with time_machine.travel(self.begins - timedelta(days=40), tick=False) as time:
            self._priya = cast(clock.now())["priya"]
            self._supporter = sign_in(self._priya)
            self._set_scene()
            self._plan()
            while self._acts:
                at, _, act = heapq.heappop(self._acts)
                time.move_to(at)
                act()

    def forget(self, at: datetime) -> None:
        """Run the forgetting job at an hour."""
        with time_machine.travel(at, tick=False):
            assert min(forget_all(at).values()) >= 0

    def _at(self, when: datetime, act: Act) -> None:
        heapq.heappush(self._acts, (when, next(self._turn), act))

    def _some(self, least: int, most: int) -> timedelta:
        return timedelta(seconds=self._chance.randint(least * 60, most * 60))

    def _set_scene(self) -> None:
        midnight = clock.now().time().replace(hour=0, minute=0)
        add_coverage(
            label="On-call counselor",
            phone="555-0100",
            weekday=None,
            starts=midnight,
            ends=midnight,
            until=None,
            by=SYSTEM,
            now=clock.now(),
        )
        have = [number for number in range(VISITORS + LOOKERS) if number % 3 != NEW]
        self._chance.shuffle(have)
        for number in have:
            join_as_student(email=address(number), now=clock.now())

    def _plan(self) -> None:
        order = list(range(VISITORS + LOOKERS))
        self._chance.shuffle(order)
        for day in range(DAYS):
            opens = self.begins + timedelta(days=day)
            self._at(opens - 2 * _MINUTE, lambda o=opens: self._open(o))  # type: ignore[misc]
            for number in order[day::DAYS]:
                comes = opens + self._some(5, 680)
                self._at(comes, lambda n=number: self._come(n))  # type: ignore[misc]
        for number in range(LONG_SIGNED_IN, VISITORS + LOOKERS, 3):
            early = self.begins - timedelta(days=1) + self._some(0, 600)
            self._at(early, lambda n=number: self._sign_in(n))  # type: ignore[misc]
        for third in range(8 * DAYS):
            when = self.begins + timedelta(hours=3 * third)
            self._at(when, lambda w=when: self.forget(w))  # type: ignore[misc]

    def _open(self, opens: datetime) -> None:
        """Publish the day's hours and check in, as the supporter."""
        if self._supporter.get("/hours/").status_code != 200:
            self._supporter = sign_in(self._priya)
        local = clock.local(opens, facts().zone)
        form = self._supporter.get("/hours/new/").content.decode()
        key = re.search(r'name="request_key"[^>]*value="([^"]+)"', form)
        assert key
        fields = {
            "day": local.date().isoformat(),
            "starts": f"{local:%H:%M}",
            "ends": f"{local + _OPEN_FOR:%H:%M}",
            "place": "Room 214",
            "minutes": str(_LENGTH // _MINUTE),
            "ways": "in person",
            "request_key": key[1],
        }
        assert confirm(self._supporter, "/hours/new/", fields).status_code == 302
        hours = Assignment.objects.get(supporter=self._priya, starts_at=opens)
        assert self._supporter.post(f"/hours/{hours.pk}/in/").status_code == 302
        self._hours[opens] = hours

    def _sign_in(self, number: int) -> None:
        client = Client()
        client.get("/")
        mail.outbox.clear()
        client.post("/accounts/sign-in/", {"email": address(number)})
        code = re.search(r"\d{6}", str(mail.outbox[0].body))
        assert code
        client.post("/accounts/sign-in/code/", {"code": code[0]})
        assert client.get("/visits/").status_code == 200
        self._browsers[number] = client

    def _come(self, number: int) -> None:
        """Sign in if need be, look around, and soon book; lookers leave again."""
        if number not in self._browsers:
            self._sign_in(number)
        client = self._browsers[number]
        client.get("/")
        client.get("/visits/book/")
        if number < VISITORS:
            self._at(clock.now() + self._some(1, 3), lambda: self._book(number))
        else:
            self._at(clock.now() + self._some(1, 9), lambda: client.post("/accounts/sign-out/"))

    def _book(self, number: int) -> None:
        """Book the next free time; some move it at once, some give it up and book again."""
        path, starts = self._send(number, "/visits/book/")
        if number % 8 == 5:
            path, starts = self._send(number, f"{path}move/")
        elif number % 8 == 6:
            self._browsers[number].post(f"{path}cancel/")
            path, starts = self._send(number, "/visits/book/")
        self._meet(number, path, starts)

    def _send(self, number: int, form: str) -> tuple[str, datetime]:
        opens, hours = max(self._hours.items())
        times = (opens + n * _LENGTH for n in range(_OPEN_FOR // _LENGTH))
        soon = clock.now() + 3 * _MINUTE
        starts = next(time for time in times if time > soon and time not in self._taken)
        self._taken.add(starts)
        slot = slot_value(hours.pk, starts)
        fields = {"slot": slot, "request_key": str(ids.new_id()), "name": f"Name {number}"}
        self.who_books = Person.objects.get(email=address(number)).pk
        answer = self._browsers[number].post(form, fields)
        self.who_books = None
        assert answer.status_code == 302, answer.content
        path = str(answer["Location"])
        self.last_visit[number] = uuid.UUID(path.split("/")[2])
        return path, starts

    def _meet(self, number: int, path: str, starts: datetime) -> None:
        """Come, talk, look at the receipt; some remove the line, some sign out."""
        client, key = self._browsers[number], path.split("/")[2]
        ends = starts + self._some(10, 18)

        def talk(verb: str, fields: dict[str, Any]) -> None:
            answer = self._supporter.post(f"/hours/talks/{key}/{verb}/", fields)
            assert answer.status_code == 302, (verb, answer.content)

        self._at(starts - _MINUTE, lambda: client.post(f"{path}here/"))
        self._at(starts, lambda: talk("start", {}))
        self._at(ends, lambda: talk("finish", {}))
        self._at(ends + _MINUTE, lambda: talk("log", _LOG))
        self._at(ends + self._some(2, 60), lambda: client.get(path))
        if number % 4 == 0:
            self._at(ends + 61 * _MINUTE, lambda: client.post(f"{path}remove-line/"))
        if number % 4 == 1:
            self._at(ends + 62 * _MINUTE, lambda: client.post("/accounts/sign-out/"))
