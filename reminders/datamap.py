"""What reminders keep, about whom, keyed to what, and for how long."""

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Keeps, NotHere, Store, Words
from reminders.services.forgetting import forget_said


def _fact(what: Words) -> Keeps:
    return Keeps(holds=what, about=_("nobody"), keyed_to=_("nothing"), lives=_("kept"))


def _said(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever a letter went to"),
        keyed_to=_("a mark that only the keyring can match with somebody"),
        lives=_("a month after the term"),
    )


def _held(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("nobody"),
        keyed_to=_("a mark of one message"),
        lives=_("14 days"),
    )


def _meant(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whole classes"),
        keyed_to=_("marks that only the keyring can match with somebody"),
        lives=_("until the letter is too old to go"),
    )


def _link(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever got a letter nobody asked for"),
        keyed_to=_("the account"),
        lives=_("until the account is deleted: a link in an old letter must still work"),
    )


def _secret(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever got a letter nobody asked for"),
        keyed_to=_("the account"),
        lives=_("until the account is deleted: a link in an old letter must still work"),
        left_out=_("with it somebody could make the link"),
    )


_ASIDE = NotHere(_("kept under marks that the pages cannot match with you"))

STORES = [
    Store(
        key="campaigns",
        title=_("Letters to whole classes"),
        models={
            "reminders.Campaign": {
                "id": _fact(_("a random number")),
                "library": _fact(_("which one of the library it was made from")),
                "title": _fact(_("its name")),
                "kind": _fact(_("around which kind of date it speaks")),
                "words": _fact(_("words that the name of the date has to hold")),
                "milestone": _fact(_("the one date it is about, if it is one")),
                "offset": _fact(_("how many days before or after")),
                "counts_from": _fact(_("from where days are counted")),
                "at": _fact(_("at what time")),
                "good_for": _fact(_("how long it may wait")),
                "audience": _fact(_("for whom it is: a group, never a person")),
                "class_name": _fact(_("for which class")),
                "rotation": _fact(_("for which rotation group")),
                "subject": _fact(_("its subject")),
                "body": _fact(_("its words")),
                "priority": _fact(_("how useful it is beside others")),
                "state": _fact(_("whether it is on")),
            },
            "reminders.Tally": {
                "id": _fact(_("a random number")),
                "day": _fact(_("the day")),
                "kind": _fact(_("the kind of message")),
                "campaign": _fact(_("which one")),
                "outcome": _fact(_("whether they went, waited or were not sent")),
                "why": _fact(_("the reason")),
                "number": _fact(_("how many")),
            },
            "reminders.PlanRun": {
                "id": _fact(_("always 1")),
                "last_at": _fact(_("when messages were last planned")),
                "planned_to": _fact(_("up to when")),
            },
        },
        forget=None,
    ),
    Store(
        key="said",
        title=_("That a letter went, so that it is said once and seldom"),
        models={
            "reminders.Said": {
                "id": _said(_("a random number")),
                "tag": _said(_("the mark of whoever it went to")),
                "what": _said(_("the mark of what was said")),
                "row": _said(_("the mark of the message")),
                "day": _said(_("on which day")),
                "week_on": _said(_("the Monday of that week")),
                "milestone": _said(_("about which date")),
            },
            "reminders.Held": {
                "row": _held(_("the mark of a message that waited")),
                "until": _held(_("until when the mark is kept")),
            },
            "reminders.Meant": {
                "ref": _meant(_("which letter, about which date, at what time")),
                "campaign": _meant(_("which letter")),
                "until": _meant(_("until when it is good")),
                "marks": _meant(_("the marks of the people it was planned for")),
            },
        },
        forget=forget_said,
        mine={"reminders.Said": _ASIDE, "reminders.Held": _ASIDE, "reminders.Meant": _ASIDE},
        stays=_("Marks of letters that went, until a month after the term. They name nobody."),
    ),
    Store(
        key="stop-links",
        title=_("Links that stop our mail"),
        models={
            "reminders.StopLink": {
                "id": _link(_("a random number")),
                "person": _link(_("whose mail it stops")),
                "kind": _link(_("which kind of letter")),
                "seed": _secret(_("a random number from which the link is made")),
                "mark": _secret(_("a hash by which the link is found")),
            },
        },
        forget=None,
    ),
]
