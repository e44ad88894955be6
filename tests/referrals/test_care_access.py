"""Every address of the care side and everybody who may ask. An address without a row fails."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from peersupport.core import ids
from tests.care import care_cast, sit_down
from tests.people import cast, sign_in
from tests.roles import SUPERUSER

pytestmark = [pytest.mark.django_db, pytest.mark.anydb, pytest.mark.usefixtures("frozen")]

ROLES = ["nobody", "counselor without proof", "counselor with proof", "lead with proof"]
DOOR = [200] * 4
COUNSELOR = [302, 200, 200, 200]
PROVED = [302, 302, 200, 200]
LEAD = [302, 404, 404, 200]
MISSING = [302, 404, 404, 404]
MISSING_PROVED = [302, 302, 404, 404]
MISSING_LEAD = [302, 404, 404, 404]
NEVER_GET = [405] * 4

# address -> the status of GET for nobody, a counselor whose session has proved nothing, one who
# has just used a passkey, and the lead
TABLE: dict[str, list[int]] = {
    "care/": COUNSELOR,
    "care/list/": COUNSELOR,
    "care/again/": NEVER_GET,
    "care/log/": COUNSELOR,
    "care/duty/": COUNSELOR,
    "care/duty/<uuid:hours>/remove/": NEVER_GET,
    "care/duty/away/": COUNSELOR,
    "care/duty/away/<uuid:away>/back/": NEVER_GET,
    "care/timers/": LEAD,
    # What a case answers to whom, in which state: tests/referrals/test_desk_roles.py.
    "care/case/<uuid:case>/": MISSING,
    "care/case/<uuid:case>/acknowledge/": NEVER_GET,
    "care/case/<uuid:case>/contact/": NEVER_GET,
    "care/case/<uuid:case>/end/": MISSING,
    "care/case/<uuid:case>/hand-on/": MISSING,
    "care/case/<uuid:case>/aside/": MISSING,
    "care/case/<uuid:case>/danger/": MISSING_LEAD,
    "care/case/<uuid:case>/give-back/": MISSING_LEAD,
    "care/case/<uuid:case>/open/": NEVER_GET,
    "care/case/<uuid:case>/chart/": NEVER_GET,
    "care/case/<uuid:case>/where/<uuid:contact>/": NEVER_GET,
    "care/sign-in/": [200, 302, 302, 302],
    "care/prove/": COUNSELOR,
    "care/join/": DOOR,
    "care/sign-out/": NEVER_GET,
    "care/me/": COUNSELOR,
    "care/me/passkeys/": [302, 200, 200, 200],  # without a proof: after a recovery code alone
    "care/me/passkeys/<uuid:passkey>/remove/": MISSING_PROVED,
    "care/me/codes/": PROVED,
    "care/me/others/": NEVER_GET,
    "care/people/": LEAD,
    "care/people/add/": LEAD,
    "care/people/<uuid:counselor>/": MISSING_LEAD,
    "care/people/<uuid:counselor>/address/": MISSING_LEAD,
    "care/people/<uuid:counselor>/code/": NEVER_GET,
    "care/people/<uuid:counselor>/end/": MISSING_LEAD,
    "care/people/<uuid:counselor>/role/": NEVER_GET,
    "care/people/<uuid:counselor>/passkeys/<uuid:passkey>/": MISSING_LEAD,
}
# What the care side serves besides, and what it answers anybody.
OPEN: dict[str, int] = {
    "": 302,
    "help-now/": 200,
    "help-now/friend/": 200,
    "help-now/kept.js": 200,
    "healthz": 503,
    "exit/": 200,
    "theme/": 200,
}
# Of the web side: absent here.
WEB = ["hours/", "visits/", "line/", "accounts/", "accounts/sign-in/", "program/", "promises/"]
WEB += ["referrals/", "board/", "what-we-keep/", "demo/", "demo/sign-in/", "demo/go-on/", "admin/"]


def _routes(resolver: URLResolver, before: str = "") -> list[str]:
    found = []
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            found.append(route)
        else:
            found += _routes(entry, route)
    return found


def _of(urlconf: str) -> list[str]:
    return _routes(get_resolver(urlconf))


def _address(route: str) -> str:
    return "/" + re.sub(r"<uuid:\w+>", str(ids.new_id()), re.sub(r"<slug:\w+>", "x", route))


def test_every_address_of_the_care_side_has_a_row() -> None:
    assert sorted(_of("peersupport.urls_care")) == sorted([*TABLE, *OPEN])


def test_the_demo_serves_the_same_desk() -> None:
    desk = [route for route in _of("peersupport.urls_demo") if route.startswith("care/")]

    assert sorted(desk) == sorted(TABLE)


def _clients(evening: datetime) -> list[Client]:
    people = care_cast(evening)
    return [
        Client(),
        sit_down(people["eli"], evening, has_proved=False),
        sit_down(people["eli"], evening),
        sit_down(people["dee"], evening),
    ]


@pytest.mark.plane("care")
@pytest.mark.usefixtures("care_plane", "wound")
def test_each_address_and_everybody(evening: datetime) -> None:
    clients = _clients(evening)
    found = {
        route: [client.get(_address(route)).status_code for client in clients] for route in TABLE
    }

    assert found == TABLE


@pytest.mark.plane("care")
@pytest.mark.usefixtures("care_plane", "wound")
def test_nothing_is_written_without_its_right(evening: datetime) -> None:
    """The same by POST: nobody but whom GET lets in comes further than the door."""
    clients = _clients(evening)
    for route, allowed in TABLE.items():
        if route in ("care/sign-in/", "care/join/", "care/sign-out/"):
            continue
        for client, role, status in zip(clients, ROLES, allowed, strict=True):
            if status == 200:
                continue
            page = client.post(_address(route))
            is_led_away = page.status_code == 302 and "/care/" in page["Location"]
            assert page.status_code in (404, 405) or is_led_away, (route, role, page.status_code)
    lead = clients[3]
    assert lead.get("/care/people/").status_code == 200  # still here, and nobody was ended


@pytest.mark.plane("care")
@pytest.mark.usefixtures("care_plane")
def test_the_rest_of_the_care_side() -> None:
    assert {route: Client().get(f"/{route}").status_code for route in OPEN} == OPEN


@pytest.mark.plane("care")
@pytest.mark.usefixtures("care_plane")
def test_the_care_side_has_nothing_of_the_web_side(evening: datetime) -> None:
    lead = _clients(evening)[3]

    for client in (Client(), lead):
        assert {path: client.get(f"/{path}").status_code for path in WEB} == dict.fromkeys(
            WEB, 404
        )


@pytest.mark.plane("web")
def test_the_web_side_has_nothing_of_the_desk(evening: datetime) -> None:
    people = cast(evening)
    for client in (Client(), sign_in(people["ida"]), sign_in(people["dee"])):
        for route in TABLE:
            assert client.get(_address(route)).status_code == 404, route
            assert client.post(_address(route)).status_code == 404, route


def _of_every_role(evening: datetime) -> dict[str, Client]:
    """Return a browser for each of the cast, and one of somebody who is everything at once."""
    people = cast(evening)
    found = {name: sign_in(person) for name, person in people.items()}
    from accounts.rules import Role
    from accounts.services import grant_role
    from peersupport.core.actors import SYSTEM

    for role in Role:
        grant_role(person=people["ida"], role=role, by=SYSTEM, now=evening)
    type(people["ida"]).objects.filter(pk=people["ida"].pk).update(email="dee2@school.example")
    found["everything"] = sign_in(type(people["ida"]).objects.get(pk=people["ida"].pk))
    return found


@pytest.mark.plane(SUPERUSER)
@pytest.mark.usefixtures("both_planes", "wound")
def test_people_of_the_web_side_are_nobody_at_the_desk(evening: datetime) -> None:
    """In one process as well, whatever they are there: Dee too, who is a counselor here."""
    care_cast(evening)
    nobody = {route: statuses[0] for route, statuses in TABLE.items()}

    for name, client in _of_every_role(evening).items():
        found = {route: client.get(_address(route)).status_code for route in TABLE}
        assert found == nobody, name


@pytest.mark.plane(SUPERUSER)
@pytest.mark.usefixtures("both_planes", "wound")
def test_counselors_are_nobody_on_the_web_side(evening: datetime) -> None:
    lead = sit_down(care_cast(evening)["dee"], evening)

    for path in ("/accounts/", "/program/", "/hours/", "/visits/"):
        asked: Any = lead.get(path)
        assert asked.status_code == 302
        assert asked.url.startswith("/accounts/sign-in/")


@pytest.mark.plane("care")
@pytest.mark.usefixtures("care_plane", "wound")
def test_no_answer_is_kept_by_anybody(evening: datetime) -> None:
    for client in _clients(evening):
        for route in TABLE:
            page = client.get(_address(route))
            assert page["Cache-Control"] == "no-store", route
            assert page["X-Content-Type-Options"] == "nosniff", route
            assert page["Cross-Origin-Opener-Policy"] == "same-origin", route
            assert "frame-ancestors 'none'" in page["Content-Security-Policy"], route
            assert "sessionid" not in page.cookies
            assert "session" not in page.cookies
