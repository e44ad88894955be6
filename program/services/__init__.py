"""Writes of the school's own facts, one module for each thing."""

from program.services.coverage import add_coverage, remove_coverage
from program.services.facts import NotAllowed, change_zone, touch_public
from program.services.holidays import add_holiday, remove_holiday
from program.services.settings import (
    change_pledge,
    change_setting,
    close_now,
    open_again,
    sign_pledge,
)

__all__ = [
    "NotAllowed",
    "add_coverage",
    "add_holiday",
    "change_pledge",
    "change_setting",
    "change_zone",
    "close_now",
    "open_again",
    "remove_coverage",
    "remove_holiday",
    "sign_pledge",
    "touch_public",
]
