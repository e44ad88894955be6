"""Pages of the line, with few and with many waiting: the scene, and what is asked.

`lay` runs inside a `manage.py shell` of the program under test; the rest asks it over HTTP.
"""

import json
import secrets
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from tests.races.real_server import World

LAY = "from bench.line import lay; lay({count})"


def lay(count: int) -> None:
    """Print a scene as JSON: a shift with `count` waiting, cookies, and versions to poll with."""
    from django.test import Client

    from accounts.services import join_as_student
    from officehours.queries.line import door_code
    from officehours.services import calling, line
    from peersupport.core import clock, ids
    from tests.people import hours_of

    now = clock.now().replace(second=0, microsecond=0)
    marcus = join_as_student(email=f"{ids.new_id().hex}@school.example", now=now)
    from accounts.rules import Role
    from accounts.services import grant_role
    from peersupport.core.actors import SYSTEM

    grant_role(person=marcus, role=Role.SUPPORTER, by=SYSTEM, now=now)
    hours = hours_of(marcus, now, length=timedelta(hours=3), checked_in_at=now)

    def cookie(person: Any) -> str:
        client = Client()
        client.force_login(person, backend="accounts.backends.ActivePersonBackend")
        return str(client.cookies["session"].value)

    for _ in range(count - 1):
        calling.add(assignment=hours.pk, request_key=ids.new_id(), by=marcus, now=now)
    ana = join_as_student(email=f"{ids.new_id().hex}@school.example", now=now)
    line.join(person=ana, shift=hours.shift_id, name="", request_key=ids.new_id(), now=now)
    crowd = [
        join_as_student(email=f"{ids.new_id().hex}@school.example", now=now) for _ in range(170)
    ]
    scene = {
        "shift": str(hours.shift_id),
        "hours": str(hours.pk),
        "ana": cookie(ana),
        "marcus": cookie(marcus),
        "crowd": [cookie(person) for person in crowd],
        "code": door_code(hours.shift_id, now),
    }
    print("LINE" + json.dumps(scene))


def scene(program: World, count: int) -> dict[str, Any]:
    """Lay a line of `count` in the running program, and find the version of its page."""
    said = program.manage("shell", "-v", "0", "-c", LAY.format(count=count))
    found: dict[str, Any] = json.loads(said.split("LINE", 1)[1].splitlines()[0])
    return found


def version(program: World, found: dict[str, Any]) -> str:
    """Return the version of the place in line that ana's page holds now."""
    page = program.get("/line/", found["ana"]).body
    return page.split("/line/state/?v=", 1)[1].split('"', 1)[0]


def posted(cookie: str, **fields: str) -> tuple[str, dict[str, str]]:
    """Return body and headers of a form sent by the holder of a cookie."""
    token = secrets.token_hex(16)
    headers = {
        "Cookie": f"session={cookie}; csrf={token}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return urlencode({**fields, "csrfmiddlewaretoken": token}), headers


def called(program: World, found: dict[str, Any]) -> str:
    """Return the address that puts back whoever is called now."""
    page = program.get("/hours/", found["marcus"]).body
    return "/hours/line/" + page.split("/put-back/", 1)[0].rsplit("/", 1)[1] + "/put-back/"


def new_key() -> str:
    """Return a fresh request key."""
    return str(uuid.uuid4())
