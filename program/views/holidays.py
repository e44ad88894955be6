"""Pages of holidays."""

import uuid
from collections import Counter
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock, words
from program.calendars import closings, standing_in
from program.forms.holidays import HolidayForm
from program.models import Holiday
from program.queries import facts, holidays
from program.queries import holiday as one_holiday
from program.services import add_holiday, remove_holiday


def _holidays(request: HttpRequest, form: HolidayForm, now: datetime) -> dict[str, Any]:
    found = holidays(clock.local_date(now, facts().zone))
    left: Counter[uuid.UUID] = Counter()
    address = ""
    for closing in closings():
        left.update(closing.left(found, now))
        address = closing.address
    stand = standing_in(found, signed_in(request), now)
    decides = signed_in(request).has_role(Role.COORDINATOR)
    return {
        "personal": True,
        "form": form,
        "rows": [
            {
                "holiday": one,
                "days": _days(one),
                "left": left[one.pk],
                "stands": stand[one.pk],
                "decide": reverse(address, args=[one.pk]) if decides and address else "",
            }
            for one in found
        ],
    }


def _days(one: Holiday) -> str:
    if one.first_on == one.last_on:
        return words.day(one.first_on)
    days = {"first": words.day(one.first_on), "last": words.day(one.last_on)}
    return _("%(first)s to %(last)s") % days


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def keep_holidays(request: HttpRequest) -> HttpResponse:
    """Show the holidays ahead, and add one: what nobody booked in it is withdrawn at once."""
    now, person = clock.now(), signed_in(request)
    today = clock.local_date(now, facts().zone)
    form = HolidayForm(request.POST if request.method == "POST" else None, today=today)
    if request.method != "POST" or not form.is_valid():
        status = 400 if form.errors else 200
        return render(
            request, "program/holidays.html", _holidays(request, form, now), status=status
        )
    added = add_holiday(**form.values(), by=person, now=now)
    gone = sum(one.clear(added.first_on, added.last_on, person, now) for one in closings())
    said = _("Added.")
    if gone:
        said += " " + ngettext(
            "%d stretch of weekly hours nobody had booked is withdrawn.",
            "%d stretches of weekly hours nobody had booked are withdrawn.",
            gone,
        ) % (gone)
    messages.success(request, said)
    stand = len(standing_in([added], person, now)[added.pk])
    if stand:
        goes_on = ngettext(
            "%d published event lies in these days and goes on. You find it below.",
            "%d published events lie in these days and go on. You find them below.",
            stand,
        )
        messages.warning(request, goes_on % stand)
    return redirect("program:holidays")


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_POST
def remove_day(request: HttpRequest, holiday: uuid.UUID) -> HttpResponse:
    """Take a holiday off the list."""
    found = one_holiday(holiday)
    if found is None:
        raise Http404
    remove_holiday(holiday=found, by=signed_in(request), now=clock.now())
    messages.success(request, _("Removed. Weekly hours hold these days from tomorrow on."))
    return redirect("program:holidays")
