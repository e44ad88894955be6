"""Chromium for the tests: start it, ask axe, take pictures."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, sync_playwright

# As Debian, Ubuntu and Google name it; bin/packages asks for the same.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PHONE, DESKTOP = 390, 1280
THEMES = ("light", "dark")
WIDTHS = (PHONE, DESKTOP)
PICTURES = Path(__file__).resolve().parent.parent / "build" / "pictures"
_AXE = Path(__file__).resolve().parent / "vendor" / "axe.min.js"
# Chromium must not talk to anybody but the server under test.
_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_KEEPS_PAGES = ["--enable-features=CacheControlNoStoreEnterBackForwardCache"]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]


def found() -> str:
    """Return the path of Chromium on this machine. The test fails where there is none."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    pytest.fail(f"None of {', '.join(BROWSERS)} is on PATH; `bin/packages chromium` installs it.")


@contextmanager
def launch(*, keeps_pages: bool = False) -> Iterator[Browser]:
    """Run Chromium. With `keeps_pages` it keeps whole pages for Back, as browsers of people do.

    Playwright switches that off, and it also keeps pages here that say "no-store".

    Playwright keeps an event loop in this thread, for which Django would refuse the database to
    the test itself; nothing here is asynchronous, so it is allowed for as long as this lasts. The
    test then has a second connection to the database, which may have outlived an earlier test as
    another side of the program: it begins anew, and ends with Chromium.
    """
    path = found()
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path,
                args=[*_ARGS, *(_KEEPS_PAGES if keeps_pages else ())],
                ignore_default_args=["--disable-back-forward-cache"] if keeps_pages else None,
            )
            try:
                _close_second()
                yield browser
            finally:
                browser.close()
                _close_second()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


def _close_second() -> None:
    if not connection.in_atomic_block:
        connection.close()


def open_page(
    browser: Browser, *, theme: str = "light", width: int = DESKTOP, script: bool = True
) -> Page:
    """Return a page with cookies of its own. Without `script` it runs no JavaScript."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=script,
    )
    context.set_default_timeout(10_000)
    return context.new_page()


def axe(page: Page) -> list[str]:
    """Return what axe finds wrong on a page, one line a rule; empty is well."""
    found = _run_axe(page)
    return [_line(problem) for problem in found["violations"]]


def axe_unsure(page: Page) -> list[str]:
    """Return what axe could not decide, one line a rule, for a person to judge."""
    return [_line(problem) for problem in _run_axe(page)["incomplete"]]


def _run_axe(page: Page) -> dict[str, Any]:
    # Evaluated from outside: the page's own policy allows no script that is not ours.
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", _RULES
    )
    return found


def _line(problem: dict[str, Any]) -> str:
    where = "; ".join(str(node["target"]) for node in problem["nodes"][:5])
    return f"{problem['id']}: {problem['help']} at {where}"


def is_wider_than_window(page: Page) -> bool:
    """Tell whether a page scrolls sideways."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
    )


def each_way(page: Page) -> Iterator[str]:
    """Show a page in both themes and both widths, one after the other; yield each one's name.

    The window is made as tall as the page, so that what sticks to its edges is drawn where it
    belongs. Afterwards everything is as before.
    """
    before = page.viewport_size or {"width": DESKTOP, "height": 800}
    for theme in THEMES:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for width in WIDTHS:
            fit(page, width)
            yield f"{theme}-{width}"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)


def fit(page: Page, width: int) -> None:
    """Give the window a width, and make it as tall as the page then is.

    A click returns when the next page has begun, which is before there is anything to measure.
    """
    page.wait_for_load_state()
    page.set_viewport_size({"width": width, "height": 800})
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": width, "height": min(max(height, 600), 8000)})


def picture(page: Page, name: str) -> list[Path]:
    """Save a page each way as build/pictures/<name>-<theme>-<width>.png; return the files."""
    return [keep(page, f"{name}-{way}") for way in each_way(page)]


def keep(page: Page, name: str) -> Path:
    """Save the window as it is now as build/pictures/<name>.png; return the file."""
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    return path


def look(page: Page, name: str) -> list[str]:
    """Picture a page each way; return what is wrong with it: axe's finds, and sideways scroll."""
    wrong: list[str] = []
    for way in each_way(page):
        keep(page, f"{name}-{way}")
        found = axe(page) + (["scrolls sideways"] if is_wider_than_window(page) else [])
        wrong += [f"{name} {way}: {line}" for line in found]
    return wrong
