"""Writes of the school's own facts, one module for each thing."""

from program.services.coverage import add_coverage, remove_coverage
from program.services.facts import NotAllowed, change_zone, touch_public
from program.services.holidays import add_holiday, remove_holiday

__all__ = [
    "NotAllowed",
    "add_coverage",
    "add_holiday",
    "change_zone",
    "remove_coverage",
    "remove_holiday",
    "touch_public",
]
