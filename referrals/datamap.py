"""What referrals keep, about whom, keyed to what, and for how long."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Keeps, NotHere, Store, Words
from referrals.services.drafts import forget_drafts
from referrals.services.duty import forget_away
from referrals.services.ending import forget_ended, forget_openings, forget_signing_in
from referrals.services.rotation import tend

_NOBODY, _NOTHING = _("nobody"), _("nothing")
_STUDENT = _("the student who asked for more help")
_COUNSELOR = _("the counselor")
_TAG = _("a keyed mark of the account while it is open; nothing afterwards")
_CARE_KEY = _("the key of the care side")
_ENDED = _("90 days after it ended")
_TWO_HOURS = _("two hours, or until it is sent")
_WHILE = _("as long as they work here")
_TWO_YEARS = _("2 years")


def _outside(what: Words) -> Keeps:
    return Keeps(what, _STUDENT, _TAG, _ENDED)


def _inside(what: Words) -> Keeps:
    return Keeps(what, _STUDENT, _CARE_KEY, _ENDED)


def _draft(what: Words) -> Keeps:
    return Keeps(what, _STUDENT, _("a key that only their browser has"), _TWO_HOURS)


def _attached(what: Words) -> Keeps:
    return Keeps(
        what, _("the supporter who wrote it"), _("a keyed mark of their account"), _("7 days")
    )


def _staff(what: Words) -> Keeps:
    return Keeps(what, _COUNSELOR, _("their account on the care side"), _WHILE)


def _away(what: Words) -> Keeps:
    return replace(_staff(what), lives=_("a week after the last day away"))


def _key(what: Words) -> Keeps:
    return replace(_staff(what), left_out=_("it is a key: whoever reads it could misuse it"))


def _set(what: Words) -> Keeps:
    return Keeps(what, _NOBODY, _NOTHING, _("kept"))


def _season(what: Words) -> Keeps:
    return Keeps(what, _NOBODY, _NOTHING, _("half a year and 90 days"))


def _opened(what: Words) -> Keeps:
    return Keeps(what, _COUNSELOR, _("their account on the care side"), _TWO_YEARS)


def _brief(what: Words) -> Keeps:
    return Keeps(what, _COUNSELOR, _("their account on the care side"), _("8 hours at most"))


_ELSEWHERE = NotHere(
    _("you find it under “Get more help”; what is in it only the counselors' side can open")
)
_STAFF_ONLY = NotHere(_("it is about counselors, who have accounts of another kind"))

STORES = [
    Store(
        key="referrals",
        title=_("Asking for more help"),
        models={
            "referrals.Referral": {
                "id": _outside(_("a random number")),
                "code": _outside(_("a short code that can be read aloud")),
                "kind": _outside(_("whether the student began it, or danger did")),
                "urgency": _outside(_("how soon")),
                "consent": _outside(_("whether the student wants it")),
                "state": _outside(_("received, in contact and so on")),
                "tag": Keeps(
                    _("a mark by which they find it again"),
                    _STUDENT,
                    _TAG,
                    _("until it ends"),
                    left_out=_("it is a key: whoever reads it could misuse it"),
                ),
                "receipt": Keeps(
                    _("a mark of the receipt, for whoever asked without an account"),
                    _STUDENT,
                    _("the receipt, which only they have"),
                    _ENDED,
                ),
                "request_key": _outside(_("a random number, so that sending twice sends once")),
                "received_at": _outside(_("when it came, by the hour")),
                "owner": _outside(_("which counselor has it")),
                "asked": _outside(_("which counselor was asked to take it")),
                "acknowledge_by": _outside(_("until when somebody must say that it is theirs")),
                "contact_by": _outside(_("until when the student hears from them")),
                "rung": _outside(_("who is reminded next")),
                "round": _outside(_("how often it was handed on")),
                "ring_at": _outside(_("when they are reminded")),
                "outcome": _outside(_("how it ended, in one of four words")),
                "ended_on": _outside(_("the day it ended")),
            },
            "referrals.Sealed": {
                "referral": _inside(_("which one")),
                "blob": _inside(_("everything that was written, of one length, sealed")),
            },
            "referrals.Wrap": {
                "id": _inside(_("a random number")),
                "referral": _inside(_("which one")),
                "recipient": _inside(_("which key opens it")),
                "sealed": _inside(_("the key of its content, sealed")),
            },
            "referrals.Withdrawal": {
                "referral": _outside(_("which one was taken back")),
                "at": _outside(_("when, by the hour")),
            },
            "referrals.Told": {
                "referral": _outside(_("which one")),
                "word": _outside(_("whether they got in")),
                "on": _outside(_("the day they said so")),
            },
            "referrals.Routed": {
                "referral": _outside(_("which one")),
                "is_whole": _outside(_("whether it could be opened")),
            },
            "referrals.Exclusion": {
                "id": _outside(_("a random number")),
                "referral": _outside(_("which one")),
                "counselor": _outside(_("which counselor must not see it")),
                "why": _outside(_("whether the student or the counselor said so")),
            },
            "referrals.Taken": {
                "id": _outside(_("a random number")),
                "referral": _outside(_("which one")),
                "verb": _outside(_("what was done")),
                "to": _outside(_("where it then stood")),
                "at": _outside(_("when")),
                "by": _outside(_("which counselor did it")),
            },
            "referrals.Ring": {
                "id": _outside(_("a random number")),
                "referral": _outside(_("which one")),
                "round": _outside(_("in which round")),
                "rung": _outside(_("who was reminded")),
                "at": _outside(_("when")),
            },
            "referrals.EmergencyContact": {
                "id": _inside(_("a random number")),
                "referral": _inside(_("which one")),
                "sealed": Keeps(
                    _("where somebody in danger was, and a number, sealed"),
                    _STUDENT,
                    _CARE_KEY,
                    _("48 hours"),
                ),
                "visit_tag": Keeps(
                    _("a mark of the visit it came from"),
                    _STUDENT,
                    _("the day key"),
                    _("48 hours"),
                ),
                "until": _inside(_("when it is deleted")),
            },
        },
        forget=forget_ended,
        mine={
            f"referrals.{model}": _ELSEWHERE
            for model in (
                *("Referral", "Sealed", "Wrap", "Withdrawal", "Told", "Routed"),
                *("Exclusion", "Taken", "Ring", "EmergencyContact"),
            )
        },
        stays=_(
            "What you asked the counselors for. It does not hang on your account: take it back "
            "first, under “Get more help”, if you want it gone."
        ),
        asked_first=True,
        side="care",
    ),
    Store(
        key="drafts",
        title=_("Asking for more help, before it is sent"),
        models={
            "referrals.Draft": {
                "id": _draft(_("a random number")),
                "sealed": _draft(_("the answers so far, sealed")),
                "public": _draft(_("a key to which a supporter's words are sealed")),
                "code": _draft(_("a keyed mark of the code that is read aloud")),
                "code_until": _draft(_("until when that code lasts")),
                "until": _draft(_("when it is deleted")),
            },
            "referrals.Attachment": {
                "id": _attached(_("a random number")),
                "draft": _attached(_("what it was written for, until it is sent")),
                "tag": _attached(_("a mark by which the supporter finds it")),
                "sealed": _attached(_("the words, sealed to the student's browser until sent")),
                "state": _attached(_("waiting or received")),
                "request_key": _attached(_("a random number, so that sending twice sends once")),
                "until": _attached(_("when it is deleted")),
            },
        },
        forget=forget_drafts,
        mine={
            "referrals.Draft": NotHere(_("only the browser in which you began can open it")),
            "referrals.Attachment": NotHere(
                _("you find it under “Words for a student”; the words only they can open")
            ),
        },
    ),
    Store(
        key="openings",
        title=_("Who opened what"),
        models={
            "referrals.Opening": {
                "id": _opened(_("a random number")),
                "at": _opened(_("when")),
                "referral_id": _opened(_("the random number of what was opened")),
                "counselor_id": _opened(_("which counselor opened it")),
                "name": _opened(_("the counselor's name, as the student reads it")),
                "what": _opened(_("what was opened")),
            },
            "referrals.Link": {
                "number": _set(_("the place in the chain")),
                "thing": _set(_("an opening, or a grant of a role")),
                "row_id": _set(_("the random number of a row, which goes after 2 years")),
                "salt": _opened(_("a random number that goes with the row")),
                "row_hash": _set(_("a salted mark of the row; without the salt it says nothing")),
                "hash": _set(_("the mark that ties it to the one before")),
            },
        },
        forget=forget_openings,
        mine={"referrals.Opening": _STAFF_ONLY, "referrals.Link": _STAFF_ONLY},
        side="care",
    ),
    Store(
        key="counselors",
        title=_("Counselors"),
        models={
            "referrals.Card": {
                "id": _staff(_("a random number")),
                "name": _staff(_("the name students see")),
                "about": _staff(_("a line, such as what they teach")),
                "is_there": _staff(_("whether they work here now")),
            },
            "referrals.Counselor": {
                "card": _staff(_("whose account it is")),
                "email": _staff(_("their work address")),
                "role": _staff(_("counselor or lead")),
                "state": _staff(_("how far they have come")),
                "epoch": _staff(_("a random number that ends their sessions when it changes")),
                "code": _key(_("a keyed mark of a one-time code")),
                "code_until": _staff(_("until when it lasts")),
                "code_tries": _staff(_("how often it was tried")),
                "confirmed_by": _staff(_("who confirmed them in person")),
                "confirmed_on": _staff(_("when")),
                "is_mail_refused": _staff(_("whether mail servers take nothing for them")),
                "seal": _key(_("a keyed mark that this row is genuine")),
            },
            "referrals.Passkey": {
                "id": _staff(_("a random number")),
                "counselor": _staff(_("whose it is")),
                "name": _staff(_("what they call it")),
                "credential": _key(_("the public part of a passkey")),
                "added_on": _staff(_("when it was added")),
                "is_confirmed": _staff(_("whether it was confirmed in person")),
                "seal": _key(_("a keyed mark that this row is genuine")),
            },
            "referrals.RecoveryCode": {
                "id": _staff(_("a random number")),
                "counselor": _staff(_("whose it is")),
                "mark": _key(_("a keyed mark of the code")),
            },
        },
        forget=None,
        mine={
            f"referrals.{model}": _STAFF_ONLY
            for model in ("Card", "Counselor", "Passkey", "RecoveryCode")
        },
        side="care",
    ),
    Store(
        key="care-sessions",
        title=_("Counselors signed in"),
        models={
            "referrals.CareSession": {
                "key": _brief(_("a keyed mark of the cookie")),
                "counselor": _brief(_("who is signed in")),
                "epoch": _brief(_("a random number that ends it when it changes")),
                "begun_at": _brief(_("when it began")),
                "used_at": _brief(_("when it was last used")),
                "proved_at": _brief(_("when a passkey was last used")),
                "seal": _brief(_("a keyed mark that this row is genuine")),
            },
            "referrals.Asked": {
                "id": _brief(_("a random number")),
                "purpose": _brief(_("what a passkey was asked for")),
                "counselor": _brief(_("who was asked")),
                "state": _brief(_("the question, sealed")),
                "until": _brief(_("until when it may be answered")),
            },
        },
        forget=forget_signing_in,
        mine={"referrals.CareSession": _STAFF_ONLY, "referrals.Asked": _STAFF_ONLY},
        side="care",
    ),
    Store(
        key="reading",
        title=_("When counselors read"),
        models={
            "referrals.Reading": {
                "id": _staff(_("a random number")),
                "card": _staff(_("who reads")),
                "weekday": _staff(_("the weekday")),
                "starts": _staff(_("from when")),
                "ends": _staff(_("until when")),
                "first_on": _staff(_("the first day")),
                "last_on": _staff(_("the last day")),
            },
            "referrals.Timers": {
                "id": _set(_("always 1")),
                "minutes": _set(_("how soon each urgency is answered")),
                "line_name": _set(_("the on-call line that is told last")),
                "line_email": _set(_("its address")),
            },
            "referrals.Clock": {
                "id": _set(_("always 1")),
                "last_at": _set(_("when the counselors' clock last went round")),
            },
        },
        forget=None,
        mine={"referrals.Reading": _STAFF_ONLY},
        side="care",
    ),
    Store(
        key="counselors-away",
        title=_("When counselors are away"),
        models={
            "referrals.DaysAway": {
                "id": _away(_("a random number")),
                "card": _away(_("who is away")),
                "first_on": _away(_("the first day")),
                "last_on": _away(_("the last day")),
            },
        },
        forget=forget_away,
        mine={"referrals.DaysAway": _STAFF_ONLY},
        side="care",
    ),
    Store(
        key="care-keys",
        title=_("Keys of the counselors' side"),
        models={
            "referrals.PublishedKey": {
                "epoch": _season(_("the number of a key")),
                "public": _season(_("a key to which content is sealed")),
                "signature": _season(_("that it comes from the counselors' side")),
                "since": _season(_("since when")),
            },
        },
        forget=tend,
        side="care",
    ),
    Store(
        key="referral-counters",
        title=_("Counters of more help"),
        models={
            "referrals.Counter": {
                "id": _set(_("a random number")),
                "series": _set(_("what is counted, such as outcome by term")),
                "bucket": _set(_("the group counted")),
                "period": _set(_("the term")),
                "count": _set(_("a total")),
            }
        },
        forget=None,
        stays=_("Totals. They never knew whom they counted."),
        side="care",
    ),
]
