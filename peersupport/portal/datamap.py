"""What the portal keeps: the stamp that ties a database to its keys."""

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Keeps, Store, Words


def _stamp(what: Words) -> Keeps:
    return Keeps(holds=what, about=_("nobody"), keyed_to=_("nothing"), lives=_("kept"))


STORES = [
    Store(
        key="stamp",
        title=_("The database's stamp"),
        models={
            "portal.Stamp": {
                "id": _stamp(_("always 1")),
                "is_demo": _stamp(_("whether this is a demo")),
                "keyring": _stamp(_("which keyring belongs to it")),
                "daykey": _stamp(_("which day key belongs to it")),
            }
        },
        forget=None,
    )
]
