"""The letters of campaigns, and calls to supporters. Their words are looked up at sending."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Person
from accounts.queries.recipients import recipient_of
from accounts.rules import Role
from peersupport.core import ids, words
from peersupport.core.outbox.batches import shared
from peersupport.core.outbox.kinds import Kind, Letter, register
from peersupport.core.outbox.models import Outgoing
from peersupport.core.outbox.services import enqueue
from peersupport.core.ui.crisis import numbers
from peersupport.core.ui.letters import open_letter, personal_letter
from program.calendar_rules import Entry
from program.calendars import missing_hours, next_hours
from program.queries.basics import facts
from program.queries.milestones import entry_of, milestone
from reminders.models import Campaign
from reminders.queries.ground import CAMPAIGN, STAFFING, kind_of
from reminders.queries.stops import tokens_for
from reminders.rules import fill_in, ref_from

TEST = "campaign-test"
_MOST_HOURS = 2
_FORTNIGHT = timedelta(days=14)
_USEFUL = timedelta(hours=1)


def hours_in_words(now: datetime) -> str:
    """Return when somebody is there next, and where."""
    zone = facts().zone
    said = []
    for one in next_hours(now, _MOST_HOURS):
        day = words.day_near(one.starts_at.astimezone(zone).date(), now.astimezone(zone).date())
        times = words.time_range(one.starts_at, one.ends_at, zone)
        said.append(f"{day}, {times}, {one.place}")
    return "; ".join(said) or _("none are planned yet; they stand on the page as they come")


def gaps_before(entry: Entry, now: datetime) -> int:
    """Return how many times in the fortnight before a date nobody holds yet."""
    return missing_hours(entry.first_on - _FORTNIGHT, entry.first_on, now)


def values_for(campaign: Campaign, entry: Entry, now: datetime) -> dict[str, str]:
    """Return what the placeholders stand for around a date."""
    help_page = settings.PUBLIC_URL.rstrip("/") + "/help-now/"
    values = {
        "next_hours": hours_in_words(now),
        "today_link": settings.PUBLIC_URL.rstrip("/") + "/",
        "crisis_line": numbers().talk or help_page,
        # One line: it may stand in a subject.
        "milestone": " ".join(entry.title.split()),
        "first_day": words.day(entry.first_on),
    }
    if campaign.is_staffing:
        gaps = gaps_before(entry, now)
        values["gaps"] = ngettext("%d time", "%d times", gaps) % gaps
    return values


def letter_for(campaign: Campaign, values: dict[str, str], person: Person, token: str) -> Letter:
    """Return exactly what goes to somebody: open to a class, neutral to supporters.

    `token` is of the link that stops such letters to them.
    """
    base = settings.PUBLIC_URL.rstrip("/")
    stop_link = base + reverse("reminders:stop", args=[token])
    to, text = person.mail_address, fill_in(campaign.body, values)
    if campaign.is_staffing:
        lines = [*text.split("\n\n"), _("To stop such messages: %s") % stop_link]
        said = personal_letter(to, lines, base + "/hours/cover/")
    else:
        said = open_letter(to, fill_in(campaign.subject, values), text, stop_link)
    return Letter(
        to,
        *said,
        headers={
            "List-Unsubscribe": f"<{stop_link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def compose(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return the letter; None once the campaign, its date or the person is gone.

    Whether it still stands, and whether it may go now, the governor has looked at just before.
    """
    ref = ref_from(bytes(outgoing.ref))
    if ref is None:
        return None
    about = (ref.campaign, ref.milestone)
    said = shared(outgoing, now, about, lambda _rows: _words(*about, now))
    person = recipient_of(outgoing, now)
    if said is None or person is None:
        return None
    token = shared(outgoing, now, ("tokens", outgoing.kind), _tokens).get(person.pk)
    return letter_for(*said, person, token) if token else None


def _tokens(rows: Sequence[Outgoing]) -> dict[uuid.UUID, str]:
    """Return the tokens of whoever is in use among those whom messages of one kind go to."""
    kind = rows[0].kind
    named = {row.recipient for row in rows if row.kind == kind and row.recipient}
    there = Person.objects.filter(pk__in=named, is_active=True)
    return tokens_for(list(there.values_list("pk", flat=True)), kind)


def _words(
    campaign: uuid.UUID, about: uuid.UUID, now: datetime
) -> tuple[Campaign, dict[str, str]] | None:
    """Return a campaign, and what its placeholders stand for around a date."""
    kept, row = Campaign.objects.filter(pk=campaign).first(), milestone(about)
    if kept is None or row is None:
        return None
    return kept, values_for(kept, entry_of(row), now)


def ask_for_test(*, campaign: Campaign, about: uuid.UUID, to: Person, now: datetime) -> None:
    """Queue a letter as it would go, to whoever asks for it, in the caller's transaction."""
    enqueue(
        kind=TEST,
        key=f"{TEST}|{ids.new_id()}",
        due_at=now,
        expires_at=now + _USEFUL,
        now=now,
        recipient=to.pk,
        ref=campaign.pk.bytes + about.bytes,
    )


def compose_test(outgoing: Outgoing, now: datetime) -> Letter | None:
    """Return a letter as it would go, marked as a test."""
    raw = bytes(outgoing.ref)
    found = _words(uuid.UUID(bytes=raw[:16]), uuid.UUID(bytes=raw[16:]), now)
    person = recipient_of(outgoing, now)
    if found is None or person is None:
        return None
    kind = kind_of(found[0])
    letter = letter_for(*found, person, tokens_for([person.pk], kind)[person.pk])
    subject = letter.subject if found[0].is_staffing else _("Test: %s") % letter.subject
    return Letter(letter.to, subject, letter.text, letter.html, letter.headers)


def register_kinds() -> None:
    """Make the messages known to the outbox."""
    register(
        Kind(
            name=CAMPAIGN,
            asked=False,
            compose=compose,
            title=gettext_lazy("Letters to the whole class around exams and other dates"),
            roles=frozenset({str(Role.STUDENT)}),
            is_cheerful=True,
        )
    )
    register(
        Kind(
            name=STAFFING,
            asked=False,
            compose=compose,
            title=gettext_lazy("Times before exams that have nobody yet"),
            roles=frozenset({str(Role.SUPPORTER)}),
        )
    )
    # Whoever presses "send me a test" asks for it in that moment.
    register(Kind(name=TEST, asked=True, compose=compose_test, always=True))
