"""Pages of the supporter and of whoever runs the program."""

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

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.forms import CheckOutForm, HoursForm, LogForm
from officehours.models import Assignment, Rule, Shift, Visit
from officehours.queries import pages
from officehours.queries.sealed import Log
from officehours.services import hours, talks
from peersupport.core import clock, ids, words
from peersupport.core.datamap.registry import Words
from peersupport.core.states import NotAllowedFrom
from program.queries import behind, facts


@require_role(Role.SUPPORTER)
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """Show this supporter's evening: in or out, who is coming, what is next."""
    now = clock.now()
    zone = facts().zone
    person = signed_in(request)
    mine = pages.my_hours(person, now)
    today = [h for h in mine if h.status != "over" or h.visits]
    weekly = pages.my_rules(person, clock.local_date(now, zone))
    context = {
        "personal": True,
        "hours": [_hours(h, now, zone) for h in today],
        "behind": behind(now, zone),
        "rules": [_rule(rule) for rule in weekly],
        "request_key": ids.new_id(),
    }
    return render(request, "officehours/console.html", context)


def _rule(rule: Rule) -> dict[str, Any]:
    zone = ZoneInfo(rule.zone)
    start, end = rules.bounds(rule.first_on, rule.starts, rule.ends, zone)
    return {
        "day": words.weekday(rule.weekday),
        "range": words.time_range(start, end, zone),
        "place": rule.place,
        "id": rule.pk,
    }


def _hours(mine: pages.Hours, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    day = clock.local_date(mine.starts_at, zone)
    today = clock.local_date(now, zone)
    kind, word = {
        "in": ("ok", _("You are in")),
        "out": ("off", _("You are out")),
        "dark": ("warn", _("Shown as closed: you are not checked in")),
        "over": ("off", _("Over")),
    }[mine.status]
    return {
        "hours": mine,
        "day": words.day_near(day, today).capitalize(),
        "range": words.time_range(mine.starts_at, mine.ends_at, zone),
        "tag": (kind, word),
        "is_in": mine.status == "in",
        "may_cancel": mine.status in ("out", "dark", "in"),
        "visits": [_visit(v, zone) for v in mine.visits],
    }


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


def _visit(visit: pages.TheirVisit, zone: ZoneInfo) -> dict[str, Any]:
    when = words.time_of_day(visit.starts_at, zone) if visit.starts_at else _("Walked in")
    return {
        "visit": visit,
        "when": when,
        "called": visit.name or _("No name given"),
        "tag": _STATES.get(rules.VisitState(visit.state), ("off", _("Over"))),
        "verbs": {verb.replace(" ", "_"): True for verb in visit.verbs},
        "needs_log": visit.needs_log,
        "has_log": visit.log is not None,
    }


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """Publish hours, once or weekly."""
    now = clock.now()
    today = clock.local_date(now, facts().zone)
    if request.method != "POST":
        form = HoursForm(today=today, initial={"day": today})
        return render(request, "officehours/publish.html", {"personal": True, "form": form})
    form = HoursForm(request.POST, today=today)
    status = 400
    if form.is_valid():
        try:
            return _publish(request, form, now)
        except rules.NotCovered:
            form.add_error(None, str(_uncovered(form)))
        except rules.Overlaps:
            form.add_error("starts", _("You have hours in part of that time already."))
        except rules.OutOfTime:
            form.add_error(
                "ends", _("Hours last from 15 minutes to 12 hours and end in the future.")
            )
        status = 409
    context = {"personal": True, "form": form}
    return render(request, "officehours/publish.html", context, status=status)


def _publish(request: HttpRequest, form: HoursForm, now: datetime) -> HttpResponse:
    data, person = form.cleaned_data, signed_in(request)
    common: dict[str, Any] = {
        "supporter": person,
        "starts": data["starts"],
        "ends": data["ends"],
        "place": data["place"],
        "minutes": data["minutes"],
        "request_key": data["request_key"],
        "by": person,
        "now": now,
    }
    if not data["is_weekly"]:
        hours.publish_shift(day=data["day"], **common)
        return redirect("hours:console")
    _rule, refused = hours.publish_weekly(first_on=data["day"], last_on=data["last_on"], **common)
    if refused:
        days = [words.day(item.day) for item in refused]
        return render(request, "officehours/left_out.html", {"personal": True, "days": days})
    return redirect("hours:console")


def _uncovered(form: HoursForm) -> Words:
    zone, data = facts().zone, form.cleaned_data
    start, end = rules.bounds(data["day"], data["starts"], data["ends"], zone)
    missing = hours.uncovered(start, end)
    if not missing:
        return _("Nobody stands behind you for these hours yet. Ask your coordinator.")
    ranges = ", ".join(words.time_range(gap.start, gap.end, zone) for gap in missing)
    return _("Nobody stands behind you from %s. Choose other hours or ask your coordinator.") % (
        ranges
    )


@require_role(Role.SUPPORTER)
@require_POST
def check_in(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Say "I am in"."""
    return _act(
        request,
        lambda person, now: hours.check_in(
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
        return _act(
            request,
            lambda person, now: hours.check_out(
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
            "no": reverse("hours:console"),
        }
        return render(request, "officehours/confirm.html", context, status=409)


def _act(request: HttpRequest, act: Callable[[Person, datetime], object]) -> HttpResponse:
    """Do one act of a supporter and lead back to the console, or say what is in the way."""
    try:
        act(signed_in(request), clock.now())
    except rules.NotAllowed:
        raise Http404 from None
    except rules.AlreadyTalking:
        return _in_the_way(request, _("Finish the talk that is going on first."))
    except rules.OutOfTime:
        return _in_the_way(request, _("It is too early or too late for that."))
    except NotAllowedFrom:
        return _in_the_way(request, _("That has changed in the meantime, and nothing was done."))
    return redirect("hours:console")


def _in_the_way(request: HttpRequest, text: Words) -> HttpResponse:
    context = {"personal": True, "back": reverse("hours:console"), "text": text}
    return render(request, "officehours/changed_meanwhile.html", context, status=409)


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
    done = _act(request, lambda person, now: act(visit=Visit(pk=visit), by=person, now=now))
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
        return _in_the_way(request, _("This page was incomplete. Try it again from here."))
    return _act(
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
    theirs = pages.their_visit(signed_in(request), visit, clock.now())
    if theirs is None:
        raise Http404
    if "log" not in theirs.verbs:
        return _in_the_way(request, _("There is nothing to note for this talk."))
    context: dict[str, Any] = {"personal": True, "visit": _visit(theirs, facts().zone)}
    if request.method != "POST":
        form = LogForm(initial=_as_initial(theirs.log))
        return render(request, "officehours/log.html", {**context, "form": form})
    form = LogForm(request.POST)
    if not form.is_valid():
        return render(request, "officehours/log.html", {**context, "form": form}, status=400)
    data = form.cleaned_data
    kept = Log(data["length"], tuple(data["topics"]), data["other_help"], data["weight"])
    return _act(
        request,
        lambda person, now: talks.write_log(visit=Visit(pk=visit), log=kept, by=person, now=now),
    )


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_own(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Cancel one's own hours, after a page that says who is affected."""
    theirs = Assignment.objects.filter(shift=shift, supporter=signed_in(request), is_active=True)
    if not theirs.exists():
        raise Http404
    return _cancel(request, shift, "hours:cancel", "hours:console")


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_safe
def program(request: HttpRequest) -> HttpResponse:
    """Show all hours, and never who came."""
    now = clock.now()
    zone = facts().zone
    kinds = {
        "published": ("info", _("Published")),
        "open": ("ok", _("Open")),
        "closed": ("off", _("Closed")),
        "cancelled": ("off", _("Cancelled")),
    }
    rows = [
        {
            "id": row.shift,
            "names": ", ".join(row.names),
            "day": words.day_near(
                clock.local_date(row.starts_at, zone), clock.local_date(now, zone)
            ).capitalize(),
            "range": words.time_range(row.starts_at, row.ends_at, zone),
            "place": row.place,
            "tag": kinds[row.state],
            "may_cancel": row.may_cancel,
        }
        for row in pages.program_hours(now)
    ]
    return render(request, "officehours/program.html", {"personal": True, "rows": rows})


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_program(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Cancel hours for the program, after a page that asks."""
    if not Shift.objects.filter(pk=shift).exists():
        raise Http404
    return _cancel(request, shift, "hours:cancel-for-program", "hours:program")


def _cancel(request: HttpRequest, shift: uuid.UUID, address: str, back: str) -> HttpResponse:
    if request.method == "POST":
        done = _act(
            request,
            lambda person, now: hours.cancel_shift(shift=Shift(pk=shift), by=person, now=now),
        )
        return redirect(back) if done.status_code == 302 else done
    context = {
        "personal": True,
        "title": _("Cancel these hours?"),
        "text": _("Whoever has a time in them is told and offered others. It cannot be undone."),
        "action": reverse(address, args=[shift]),
        "field": "",
        "yes": _("Cancel the hours"),
        "no": reverse(back),
    }
    return render(request, "officehours/confirm.html", context)
