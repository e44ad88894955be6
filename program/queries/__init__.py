"""Reads of the school's own facts, one module for each thing."""

from program.queries.basics import FactsNow, facts
from program.queries.closed_days import holiday, holidays
from program.queries.standing_behind import (
    Behind,
    behind,
    coverage,
    coverage_gaps,
    days_ahead,
    windows,
)

__all__ = [
    "Behind",
    "FactsNow",
    "behind",
    "coverage",
    "coverage_gaps",
    "days_ahead",
    "facts",
    "holiday",
    "holidays",
    "windows",
]
