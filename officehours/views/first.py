"""The first hours, published by whoever runs the program, and the sign for the door."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.planning_forms import ForSomebodyForm
from officehours.planning_rules import Hours, Plan
from officehours.queries import first
from officehours.queries import planning as reads
from officehours.services import hours
from officehours.services.publishing import refuse
from officehours.views import preview
from officehours.views.planning import say
from peersupport.core import clock, words
from peersupport.core.qr import qr
from peersupport.core.ui.crisis import extra_lines
from program.guide import Item, Look, Step, register_hand_over, register_step
from program.queries import facts
from program.queries.basics import FactsNow
from program.queries.settings import must_sign
from program.registry import RUNNERS, value_of

_IN_THE_WAY = (rules.NotCovered, rules.Overlaps, rules.OutOfTime)
_NOTHING_YET = gettext_lazy("The first of these hours is published two weeks before it.")


def register() -> None:
    """Put the first hours into the guide."""
    register_step(
        Step(
            "hours",
            gettext_lazy("The first weekly hours"),
            gettext_lazy("You see every day before anything is published."),
            3,
            RUNNERS,
            lambda: reverse("hours:first"),
            first.first_hours,
            90,
        )
    )
    register_hand_over("hours", _of_those_who_leave)


def _of_those_who_leave(known: Look) -> list[Item]:
    """Say whether weekly hours are still held by supporters who leave this summer."""
    count = first.hours_of_leavers(known.today)
    said = ngettext("%d of somebody who leaves.", "%d of people who leave.", count) % count
    return [
        Item(
            "weekly",
            _("Calendars to replace"),
            _("Weekly hours of those who leave"),
            said if count else _("None."),
            not count,
            reverse("hours:program"),
            _("Look at them"),
        )
    ]


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def publish_for(request: HttpRequest) -> HttpResponse:
    """Publish hours of a supporter who agreed to them: the form, the preview, the writing."""
    now, known = clock.now(), facts()
    holders = first.holders()
    choices = [(str(person.pk), name) for person, name in holders]
    today = clock.local_date(now, known.zone)
    if request.method != "POST":
        form = ForSomebodyForm(today=today, people=choices, initial=_filled(known, now))
        return _form_page(request, form, 200)
    form = ForSomebodyForm(request.POST, today=today, people=choices)
    if not form.is_valid() or "back" in request.POST:
        return _form_page(request, form, 400 if form.errors else 200)
    whose = next(p for p, _name in holders if str(p.pk) == form.cleaned_data["supporter"])
    if must_sign(whose.pk, known.values, today):
        form.add_error("supporter", _("They have not signed the pledge in time: ask them first."))
        return _form_page(request, form, 409)
    return _look_or_do(request, form, whose, now, known.zone)


def _filled(known: FactsNow, now: datetime) -> dict[str, Any]:
    """Return what most schools would write: every week from tomorrow, in the evening."""
    place = value_of(known.values, "place")
    return {
        "day": clock.local_date(now, known.zone) + timedelta(days=1),
        "starts": time(17, 30),
        "ends": time(19, 30),
        "place": place["room"] if place else "",
        "is_weekly": True,
    }


def _form_page(request: HttpRequest, form: ForSomebodyForm, status: int) -> HttpResponse:
    context = {"personal": True, "form": form, "is_first": True}
    return render(request, "officehours/publish.html", context, status=status)


def _look_or_do(
    request: HttpRequest, form: ForSomebodyForm, whose: Person, now: datetime, zone: ZoneInfo
) -> HttpResponse:
    data, seen = form.cleaned_data, request.POST.get("seen")
    last = data["last_on"] if data["is_weekly"] else None
    wanted = Hours(
        data["day"].weekday(),
        data["starts"],
        data["ends"],
        zone,
        data["place"],
        data["minutes"],
        data["ways"],
        data["day"],
        last,
    )
    start, end = rules.bounds(wanted.first_on, wanted.starts, wanted.ends, zone)
    if data["is_weekly"]:
        plan = reads.weekly_plan(wanted, supporter=whose.pk, now=now)
    else:
        plan = reads.day_plan(wanted.first_on, start, end, supporters=[whose.pk])
    try:
        if seen is None:
            refuse(plan)
            if not data["is_weekly"] and end <= now:
                raise rules.OutOfTime
            return _preview(request, form, wanted, plan, whose)
        _publish(request, form, whose, now, seen)
    except rules.ChangedMeanwhile:
        return _preview(request, form, wanted, plan, whose, seen=seen)
    except _IN_THE_WAY as wrong:
        say(form, wrong, plan, zone)
        return _form_page(request, form, 409)
    messages.success(request, _("Published. Students can find these hours now."))
    is_keeper = signed_in(request).has_role(Role.COORDINATOR)
    return redirect("program:first" if is_keeper else "hours:program")


def _preview(
    request: HttpRequest,
    form: ForSomebodyForm,
    wanted: Hours,
    plan: Plan,
    whose: Person,
    *,
    seen: str | None = None,
) -> HttpResponse:
    weekly = _("Every %s") % words.weekday(wanted.weekday)
    day = weekly if form.cleaned_data["is_weekly"] else words.day(wanted.first_on)
    return preview.show(
        request,
        plan=plan,
        zone=wanted.zone,
        form=form,
        title=_("What will be published"),
        yes=_("Publish"),
        no=reverse("hours:program"),
        text=preview.summary(wanted, day),
        nothing=_NOTHING_YET,
        changed=plan.changed_since(seen) if seen is not None else frozenset(),
        crowded=reads.crowded_weeks(whose.pk, plan, wanted.zone),
        status=200 if seen is None else 409,
    )


def _publish(
    request: HttpRequest, form: ForSomebodyForm, whose: Person, now: datetime, seen: str
) -> None:
    data = form.cleaned_data
    common: dict[str, Any] = {
        "supporter": whose,
        "by": signed_in(request),
        "now": now,
        "seen": seen,
        **form.values(),
    }
    if data["is_weekly"]:
        hours.publish_weekly(first_on=data["day"], last_on=data["last_on"], **common)
    else:
        hours.publish_shift(day=data["day"], **common)


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_safe
def sign(request: HttpRequest) -> HttpResponse:
    """Show the sign for the door, to be printed: the weekly hours, the page, the numbers."""
    now, zone = clock.now(), facts().zone
    address = settings.PUBLIC_URL.rstrip("/") + reverse("portal:today")
    context = {
        "personal": True,
        "lines": first.sign_lines(now, zone),
        "zone_name": words.zone_name(now, zone),
        "qr": qr(address),
        "address": address,
        "numbers": extra_lines(),
    }
    return render(request, "officehours/sign.html", context)
