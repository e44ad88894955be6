"""What office hours ought to have said by now, read from the rows that would have said it.

An act queues its word in its own transaction, so this finds nothing as a rule. It is for what a
restored table, a row deleted by hand or a mistake of ours has lost; what was said, dropped or
given up the outbox knows by its key. Rows that keep no moment (that somebody asked for cover, or
runs late) keep none for a reason, and are said again only as far as that cannot repeat anything.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from officehours import care_emails, care_rules, cover_emails, emails, rules
from officehours.models import Assignment, Escalation, Visit, VisitSet
from officehours.queries import sealed
from peersupport.core import clock
from peersupport.core.outbox.auditors import Expected, known_keys, register_auditor
from program.queries import facts

_WEEK = timedelta(days=7)
# A request for cover may be as old as hours may be planned ahead. Most are days old.
_DAYS_AT_ONCE = 30


def visit_words(now: datetime) -> Iterator[Expected]:
    """Return the words to whoever holds a visit and asked for mail: four queries.

    That somebody runs late, or that the room is another, leaves no moment on the visit: it stands
    on its page, and is not said again.
    """
    known, zone = Visit.objects.remembered(now), facts().zone
    by_others = [
        Visit.EndedBy.SUPPORTER,
        Visit.EndedBy.PROGRAM,
        Visit.EndedBy.SYSTEM,
    ]
    lately = known.filter(
        state=rules.S.CANCELLED, ended_by__in=by_others, changed_at__gt=now - emails.USEFUL
    )
    for visit in _asked_for_mail(lately, now):
        at = visit.changed_at or now
        yield emails.changed(visit, "cancelled", due=at, expires=at + emails.USEFUL)
    ahead = known.filter(state=rules.S.BOOKED, starts_at__gt=now)
    for visit in _asked_for_mail(ahead.filter(is_offer=True), now):
        expires = min(now + emails.USEFUL, visit.starts_at or now)
        yield emails.changed(visit, "offer", due=now, expires=expires)
    for visit in _asked_for_mail(ahead.filter(changed_at__isnull=False), now):
        word = emails.soon(visit, visit.changed_at or now, zone)
        if word is not None:
            yield word


def _asked_for_mail(visits: VisitSet, now: datetime) -> Iterator[Visit]:
    for visit in visits:
        holder = sealed.holder_of(visit, now)
        if holder is not None and holder.wants_mail:
            yield visit


def staff_words(now: datetime) -> Iterator[Expected]:
    """Return the words about hours that nobody opened, and about worries: five queries."""
    nudged = Assignment.objects.filter(is_nudged=True, checked_in_at__isnull=True)
    late = nudged.filter(is_active=True, starts_at__lte=now, ends_at__gt=now)
    for assignment in late.filter(starts_at__gt=now - rules.DARK_AFTER):
        yield emails.nudge(assignment, now)
    closed = nudged.filter(
        is_active=False,
        starts_at__lte=now - rules.DARK_AFTER,
        starts_at__gt=now - rules.DARK_AFTER - emails.USEFUL,
    )
    at = {pk: begun + rules.DARK_AFTER for pk, begun in closed.values_list("pk", "starts_at")}
    yield from emails.dark(at)
    yield from _worries(now)


def _worries(now: datetime) -> Iterator[Expected]:
    """A worry keeps its week and no moment: this week's and the last's are still of use."""
    today = clock.local_date(now, facts().zone)
    weeks = [rules.week_of(today), rules.week_of(today - _WEEK)]
    recent = Escalation.objects.filter(week__in=weeks, is_reviewed=False)
    about = [
        row.pk
        for row in recent
        if row.level in care_rules.STOOD_DOWN or (row.wants_debrief and not row.is_debriefed)
    ]
    if about:
        yield from care_emails.notes(about, due=now, expires=now + _WEEK)


def cover_words(now: datetime) -> Iterator[Expected]:
    """Return today's word to each supporter who was told of no request since it can be open.

    A request keeps no moment: nobody is to tell from it when somebody asked, or after what. So
    whoever was told of any since is taken to know of this one too. A few queries.
    """
    asking = list(cover_emails.open_requests(now).values_list("assignment__supporter", flat=True))
    if not asking:
        return
    untold = {one for one in cover_emails.supporters() if any(other != one for other in asking)}
    yield from (cover_emails.asked(one, now) for one in _never_told(untold, now))


def _never_told(untold: set[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    """Return those to whom no such word went, or is on its way, from any day that counts."""
    last = cover_emails.next_hour(now).date()
    for first in range(0, rules.PLAN_AHEAD.days, _DAYS_AT_ONCE):
        if not untold:
            break
        names = {
            cover_emails.key_of(one, last - timedelta(days=first + day)): one
            for one in untold
            for day in range(_DAYS_AT_ONCE)
        }
        untold = untold - {names[key] for key in known_keys(cover_emails.ASKED, names, now)}
    return untold


def register() -> None:
    """Let the outbox ask after each of them."""
    register_auditor("visits", visit_words)
    register_auditor("hours", staff_words)
    register_auditor("cover", cover_words)
