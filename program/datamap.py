"""What the school's own facts keep."""

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Keeps, NotHere, Store, Words


def _fact(what: Words) -> Keeps:
    return Keeps(holds=what, about=_("nobody"), keyed_to=_("nothing"), lives=_("kept"))


def _named(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever stands behind the supporters"),
        keyed_to=_("nothing"),
        lives=_("until it is removed"),
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
            },
            "program.Coverage": {
                "id": _fact(_("a random number")),
                "label": _named(_("who or which line answers")),
                "phone": _named(_("the number")),
                "weekday": _named(_("on which day")),
                "starts": _named(_("from when")),
                "ends": _named(_("until when")),
                "until": _named(_("the last day of the arrangement")),
                "order": _named(_("in which order to call")),
            },
            "program.Holiday": {
                "id": _fact(_("a random number")),
                "name": _fact(_("the name of the holiday")),
                "first_on": _fact(_("its first day")),
                "last_on": _fact(_("its last day")),
            },
        },
        forget=None,
        mine={
            "program.Coverage": NotHere(
                _("written by staff, under no account: ask them if you stand behind us")
            )
        },
    )
]
