"""Choosing light or dark, and leaving."""

from datetime import date
from unittest.mock import patch

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db import OperationalError
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from peersupport.core.ui.context import look_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ui.pages")]


def _sign_in(client: Client) -> None:
    person = get_user_model()(email="ana@school.example", joined_on=date(2026, 9, 1))
    person.save()
    client.force_login(person)


def _is_signed_in(client: Client) -> bool:
    return bool(client.get("/own-choice/").content == b"True")


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_look_is_kept_in_a_cookie(client: Client, chosen: str) -> None:
    response = client.post("/theme/", {"look": chosen})

    cookie = response.cookies["look"]
    assert response.status_code == 302
    assert cookie.value == chosen
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    page = client.get("/theme/").content.decode()
    assert f'data-theme="{chosen}"' in page
    assert f'value="{chosen}" id="id_look_{1 if chosen == "light" else 2}" checked' in page


def test_as_the_device_says_needs_no_cookie(client: Client) -> None:
    client.cookies["look"] = "dark"

    response = client.post("/theme/", {"look": "system"})

    assert response.cookies["look"].value == ""
    assert "data-theme" not in client.get("/theme/").content.decode()


@pytest.mark.parametrize("odd", ["purple", "", "dark ", "<script>", "DARK"])
def test_a_look_never_offered_is_refused(client: Client, odd: str) -> None:
    response = client.post("/theme/", {"look": odd})

    assert response.status_code == 400
    assert "look" not in response.cookies


@pytest.mark.parametrize(
    ("kept", "look"),
    [("dark", "dark"), ("light", "light"), ('"><script>', "system"), ("", "system")],
)
def test_a_cookie_is_believed_only_if_it_is_one_of_ours(kept: str, look: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["look"] = kept

    assert look_of(request) == look


def test_leaving_ends_the_session_and_leads_away(client: Client, settings: Settings) -> None:
    _sign_in(client)

    response = client.post("/exit/")

    page = response.content.decode()
    assert response.status_code == 200
    assert f'content="0;url={settings.EXIT_URL}"' in page
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    assert "Clear-Site-Data" not in response.headers
    assert not _is_signed_in(client)


def test_the_page_on_the_way_says_nothing(client: Client, settings: Settings) -> None:
    page = client.post("/exit/").content.decode()

    assert settings.SITE_NAME not in page
    assert "988" not in page


def test_looking_at_the_page_changes_nothing(client: Client) -> None:
    _sign_in(client)

    page = client.get("/exit/").content.decode()

    assert "does not erase" in page
    assert _is_signed_in(client)


def test_leaving_needs_no_token() -> None:
    """A page that was open too long must not stand in the way of the one who has to go."""
    client = Client(enforce_csrf_checks=True)
    _sign_in(client)

    assert client.post("/exit/").status_code == 200
    assert not _is_signed_in(client)


def test_nobody_else_can_sign_somebody_out(client: Client) -> None:
    _sign_in(client)

    client.post("/exit/", headers={"sec-fetch-site": "cross-site"})

    assert _is_signed_in(client)


def test_leaving_works_without_a_database(client: Client, settings: Settings) -> None:
    _sign_in(client)

    with patch.object(SessionBase, "flush", side_effect=OperationalError):
        response = client.post("/exit/")

    assert response.status_code == 200
    assert settings.EXIT_URL in response.content.decode()
    assert response.cookies[settings.SESSION_COOKIE_NAME].value == ""
