"""What is promised and what cannot be: the words, what switches them, what tests hold them.

A promise without a test is not in this list: `tests/portal/test_promises.py` looks every one up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from events.rules import KEPT, KEPT_SENSITIVE
from peersupport.core.datamap.registry import Words
from program.registry import Values, value_of


def _always(values: Values) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: its words, its limit, when it is made, and the tests that hold it."""

    words: Words
    limit: Words
    held_by: tuple[str, ...]
    holds: Callable[[Values], bool] = _always


PROMISES = [
    Promise(
        _("Today says the truth: open means that somebody is really there."),
        _("Somebody who has just left and has not said so yet is still shown."),
        (
            "tests/portal/test_today.py::test_who_forgot_to_check_in_is_not_shown_as_open",
            "tests/officehours/test_board.py::test_hours_of_somebody_who_rests_are_not_promised",
        ),
    ),
    Promise(
        _(
            "They will see your face; we keep no name. Nobody but the person you meet sees what "
            "you asked to be called."
        ),
        _("Somebody who sees you walk in knows that you came."),
        ("tests/portal/test_today.py::test_nobody_is_named_to_a_visitor",),
    ),
    Promise(
        _(
            "24 hours after your visit, nothing here can say it was yours. Within 48 hours no "
            "backup can."
        ),
        _("Whoever controls the servers while you type could see what you type."),
        (
            "tests/officehours/test_forgetting.py::test_reads_forget_although_no_job_ran",
            "tests/core/test_crypto.py::test_a_day_can_seal_ahead_and_never_back",
        ),
    ),
    Promise(
        _("One time is given to one person, whatever happens."),
        _("A supporter may fall ill. Then you are told, and offered other times."),
        ("tests/officehours/test_booking.py::test_book_the_same_time_twice_takes_it_once",),
    ),
    Promise(
        _(
            "When you ask for more help, only the counselors' side can open what you wrote: not "
            "supporters, coordinators, faculty or deans, and not whoever runs this site or copies "
            "its database."
        ),
        _(
            "Whoever controls the counselors' own servers could read it. And whoever controls the "
            "servers of this site while you type could see what you type."
        ),
        (
            "tests/referrals/test_sending.py::test_nothing_of_what_was_written_is_anywhere_in_the_clear",
            "tests/referrals/test_sending.py::test_the_web_side_only_adds",
            "tests/process/test_sealed_canaries.py::test_a_dump_data_files_wal_and_broker_hold_no_word",
        ),
    ),
    Promise(
        _("You see every time a counselor opened it here, and you can take it back."),
        _(
            "What a counselor copies into the service's own chart is theirs to keep from then on. "
            "You see that it was copied."
        ),
        (
            "tests/referrals/test_mine.py::test_who_opened_it_by_the_hour_and_nobody_for_routing",
            "tests/referrals/test_desk_pages.py::test_open_records_first_and_shows_everything",
            "tests/referrals/test_desk_pages.py::test_what_was_taken_back_is_gone_at_once",
        ),
    ),
    Promise(
        _("A counselor whom you leave out never learns that you asked."),
        _(
            "To find whom you left out, the program of the counselors' side reads what you sent "
            "once by itself. It shows that to nobody."
        ),
        ("tests/referrals/test_permissions.py::test_left_out_is_absent_everywhere",),
    ),
    Promise(
        _("With a receipt and no account, nothing here says who asked."),
        _(
            "If you keep it on your account instead, whoever has this site's key file and the "
            "list of students could tell that you have something open, until it ends. They could "
            "not read it. And a copy of the whole database made within the same hour could tell "
            "that you asked, if you signed in just before; an hour later it cannot."
        ),
        (
            "tests/referrals/test_sending.py::test_no_row_but_the_account_names_the_student",
            "tests/referrals/test_tagkey.py::"
            "test_an_older_tag_cannot_be_made_again_from_what_is_left",
        ),
    ),
    Promise(
        _("Mail about your visits comes only if you ask for it, and says nothing."),
        _("Your own mailbox and your browser's history are yours to keep or clear."),
        ("tests/ui/test_letters.py::test_every_letter_looks_the_same_from_outside",),
    ),
    Promise(
        format_lazy(
            _(
                "{days} days after a wellness event, and {hours} hours after a discreet one, "
                "nothing here can say who came, who waited or who changed their mind. A day later "
                "no backup can. Only numbers stay."
            ),
            days=KEPT // timedelta(days=1),
            hours=KEPT_SENSITIVE // timedelta(hours=1),
        ),
        _(
            "For as long as it is known who comes to an event, whoever has both the database and "
            "the key file of this site could find out. Those who run one that is not discreet see "
            "on the day who is expected."
        ),
        (
            "tests/events/test_forgetting.py::test_answers_go_when_the_event_forgets",
            "tests/events/test_keys.py::test_it_opens_until_the_event_forgets_and_the_ratchet_moves_on",
            "tests/events/test_canaries.py::test_a_copy_from_during_it_opens_nothing_after_it",
            "tests/portal/test_promises.py::test_how_long_it_is_known_who_comes_is_said_as_it_is",
        ),
    ),
    Promise(
        _(
            "Nobody sees who comes to a discreet event, not the people who plan or run it either. "
            "Letters and calendars do not say what it is."
        ),
        _("Whoever sits in the room with you sees that you are there."),
        (
            "tests/events/test_day.py::test_of_a_discreet_event_nobody_sees_who_comes",
            "tests/events/test_canaries.py::test_no_page_for_those_who_run_it_names_anybody",
            "tests/events/test_canaries.py::test_nothing_of_it_is_found_outside",
            "tests/events/test_letters.py::test_each_goes_out_neutral_and_names_nobody_on_the_way",
        ),
    ),
    Promise(
        _("The numbers at the top of every page are always there."),
        _("Those numbers are answered by others, whose own rules hold there."),
        ("tests/ui/test_frame.py::test_a_page_for_everybody_asks_the_database_nothing",),
    ),
    Promise(
        _("Everything we keep is on one page, with how long."),
        _("Somebody who already knows nearly everyone in a small group can guess."),
        ("tests/guards/test_datamap.py::test_every_field_is_in_the_map",),
    ),
    Promise(
        _("What is confidential here, and what is not, is the same on every page."),
        _("A court can ask what no promise of ours can refuse."),
        ("tests/portal/test_promises.py::test_a_switch_changes_every_screen",),
    ),
    Promise(
        _(
            "Every supporter signs a pledge of confidentiality. Who has not done so in time "
            "cannot plan hours."
        ),
        _("A person can break their word. Then you can tell somebody who acts on it."),
        ("tests/program/test_trust.py::test_after_the_grace_the_console_asks_for_the_pledge",),
        lambda values: bool((value_of(values, "pledge") or {}).get("from_on")),
    ),
]


def promised(values: Values) -> list[Promise]:
    """Return the promises that are made, as the school has set things."""
    return [one for one in PROMISES if one.holds(values)]
