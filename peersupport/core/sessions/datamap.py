"""What sessions keep."""

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Keeps, Store
from peersupport.core.sessions.store import forget_expired

_WHO, _KEY = _("whoever is signed in"), _("the cookie in their browser")
_LIVES = _("14 days, or until signing out")

STORES = [
    Store(
        key="sessions",
        title=_("Being signed in"),
        models={
            "sessions.Row": {
                "key": Keeps(_("a keyed mark of the cookie"), _WHO, _KEY, _LIVES),
                "sealed": Keeps(_("who is signed in, sealed"), _WHO, _KEY, _LIVES),
                "expires_at": Keeps(_("the hour it ends"), _WHO, _KEY, _LIVES),
            }
        },
        forget=forget_expired,
    )
]
