"""One's weekly hours: what comes, a day left out, one day changed by itself."""

import uuid
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.models import Rule, Shift
from officehours.planning_forms import ShiftForm, SkipForm, wall
from officehours.planning_rules import Fate, Plan
from officehours.queries import planning as reads
from officehours.services import planning
from officehours.views import preview
from officehours.views.acts import in_the_way
from officehours.views.planning import rule_or_404, say
from peersupport.core import clock, words
from peersupport.core.states import NotAllowedFrom


@require_role(Role.SUPPORTER)
@require_safe
def weekly(request: HttpRequest, rule: uuid.UUID) -> HttpResponse:
    """Show weekly hours: what comes in the next two weeks, and what can be done."""
    return _weekly_page(request, rule_or_404(request, rule))


def _weekly_page(
    request: HttpRequest, rule: Rule, form: SkipForm | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    wanted = reads.hours_of_rule(rule)
    today = clock.local_date(now, wanted.zone)
    plan = reads.weekly_plan(wanted, supporter=rule.supporter_id, now=now, rule=rule)
    skipped = reads.skipped_days(rule, today)
    named = reads.names([rule.partner_id])
    context = {
        "personal": True,
        "rule": rule,
        "form": form or SkipForm(rule=rule, today=today),
        "title": _("Every %s") % words.weekday(rule.weekday),
        "text": preview.summary(wanted, _("Every %s") % words.weekday(rule.weekday)),
        "partner": named.get(rule.partner_id, "") if rule.partner_id else "",
        "rows": [
            {
                "when": preview.when(row, wanted.zone),
                "tag": ("ok", _("Published"))
                if row.fate is Fate.SAME
                else preview.tag_of(row.fate),
                "why": preview.why(row, wanted.zone),
                "day": row.day,
                "shift": row.existing.shift if row.existing and row.starts_at > now else None,
                "is_skipped": row.day in skipped,
                "may_skip": row.existing is None or row.existing.is_bookable,
            }
            for row in plan.rows
        ],
        "skipped": [
            (day, words.day(day)) for day in skipped if day not in {row.day for row in plan.rows}
        ],
    }
    return render(request, "officehours/rule.html", context, status=status)


@require_role(Role.SUPPORTER)
@require_POST
def skip(request: HttpRequest, rule: uuid.UUID) -> HttpResponse:
    """Leave a day out; asks first where somebody has a time."""
    found = rule_or_404(request, rule)
    now = clock.now()
    form = SkipForm(request.POST, rule=found, today=clock.local_date(now, ZoneInfo(found.zone)))
    if not form.is_valid():
        return _weekly_page(request, found, form, 400)
    day = form.cleaned_data["day"]
    try:
        planning.skip_day(
            rule=found,
            day=day,
            give_up_booked="sure" in request.POST,
            by=signed_in(request),
            now=now,
        )
    except rules.StillBooked:
        context = {"personal": True, "rule": found, "form": form, "day": words.day(day)}
        return render(request, "officehours/rule_skip.html", context, status=409)
    except rules.AlreadyTalking:
        return in_the_way(request, _("Finish the talk that is going on first."))
    except NotAllowedFrom:
        form.add_error("day", _("These hours have begun."))
        return _weekly_page(request, found, form, 409)
    messages.success(request, _("Left out: %s.") % words.day(day))
    return redirect("hours:weekly", rule=found.pk)


@require_role(Role.SUPPORTER)
@require_POST
def take_day_back(request: HttpRequest, rule: uuid.UUID) -> HttpResponse:
    """Hold a day after all."""
    found = rule_or_404(request, rule)
    now = clock.now()
    form = SkipForm(request.POST, rule=found, today=clock.local_date(now, ZoneInfo(found.zone)))
    if not form.is_valid():
        return _weekly_page(request, found, form, 400)
    planning.take_day_back(
        rule=found, day=form.cleaned_data["day"], by=signed_in(request), now=now
    )
    messages.success(request, _("Back in: %s.") % words.day(form.cleaned_data["day"]))
    return redirect("hours:weekly", rule=found.pk)


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_day(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Change time or place of hours on one day alone."""
    now = clock.now()
    found = reads.my_shift_ahead(signed_in(request), shift, now)
    if found is None:
        raise Http404
    zone = ZoneInfo(found.zone)
    form = ShiftForm(
        request.POST if request.method == "POST" else None,
        shift=found,
        starts=wall(found.starts_at, zone),
        ends=wall(found.ends_at, zone),
    )
    if request.method != "POST":
        return _day_page(request, found, form)
    if not form.is_valid():
        return _day_page(request, found, form, 400)
    try:
        planning.edit_shift(shift=found, by=signed_in(request), now=now, **form.cleaned_data)
    except (rules.NotCovered, rules.Overlaps, rules.OutOfTime) as wrong:
        say(form, wrong, _day_plan(found, form, zone), zone)
        return _day_page(request, found, form, 409)
    except rules.StillBooked:
        form.add_error("starts", _booked_outside(found))
        return _day_page(request, found, form, 409)
    except NotAllowedFrom:
        return in_the_way(request, _("That has changed in the meantime, and nothing was done."))
    messages.success(request, _("Changed for this day alone."))
    return redirect("hours:console")


def _day_plan(shift: Shift, form: ShiftForm, zone: ZoneInfo) -> Plan:
    data = form.cleaned_data
    start, end = rules.bounds(shift.local_date, data["starts"], data["ends"], zone)
    return reads.day_plan(shift.local_date, start, end, supporters=[], leaving_out=shift.pk)


def _booked_outside(shift: Shift) -> str:
    zone = ZoneInfo(shift.zone)
    times = ", ".join(words.time_of_day(time, zone) for time in reads.booked_times(shift.pk))
    return _("Somebody has a time at %s. Choose hours in which these times stay.") % times


def _day_page(
    request: HttpRequest, shift: Shift, form: ShiftForm, status: int = 200
) -> HttpResponse:
    context = {"personal": True, "form": form, "shift": shift, "day": words.day(shift.local_date)}
    return render(request, "officehours/rule_day.html", context, status=status)
