"""The cast of the care side, and a seat at its desk."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client

from referrals import care_sessions
from referrals.models import Card, Counselor
from referrals.rules import CareRole
from referrals.seals import seal_of


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


def sit_down(who: Counselor, now: datetime, *, has_proved: bool = True) -> Client:
    """Return a browser in which a counselor has signed in with their passkey."""
    response = HttpResponse()
    care_sessions.begin(HttpRequest(), response, who, has_proved=has_proved, now=now)
    client = Client()
    client.cookies[settings.CARE_COOKIE] = response.cookies[settings.CARE_COOKIE].value
    return client
