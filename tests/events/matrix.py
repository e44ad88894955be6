"""One event of each kind, everybody who may come to its addresses, and what they are answered."""

import copy
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Person, RosterEntry
from accounts.rules import Role
from accounts.services import grant_role
from events import keys
from events.forms import initial_of
from events.models import Event, Host, Invited, Request, Rsvp, Said, Series, Taker
from events.queries import debriefs, plans, refs
from events.rules import Going, Kind, State, Visibility
from peersupport.core import ids
from peersupport.core.actors import SYSTEM
from peersupport.core.audit.models import Entry
from peersupport.core.outbox.models import Outgoing
from program.services import change_setting
from tests.events.plans import NEW_YORK, TUESDAY, typed
from tests.events.scene import event, rsvp
from tests.people import cast, sign_in
from tests.roles import SUPERUSER, acting_as

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IN_CLASS, NOT_IN_CLASS = "2029", "2028"

# What somebody is to the events, and who of the cast it is. All but Ben, and Cara who waits since
# before the audience was narrowed, are of the class that one of the events is for.
ROLES = {
    "nobody": "",
    "student": "ana",
    "outside": "ben",
    "waiting": "cara",
    "supporter": "marcus",
    "host": "priya",  # while supporters may plan nothing
    "let": "priya",  # and where they may plan and publish workshops
    "lead": "lena",
    "coordinator": "cora",
    "supervisor": "dee",
    "administrator": "ida",
    "no role": "eli",
}
# Priya hosts all of them, Sol has the one place, and Cara waits wherever one can. Marcus was at
# the one that is over. In the one that is about to begin there is a second place.
OBJECTS = ["open", "draft", "cancelled", "past", "now", "discreet", "cohort", "debrief"]

SEEN, SIGN_IN, MISSING, NEVER, DONE, LED, WRONG, STALE = "Si.-D>!#"
REFUSED = {SIGN_IN, MISSING, NEVER, WRONG, STALE}


@dataclass
class Scene:
    """Everything there is to be found."""

    now: datetime
    people: dict[str, Person]
    events: dict[str, Event] = field(default_factory=dict)
    taker: uuid.UUID = field(default_factory=ids.new_id)
    request: uuid.UUID = field(default_factory=ids.new_id)


def _person(name: str, now: datetime, *roles: Role) -> Person:
    person = Person.objects.create_user(
        f"{name.lower()}@school.example", joined=now.date(), called=name
    )
    for role in roles:
        grant_role(person=person, role=role, by=SYSTEM, now=now)
    return person


def _kinds(now: datetime) -> dict[str, dict[str, Any]]:
    public = {"visibility": Visibility.PUBLIC, "kind": Kind.WORKSHOP}
    return {
        "open": public,
        "draft": public | {"state": State.DRAFT},
        "cancelled": public | {"state": State.CANCELLED, "cancelled_at": now},
        "past": public | {"starts_at": now - 2 * HOUR, "capacity": 2},
        "now": {"starts_at": now + HOUR / 6, "capacity": 2},
        "discreet": {"kind": Kind.GROUP, "is_sensitive": True},
        "cohort": {},
        "debrief": {
            "kind": Kind.DEBRIEF,
            "is_sensitive": True,
            "visibility": Visibility.PRIVATE,
        },
    }


def series(now: datetime) -> Series:
    """Return a weekly series that holds nothing yet."""
    day = now.date()
    return Series.objects.create(
        first_on=day, last_on=day + 28 * DAY, starts=time(18), minutes=60, zone=NEW_YORK.key
    )


def set_scene(now: datetime) -> Scene:
    """Make it all."""
    people = cast(now)
    people["cara"] = _person("Cara", now, Role.STUDENT)
    people["lena"] = _person("Lena", now, Role.STUDENT, Role.STUDENT_LEAD)
    for name, person in people.items():
        if person.has_role(Role.STUDENT):
            class_name = NOT_IN_CLASS if name in ("ben", "cara") else IN_CLASS
            RosterEntry.objects.create(
                email=person.email, class_name=class_name, standing="enrolled", person=person
            )
    scene = Scene(now, people)
    for name, more in _kinds(now).items():
        row = event(
            now,
            title=f"Title-{name}",
            next_number=2,
            series=series(now),
            series_on=now.date(),
            **{"capacity": 1, **more},
        )
        Host.objects.create(event=row, person=people["priya"])
        if name != "draft":
            rsvp(row, people["sol"], now)
            rsvp(row, people["cara"], now, Going.WAITING, number=1)
        scene.events[name] = Event.objects.get(pk=row.pk)
    rsvp(scene.events["past"], people["marcus"], now)
    for name in ("cohort", "now"):
        Invited.objects.create(event=scene.events[name], class_name=IN_CLASS)
    _ask(scene)
    return scene


def _ask(scene: Scene) -> None:
    """Let Ana have asked Priya for a debrief."""
    ana, asked = scene.people["ana"], debriefs.Asked("Night team", "To sit down", "after 6pm")
    taker = Taker.objects.create(pk=scene.taker, person=scene.people["priya"])
    Request.objects.create(
        pk=scene.request,
        taker=taker,
        tag=debriefs.tag_of(ana.pk),
        holder=debriefs.seal_holder(scene.request, ana.pk),
        sealed=debriefs.seal_asked(scene.request, asked),
        asked_on=scene.now.date(),
        forget_at=scene.now + 30 * DAY,
    )


def let_supporters_plan(now: datetime) -> None:
    """Let supporters plan workshops, and publish them."""
    change_setting(key="supporter-events", value="publish", by=SYSTEM, now=now)


# -- addresses ------------------------------------------------------------------------------------
def address(scene: Scene, name: str, of: str) -> str:
    """Return an address of events, about one of them where it is about one."""
    row = scene.events.get(of)
    if row is None:
        about = {
            "end-taker": [scene.taker],
            "withdraw": [scene.request],
            "take": [scene.request],
            "decline-debrief": [scene.request],
        }.get(name, [])
        return reverse(f"events:{name}", args=about)
    answers = {one.number: one.pk for one in Rsvp.objects.filter(event=row)}
    args: list[Any] = [row.series_id if name.startswith("plan-series") else row.pk]
    if name == "place":
        args = [refs.token_of(row, answers.get(1, ids.new_id()))]  # the one of Cara
    if name == "mark":
        args.append(answers.get(None, ids.new_id()))  # the one of Sol
    if name == "door":
        args.append(keys.key_of(row, scene.now).door())
    return reverse(f"events:{name}", args=args)


def fields(scene: Scene, name: str, of: str) -> dict[str, Any]:
    """Return what the form at an address would send, if somebody filled it in well."""
    row = scene.events.get(of)
    if row is None:
        return _fields_of_none(scene, name)
    known = plans.read([row])
    mark = plans.mark_of([row], known)
    ahead = [row] if row.ends_at > scene.now else []
    day = (row.starts_at + 7 * DAY).date()
    if name == "plan-change":
        begin = initial_of(known[row.pk], NEW_YORK) | {"mark": mark, "title": "Other words"}
        return {key: value for key, value in begin.items() if value not in (None, False)}
    forms: dict[str, dict[str, Any]] = {
        "plan-publish": {"mark": mark},
        "plan-cancel": {"mark": mark},
        "plan-copy": {"day": day},
        "plan-series-publish": {"mark": plans.mark_of(ahead, known)},
        "plan-series-end": {
            "last_on": scene.now.date(), "sure": "1", "mark": plans.mark_of(ahead, known),
        },
        "plan-series-copy": {"day": day},
        "heads": {"heads": 3},
        "mark": {"came": "yes"},
        "place": {"what": "give-back"},
        "how-was-it": {"good": "yes", "again": "yes"},
    }  # fmt: skip
    return forms.get(name, {})


def _fields_of_none(scene: Scene, name: str) -> dict[str, Any]:
    return {
        "plan-new": typed(kind="workshop"),
        "debriefs": {
            "taker": scene.taker, "team": "Day team", "suits": "noon", "request_key": ids.new_id(),
        },
        "takers": {"person": scene.people["marcus"].pk, "about": "calm"},
        "take": {"day": TUESDAY, "starts": "18:00", "minutes": 60, "place": "Room 1"},
    }.get(name, {})  # fmt: skip


# -- answers --------------------------------------------------------------------------------------
_STORED = (Event, Series, Rsvp, Invited, Host, Said, Request, Taker, Outgoing, Entry)


def stored() -> str:
    """Return a mark of everything that an address of events could change."""
    seen = hashlib.sha256()
    with acting_as(SUPERUSER):
        for model in _STORED:
            rows = model._default_manager.order_by("pk").values_list()
            seen.update("\n".join(map(_plain, rows)).encode())
    return seen.hexdigest()


def _plain(row: tuple[Any, ...]) -> str:
    return repr([bytes(one) if isinstance(one, memoryview) else one for one in row])


def browser(scene: Scene, role: str) -> Client:
    """Return the browser of somebody, signed in with all that they have to prove."""
    name = ROLES[role]
    return sign_in(scene.people[name]) if name else Client()


@dataclass(frozen=True)
class Answer:
    """What one tap or look was answered, in one letter; and what it said."""

    letter: str
    body: str
    has_changed: bool


_OF_STATUS = {200: SEEN, 404: MISSING, 405: NEVER, 400: WRONG, 409: STALE}


def ask(scene: Scene, client: Client, before: str, name: str, verb: str, of: str) -> Answer:
    """Ask, and put everything back as it was."""
    cookies, block = copy.deepcopy(client.cookies), transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # services begin their own in it
    with block:
        path, sent = address(scene, name, of), fields(scene, name, of) if verb == "POST" else {}
        got: Any = client.post(path, sent) if verb == "POST" else client.get(path)
        has_changed = verb == "POST" and stored() != before
        transaction.set_rollback(True)
    client.cookies = cookies
    return Answer(_letter(got, has_changed=has_changed), got.content.decode(), has_changed)


def _letter(got: Any, *, has_changed: bool) -> str:
    if got.status_code == 302 and "/accounts/sign-in/" in got.headers["Location"]:
        return SIGN_IN
    if got.status_code in (200, 302) and has_changed:
        return DONE
    return LED if got.status_code == 302 else _OF_STATUS.get(got.status_code, str(got.status_code))


def cells(table: dict[tuple[str, str], dict[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (address, verb, object, what each role is answered) of a table."""
    for (name, verb), rows in table.items():
        for several, letters in rows.items():
            for of in several.split():
                yield name, verb, of, letters.replace(" ", "")
