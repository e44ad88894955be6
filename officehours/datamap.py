"""What office hours keep, about whom, keyed to what, and for how long."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from officehours.queries.mine import VISIT_FIELDS, my_visit_rows
from officehours.services.care import forget_care
from officehours.services.forgetting import forget_loads, forget_visits
from peersupport.core.datamap.registry import By, Keeps, Read, Store, Words

_NOBODY = _("nobody")
_NOTHING = _("nothing")
_SUPPORTER = _("the supporter")
_STUDENT = _("the student who came")
_DAY_KEY = _("the day key")
_WEEK = _("7 days")
_DAY = _("24 hours after the visit; sealed copies cannot be opened after 48")
_TERM = _("as long as the hours are listed")


def _keep(what: Words, who: Words, key: Words, lives: Words) -> Keeps:
    return Keeps(holds=what, about=who, keyed_to=key, lives=lives)


_ID = _keep(_("a random number"), _NOBODY, _NOTHING, _WEEK)
_HOURS_ID = _keep(_("a random number"), _NOBODY, _NOTHING, _TERM)


def _hours(what: Words) -> Keeps:
    return _keep(what, _SUPPORTER, _("the supporter's account"), _TERM)


def _row(what: Words) -> Keeps:
    return _keep(what, _NOBODY, _NOTHING, _WEEK)


def _sealed(what: Words) -> Keeps:
    return _keep(what, _STUDENT, _DAY_KEY, _DAY)


def _count(what: Words) -> Keeps:
    return _keep(what, _NOBODY, _NOTHING, _("kept"))


def _load(what: Words) -> Keeps:
    return _keep(what, _SUPPORTER, _("the supporter's account"), _("1 year"))


def _rest(what: Words) -> Keeps:
    return _keep(what, _SUPPORTER, _("the supporter's account"), _("until the break is over"))


STORES = [
    Store(
        key="visits",
        title=_("Visits"),
        models={
            "officehours.Visit": {
                "id": _ID,
                "shift": _row(_("which hours it was in")),
                "assignment": _row(_("which supporter's hours it was in")),
                "way": _row(_("in person, video or voice")),
                "starts_at": _row(_("the booked time")),
                "ends_at": _row(_("the end of the booked time")),
                "state": _row(_("booked, finished and so on")),
                "came_from": _row(_("the state before, so that a slip can be undone")),
                "changed_at": _keep(
                    _("when the state last changed"), _NOBODY, _NOTHING, _("24 hours")
                ),
                "ended_by": _row(_("whether it was given up by the student or the program")),
                "line_rank": _keep(_("the place in the line"), _NOBODY, _NOTHING, _("24 hours")),
                "is_away": _row(_("that they stepped away for a moment")),
                "not_found": _row(_("how often they were called and not there")),
                "is_offer": _row(_("that somebody else was offered and nothing answered yet")),
                "request_key": _row(_("a random number, so that sending twice books once")),
                "reference": _row(_("a short code that can be read aloud")),
                "key_day": _row(_("which day's key seals it")),
                "forget_at": _row(_("when it must be forgotten")),
                "is_forgotten": _row(_("that it was forgotten")),
                "holder_kind": _row(_("whether there was an account")),
                "holder": _sealed(_("who holds the visit, and whether they want mail")),
                "name": _sealed(_("the name they chose")),
                "acceptable": _sealed(_("whom they would like to meet")),
                "contact": replace(
                    _sealed(_("where they are and a number, for remote visits")),
                    left_out=_("only the care side can open it"),
                ),
                "claim_tag": replace(
                    _sealed(_("a mark by which they find their own visit")),
                    left_out=_("it is a key: whoever reads it could misuse it"),
                ),
                "log": _sealed(_("length, topic groups and weight of the talk")),
                "is_log_removed": _row(_("that the student removed the line")),
            }
        },
        forget=forget_visits,
        mine={"officehours.Visit": Read(my_visit_rows, VISIT_FIELDS)},
        stays=_(
            "A booked time is cancelled and a place in a line given up. The row, without your "
            "name, runs out like every other: after 24 hours nobody can open it, after 7 days it "
            "is gone."
        ),
        asked_first=True,
    ),
    Store(
        key="counters",
        title=_("Counters"),
        models={
            "officehours.Counter": {
                "id": _count(_("a random number")),
                "series": _count(_("what is counted, such as topic by term")),
                "bucket": _count(_("the group counted")),
                "period": _count(_("the term or week")),
                "count": _count(_("a total")),
            }
        },
        forget=None,
        stays=_("Totals. They never knew whom they counted."),
    ),
    Store(
        key="load",
        title=_("What a supporter carried"),
        models={
            "officehours.Load": {
                "id": _load(_("a random number")),
                "supporter": _load(_("whose week it was")),
                "week": _load(_("the week")),
                "talks": _load(_("how many talks")),
                "heavy": _load(_("how many of them were heavy")),
            },
        },
        forget=forget_loads,
    ),
    Store(
        key="care",
        title=_("Care for supporters"),
        models={
            "officehours.Break": {
                "id": _rest(_("a random number")),
                "supporter": _rest(_("who takes no new talks for a time")),
                "starts_at": _rest(_("from when; never why")),
                "ends_at": _rest(_("until when")),
            },
            "officehours.Escalation": {
                "id": _load(_("a random number")),
                "supporter": _load(_("who was worried, never about whom")),
                "level": _load(_("how worried")),
                "week": _load(_("the week")),
                "steps": _load(_("which steps of the card were done")),
                "wants_debrief": _load(_("whether they want to talk about it")),
                "is_debriefed": _load(_("whether that talk took place")),
                "is_reviewed": _load(_("whether the protocol was looked at again")),
                "request_key": _load(_("a random number, so that sending twice notes once")),
            },
        },
        forget=forget_care,
    ),
    Store(
        key="hours",
        title=_("Office hours"),
        models={
            "officehours.Rule": {
                "id": _HOURS_ID,
                "supporter": _hours(_("whose weekly hours these are")),
                "weekday": _hours(_("the weekday")),
                "starts": _hours(_("when they begin")),
                "ends": _hours(_("when they end")),
                "zone": _hours(_("the time zone they are meant in")),
                "place": _hours(_("the place")),
                "minutes": _hours(_("how long a talk is")),
                "ways": _hours(_("in person, video, voice")),
                "partner": _hours(_("the second supporter")),
                "first_on": _hours(_("the first day")),
                "last_on": _hours(_("the last day")),
            },
            "officehours.Shift": {
                "id": _HOURS_ID,
                "rule": _hours(_("the weekly hours they come from")),
                "local_date": _hours(_("the day")),
                "zone": _hours(_("the time zone they are meant in")),
                "starts_at": _hours(_("when they begin")),
                "ends_at": _hours(_("when they end")),
                "place": _hours(_("the place")),
                "minutes": _hours(_("how long a talk is")),
                "ways": _hours(_("in person, video, voice")),
                "state": _hours(_("published, open and so on")),
                "is_line_closed": _hours(_("that nobody more can join the line")),
                "is_by_hand": _hours(_("that this day was changed by itself")),
            },
            "officehours.SkippedDay": {
                "id": _HOURS_ID,
                "rule": _hours(_("which weekly hours")),
                "local_date": _hours(_("the day they leave out")),
            },
            "officehours.Cover": {
                "id": _HOURS_ID,
                "assignment": _hours(_("which hours somebody else is asked to take")),
                "exchange": _hours(_("which hours are taken in exchange")),
                "state": _hours(_("open, taken or withdrawn; never why")),
            },
            "officehours.Distance": {
                "id": _HOURS_ID,
                "supporter": _hours(_("who keeps a distance")),
                "group": _hours(_("from which group")),
            },
            "officehours.Assignment": {
                "id": _HOURS_ID,
                "shift": _hours(_("which hours")),
                "supporter": _hours(_("who holds them")),
                "starts_at": _hours(_("when they begin")),
                "ends_at": _hours(_("when they end")),
                "is_active": _hours(_("whether they still stand")),
                "checked_in_at": _hours(_("when the supporter came")),
                "checked_out_at": _hours(_("when the supporter left")),
                "late_minutes": _hours(_("how late they said they run")),
                "is_nudged": _hours(_("that they were reminded to check in")),
            },
        },
        forget=None,
        mine={
            "officehours.Shift": By("assignments__supporter"),
            "officehours.SkippedDay": By("rule__supporter"),
            "officehours.Cover": By("assignment__supporter"),
        },
        stays=_("That hours were held on a day and where, without who held them."),
    ),
]
