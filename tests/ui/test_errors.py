"""Whatever goes wrong, a calm page with the numbers that answer now: also without a database."""

from pathlib import Path

import pytest
from django.http import HttpRequest
from django.test import Client
from pytest_django.fixtures import Settings

from peersupport.core.ui.errors import SHOWN, calm_page

# No test here asks for the database: pytest-django fails any that touches it.
pytestmark = pytest.mark.urls("tests.ui.pages")


@pytest.fixture(autouse=True)
def _lines(settings: Settings) -> None:
    settings.CRISIS_EXTRA = [("On-call counselor", "555-0100")]


@pytest.fixture
def visitor() -> Client:
    """A browser whose failures come back as pages."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("status", sorted(SHOWN))
def test_every_page_is_calm_and_whole(visitor: Client, status: int) -> None:
    response = visitor.get(f"/calm/{status}/")
    page = response.content.decode()

    assert response.status_code == status
    assert response["Cache-Control"] == "no-store"
    assert "Call or text 988" in page
    assert "tel:5550100" in page
    assert page.count("<h1>") == 1
    assert '<html lang="en-US">' in page
    assert "<form" not in page
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("status", sorted(SHOWN))
def test_every_page_stands_without_a_request(status: int) -> None:
    assert b"Call or text 988" in calm_page(None, status).content


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nothing-here/", 404),
        ("/breaks/", 500),
        ("/no-database/", 503),
        ("/odd-text/", 400),
        ("/nul/", 400),
        ("/plain/?q=%00", 400),
        ("/plain/%00", 400),
        ("/takes/", 405),
    ],
)
def test_each_failure_gets_its_page(visitor: Client, address: str, status: int) -> None:
    response = visitor.get(address)

    assert response.status_code == status
    assert b"Call or text 988" in response.content
    assert b"school.example" not in response.content
    assert b"connection" not in response.content


def test_a_dead_database_says_when_to_come_back(visitor: Client) -> None:
    assert visitor.get("/no-database/")["Retry-After"] == "30"


def test_a_refused_method_still_says_what_is_allowed(visitor: Client) -> None:
    assert visitor.get("/takes/")["Allow"] == "POST"


def test_too_much_at_once(visitor: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    response = visitor.post("/takes/", {"x": "y" * 100})

    assert response.status_code == 413
    assert b"Call or text 988" in response.content


def test_too_many_fields(visitor: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2

    response = visitor.post(
        "/takes/", "a=1&b=2&c=3", content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 413


def test_a_wrong_host_gets_a_calm_page(visitor: Client) -> None:
    response = visitor.get("/plain/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert b"evil" not in response.content


def test_a_form_without_its_token_gets_a_calm_page() -> None:
    response = Client(enforce_csrf_checks=True).post("/takes/", {"x": "y"})

    assert response.status_code == 403
    assert b"Call or text 988" in response.content


def test_the_page_keeps_the_chosen_look(visitor: Client) -> None:
    visitor.cookies["look"] = "dark"

    assert b'data-theme="dark"' in visitor.get("/nothing-here/").content


def test_without_templates_there_is_still_a_page(settings: Settings, tmp_path: Path) -> None:
    settings.TEMPLATES = [
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [tmp_path]}
    ]

    page = calm_page(HttpRequest(), 500).content.decode()

    assert "Call or text 988" in page
    assert "tel:5550100" in page


def test_without_collected_files_there_is_still_a_page(settings: Settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        },
    }

    page = calm_page(HttpRequest(), 404).content.decode()

    assert "Call or text 988" in page


def test_a_page_that_fails_is_not_swallowed(client: Client) -> None:
    with pytest.raises(RuntimeError):
        client.get("/breaks/")
