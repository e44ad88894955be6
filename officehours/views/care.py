"""Pages of a supporter's own care: step back, keep a distance, a heavy talk, a worry."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import care_rules, rules
from officehours.care_forms import BreakForm, DistanceForm, WorryForm
from officehours.queries import care_pages
from officehours.services import care
from officehours.views.acts import in_the_way
from peersupport.core import clock, words
from peersupport.core.ui.crisis import Line, extra_lines
from program.queries import behind, facts

WARNING_SIGNS = (
    gettext_lazy("You dread your hours, or replay a talk in your head"),
    gettext_lazy("You gave out your own number, or met somebody outside your hours"),
    gettext_lazy("It feels as if only you can help, or as if you must fix it"),
    gettext_lazy("You sleep badly, snap at people, or feel numb"),
    gettext_lazy("You skip the meetings that are there for you"),
)
LEVEL_WORDS = {
    rules.Level.UNSURE: gettext_lazy("Not sure"),
    rules.Level.TODAY: gettext_lazy("It cannot wait until tomorrow"),
    rules.Level.NOW: gettext_lazy("Somebody is in danger now"),
}
_SIGNS = {
    rules.Level.UNSURE: gettext_lazy("Something worries you, or it is more than you can carry."),
    rules.Level.TODAY: gettext_lazy(
        "Thoughts of not being here, cannot get through the day, abuse, not safe at home."
    ),
    rules.Level.NOW: gettext_lazy("A plan, the means, an attempt, or violence."),
}


def _mine(
    request: HttpRequest,
    *,
    form: BreakForm | None = None,
    distance: DistanceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    zone = facts().zone
    today = clock.local_date(now, zone)
    found = care_pages.mine(signed_in(request), now, zone)
    if distance is None:
        chosen = [str(pk) for pk in found.distant]
        distance = DistanceForm(choices=found.groups, initial={"groups": chosen})
    wrong = next((one for one in (form, distance) if one is not None and one.errors), None)
    context = {
        "personal": True,
        "form": wrong,  # puts "Error:" before the title
        "rest": form or BreakForm(today=today),
        "distance": distance if found.groups else None,
        "kept": _kept(found.hours_kept),
        "breaks": [_break(one, today) for one in found.breaks],
        "weeks": [(words.day(w.monday), w.talks, w.heavy) for w in found.weeks],
        "signs": WARNING_SIGNS,
    }
    return render(request, "officehours/care_mine.html", context, status=status)


def _kept(hours: int) -> str:
    if not hours:
        return ""
    return ngettext(
        "You kept %d hour open this term. That is the point.",
        "You kept %d hours open this term. That is the point.",
        hours,
    ) % (hours)


def _break(rest: care_pages.OwnBreak, today: date) -> dict[str, Any]:
    if rest.last is None:
        text = _("until you come back")
    elif rest.last == today:
        text = _("until the end of today")
    else:
        text = _("until the end of %s") % words.day_near(rest.last, today)
    if not rest.has_begun:
        text = _("from %(first)s %(until)s") % {"first": words.day(rest.first), "until": text}
    return {"id": rest.id, "text": text, "has_begun": rest.has_begun}


@require_role(Role.SUPPORTER)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show what is there for the supporter: rest, load, distance, and thanks."""
    return _mine(request)


@require_role(Role.SUPPORTER)
@require_POST
def step_back(request: HttpRequest) -> HttpResponse:
    """Take a break: asked for by hand, or "yes" to the question after something heavy."""
    now = clock.now()
    zone = facts().zone
    person = signed_in(request)
    form = BreakForm(request.POST, today=clock.local_date(now, zone))
    if not form.is_valid():
        return _mine(request, form=form, status=400)
    try:
        care.take_break(
            supporter=person,
            starts_at=now,
            ends_at=form.ends_at(now, zone),
            find_cover=form.cleaned_data["find_cover"],
            by=person,
            now=now,
        )
    except rules.OutOfTime:
        form.add_error("last_on", _("Choose a day from today to a year ahead."))
        return _mine(request, form=form, status=409)
    messages.success(request, _("Done. Take your time; nothing new is booked with you."))
    return redirect("hours:mine")


@require_role(Role.SUPPORTER)
@require_POST
def come_back(request: HttpRequest, rest: uuid.UUID) -> HttpResponse:
    """End a break. Nobody asks anything."""
    person = signed_in(request)
    care.end_break(supporter=person, rest=rest, by=person, now=clock.now())
    messages.success(request, _("Good to have you back."))
    return redirect("hours:mine")


@require_role(Role.SUPPORTER)
@require_POST
def distance(request: HttpRequest) -> HttpResponse:
    """Choose the groups a supporter keeps a distance from."""
    now = clock.now()
    person = signed_in(request)
    groups = care_pages.mine(person, now, facts().zone).groups
    form = DistanceForm(request.POST, choices=groups)
    if not form.is_valid():
        return _mine(request, distance=form, status=400)
    chosen = [uuid.UUID(text) for text in form.cleaned_data["groups"]]
    care.keep_distance(supporter=person, groups=chosen, by=person, now=now)
    messages.success(request, _("Saved."))
    return redirect("hours:mine")


def _offer(person: Person, days: int, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the question "find cover?" needs: for how long, and which hours it is about."""
    _first, last = care_rules.whole_days(now, now + timedelta(days=days), zone)
    today = clock.local_date(now, zone)
    if last is None:
        return {}
    return {
        "days": days,
        "until": words.day_near(clock.local_date(last, zone) - timedelta(days=1), today),
        "hours": [
            {
                "day": words.upper_first(
                    words.day_near(clock.local_date(h.starts_at, zone), today)
                ),
                "range": words.time_range(h.starts_at, h.ends_at, zone),
                "place": h.place,
            }
            for h in care_pages.hours_within(person, now, last)
        ],
    }


@require_role(Role.SUPPORTER)
@require_safe
def after_heavy(request: HttpRequest) -> HttpResponse:
    """Ask once whether others should take tomorrow. "No" is kept nowhere; nothing is cancelled."""
    now = clock.now()
    zone = facts().zone
    person = signed_in(request)
    days = care_rules.days_after_heavy(care_pages.heavy_lately(person, now, zone))
    context = {"personal": True, "offer": _offer(person, days, now, zone)}
    return render(request, "officehours/care_after_heavy.html", context)


def _lines(now: datetime, zone: ZoneInfo) -> list[Line]:
    """Return who answers at this minute; the school's crisis lines if nobody is named."""
    named = [Line(one.label, one.phone) for one in behind(now, zone)]
    return named or [line for line in extra_lines() if line.number]


def _level(text: str | None) -> rules.Level | None:
    return next((level for level in rules.Level if level == text), None)


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def worried(request: HttpRequest) -> HttpResponse:
    """Numbers first; then how worried; then the card of that level. Needs no JavaScript."""
    now = clock.now()
    lines = _lines(now, facts().zone)
    given = request.POST if request.method == "POST" else request.GET
    level = _level(given.get("level"))
    if level is None:
        context = {
            "personal": True,
            "lines": lines,
            "levels": [(one, LEVEL_WORDS[one], _SIGNS[one]) for one in reversed(rules.Level)],
        }
        status = 400 if request.method == "POST" else 200
        return render(request, "officehours/escalation.html", context, status=status)
    form = WorryForm(request.POST if request.method == "POST" else None, level=level)
    if request.method == "POST" and form.is_valid():
        return _note(request, level, form, now)
    context = {
        "personal": True,
        "lines": lines,
        "form": form,
        "level": level,
        "title": LEVEL_WORDS[level],
        "is_now": level is rules.Level.NOW,
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "officehours/escalation_card.html", context, status=status)


def _note(
    request: HttpRequest, level: rules.Level, form: WorryForm, now: datetime
) -> HttpResponse:
    person = signed_in(request)
    try:
        kept = care.note_worry(
            supporter=person,
            level=level,
            steps=form.cleaned_data["steps"],
            wants_debrief=form.cleaned_data["wants_debrief"],
            request_key=form.cleaned_data["request_key"],
            by=person,
            now=now,
        )
    except rules.NotAllowed:
        return in_the_way(request, _("This page was incomplete. Try it again from here."))
    return redirect("hours:worried-noted", escalation=kept.pk)


@require_role(Role.SUPPORTER)
@require_safe
def noted(request: HttpRequest, escalation: uuid.UUID) -> HttpResponse:
    """Say what follows a worry: the debrief, and after a serious one the question about cover."""
    now = clock.now()
    zone = facts().zone
    person = signed_in(request)
    kept = care_pages.my_escalation(person, escalation)
    if kept is None:
        raise Http404
    days = care_rules.days_after_worry(rules.Level(kept.level))
    context = {
        "personal": True,
        "wants_debrief": kept.wants_debrief,
        "has_supervisor": care_pages.has_supervisor(),
        "is_serious": bool(days),
        "offer": _offer(person, days, now, zone) if days else None,
        "lines": _lines(now, zone),
    }
    return render(request, "officehours/escalation_noted.html", context)
