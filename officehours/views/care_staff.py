"""Pages about care for those who answer for it: the clinical supervisor, and the program."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import care_rules, rules
from officehours.care_forms import STEP_WORDS
from officehours.queries import care_pages
from officehours.services import care
from peersupport.core import clock, words
from program.queries import facts

_LEVELS = {
    rules.Level.UNSURE: ("info", _("Not sure")),
    rules.Level.TODAY: ("warn", _("Same day")),
    rules.Level.NOW: ("danger", _("Danger")),
}
_STANDING = {
    care_rules.Capacity.STEADY: ("ok", _("Steady"), _("There are enough people for the hours.")),
    care_rules.Capacity.STRETCHED: (
        "warn",
        _("Stretched"),
        _("It works, but with little to spare. Shorter hours are better than empty promises."),
    ),
    care_rules.Capacity.ASK_FOR_HELP: (
        "danger",
        _("Ask for help"),
        _("There are more gaps than people. Close some hours, or ask alumni or another school."),
    ),
}


@require_role(Role.SUPERVISOR)
@require_safe
def supervisor(request: HttpRequest) -> HttpResponse:
    """Show what each supporter carried and what worried them: weeks, never a time or a student."""
    now = clock.now()
    found = care_pages.supervision(now, facts().zone)
    context = {
        "personal": True,
        "open": [_worry(worry) for worry in found.open],
        "weeks": [
            {
                "caption": _("Week from %s") % words.day(monday),
                "rows": [(c.name, c.talks, c.heavy) for c in rows],
            }
            for monday, rows in found.weeks
        ],
        "levels": [
            (words.day(monday), *(count[level] for level in rules.Level))
            for monday, count in found.levels
        ],
    }
    return render(request, "officehours/care_supervisor.html", context)


def _worry(worry: care_pages.Worry) -> dict[str, object]:
    due = words.day(worry.review_due)
    return {
        "id": worry.id,
        "name": worry.name,
        "week": words.day(worry.monday),
        "tag": _LEVELS[worry.level],
        "steps": [STEP_WORDS[step] for step in worry.steps if step in STEP_WORDS],
        "wants_debrief": worry.wants_debrief,
        "needs_debrief": worry.needs_debrief,
        "needs_review": worry.needs_review,
        "due": due,
    }


@require_role(Role.SUPERVISOR)
@require_POST
def supervise(request: HttpRequest, escalation: uuid.UUID, mark: str) -> HttpResponse:
    """Note that a debrief took place or the protocol was looked at again."""
    try:
        care.mark_escalation(
            escalation=escalation, mark=mark, by=signed_in(request), now=clock.now()
        )
    except rules.NotAllowed:
        raise Http404 from None
    return redirect("hours:supervisor")


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_safe
def capacity(request: HttpRequest) -> HttpResponse:
    """Show the gaps ahead and one word. Nobody's name, and no reason."""
    now = clock.now()
    zone = facts().zone
    found = care_pages.standing(now)
    today = clock.local_date(now, zone)
    kind, word, text = _STANDING[found.word]
    gaps = [
        {
            "day": words.upper_first(words.day_near(clock.local_date(gap.starts_at, zone), today)),
            "range": words.time_range(gap.starts_at, gap.ends_at, zone),
            "place": gap.place,
            "tag": ("info", _("Needs one more"))
            if gap.has_somebody
            else ("warn", _("Needs somebody")),
        }
        for gap in found.gaps
    ]
    count = len(gaps)
    summary = ngettext("%d gap in two weeks", "%d gaps in two weeks", count) % count
    if not count:
        summary = str(_("No gaps in the next two weeks"))
    context = {
        "personal": True,
        "standing": {"kind": kind, "word": word, "text": text},
        "gaps": gaps,
        "summary": summary,
    }
    return render(request, "officehours/care_capacity.html", context)
