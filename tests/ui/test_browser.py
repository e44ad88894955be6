"""The face in a real browser: nothing for axe to find, no sideways scroll, and leaving leaves."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser import (
    PHONE,
    THEMES,
    WIDTHS,
    axe,
    is_wider_than_window,
    launch,
    open_page,
    picture,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.ui.pages"),
]
_ALL = ("/_components/", "/plain/", "/personal/", "/theme/", "/exit/", "/calm/404/", "/says/")


def _visit(page: Page, address: str) -> list[str]:
    """Open an address; return what the console complained about."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return [line for line in said if "404" not in line and "required format" not in line]


def test_axe_finds_nothing(live_server: Any) -> None:
    """Every part in every theme and width; the other pages once in each theme and each width."""
    rounds = [("/_components/", theme, width) for theme in THEMES for width in WIDTHS]
    rounds += [
        (address, theme, width)
        for address in _ALL[1:]
        for theme, width in zip(THEMES, WIDTHS, strict=True)
    ]
    found: dict[str, list[str]] = {}
    with launch() as browser:
        for address, theme, width in rounds:
            page = open_page(browser, theme=theme, width=width)
            complaints = _visit(page, f"{live_server.url}{address}") + axe(page)
            if complaints:
                found[f"{address} {theme} {width}"] = complaints
            page.context.close()

    assert found == {}


@pytest.mark.parametrize("width", [320, 375, 640, 1280])
def test_nothing_scrolls_sideways(live_server: Any, width: int) -> None:
    with launch() as browser:
        page = open_page(browser, width=width)
        wide = []
        for address in _ALL:
            page.goto(f"{live_server.url}{address}")
            if is_wider_than_window(page):
                wide.append(address)

    assert wide == []


@pytest.mark.parametrize("width", [320, PHONE])
def test_the_crisis_bar_takes_two_lines_of_a_phone(live_server: Any, width: int) -> None:
    """Each line as tall as a finger, each link whole."""
    with launch() as browser:
        page = open_page(browser, width=width)
        page.goto(f"{live_server.url}/personal/")
        bar = page.locator(".crisis").bounding_box()
        links = [link.bounding_box() for link in page.locator(".crisis a").all()]

    assert bar is not None
    assert bar["height"] <= 2 * 46
    assert len(links) == 3
    assert all(link and link["height"] >= 44 for link in links)


def test_the_components_are_pictured(live_server: Any) -> None:
    with launch() as browser:
        page = open_page(browser)
        page.goto(f"{live_server.url}/_components/")
        saved = picture(page, "components")

    assert len(saved) == 4
    assert all(path.stat().st_size > 10_000 for path in saved)


def _stand_in(page: Page, asked: list[str]) -> None:
    """Put a stand-in where Exit leads, and note what is asked of our own side."""

    def answer(route: Route) -> None:
        route.fulfill(body="<title>Weather</title><h1>Weather</h1>", content_type="text/html")

    page.route("https://www.weather.gov/**", answer)
    page.on(
        "request",
        lambda request: asked.append(f"{request.method} {request.url}"),
    )


@pytest.mark.parametrize("script", [True, False])
def test_exit_leaves_under_our_own_policy(live_server: Any, *, script: bool) -> None:
    """Chromium would stop a redirect that answers the form; the page in between gets through."""
    with launch() as browser:
        page = open_page(browser, script=script)
        asked: list[str] = []
        _stand_in(page, asked)
        page.goto(f"{live_server.url}/personal/")
        page.click("button.exitbtn")
        page.wait_for_url("https://www.weather.gov/")

    assert f"POST {live_server.url}/exit/" in asked


def test_with_script_the_page_is_gone_from_the_history(live_server: Any) -> None:
    with launch() as browser:
        page = open_page(browser)
        _stand_in(page, [])
        page.goto(f"{live_server.url}/plain/")
        page.goto(f"{live_server.url}/personal/")
        page.click("button.exitbtn")
        page.wait_for_url("https://www.weather.gov/")
        page.go_back()

        assert page.url == f"{live_server.url}/plain/"


def test_shift_three_times_leaves(live_server: Any) -> None:
    with launch() as browser:
        page = open_page(browser)
        _stand_in(page, [])
        page.goto(f"{live_server.url}/personal/")
        page.keyboard.press("Shift")
        assert page.locator("[role=status]").inner_text() == "Shift, press 2 more times to leave."
        page.keyboard.press("Shift")
        page.keyboard.press("Shift")
        page.wait_for_url("https://www.weather.gov/")


def test_typing_capitals_does_not_leave(live_server: Any) -> None:
    with launch() as browser:
        page = open_page(browser)
        _stand_in(page, [])
        page.goto(f"{live_server.url}/personal/")
        for letter in "ABC":
            page.keyboard.down("Shift")
            page.keyboard.press(letter)
            page.keyboard.up("Shift")
        page.wait_for_timeout(300)

        assert page.url == f"{live_server.url}/personal/"


def test_the_summary_of_problems_takes_the_focus(live_server: Any) -> None:
    with launch() as browser:
        page = open_page(browser, script=False)
        page.goto(f"{live_server.url}/_components/")
        page.wait_for_timeout(200)

        # Asked from outside: the page itself runs no script.
        assert page.locator(".error-summary:focus").count() == 1


def test_a_first_visit_is_light(live_server: Any) -> None:
    """Bytes of everything the first page fetches, uncompressed: the real server also packs."""
    with launch() as browser:
        page = open_page(browser)
        sizes: list[int] = []
        page.on("response", lambda response: sizes.append(len(response.body())))
        page.goto(f"{live_server.url}/personal/")
        page.wait_for_load_state("networkidle")

    assert len(sizes) > 5
    assert sum(sizes) < 130_000
