"""The base page: who may keep it, what it says of its reader, and that it sets no cookie."""

from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.ui.pages")]


@pytest.fixture
def reader(client: Client) -> Client:
    """A browser in which somebody is signed in."""
    person = get_user_model()(email="ana@school.example", joined_on=date(2026, 9, 1))
    person.save()
    client.force_login(person)
    return client


def test_signed_out_a_page_sets_no_cookie(client: Client) -> None:
    response = client.get("/plain/")

    assert response.status_code == 200
    assert not response.cookies
    assert "Cache-Control" not in response.headers


def test_the_crisis_bar_comes_first(client: Client) -> None:
    page = client.get("/plain/").content.decode()

    assert page.index("skip") < page.index("Call or text 988") < page.index("<header")


def test_signed_in_a_page_is_kept_by_nobody(reader: Client) -> None:
    assert reader.get("/plain/")["Cache-Control"] == "private, no-store"


def test_a_page_may_set_its_own_rule(reader: Client) -> None:
    assert reader.get("/own-choice/")["Cache-Control"] == "private, max-age=5"


def test_a_page_that_knew_its_reader_is_never_public(reader: Client) -> None:
    assert reader.get("/careless/")["Cache-Control"] == "private, no-store"


def test_signing_out_answers_a_person(reader: Client) -> None:
    assert reader.get("/forgets/")["Cache-Control"] == "private, no-store"


def test_a_page_that_asked_nothing_stays_public(reader: Client) -> None:
    response = reader.get("/public/")

    assert response["Cache-Control"] == "public, max-age=300"
    assert b"Sign" not in response.content


def test_a_page_for_everybody_asks_the_database_nothing(
    reader: Client, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        reader.get("/public/")


def test_a_page_for_everybody_leads_back(reader: Client) -> None:
    """It shows nothing of who is signed in, so it must say how to go on."""
    page = reader.get("/public/").content.decode()

    assert '<a class="btn quiet" href="/">Back to Today</a>' in page
    assert "If you are signed in, you still are." in page


def test_powers_of_the_browser_are_given_up(client: Client) -> None:
    policy = client.get("/plain/")["Permissions-Policy"]

    assert "camera=()" in policy
    assert "geolocation=()" in policy


def test_pages_vary_by_the_cookie_that_holds_the_look(client: Client) -> None:
    assert "Cookie" in client.get("/public/")["Vary"]


def test_exit_is_offered_on_personal_pages_only(client: Client) -> None:
    assert b"data-exit" not in client.get("/plain/").content

    page = client.get("/personal/").content.decode()
    assert '<form class="exit" method="post" action="/exit/"' in page
    assert page.count("data-exit-link") == 1
    assert "js/exit.js" in page


def test_a_message_is_said_once_and_then_gone(client: Client) -> None:
    page = client.get("/says/").content.decode()

    assert 'role="status"' in page
    assert "It is done." in page
    assert "It is done." not in client.get("/plain/").content.decode()


def test_no_page_carries_inline_script_or_style(client: Client) -> None:
    for address in ("/plain/", "/personal/", "/theme/", "/exit/", "/_components/", "/calm/500/"):
        page = client.get(address).content.decode()
        assert " style=" not in page, address
        assert "<style" not in page, address
        assert "onclick" not in page, address
        for tag in page.split("<script")[1:]:
            assert tag.lstrip().startswith("src="), address


def test_the_title_says_that_something_is_wrong(client: Client) -> None:
    response = client.post("/theme/", {"look": "purple"})

    assert b"<title>Error: Light or dark" in response.content
