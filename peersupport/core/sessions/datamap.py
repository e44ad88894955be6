"""What sessions keep."""

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Keeps, NotHere, Store
from peersupport.core.sessions.store import forget_expired

_WHO, _KEY = _("whoever is signed in"), _("the cookie in their browser")
_LIVES = _("14 days after the last use, or until signing out; much less for staff")

STORES = [
    Store(
        key="sessions",
        title=_("Being signed in"),
        models={
            "sessions.Row": {
                "key": Keeps(_("a keyed mark of the cookie"), _WHO, _KEY, _LIVES),
                "sealed": Keeps(_("who is signed in, sealed"), _WHO, _KEY, _LIVES),
                "expires_at": Keeps(_("when it ends, by the day"), _WHO, _KEY, _LIVES),
                "owner": Keeps(
                    _("a keyed mark that the sessions of one person share"), _WHO, _KEY, _LIVES
                ),
                "device": Keeps(_("such as “Firefox on a phone”, sealed"), _WHO, _KEY, _LIVES),
                "used_on": Keeps(_("the day it was last used"), _WHO, _KEY, _LIVES),
            }
        },
        forget=forget_expired,
        mine={
            "sessions.Row": NotHere(
                _("sealed under the cookie in your browser: we cannot tell whose it is")
            )
        },
        stays=_(
            "A sealed row for each browser in which you were signed in, until it runs out. It "
            "opens nothing any more, and nobody can tell that it was yours."
        ),
    )
]
