"""The messages of events. Each is neutral outside, and its row in the outbox names nobody.

Every `tell_*` runs in the transaction of the change it tells, and is said once. What a message is
about is sealed (events/queries/refs.py); whom it goes to and whether it is still true is found at
sending. Letters never say which event it is: that stands behind the link, after signing in.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.rules import Role
from events import rules, telling_rules
from events.models import Event, Rsvp
from events.queries import refs
from events.queries.refs import Found
from events.rules import LIVE, Going, State
from peersupport.core import words
from peersupport.core.datamap.registry import Words
from peersupport.core.outbox.auditors import Expected, register_auditor
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.many import Nameless, enqueue_nameless, is_known
from peersupport.core.outbox.models import Outgoing
from peersupport.core.ui.letters import personal_letter
from program.queries import facts

GOING, GIVEN, OFFERED = "events.going", "events.given", "events.offered"
CHANGED, CANCELLED = "events.changed", "events.cancelled"
REMINDER, THANKS = "events.reminder", "events.thanks"
# The audit looks so far ahead and back: far enough for every message of the next two days.
_AUDITED = timedelta(days=3)
_OFF_AUDITED = timedelta(hours=12)


# -- telling --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Said:
    """One message before it is sealed: `about` is what it must still find true at sending."""

    kind: str
    rsvp: uuid.UUID
    once: str  # what makes it another message than the last of its kind to the same answer
    about: int
    due_at: datetime
    expires_at: datetime

    @property
    def key(self) -> str:
        """The name of the logical message."""
        return f"{self.kind}|{self.rsvp}|{self.once}"


def _stamp(moment: datetime) -> int:
    return int(moment.timestamp())


def _put(event: Event, said: Sequence[_Said], now: datetime) -> None:
    """Seal and queue messages about answers to one event: two queries, however many."""
    sealed = refs.seal_refs(event, [(one.rsvp, one.about) for one in said])
    rows = [
        Nameless(one.kind, one.key, ref, one.due_at, one.expires_at)
        for one, ref in zip(said, sealed, strict=True)
    ]
    if rows:
        enqueue_nameless(rows, now=now)


def _later(event: Event, rsvp: uuid.UUID, zone: tzinfo, now: datetime) -> Iterator[_Said]:
    """Yield what somebody who comes is told in time: a reminder and thanks, unless it is past.

    Each is about one begin or end. An event that moves has others; those of before find out at
    sending that they are wrong.
    """
    due = telling_rules.remind_at(event.starts_at, zone)
    if due > now:
        begins = _stamp(event.starts_at)
        yield _Said(REMINDER, rsvp, str(begins), begins, due, event.starts_at)
    due = telling_rules.thank_at(event.ends_at, zone)
    if now < due < event.forget_at:
        ends = _stamp(event.ends_at)
        yield _Said(THANKS, rsvp, str(ends), ends, due, event.forget_at)


def tell_going(event: Event, rsvp: Rsvp, now: datetime) -> None:
    """Confirm a place somebody took, and plan the reminder before it and the thanks after it.

    Whoever leaves and comes back on the same day is not told again each time.
    """
    zone = facts().zone
    once = f"{rsvp.number or 0}|{now.astimezone(zone):%Y-%m-%d}"
    said = _Said(GOING, rsvp.pk, once, 0, now, event.ends_at)
    _put(event, [said, *_later(event, rsvp.pk, zone, now)], now)


def tell_given(event: Event, rsvp: Rsvp, now: datetime) -> None:
    """Tell somebody who waited that a place is theirs, with a link to say no in one click."""
    tell_all_given(event, [rsvp], now)


def tell_all_given(event: Event, rsvps: Iterable[Rsvp], now: datetime) -> None:
    """Tell several who waited that places are theirs: as many queries as for one."""
    zone = facts().zone
    due = telling_rules.given_at(event.starts_at, now, zone)
    said: list[_Said] = []
    for rsvp in rsvps:
        # Whoever waits anew has another number in the line.
        once = str(rsvp.number if rsvp.number is not None else _stamp(now))
        said.append(_Said(GIVEN, rsvp.pk, once, 0, due, event.ends_at))
        said.extend(_later(event, rsvp.pk, zone, now))
    _put(event, said, now)


def tell_offered(event: Event, rsvp: Rsvp, now: datetime) -> None:
    """Offer a place to somebody who waited, until `rsvp.offer_until`."""
    tell_all_offered(event, [rsvp], now)


def tell_all_offered(event: Event, rsvps: Iterable[Rsvp], now: datetime) -> None:
    """Offer places to several who waited: as many queries as for one."""
    _put(event, [_offer(rsvp, rsvp.offer_until, now) for rsvp in rsvps if rsvp.offer_until], now)


def _offer(rsvp: Rsvp, until: datetime, now: datetime) -> _Said:
    ends = _stamp(until)
    return _Said(OFFERED, rsvp.pk, f"{rsvp.number}|{ends}", ends, now, until)


def tell_changed(event: Event, now: datetime) -> None:
    """Tell everybody who comes or waits that day, time, place or link have changed.

    Whoever comes is reminded and thanked by the new times.
    """
    zone = facts().zone
    said: list[_Said] = []
    once = str(event.sequence)
    for pk, state in event.rsvps.live().values_list("pk", "state"):
        said.append(_Said(CHANGED, pk, once, event.sequence, now, event.ends_at))
        if state == Going.GOING:
            said.extend(_later(event, pk, zone, now))
    _put(event, said, now)


def tell_cancelled(event: Event, now: datetime) -> None:
    """Tell everybody who comes or waits that an event is off."""
    live = event.rsvps.live().values_list("pk", flat=True)
    _put(event, [_off(event, pk, now) for pk in live], now)


def _off(event: Event, rsvp: uuid.UUID, now: datetime) -> _Said:
    return _Said(CANCELLED, rsvp, "", 0, now, event.ends_at)


# -- sending --------------------------------------------------------------------------------------
def whom(outgoing: Outgoing, now: datetime) -> uuid.UUID | None:
    """Return whom a message goes to, found in the answer as long as it is remembered."""
    found = refs.find(bytes(outgoing.ref), now)
    return refs.holder_of(found.rsvp, now) if found is not None else None


def _is_on(found: Found, state: Going, now: datetime) -> bool:
    """Return whether an event is still on and to come, and somebody still stands so with it."""
    event = found.event
    return event.state == State.PUBLISHED and now < event.ends_at and found.rsvp.state == state


def _going(found: Found, now: datetime) -> list[str] | None:
    if not _is_on(found, Going.GOING, now):
        return None
    return [_("You have a place in something you asked for. The link says when and where.")]


def _given(found: Found, now: datetime) -> list[str] | None:
    if not _is_on(found, Going.GOING, now):
        return None
    return [
        _("You waited for a place, and now one is yours. There is nothing else to do."),
        _("If you cannot come, the same link gives it to the next person in one click."),
    ]


def _offered(found: Found, now: datetime) -> list[str] | None:
    until = found.rsvp.offer_until
    if not _is_on(found, Going.OFFERED, now) or until is None or until <= now:
        return None
    if found.about != _stamp(until):
        return None  # another offer speaks for itself
    zone = facts().zone
    said = {
        "time": words.time_of_day(until, zone),
        "day": words.day(until.astimezone(zone).date()),
    }
    return [
        _("You waited for a place, and one is kept for you until %(time)s on %(day)s.") % said,
        _("Take it or let it go by the link. After that it goes to the next person."),
    ]


def _changed(found: Found, now: datetime) -> list[str] | None:
    event = found.event
    if event.state != State.PUBLISHED or event.ends_at <= now or found.rsvp.state not in LIVE:
        return None
    if found.about != event.sequence:
        # Changed again before this went: said once, by the later message if there is one.
        later = _Said(CHANGED, found.rsvp.pk, str(event.sequence), 0, now, now)
        if is_known(later.kind, later.key, now):
            return None
    return [_("Something you planned has changed. Sign in to see what is new.")]


def _cancelled(found: Found, now: datetime) -> list[str] | None:
    if found.event.state != State.CANCELLED or found.rsvp.state not in LIVE:
        return None
    return [_("Something you planned will not take place. Sign in to see what.")]


def _reminder(found: Found, now: datetime) -> list[str] | None:
    begins = found.event.starts_at
    if not _is_on(found, Going.GOING, now) or found.about != _stamp(begins) or begins <= now:
        return None
    zone = facts().zone
    day = words.day_near(begins.astimezone(zone).date(), now.astimezone(zone).date())
    return [
        _("You planned something for %(day)s. The link says when and where.") % {"day": day},
        _("If you cannot come, the same link gives your place to somebody else."),
    ]


def _thanks(found: Found, now: datetime) -> list[str] | None:
    event, rsvp = found.event, found.rsvp
    if event.state != State.PUBLISHED or rsvp.state != Going.GOING or rsvp.said is not None:
        return None
    is_asked = event.ends_at <= now < rules.say_until(event.ends_at, event.forget_at)
    if found.about != _stamp(event.ends_at) or not is_asked:
        return None
    return [
        _("Something you planned is over. If you were there: thank you for coming."),
        _("Two taps tell us how it was. What you say is counted, and nobody sees who said it."),
    ]


Lines = Callable[[Found, datetime], list[str] | None]
Compose = Callable[[Outgoing, datetime], Letter | None]


def _composer(lines_of: Lines, *, to_list: bool = False) -> Compose:
    """Return what makes the letter of a kind, or None when there is nothing to say any more."""

    def compose(outgoing: Outgoing, now: datetime) -> Letter | None:
        found = refs.find(bytes(outgoing.ref), now)
        if found is None or not found.rsvp.wants_mail:
            return None
        lines, holder = lines_of(found, now), refs.holder_of(found.rsvp, now)
        if lines is None or holder is None:
            return None
        person = Person.objects.filter(pk=holder, is_active=True).first()
        if person is None:
            return None
        path = reverse("events:mine") if to_list else refs.path_of(found.event, found.rsvp.pk)
        to, link = person.mail_address, settings.PUBLIC_URL.rstrip("/") + path
        return Letter(to, *personal_letter(to, lines, link))

    return compose


# -- the audit ------------------------------------------------------------------------------------
def _ought(event: Event, rsvp: Rsvp, zone: tzinfo, now: datetime) -> Iterator[_Said]:
    """Yield what ought to be on its way to who answered, or to have been said, made as above.

    A confirmation, a place given and a change leave no moment on any row: a word too late would
    be wrong, and they stand on the page.
    """
    if event.state == State.CANCELLED:
        yield _off(event, rsvp.pk, now)
    elif rsvp.state == Going.GOING:
        yield from _later(event, rsvp.pk, zone, now)
    elif rsvp.offer_until is not None and rsvp.offer_until > now:
        yield _offer(rsvp, rsvp.offer_until, now)


def expected(now: datetime) -> Iterator[Expected]:
    """Yield every message of these days that can be told from the rows: three queries."""
    near = Q(starts_at__lt=now + _AUDITED, ends_at__gt=now - _AUDITED)
    near &= Q(state=str(State.PUBLISHED))
    off = Q(cancelled_at__gt=now - _OFF_AUDITED, ends_at__gt=now)
    events = {row.pk: row for row in Event.objects.remembered(now).filter(near | off)}
    zone, said = facts().zone, dict[uuid.UUID, list[_Said]]()
    for rsvp in Rsvp.objects.live().filter(event__in=list(events)):
        event = events[rsvp.event_id]
        said.setdefault(event.pk, []).extend(_ought(event, rsvp, zone, now))
    for pk, messages in said.items():
        sealed = refs.seal_refs(events[pk], [(one.rsvp, one.about) for one in messages])
        for one, ref in zip(messages, sealed, strict=True):
            yield Expected(one.kind, one.key, one.due_at, one.expires_at, ref=ref)


def _register(name: str, lines_of: Lines, title: Words, **more: bool) -> None:
    to_list = more.pop("to_list", False)
    register(
        Kind(
            name=name,
            asked=True,
            compose=_composer(lines_of, to_list=to_list),
            title=title,
            roles=frozenset({str(Role.STUDENT), str(Role.SUPPORTER)}),
            whom=whom,
            **more,
        )
    )


def register_kinds() -> None:
    """Make the messages known to the outbox, and the audit of those that wait for their day."""
    _register(GOING, _going, gettext_lazy("Events: you have a place"))
    _register(GIVEN, _given, gettext_lazy("Events: a place you waited for is yours"))
    _register(OFFERED, _offered, gettext_lazy("Events: a place is kept for you for a while"))
    _register(CHANGED, _changed, gettext_lazy("Events: something you planned has changed"))
    _register(CANCELLED, _cancelled, gettext_lazy("Events: something is cancelled"), to_list=True)
    _register(REMINDER, _reminder, gettext_lazy("Events: a reminder on the day before"))
    _register(THANKS, _thanks, gettext_lazy("Events: afterwards, how it was"), is_cheerful=True)
    register_auditor("events", expected)
