"""A stolen session table signs nobody in and names nobody."""

import base64
from datetime import datetime

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError

from accounts.services import sign_out_everywhere
from peersupport.core.sessions.models import Row
from peersupport.core.sessions.store import SessionStore
from tests.people import cast, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_nothing_of_the_person_or_the_cookie_is_in_the_row(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    cookie = sign_in(ana).cookies["session"].value

    row = Row.objects.get()
    stored = bytes(row.key) + bytes(row.sealed)
    secrets = [cookie, ana.email, str(ana.pk), ana.pk.hex, ana.session_epoch.hex]
    for secret in secrets:
        assert secret.encode() not in stored
        assert base64.b64encode(secret.encode()).rstrip(b"=") not in stored
    assert ana.pk.bytes not in stored


def test_what_is_in_the_row_is_no_cookie(evening: datetime) -> None:
    sign_in(cast(evening)["ana"])
    row = Row.objects.get()

    for stolen in (bytes(row.key).hex(), base64.urlsafe_b64encode(bytes(row.key)).decode()[:43]):
        assert SessionStore(stolen).load() == {}


def test_a_row_moved_under_another_cookie_does_not_open() -> None:
    one, two = SessionStore(), SessionStore()
    one["who"], two["who"] = "one", "two"
    one.save()
    two.save()
    rows = list(Row.objects.all())
    first = bytes(rows[0].sealed)
    Row.objects.filter(pk=rows[0].pk).update(sealed=bytes(rows[1].sealed))
    Row.objects.filter(pk=rows[1].pk).update(sealed=first)

    assert SessionStore(one.session_key).load() == {}
    assert SessionStore(two.session_key).load() == {}


def test_save_of_an_ended_session_does_not_bring_it_back() -> None:
    session = SessionStore()
    session["a"] = 1
    session.save()
    SessionStore(session.session_key).delete()

    with pytest.raises(UpdateError):
        session.save()


def test_a_new_epoch_ends_every_session_at_the_next_request(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    client = sign_in(ana)
    assert client.get("/visits/").status_code == 200

    sign_out_everywhere(person=ana)

    assert client.get("/visits/").status_code == 302


def test_a_deactivated_person_is_out_at_the_next_request(evening: datetime) -> None:
    ana = cast(evening)["ana"]
    client = sign_in(ana)
    type(ana).objects.filter(pk=ana.pk).update(is_active=False)

    assert client.get("/visits/").status_code == 302


def test_expiry_does_not_tell_when_it_was_made() -> None:
    session = SessionStore()
    session.save()

    at = Row.objects.get().expires_at
    assert (at.minute, at.second, at.microsecond) == (0, 0, 0)


def test_expired_is_by_the_servers_clock_and_saving_does_not_lengthen(evening: datetime) -> None:
    with time_machine.travel(evening, tick=False) as time:
        client = sign_in(cast(evening)["ana"])
        before = Row.objects.get().expires_at
        session = client.session
        session["more"] = 1
        session.save()
        assert Row.objects.get().expires_at == before
        time.move_to(before)
        assert client.cookies["session"]["max-age"] != 0  # the cookie would still be sent
        assert client.get("/visits/").status_code == 302
