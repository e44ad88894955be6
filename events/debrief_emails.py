"""The messages of debriefs: neutral outside, and a row in the outbox names nobody.

What a message is about is sealed (events/queries/debriefs.py). Whom it goes to and whether it is
still true is found at sending, so that of two moves the last is told, and of what was called off
nothing else. Every `tell_*` runs in the transaction of the change it tells.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.rules import Role
from events import keys, telling_rules
from events.models import Event, Request, Rsvp, Taker
from events.queries.debriefs import find, holder_of, seal_ref
from events.rules import State
from peersupport.core.datamap.registry import Words
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.many import Nameless, enqueue_nameless, is_known
from peersupport.core.outbox.models import Outgoing
from peersupport.core.ui.letters import personal_letter
from program.queries import facts

# To whoever is asked: that they are, and that it was taken back after they had set a time.
ASKED, BACK = "events.debrief-asked", "events.debrief-back"
# To whoever asked: an answer, none for two days, another time or place, called off.
ANSWERED, UNANSWERED = "events.debrief-answered", "events.debrief-unanswered"
MOVED, OFF = "events.debrief-moved", "events.debrief-off"
# Whoever asked and also has a place hears this from the event itself (events/emails.py), unless
# they do not want that kind of letter.
SAID_TO_COMERS = {MOVED: "events.changed", OFF: "events.cancelled"}
_USEFUL = timedelta(days=7)


# -- telling --------------------------------------------------------------------------------------
def _key(kind: str, row: Request, once: object = "") -> str:
    return f"{kind}|{row.pk}|{once}"


def _put(
    kind: str,
    row: Request,
    now: datetime,
    *,
    once: object = "",
    about: int = 0,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Queue one message; `once` makes it another than the last of its kind about this request."""
    until = expires_at or now + _USEFUL
    ref = seal_ref(row, about, until)
    message = Nameless(kind, _key(kind, row, once), ref, due_at or now, until)
    enqueue_nameless([message], now=now)


def tell_asked(row: Request, now: datetime) -> None:
    """Tell whoever was asked; and whoever asked, if nobody has answered two days later."""
    _put(ASKED, row, now)
    _put(UNANSWERED, row, now, due_at=telling_rules.unanswered_at(now, facts().zone))


def tell_answered(row: Request, now: datetime) -> None:
    """Tell whoever asked that there is an answer."""
    _put(ANSWERED, row, now)


def tell_back(row: Request, now: datetime) -> None:
    """Tell whoever set a time that what they were asked for has been taken back."""
    _put(BACK, row, now)


def tell_moved(row: Request, event: Event, now: datetime) -> None:
    """Tell whoever asked that day, time or place of what came of it have changed."""
    number = event.sequence
    _put(MOVED, row, now, once=number, about=number, expires_at=event.ends_at)


def tell_off(row: Request, event: Event, now: datetime) -> None:
    """Tell whoever asked that what came of it is called off."""
    _put(OFF, row, now, expires_at=event.ends_at)


# -- sending --------------------------------------------------------------------------------------
def _asker(row: Request) -> uuid.UUID | None:
    return holder_of(row)


def _asked(row: Request) -> uuid.UUID | None:
    if row.taker_id is None:
        return None
    return Taker.objects.filter(pk=row.taker_id).values_list("person", flat=True).first()


def _event_of(row: Request) -> Event | None:
    return Event.objects.filter(pk=row.event_id).first() if row.event_id else None


def _person(person: uuid.UUID | None) -> Person | None:
    known = Person.objects.filter(pk=person, is_active=True) if person else None
    return known.first() if known is not None else None


def _is_waiting(row: Request, about: int, now: datetime) -> bool:
    return row.state == Request.State.ASKED


def _is_answered(row: Request, about: int, now: datetime) -> bool:
    """Return whether the answer is news: what was moved or called off since is told by that."""
    if row.state == Request.State.DECLINED:
        return True
    event = _event_of(row)
    if row.state != Request.State.TAKEN or event is None or event.state != State.PUBLISHED:
        return False
    return not is_known(MOVED, _key(MOVED, row, event.sequence), now)


def _is_back(row: Request, about: int, now: datetime) -> bool:
    event = _event_of(row)
    if row.state != Request.State.WITHDRAWN or event is None:
        return False
    return event.state == State.PUBLISHED and now < event.ends_at


def _is_moved(row: Request, about: int, now: datetime) -> bool:
    event = _event_of(row)
    if row.state != Request.State.TAKEN or event is None or now >= event.ends_at:
        return False
    if event.state != State.PUBLISHED or _hears_anyway(MOVED, row, event, now):
        return False
    if about == event.sequence:
        return True
    # Moved again before this went: said once, by the later message if there is one.
    return not is_known(MOVED, _key(MOVED, row, event.sequence), now)


def _is_off(row: Request, about: int, now: datetime) -> bool:
    event = _event_of(row)
    is_off = event is not None and event.state == State.CANCELLED
    return is_off and event is not None and not _hears_anyway(OFF, row, event, now)


def _hears_anyway(kind: str, row: Request, event: Event, now: datetime) -> bool:
    """Return whether whoever asked comes as well, and so is told by the event."""
    person = _person(holder_of(row))
    if person is None or not person.wants(SAID_TO_COMERS[kind]):
        return False
    try:
        tag = keys.key_of(event, now).tag(person.pk)
    except (keys.Forgotten, keys.CannotOpen):
        return False
    return Rsvp.objects.live().filter(event=event, tag=tag, wants_mail=True).exists()


Whose = Callable[[Request], uuid.UUID | None]
IsTrue = Callable[[Request, int, datetime], bool]


def _register(
    name: str, title: Words, line: Callable[[], str], whose: Whose, is_true: IsTrue
) -> None:
    def whom(outgoing: Outgoing, now: datetime) -> uuid.UUID | None:
        found = find(bytes(outgoing.ref), now)
        return whose(found[0]) if found is not None else None

    def compose(outgoing: Outgoing, now: datetime) -> Letter | None:
        found = find(bytes(outgoing.ref), now)
        if found is None or not is_true(*found, now):
            return None
        reader = _person(whose(found[0]))
        if reader is None:
            return None
        to = reader.mail_address
        link = settings.PUBLIC_URL.rstrip("/") + reverse(
            "events:for-you" if whose is _asked else "events:told"
        )
        return Letter(to, *personal_letter(to, [line()], link))

    program = {Role.SUPPORTER, Role.COORDINATOR, Role.STUDENT_LEAD}
    roles = program if whose is _asked else {Role.STUDENT, Role.SUPPORTER}
    register(
        Kind(
            name=name,
            asked=True,
            compose=compose,
            title=title,
            roles=frozenset(map(str, roles)),
            whom=whom,
        )
    )


def register_kinds() -> None:
    """Make the messages known to the outbox."""
    _register(
        ASKED,
        gettext_lazy("A team asks you for a talk after a hard day"),
        lambda: _("Somebody has asked you for something. Sign in to read it and to answer."),
        _asked,
        _is_waiting,
    )
    _register(
        BACK,
        gettext_lazy("A team no longer needs the talk you set a time for"),
        lambda: _("Something you were asked for has been taken back. Sign in to read which."),
        _asked,
        _is_back,
    )
    _register(
        ANSWERED,
        gettext_lazy("An answer to what you asked for with your team"),
        lambda: _("There is an answer to what you asked for. Sign in to read it."),
        _asker,
        _is_answered,
    )
    _register(
        UNANSWERED,
        gettext_lazy("Nobody has answered yet what you asked for with your team"),
        lambda: _(
            "What you asked for has no answer yet. Sign in to wait on, or to ask somebody else."
        ),
        _asker,
        _is_waiting,
    )
    _register(
        MOVED,
        gettext_lazy("What you asked for with your team has another time or place"),
        lambda: _("Something you asked for has changed. Sign in to see what is new."),
        _asker,
        _is_moved,
    )
    _register(
        OFF,
        gettext_lazy("What you asked for with your team is called off"),
        lambda: _("Something you asked for will not take place. Sign in to see what."),
        _asker,
        _is_off,
    )
