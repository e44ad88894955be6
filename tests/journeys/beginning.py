"""The steps in which a school begins, told by two tests: in this process, and really served."""

import re
from collections.abc import Callable
from datetime import datetime

from accounts.services.factors import code_at
from tests.accounts.factor_steps import STEP
from tests.journeys.story import Reader


def signs_in(ida: Reader, code: Callable[[], str], now: Callable[[], datetime]) -> None:
    """Ida signs in for the first time with a code from the mail, and sets up an app."""
    ida.goes_to("/accounts/sign-in/?next=/program/first/")
    ida.fills("Your school e-mail", "ida@school.example")
    ida.presses("Send me a code")
    ida.fills("Code", code())
    ida.presses("Sign in")
    ida.has_heading("One more step")
    ida.follows("Set up an app")
    secret = re.sub(r"\s", "", ida.page.locator("code.key").inner_text())
    figures = code_at(secret, int(now().timestamp()) // STEP)
    ida.fills("Six digits from the app", figures)
    ida.presses("Set it up")
    ida.follows("I have kept them")


def _goes_on(ida: Reader, heading: str) -> None:
    ida.page.locator("main .btn", has_text=re.compile("^(Go on|Begin)")).first.click()
    ida.has_heading(heading)


def prepares(ida: Reader) -> None:
    """She takes every step before the hours."""
    _goes_on(ida, "What the program is called, and where it is")
    ida.looks("school")
    ida.fills("Name at the top of every page", "Riverside peers")
    ida.presses("Save")
    ida.reads("1 of 8 are done")
    _goes_on(ida, "Who runs it")
    ida.looks("coordinator")
    ida.presses("Save")
    _goes_on(ida, "What stays confidential")
    ida.fills("Who decided it", "Title IX office")
    ida.looks("confidential")
    ida.presses("Save")
    _goes_on(ida, "The crisis numbers")
    ida.looks("numbers")
    ida.presses("Save")
    ida.reads("There is a problem")
    ida.looks("numbers-wrong")
    ida.fills("Who tried them", "Ida")
    ida.page.get_by_label("Each of our own numbers").check()
    ida.presses("Save")
    _goes_on(ida, "Who stands behind the supporters")
    ida.looks("behind")
    ida.fills("Who answers at every hour", "On-call counselor")
    ida.fills("Phone", "555-0100")
    ida.presses("Save")
    ida.looks("guide-midway")
    _goes_on(ida, "A room")
    ida.fills("Room", "Room 214")
    ida.presses("Save")
    _goes_on(ida, "The first supporters")
    ida.looks("supporters")
    ida.fills("Supporters, one on each line", "sol@school.example, Sol")
    ida.page.get_by_label("They are trained").check()
    ida.presses("Save")


def publishes(ida: Reader) -> None:
    """She publishes the first hours, of Sol."""
    _goes_on(ida, "Publish hours")
    ida.page.get_by_label("Supporter", exact=True).select_option(label="Sol")
    ida.page.get_by_label("They have agreed to these hours").check()
    ida.looks("hours")
    ida.presses("See what will be published")
    ida.has_heading("What will be published")
    ida.looks("preview")
    ida.presses("Publish")
    ida.has_heading("Everything is in place")
    ida.looks("done")
