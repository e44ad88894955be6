"""The map of the core's own tables and of those that libraries bring."""

from django.utils.translation import gettext_lazy as _

from peersupport.core.audit.services import forget_old
from peersupport.core.datamap.registry import By, Keeps, Store, Words
from peersupport.core.outbox.services import forget_delivered
from peersupport.core.sides import CARE


def _keeps(about: Words, keyed_to: Words, lives: Words, **fields: Words) -> dict[str, Keeps]:
    return {name: Keeps(holds, about, keyed_to, lives) for name, holds in fields.items()}


_NOBODY, _NOTHING = _("nobody"), _("nothing")

STORES = [
    Store(
        key="audit",
        title=_("Acts of staff"),
        models={
            "audit.Entry": _keeps(
                _("the member of staff or the supporter who acted"),
                _("their account"),
                _("2 years"),
                id=_("a random number"),
                at=_("when"),
                actor_id=_("who"),
                actor_label=_("in which role"),
                verb=_("what was done"),
                thing=_("to what kind of thing"),
                note=_("a few words, never about a student"),
            )
            | {
                "thing_id": Keeps(
                    _("to which one"),
                    _("the member of staff or the supporter who acted"),
                    _("their account"),
                    _("2 years"),
                    left_out=_("it may name somebody else"),
                )
            }
        },
        forget=forget_old,
        mine={"audit.Entry": By("actor_id")},
        stays=_(
            "What you did as staff or as a supporter in charge, for 2 years, so that the school "
            "can check how the program was run. It carries a random number, no name."
        ),
    ),
    Store(
        key="messages",
        title=_("Messages on their way"),
        models={
            "outbox.Outgoing": _keeps(
                _("the recipient; nobody for messages about visits"),
                _("the recipient's account, or nothing"),
                _("until delivery for visits, 7 days for others"),
                id=_("a random number"),
                kind=_("which message"),
                key=_("a keyed mark, so that nothing is said twice"),
                recipient=_("whom it goes to; empty for visits"),
                ref=_("what it is about, sealed"),
                rank=_("how urgent its kind is"),
                due_at=_("when it is due"),
                expires_at=_("when it would be too late"),
                state=_("due, sent and so on"),
                lease_until=_("until when a worker has it"),
                lease_token=_("which worker has it"),
                attempts=_("how often it was tried"),
                error=_("what kind of error came last"),
                message_id=_("a random number that mail servers see"),
                done_at=_("when it left"),
            ),
            "outbox.Tombstone": _keeps(
                _NOBODY,
                _NOTHING,
                _("400 days"),
                key=_("a keyed mark that something was said, so that it is not said again"),
                until=_("when the mark is deleted"),
            ),
            "outbox.DrainRun": _keeps(
                _NOBODY,
                _NOTHING,
                _("kept"),
                id=_("always 1"),
                last_at=_("when messages were last delivered"),
                tick_at=_("when the timer last asked for that"),
                trouble=_("what kind of error stops all mail"),
                trouble_at=_("since when"),
                audit_at=_("when messages that are missing were last looked for"),
                repaired=_("how many were found"),
            ),
        },
        forget=forget_delivered,
        mine={"outbox.Outgoing": By("recipient")},
    ),
    # The same tables: each side sees, and so forgets, the rows of its own.
    Store(
        key="care-messages",
        title=_("Messages on their way"),
        models={},
        forget=forget_delivered,
        side=CARE,
    ),
    Store(
        key="housekeeping",
        title=_("Housekeeping"),
        models={
            "datamap.ForgettingRun": _keeps(
                _NOBODY,
                _NOTHING,
                _("kept"),
                id=_("always 1"),
                last_at=_("when forgetting last ran"),
                last_good_at=_("when it last succeeded everywhere"),
            ),
            "contenttypes.ContentType": _keeps(
                _NOBODY,
                _NOTHING,
                _("kept"),
                id=_("a number"),
                app_label=_("the name of a part of the program"),
                model=_("the name of a table"),
            ),
            "auth.Permission": _keeps(
                _NOBODY,
                _NOTHING,
                _("kept; unused"),
                id=_("a number"),
                name=_("a permission's name"),
                content_type=_("its table"),
                codename=_("its short name"),
            ),
            "auth.Group": _keeps(
                _NOBODY,
                _NOTHING,
                _("kept; unused and empty"),
                id=_("a number"),
                name=_("a group's name"),
                permissions=_("its permissions"),
            ),
            "auth.Group_permissions": _keeps(
                _NOBODY,
                _NOTHING,
                _("kept; unused and empty"),
                id=_("a number"),
                group=_("a group"),
                permission=_("a permission"),
            ),
        },
        forget=None,
    ),
]
