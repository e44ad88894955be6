"""What events keep, about whom, keyed to what, and for how long."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from events.queries.mine import RSVP_FIELDS, my_rsvp_rows
from events.services.forgetting import forget_requests, forget_rsvps, forget_withdrawn
from peersupport.core.datamap.registry import Keeps, NotHere, Read, Store, Words

_NOBODY = _("nobody")
_NOTHING = _("nothing")
_KEPT = _("kept")


def _fact(what: Words) -> Keeps:
    return Keeps(holds=what, about=_NOBODY, keyed_to=_NOTHING, lives=_KEPT)


def _gone(what: Words) -> Keeps:
    return replace(_fact(what), lives=_("30 days"))


def _host(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever runs the event"),
        keyed_to=_("their account"),
        lives=_("as long as the event is listed"),
    )


def _rsvp(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever comes, or wanted to"),
        keyed_to=_("the event's key, which a day key seals"),
        lives=_("24 hours after a sensitive event, 7 days after any other"),
    )


def _hidden(what: Words, why: Words) -> Keeps:
    return replace(_rsvp(what), left_out=why)


def _taker(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever can be asked for a debrief"),
        keyed_to=_("their account"),
        lives=_("until they are taken off the list"),
    )


def _request(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever asked for a debrief"),
        keyed_to=_("a mark and a seal that only the keyring opens"),
        lives=_("until 24 hours after the debrief, or 30 days if there is none"),
    )


STORES = [
    Store(
        key="events",
        title=_("Wellness events"),
        models={
            "events.Series": {
                "id": _fact(_("a random number")),
                "every_weeks": _fact(_("every how many weeks")),
                "first_on": _fact(_("the first day")),
                "last_on": _fact(_("the last day")),
                "starts": _fact(_("at what time")),
                "minutes": _fact(_("for how long")),
                "zone": _fact(_("in which time zone")),
            },
            "events.Event": {
                "id": _fact(_("a random number")),
                "series": _fact(_("of which series it is a date")),
                "series_on": _fact(_("which date of it")),
                "kind": _fact(_("what kind of event it is")),
                "title": _fact(_("its name")),
                "words": _fact(_("its words")),
                "led_by": _fact(_("who leads it, in words")),
                "starts_at": _fact(_("when it begins")),
                "ends_at": _fact(_("when it ends")),
                "place": _fact(_("where it is")),
                "link": _fact(_("the address of a call")),
                "access": _fact(_("how people get in and what is there for them")),
                "visibility": _fact(_("who finds it")),
                "is_sensitive": _fact(_("whether it is discreet")),
                "state": _fact(_("whether it is on")),
                "cancelled_at": _fact(_("when it was cancelled")),
                "capacity": _fact(_("for how many it is")),
                "places": _fact(_("how many places there are now")),
                "taken": _fact(_("how many are held")),
                "waiting": _fact(_("how many people wait")),
                "next_number": _fact(_("the next place in the line")),
                "opens_at": _fact(_("from when places can be taken")),
                "closes_at": _fact(_("until when places can be taken")),
                "heads": _fact(_("how many people a host counted")),
                "walk_ins": _fact(_("how many came in without an account")),
                "came": _fact(_("how many said at the door that they were there")),
                "sequence": _fact(_("how often what calendars show has changed")),
                "facts_at": _fact(_("when that changed last")),
                "key_day": _fact(_("the day whose key seals the event's own")),
                "key": _fact(
                    _("the event's key, sealed under a day key; emptied when it forgets")
                ),
                "forget_at": _fact(_("from when nobody may tell who came")),
                "is_forgotten": _fact(_("whether that is done")),
            },
            "events.Invited": {
                "id": _fact(_("a random number")),
                "event": _fact(_("which event")),
                "class_name": _fact(_("for which class it is")),
                "rotation": _fact(_("for which rotation group")),
            },
            "events.Host": {
                "id": _host(_("a random number")),
                "event": _host(_("which event")),
                "person": _host(_("who runs it")),
            },
            "events.Said": {
                "id": _fact(_("a random number")),
                "event": _fact(_("which event")),
                "question": _fact(_("which question")),
                "answer": _fact(_("which answer")),
                "number": _fact(_("how many gave it")),
            },
        },
        forget=None,
    ),
    Store(
        key="withdrawn",
        title=_("Events that are not public any more"),
        models={
            "events.Withdrawn": {
                "id": _gone(_("the random number under which calendars know it")),
                "starts_at": _gone(_("when it would have begun")),
                "ends_at": _gone(_("when it would have ended")),
                "sequence": _gone(_("how often what calendars show had changed")),
                "withdrawn_at": _gone(_("when it was taken out of them")),
            },
        },
        forget=forget_withdrawn,
    ),
    Store(
        key="rsvps",
        title=_("Who comes to an event"),
        models={
            "events.Rsvp": {
                "id": _hidden(_("a random number"), _("it says nothing")),
                "event": _rsvp(_("which event")),
                "tag": _hidden(
                    _("a mark of the person, another in every event"), _("it says nothing")
                ),
                "holder": _rsvp(_("who it is, sealed")),
                "state": _rsvp(_("whether they come, wait, or do not come")),
                "number": _rsvp(_("their place in the line")),
                "offer_until": _rsvp(_("until when a place is held for them")),
                "wants_mail": _rsvp(_("whether they want mail about it")),
                "came_by": _rsvp(_("whether they were there, and who said so")),
                "said": _hidden(
                    _("what they said of it afterwards, sealed until all of it is counted"),
                    _("nobody reads it before it is a total, this page included"),
                ),
            },
        },
        forget=forget_rsvps,
        mine={"events.Rsvp": Read(my_rsvp_rows, RSVP_FIELDS)},
    ),
    Store(
        key="debriefs",
        title=_("Asking for a debrief"),
        models={
            "events.Taker": {
                "id": _taker(_("a random number")),
                "person": _taker(_("who can be asked")),
                "about": _taker(_("what they say of themselves")),
            },
            "events.Request": {
                "id": _request(_("a random number")),
                "request_key": _request(_("a random number that makes two taps one")),
                "taker": _request(_("who was asked")),
                "tag": _request(_("a mark of who asks")),
                "holder": _request(_("who asks, sealed")),
                "sealed": _request(_("which team, what would help, and when it suits, sealed")),
                "state": _request(_("where it stands")),
                "asked_on": _request(_("on which day")),
                "forget_at": _request(_("from when it is forgotten")),
                "event": _request(_("the private event that came of it")),
            },
        },
        forget=forget_requests,
        mine={"events.Request": NotHere(_("your page of debriefs shows them"))},
    ),
]
