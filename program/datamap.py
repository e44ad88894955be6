"""What the school's own facts keep."""

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Keeps, NotHere, Store, Words
from program.services import forget_away


def _fact(what: Words) -> Keeps:
    return Keeps(holds=what, about=_("nobody"), keyed_to=_("nothing"), lives=_("kept"))


def _named(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever stands behind the supporters"),
        keyed_to=_("nothing"),
        lives=_("until it is removed"),
    )


def _away(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever stands behind the supporters"),
        keyed_to=_("nothing"),
        lives=_("a week after the last day away"),
    )


def _signed(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("supporters"),
        keyed_to=_("the account"),
        lives=_("until the account is deleted"),
    )


STORES = [
    Store(
        key="program",
        title=_("The program's own facts"),
        models={
            "program.Facts": {
                "id": _fact(_("always 1")),
                "zone": _fact(_("the time zone")),
                "public_version": _fact(_("a random mark that changes when Today changes")),
                "settings": _fact(_("what the school has set, as it stands now")),
            },
            "program.Coverage": {
                "id": _fact(_("a random number")),
                "label": _named(_("who or which line answers")),
                "phone": _named(_("the number")),
                "weekday": _named(_("on which day")),
                "starts": _named(_("from when")),
                "ends": _named(_("until when")),
                "first_on": _named(_("the first day of the arrangement")),
                "until": _named(_("the last day of the arrangement")),
                "kind": _named(_("a person, a team or a line")),
                "rung": _named(_("in which order to call")),
                "answer": _named(_("whether they said yes")),
                "answered_by": _named(_("who spoke with them")),
                "answered_on": _named(_("on which day they answered")),
                "review_on": _named(_("by when they are asked again")),
                "mark": _named(_("a hash of the letter's link, until it is answered")),
                "asked_on": _named(_("on which day the letter was sent")),
                "asks": _named(_("how often they were asked")),
            },
            "program.Away": {
                "id": _away(_("a random number")),
                "coverage": _away(_("which entry it belongs to")),
                "first_on": _away(_("the first day away")),
                "last_on": _away(_("the last day away")),
                "instead": _away(_("who answers instead")),
                "instead_phone": _away(_("their number")),
            },
            "program.Holiday": {
                "id": _fact(_("a random number")),
                "name": _fact(_("the name of the holiday")),
                "first_on": _fact(_("its first day")),
                "last_on": _fact(_("its last day")),
            },
            "program.Term": {
                "id": _fact(_("a random number")),
                "name": _fact(_("the name of the term")),
                "first_on": _fact(_("its first day")),
                "last_on": _fact(_("its last day")),
            },
            "program.Milestone": {
                "id": _fact(_("a random number")),
                "title": _fact(_("an exam or another date of a class")),
                "kind": _fact(_("what it is")),
                "first_on": _fact(_("its first day")),
                "last_on": _fact(_("its last day")),
                "starts": _fact(_("from when")),
                "ends": _fact(_("until when")),
                "class_name": _fact(_("for which class")),
                "rotation": _fact(_("for which rotation group")),
                "key": _fact(_("a hash by which the next file finds it")),
            },
            "program.Setting": {
                "id": _fact(_("a number")),
                "key": _fact(_("what was set")),
                "value": _fact(_("what it was set to; it may name officers of the school")),
                "was": _fact(_("what it was before")),
                "by": _fact(_("the role of whoever set it, no name")),
                "set_on": _fact(_("on which day")),
            },
            "program.Signature": {
                "id": _signed(_("a random number")),
                "person": _signed(_("who signed what supporters promise")),
                "version": _signed(_("which version of it")),
                "signed_on": _signed(_("on which day")),
            },
        },
        forget=forget_away,
        mine={
            "program.Away": NotHere(
                _("written by staff, under no account: ask them if you stand behind us")
            ),
            "program.Coverage": NotHere(
                _("written by staff, under no account: ask them if you stand behind us")
            ),
        },
    )
]
