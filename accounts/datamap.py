"""What accounts keep."""

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.services.factors import mix_factors
from accounts.services.invitations import forget_invitations
from accounts.services.resets import forget_resets
from peersupport.core.datamap.registry import By, Keeps, Store, Words
from peersupport.core.sides import WEB


def _account(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("the person with the account"),
        keyed_to=_("the account"),
        lives=_("until the account is deleted"),
    )


def _listed(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever is on the school's list"),
        keyed_to=_("the school address"),
        lives=_("until the school's list says otherwise"),
    )


def _secret(what: Words) -> Keeps:
    return replace(_account(what), left_out=_("it is a key: whoever reads it could misuse it"))


def _policy(what: Words) -> Keeps:
    return Keeps(holds=what, about=_("nobody"), keyed_to=_("nothing"), lives=_("kept"))


def _factor(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("the person with the account"),
        keyed_to=_("the account"),
        lives=_("until the person removes it, or the account is deleted"),
    )


def _reset(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("the person, and a member of staff"),
        keyed_to=_("the account"),
        lives=_("until another agrees or it is stopped; three days at most"),
    )


def _asked(what: Words) -> Keeps:
    return Keeps(
        holds=what,
        about=_("whoever was invited, and who invited them"),
        keyed_to=_("the e-mail address"),
        lives=_("until it is taken up or withdrawn; two weeks at most"),
    )


def _forget(*, now: datetime) -> int:
    mix_factors(now=now)
    return forget_resets(now=now)


STORES = [
    Store(
        key="accounts",
        title=_("Accounts"),
        models={
            "accounts.Person": {
                "id": _account(_("a random number")),
                "email": _account(_("the e-mail address")),
                "called": _account(_("what to be called")),
                "is_active": _account(_("whether they may sign in")),
                "session_epoch": _secret(_("a random mark that ends all sessions when changed")),
                "joined_on": _account(_("the month of joining")),
                "password": _secret(_("nothing: there are no passwords")),
                "last_login": _account(_("the month of the last sign-in")),
                "pronouns": _account(_("pronouns")),
                "contact_email": _account(_("where mail goes instead of the sign-in address")),
                "is_silent": _account(_("whether they stopped everything we send")),
                "is_mail_refused": _account(_("whether mail servers take nothing for them")),
                "muted": _account(_("which kinds of messages they do not want")),
            },
            "accounts.RoleGrant": {
                "id": _account(_("a random number")),
                "person": _account(_("who has the role")),
                "role": _account(_("the role")),
                "granted_by": _account(_("who gave it")),
                "granted_on": _account(_("in which month")),
                "revoked_on": _account(_("when it ended")),
            },
            "accounts.Profile": {
                "id": _account(_("a random number")),
                "person": _account(_("whose profile it is")),
                "shown_name": _account(_("the name students see")),
                "year": _account(_("the year students see")),
                "cleared_until": _account(_("until when they are trained")),
                "room_link": _account(_("the link of their video room")),
                "pronouns": _account(_("the pronouns students see")),
                "bio": _account(_("a few words about themselves")),
                "languages": _account(_("the languages they speak")),
                "ways": _account(_("how they like to talk")),
            },
            "accounts.Tag": {
                "id": _account(_("a random number")),
                "profile": _account(_("whose tag it is")),
                "words": _account(_("what they say of themselves, in their words")),
                "sameness": _account(_("the same words in small letters, to count who says so")),
                "kind": _account(_("what it is about")),
                "use": _account(_("whether students may read it")),
                "is_consented": _account(_("whether they agreed although they may be alone")),
            },
            "accounts.CalendarFeed": {
                "id": _account(_("a random number")),
                "person": _account(_("whose calendar address it is")),
                "mark": _secret(_("a keyed mark of the address; not the address")),
                "used_on": _account(_("the day it was last read")),
            },
            "accounts.TagPolicy": {
                "id": _policy(_("always 1")),
                "shows_demographic": _policy(_("whether tags about who somebody is are shown")),
            },
            "accounts.Group": {
                "id": _account(_("a random number")),
                "name": _account(_("the name of a class or team")),
                "is_apart": _account(_("whether its members are kept from meeting in a talk")),
                "from_roster": _account(_("whether its members follow the school's list")),
            },
            "accounts.Membership": {
                "id": _account(_("a random number")),
                "person": _account(_("who belongs to a class or team")),
                "group": _account(_("which one")),
            },
            "accounts.CampusLink": {
                "id": _account(_("a random number")),
                "person": _account(_("whose account the school's sign-on leads to")),
                "mark": _secret(_("a keyed mark of who they are there; nothing readable")),
                "said": _account(_("whether the school last called them a student")),
            },
            "account.EmailAddress": {
                "id": _account(_("a number")),
                "user": _account(_("whose address it is")),
                "email": _account(_("the e-mail address")),
                "verified": _account(_("whether a code reached it")),
                "primary": _account(_("whether it is the main one")),
            },
            "account.EmailConfirmation": {
                "id": _account(_("a number; unused")),
                "email_address": _account(_("unused")),
                "created": _account(_("unused")),
                "sent": _account(_("unused")),
                "key": _account(_("unused")),
            },
        },
        forget=None,
        mine={
            "accounts.Tag": By("profile__person"),
            "accounts.Group": By("memberships__person"),
            "account.EmailConfirmation": By("email_address__user"),
        },
    ),
    Store(
        key="school-list",
        title=_("The school's list"),
        models={
            "accounts.RosterEntry": {
                "id": _listed(_("a random number")),
                "email": _listed(_("the school address")),
                "other_email": _listed(_("another address, for somebody on leave")),
                "called": _listed(_("a name, if the school gave one")),
                "class_name": _listed(_("the class")),
                "phase": _listed(_("the phase")),
                "site": _listed(_("the site")),
                "rotation": _listed(_("the rotation group")),
                "standing": _listed(_("enrolled, on leave, faculty or gone")),
                "person": _listed(_("whose account it is")),
            },
        },
        forget=None,
        stays=_(
            "Your line on the list: the school keeps it, with or without an account of yours. It "
            "says who may have one, and no longer that you had one."
        ),
    ),
    Store(
        key="invitations",
        title=_("Invitations"),
        models={
            "accounts.Invitation": {
                "id": _asked(_("a random number")),
                "email": _asked(_("the address of whoever was invited")),
                "role": _asked(_("the role they were asked to take")),
                "mark": replace(
                    _asked(_("a keyed mark of the link; not the link")),
                    left_out=_("it is a key: whoever reads it could misuse it"),
                ),
                "invited_by": _asked(_("who invited them")),
                "expires_on": _asked(_("the last day it stands")),
                "sent": _asked(_("how many times it was sent")),
            },
        },
        forget=forget_invitations,
    ),
    Store(
        key="second-factors",
        title=_("Second factors"),
        models={
            "mfa.Authenticator": {
                "id": _factor(_("a number")),
                "user": _factor(_("whose it is")),
                "type": _factor(_("an app, a passkey, or recovery codes")),
                "data": replace(
                    _factor(
                        _("sealed: the key of the app, the passkey and its name, the codes left")
                    ),
                    left_out=_("it is a key: whoever reads it could misuse it"),
                ),
                "created_at": _factor(_("the month of setting it up")),
                "last_used_at": _factor(_("nothing: when it was used is not kept")),
            },
            "accounts.FactorReset": {
                "id": _reset(_("a random number")),
                "person": _reset(_("who has lost their second factors")),
                "started_by": _reset(_("which member of staff asked to take them away")),
                "started_on": _reset(_("on which day")),
            },
        },
        forget=_forget,
        side=WEB,  # sealing a secret anew takes reading it, which the worker must not
    ),
]
