"""Writes of the school's own facts, one module for each thing."""

from program.services.coverage import (
    add_away,
    add_coverage,
    change_coverage,
    forget_away,
    note_yes,
    remove_away,
    remove_coverage,
)
from program.services.coverage import answer as answer_coverage
from program.services.coverage import ask as ask_coverage
from program.services.facts import NotAllowed, change_zone, touch_public
from program.services.holidays import add_holiday, remove_holiday
from program.services.milestones import (
    add_milestones,
    change_milestone,
    keep_term,
    plan_file,
    remove_milestone,
    remove_term,
    take_file,
)
from program.services.settings import (
    change_pledge,
    change_setting,
    close_now,
    open_again,
    sign_pledge,
)

__all__ = [
    "NotAllowed",
    "add_away",
    "add_coverage",
    "add_holiday",
    "add_milestones",
    "answer_coverage",
    "ask_coverage",
    "change_coverage",
    "change_milestone",
    "change_pledge",
    "change_setting",
    "change_zone",
    "close_now",
    "forget_away",
    "keep_term",
    "note_yes",
    "open_again",
    "plan_file",
    "remove_away",
    "remove_coverage",
    "remove_holiday",
    "remove_milestone",
    "remove_term",
    "sign_pledge",
    "take_file",
    "touch_public",
]
