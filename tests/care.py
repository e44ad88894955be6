"""The cast of the care side, and a seat at its desk."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client

from referrals import care_sessions
from referrals.models import Card, Clock, Counselor, Passkey
from referrals.rules import CareRole
from referrals.seals import passkey_seal, seal_of
from tests.accounts.soft_key import SoftKey
from tests.roles import BY_SIDE, acting_as


@acting_as("care")
def counselor(name: str, now: datetime, *, role: CareRole = CareRole.COUNSELOR) -> Counselor:
    """Return a counselor as the lead has confirmed them, made anew."""
    one = Counselor(
        card=Card.objects.create(name=name),
        email=f"{name.lower()}@school.example",
        role=str(role),
        state=Counselor.State.ACTIVE,
        confirmed_by="the care host",
        confirmed_on=now.date(),
    )
    one.seal = seal_of(one)
    one.save(force_insert=True)
    return one


def care_cast(now: datetime) -> dict[str, Counselor]:
    """Return Dee, who leads, and Eli."""
    return {
        "dee": counselor("Dee", now, role=CareRole.LEAD),
        "eli": counselor("Eli", now),
    }


@acting_as("care")
def sit_down(who: Counselor, now: datetime, *, has_proved: bool = True) -> Client:
    """Return a browser in which a counselor has signed in with their passkey."""
    response = HttpResponse()
    care_sessions.begin(HttpRequest(), response, who, has_proved=has_proved, now=now)
    client = Client()
    client.cookies[settings.CARE_COOKIE] = response.cookies[settings.CARE_COOKIE].value
    return client


def stand_as(settings: Any, plane: str, *, public_url: str = "http://testserver") -> None:
    """Let the program be that of one side, "care", or of both, "all", as in the demo."""
    settings.PLANE = plane
    settings.ROOT_URLCONF = {"care": "peersupport.urls_care", "all": "peersupport.urls_demo"}[
        plane
    ]
    settings.MIDDLEWARE = [*([BY_SIDE] if plane == "all" else []), *settings.MIDDLEWARES[plane]]
    settings.PUBLIC_URL = public_url


@contextmanager
def both_sides(server: Any, settings: Any) -> Iterator[None]:
    """Serve both sides, each with its own rights in the database, until the block ends."""
    stand_as(settings, "all", public_url=server.url)
    before = server.thread.httpd.get_app()
    # A server reads once which middleware there is.
    server.thread.httpd.set_app(StaticFilesHandler(WSGIHandler()))
    try:
        yield
    finally:
        server.thread.httpd.set_app(before)


@acting_as("care")
def wind(now: datetime) -> None:
    """Let the care side's clock have gone round just now, so that no alarm stands on a page."""
    Clock.objects.update_or_create(pk=1, defaults={"last_at": now})


@acting_as("care")
def give_key(who: Counselor, now: datetime, *, is_confirmed: bool = True) -> SoftKey:
    """Give somebody a passkey made of software."""
    key = SoftKey(who.pk.bytes)
    row = Passkey(
        counselor=who,
        name="Soft key",
        credential=key.credential(),
        added_on=now.date(),
        is_confirmed=is_confirmed,
    )
    row.seal = passkey_seal(row)
    row.save(force_insert=True)
    return key


def asked_for(page: Any) -> dict[str, Any]:
    """Return what a page asks a passkey."""
    found = re.search(r'<script id="passkey-options"[^>]*>(.*?)</script>', page.content.decode())
    assert found, page.content.decode()
    asked: dict[str, Any] = json.loads(html.unescape(found[1]))
    return asked


def answer(client: Client, path: str, key: SoftKey, owner: Counselor, **more: Any) -> Any:
    """Open a page that asks for a passkey and answer it; return what comes then."""
    told = key.use(asked_for(client.get(path)), owner=owner.pk.bytes, **more)
    return client.post(path, {"passkey": told})
