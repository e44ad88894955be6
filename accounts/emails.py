"""The one word to somebody whose way of signing in has changed. It does not say how."""

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.queries.invitations import open_invitation
from accounts.queries.recipients import recipient_of
from accounts.rules import Role
from peersupport.core import ids
from peersupport.core.crypto import keyring
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.letters import personal_letter

NOTE = "account-note"
INVITATION = "invitation"
NAMED = "named-supporter"
_USEFUL = timedelta(days=7)
_PURPOSE = "former-address"


def tell_of_change(*, person: Person, now: datetime, former: str = "") -> None:
    """Queue the note, in the transaction of the change. `former` is an address just given up:
    the note goes there, and the address leaves with the message.
    """
    ref = b""
    if former:
        ref = keyring().seal(former.encode(), purpose=_PURPOSE, context=str(person.pk))
    enqueue(
        kind=NOTE,
        key=f"{NOTE}|{ids.new_id()}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        recipient=person.pk,
        ref=ref,
    )


def compose_note(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None for somebody who is gone."""
    person = recipient_of(outgoing, now)
    if person is None:
        return None
    to = person.email
    if outgoing.ref:
        sealed = bytes(outgoing.ref)
        to = keyring().open(sealed, purpose=_PURPOSE, context=str(person.pk)).decode()
    lines = [
        _("The way you sign in has changed, or somebody asked to change it."),
        _("If it was you, there is nothing to do. If not, sign in and look, or tell the program."),
    ]
    link = settings.PUBLIC_URL + reverse("accounts:sign-in")
    subject, text, html = personal_letter(to, lines, link)
    return Letter(to=to, subject=subject, text=text, html=html)


def ask_to_join(*, key: str, email: str, token: str, until: datetime, now: datetime) -> None:
    """Queue the mail with the link of an invitation, in the caller's transaction."""
    said = json.dumps({"email": email, "token": token}).encode()
    enqueue(
        kind=INVITATION,
        key=f"{INVITATION}|{key}|{ids.new_id()}",
        due_at=now,
        expires_at=until,
        now=now,
        ref=keyring().seal(said, purpose=INVITATION, context=""),
    )


def compose_invitation(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None once the link opens nothing any more."""
    plain = keyring().open(bytes(outgoing.ref), purpose=INVITATION, context="")
    said = json.loads(plain)
    if open_invitation(token=said["token"], now=now) is None:
        return None
    lines = [
        _("Somebody who runs a program at your school would like to ask you something."),
        _("Open the page to see it. The link works for you alone, for two weeks."),
        _("If you did not expect this, you need not do anything."),
    ]
    link = settings.PUBLIC_URL.rstrip("/") + reverse("accounts:invited", args=[said["token"]])
    subject, text, html = personal_letter(said["email"], lines, link)
    return Letter(to=said["email"], subject=subject, text=text, html=html)


def tell_named(*, person: Person, now: datetime) -> None:
    """Queue the word to somebody who was named as a supporter, in the caller's transaction."""
    enqueue(
        kind=NAMED,
        key=f"{NAMED}|{ids.new_id()}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        recipient=person.pk,
    )


def compose_named(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None for somebody who is gone or is no supporter any more."""
    person = recipient_of(outgoing, now)
    if person is None or not person.has_role(Role.SUPPORTER):
        return None
    lines = [
        _("A program at your school has put you on its list, as you agreed with them."),
        _("Sign in to see what is there under your name, and to change it."),
        _("If you did not agree to this, sign in and delete the account, or tell the program."),
    ]
    link = settings.PUBLIC_URL + reverse("accounts:sign-in")
    subject, text, html = personal_letter(person.mail_address, lines, link)
    return Letter(to=person.mail_address, subject=subject, text=text, html=html)


def register_kinds() -> None:
    """Make the messages known to the outbox."""
    register(Kind(name=INVITATION, asked=True, compose=compose_invitation))
    # Once, to somebody who has never been here: their wishes are asked from then on.
    register(Kind(name=NAMED, asked=True, compose=compose_named, always=True))
    register(Kind(name=NOTE, asked=True, compose=compose_note, always=True))
