"""The letter to somebody who is named as standing behind the supporters."""

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from peersupport.core import clock, ids
from peersupport.core.crypto import keyring
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.letters import personal_letter
from program.queries.basics import facts
from program.queries.standing_behind import asked_with
from program.rules import ASK_STANDS

AGREE = "coverage-agree"


def ask_to_agree(*, email: str, token: str, now: datetime) -> None:
    """Queue the letter, in the caller's transaction. The address leaves with the message."""
    said = json.dumps({"email": email, "token": token}).encode()
    enqueue(
        kind=AGREE,
        key=f"{AGREE}|{ids.new_id()}",
        due_at=now,
        expires_at=now + ASK_STANDS - timedelta(days=1),
        now=now,
        ref=keyring().seal(said, purpose=AGREE, context=""),
    )


def compose(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter, or None once its link opens nothing any more."""
    said = json.loads(keyring().open(bytes(outgoing.ref), purpose=AGREE, context=""))
    if asked_with(said["token"], clock.local_date(now, facts().zone)) is None:
        return None
    lines = [
        _("A program at your school would like to name you as somebody it may call."),
        _("Open the page to see when, and to say yes or no. Nothing holds until you say yes."),
        _("If you did not expect this, you need not do anything."),
    ]
    link = settings.PUBLIC_URL.rstrip("/") + reverse("program:agree", args=[said["token"]])
    subject, text, html = personal_letter(said["email"], lines, link)
    return Letter(to=said["email"], subject=subject, text=text, html=html)


def register_kinds() -> None:
    """Make the message known to the outbox."""
    register(Kind(name=AGREE, asked=True, compose=compose))
