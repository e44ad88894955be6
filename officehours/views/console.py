"""The supporter's console: in or out, who is coming, and what to do next."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.forms import WAYS, CheckOutForm, LogForm
from officehours.models import Assignment, Rule, Shift, Visit
from officehours.queries import console as reads
from officehours.queries import pages
from officehours.queries.sealed import Log
from officehours.services import presence, talks
from officehours.views.acts import act_and_return, in_the_way
from peersupport.core import clock, ids, words
from program.queries import behind, facts
from program.queries.confidentiality import consent
from program.queries.settings import has_signed, pledge


@require_role(Role.SUPPORTER)
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """Show this supporter's evening: in or out, who is coming, what is next."""
    now = clock.now()
    known = facts()
    zone, kept = known.zone, pledge(known.values)
    person = signed_in(request)
    mine = reads.my_hours(person, now)
    today = [h for h in mine if h.status != "over" or h.visits]
    unsigned = kept.due_on is not None and not has_signed(person.pk, kept.version)
    is_busy = any(h.status in ("in", "dark") for h in mine)
    # Hours that go on are never held up by a paper.
    if unsigned and not is_busy and kept.is_overdue(clock.local_date(now, zone)):
        return redirect("program:pledge")
    weekly = pages.my_rules(person, clock.local_date(now, zone))
    context = {
        "personal": True,
        "hours": [_hours(h, now, zone) for h in today],
        "cancelled": [_cancelled(one, now, zone) for one in reads.cancelled_soon(person, now)],
        "behind": behind(now, zone),
        "rules": [_rule(rule) for rule in weekly],
        "request_key": ids.new_id(),
        "blank_id": uuid.UUID(int=0),
        "consent": consent(known.values),
        "pledge_by": words.day(kept.due_on) if unsigned and kept.due_on else "",
    }
    return render(request, "officehours/console.html", context)


def _cancelled(shift: Shift, now: datetime, zone: ZoneInfo) -> str:
    day = words.day_near(clock.local_date(shift.starts_at, zone), clock.local_date(now, zone))
    hours = words.time_range(shift.starts_at, shift.ends_at, zone)
    return f"{words.upper_first(day)}, {hours}"


def _rule(rule: Rule) -> dict[str, Any]:
    zone = ZoneInfo(rule.zone)
    start, end = rules.bounds(rule.first_on, rule.starts, rule.ends, zone)
    return {
        "day": words.weekday(rule.weekday),
        "range": words.time_range(start, end, zone),
        "place": rule.place,
        "id": rule.pk,
    }


def _hours(mine: reads.Hours, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    day = clock.local_date(mine.starts_at, zone)
    today = clock.local_date(now, zone)
    near = words.day_near(day, today)
    kind, word = {
        "in": ("ok", _("You are in")),
        "out": ("off", _("You are out")),
        "dark": ("warn", _("Shown as closed: you are not checked in")),
        "over": ("off", _("Over")),
    }[mine.status]
    return {
        "hours": mine,
        "day": words.upper_first(near),
        "range": words.time_range(mine.starts_at, mine.ends_at, zone),
        "tag": (kind, word),
        "is_in": mine.status == "in",
        "is_ahead": mine.status == "out" and mine.starts_at > now,
        "may_cancel": mine.status in ("out", "dark", "in"),
        **_in_order(mine, now, zone),
        "line": mine.line,
        "may_call": mine.status == "in" and not mine.is_busy,
        "late_choices": rules.LATE_CHOICES,
    }


def _in_order(mine: reads.Hours, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return the visits by when they need something: now, next, and what is over and done.

    One button is the main one: finish, else start with whoever is due or here, else call.
    """
    now_with = [v for v in mine.visits if v.state in rules.WITH_SUPPORTER]
    done = [v for v in mine.visits if v.is_done]
    rest = [v for v in mine.visits if v not in now_with and v not in done]
    rest.sort(key=lambda v: v.state in rules.ENDED)
    due = [v for v in rest if "start" in v.verbs and _is_due(v, now)]
    main = next(iter((*now_with, *due)), None)
    return {
        "visits": [
            {**_visit(v, zone), "is_main": v is main, "must_wait": _must_wait(v, mine, now)}
            for v in (*now_with, *rest)
        ],
        "earlier": [_visit(v, zone) for v in done],
        "is_call_main": main is None,
    }


def _must_wait(visit: reads.TheirVisit, mine: reads.Hours, now: datetime) -> bool:
    """Whether somebody could begin now, were it not for the talk that is going on."""
    is_coming = visit.state in (rules.S.BOOKED, rules.S.ARRIVED)
    return mine.is_busy and is_coming and _is_due(visit, now)


def _is_due(visit: reads.TheirVisit, now: datetime) -> bool:
    """Whether a booked visit goes before the line: who it is for is here, or expected now."""
    near = visit.starts_at is not None and visit.starts_at < now + rules.FREE_MARGIN
    return near or visit.state == rules.S.ARRIVED


_STATES = {
    rules.S.BOOKED: ("info", _("Booked")),
    rules.S.ARRIVED: ("ok", _("Is here")),
    rules.S.WAITING: ("info", _("Waiting")),
    rules.S.CALLED: ("ok", _("Called")),
    rules.S.TALKING: ("ok", _("In a talk")),
    rules.S.FINISHED: ("off", _("Finished")),
    rules.S.MISSED: ("off", _("We didn't meet")),
    rules.S.LAPSED: ("off", _("Ended by itself")),
}


def _visit(visit: reads.TheirVisit, zone: ZoneInfo) -> dict[str, Any]:
    when = words.time_of_day(visit.starts_at, zone) if visit.starts_at else _("From the line")
    called = visit.name or _("No name given")
    if visit.is_held:
        called = _("Follow-up %s") % visit.reference
    elif visit.starts_at is None:
        called = visit.name or _("Number %s") % visit.reference
    return {
        "visit": visit,
        "when": when,
        "called": called,
        "tag": _STATES.get(rules.VisitState(visit.state), ("off", _("Over"))),
        "verbs": {verb.replace("-", "_"): True for verb in visit.verbs},
        "come_by": words.time_of_day(visit.come_by, zone) if visit.come_by else "",
        "way": WAYS[rules.Way(visit.way)] if visit.way in rules.REMOTE else "",
        "needs_log": visit.needs_log,
        "has_log": visit.log is not None,
    }


@require_role(Role.SUPPORTER)
@require_POST
def check_in(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Say "I am in"."""
    return act_and_return(
        request,
        lambda person, now: presence.check_in(
            assignment=Assignment(pk=assignment), by=person, now=now
        ),
    )


@require_role(Role.SUPPORTER)
@require_POST
def check_out(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Say "I am out"; asks first while somebody still has a time."""
    form = CheckOutForm(request.POST)
    give_up = form.is_valid() and form.cleaned_data["give_up_booked"]
    try:
        return act_and_return(
            request,
            lambda person, now: presence.check_out(
                assignment=Assignment(pk=assignment), give_up_booked=give_up, by=person, now=now
            ),
        )
    except rules.StillBooked:
        context = {
            "personal": True,
            "title": _("Somebody still has a time with you"),
            "text": _("If you leave now, their time is cancelled and they are offered others."),
            "action": reverse("hours:check-out", args=[assignment]),
            "field": "give_up_booked",
            "yes": _("Leave and cancel their times"),
            "is_danger": True,
            "no": reverse("hours:console"),
        }
        return render(request, "officehours/confirm.html", context, status=409)


_VERBS: dict[str, Callable[..., object]] = {
    "arrive": talks.arrive,
    "start": talks.start,
    "finish": talks.finish,
    "miss": talks.miss,
    "undo": talks.undo,
    "remove-log": talks.remove_log,
}


@require_role(Role.SUPPORTER)
@require_POST
def step(request: HttpRequest, visit: uuid.UUID, verb: str) -> HttpResponse:
    """Do one verb on a visit. After finishing, the log comes next."""
    act = _VERBS.get(verb)
    if act is None:
        raise Http404
    done = act_and_return(
        request, lambda person, now: act(visit=Visit(pk=visit), by=person, now=now)
    )
    if verb == "finish" and done.status_code == 302:
        return redirect("hours:log", visit=visit)
    return done


@require_role(Role.SUPPORTER)
@require_POST
def walk_in(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Begin a talk with somebody who just walked in."""
    try:
        key = uuid.UUID(request.POST.get("request_key", ""))
    except ValueError:
        return in_the_way(request, _("This page was incomplete. Try it again from here."))
    return act_and_return(
        request,
        lambda person, now: talks.walk_in(
            assignment=Assignment(pk=assignment), request_key=key, by=person, now=now
        ),
    )


def _as_initial(kept: Log | None) -> dict[str, Any]:
    if kept is None:
        return {}
    return {
        "length": kept.length,
        "topics": list(kept.topics),
        "other_help": kept.other_help,
        "weight": kept.weight,
    }


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def log(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """The twenty-second log of a finished talk."""
    theirs = reads.their_visit(signed_in(request), visit, clock.now())
    if theirs is None:
        raise Http404
    if "log" not in theirs.verbs:
        return in_the_way(request, _("There is nothing to note for this talk."))
    context: dict[str, Any] = {"personal": True, "visit": _visit(theirs, facts().zone)}
    if request.method != "POST":
        form = LogForm(initial=_as_initial(theirs.log))
        return render(request, "officehours/log.html", {**context, "form": form})
    form = LogForm(request.POST)
    if not form.is_valid():
        return render(request, "officehours/log.html", {**context, "form": form}, status=400)
    data = form.cleaned_data
    kept = Log(data["length"], tuple(data["topics"]), data["other_help"], data["weight"])
    done = act_and_return(
        request,
        lambda person, now: talks.write_log(visit=Visit(pk=visit), log=kept, by=person, now=now),
    )
    is_heavy = kept.weight == rules.Weight.HEAVY and done.status_code == 302
    return redirect("hours:after-heavy") if is_heavy else done
