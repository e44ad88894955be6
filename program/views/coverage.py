"""Pages of who stands behind the supporters."""

import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock, words
from program import services
from program.forms.coverage import (
    AskForm,
    AwayForm,
    ChangeForm,
    CoverageForm,
    EntryForm,
    SpokeForm,
)
from program.models import Coverage
from program.queries import coverage, days_ahead, facts
from program.queries.standing_behind import asked_with
from program.rules import STANDS
from program.services.coverage import AskedEnough, NothingToAnswer
from program.views import coverage_words as said

_GET_OR_POST = ["GET", "HEAD", "POST"]
_staff = require_role(Role.COORDINATOR, Role.ADMINISTRATOR)


def _days(rows: list[Coverage], now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return the coming two weeks, each day with the times at which nobody answers."""
    found = []
    for one in days_ahead(rows, now, zone):
        times = ", ".join(words.time_range(gap.start, gap.end, zone) for gap in one.gaps)
        found.append(
            {
                "day": words.day(one.day),
                "times": _("all day") if one.is_bare else times,
                "bars": [said.bar(gap, one) for gap in one.gaps],
            }
        )
    return found


def _context(form: CoverageForm) -> dict[str, Any]:
    now = clock.now()
    zone = facts().zone
    rows, today = coverage(), clock.local_date(now, zone)
    return {
        "personal": True,
        "form": form,
        "rows": [said.entry(row, today) for row in rows],
        "days": _days(rows, now, zone),
        "zone_name": words.zone_name(now, zone),
    }


@_staff
@require_http_methods(_GET_OR_POST)
def keep_coverage(request: HttpRequest) -> HttpResponse:
    """Show who stands behind the supporters, and add somebody."""
    if request.method != "POST":
        return render(request, "program/coverage.html", _context(CoverageForm()))
    form = CoverageForm(request.POST)
    if form.is_valid():
        values = form.values()
        services.add_coverage(**values, by=signed_in(request), now=clock.now())
        asked = _("Asked. They count once they say yes.")
        messages.success(request, asked if values.get("email") else _("Added."))
        return redirect("program:coverage")
    return render(request, "program/coverage.html", _context(form), status=400)


def _found(entry: uuid.UUID) -> Coverage:
    row = next((row for row in coverage() if row.pk == entry), None)
    if row is None:
        raise Http404
    return row


def _initial(row: Coverage) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in EntryForm.base_fields}
    return found | {"weekday": "" if row.weekday is None else row.weekday}


def _today() -> date:
    return clock.local_date(clock.now(), facts().zone)


def _one(request: HttpRequest, row: Coverage, **forms: Any) -> HttpResponse:
    today = _today()
    context = {
        "personal": True,
        "row": said.entry(row, today),
        "form": ChangeForm(initial=_initial(row)),
        "spoke": SpokeForm(prefix="spoke"),
        "ask": AskForm(prefix="ask"),
        "away": AwayForm(today=today, prefix="away"),
        **forms,
    }
    status = 400 if any(form.errors for form in forms.values()) else 200
    context["wrong"] = next(iter(forms.values()), None)
    return render(request, "program/coverage_entry.html", context, status=status)


@_staff
@require_http_methods(_GET_OR_POST)
def change(request: HttpRequest, entry: uuid.UUID) -> HttpResponse:
    """Show one entry with everything that can be done with it; change what it says."""
    row = _found(entry)
    if request.method != "POST":
        return _one(request, row)
    counts = row.answer in STANDS
    form = ChangeForm(request.POST, initial=_initial(row), counts=counts)
    if not form.is_valid():
        return _one(request, row, form=form)
    services.change_coverage(
        coverage=row.pk, **form.values(), by=signed_in(request), now=clock.now()
    )
    messages.success(request, _("Saved."))
    return redirect("program:coverage")


@_staff
@require_POST
def spoke(request: HttpRequest, entry: uuid.UUID) -> HttpResponse:
    """Note that somebody had their yes today."""
    row = _found(entry)
    form = SpokeForm(request.POST, prefix="spoke")
    if not form.is_valid():
        return _one(request, row, spoke=form)
    by = form.cleaned_data["answered_by"]
    services.note_yes(coverage=row.pk, answered_by=by, by=signed_in(request), now=clock.now())
    messages.success(request, _("Noted. It is looked at again in a year."))
    return redirect("program:coverage")


@_staff
@require_POST
def ask(request: HttpRequest, entry: uuid.UUID) -> HttpResponse:
    """Ask somebody by letter, once more or for the first time."""
    row = _found(entry)
    form = AskForm(request.POST, prefix="ask")
    if not form.is_valid():
        return _one(request, row, ask=form)
    try:
        email = form.cleaned_data["email"]
        services.ask_coverage(coverage=row.pk, email=email, by=signed_in(request), now=clock.now())
        messages.success(request, _("Asked. They count once they say yes."))
    except AskedEnough:
        messages.error(request, _("They have answered, or were asked three times. Call them."))
    return redirect("program:coverage")


@_staff
@require_POST
def away(request: HttpRequest, entry: uuid.UUID) -> HttpResponse:
    """Note days on which somebody does not answer."""
    row = _found(entry)
    form = AwayForm(request.POST, today=_today(), prefix="away")
    if not form.is_valid():
        return _one(request, row, away=form)
    services.add_away(coverage=row.pk, **form.values(), by=signed_in(request), now=clock.now())
    messages.success(request, _("Noted."))
    return redirect("program:coverage-entry", entry=row.pk)


@_staff
@require_POST
def back(request: HttpRequest, entry: uuid.UUID, days: uuid.UUID) -> HttpResponse:
    """Take days away back."""
    row = _found(entry)
    if days not in {one.pk for one in row.away.all()}:
        raise Http404
    services.remove_away(away=days, by=signed_in(request), now=clock.now())
    messages.success(request, _("Removed."))
    return redirect("program:coverage-entry", entry=row.pk)


@_staff
@require_POST
def remove(request: HttpRequest, entry: uuid.UUID) -> HttpResponse:
    """Take somebody off the list."""
    services.remove_coverage(coverage=_found(entry), by=signed_in(request), now=clock.now())
    return redirect("program:coverage")


@never_cache
@require_http_methods(_GET_OR_POST)
def agree(request: HttpRequest, token: str) -> HttpResponse:
    """Show somebody what they are asked; take their yes or no.

    Opening the page does nothing: mail scanners open every link.
    """
    row = asked_with(token, _today())
    if row is None:
        raise Http404
    context: dict[str, Any] = {"personal": True, "row": said.entry(row, _today())}
    if request.method != "POST":
        return render(request, "program/agree.html", context)
    is_yes = request.POST.get("answer") == "yes"
    try:
        services.answer_coverage(token=token, is_yes=is_yes, now=clock.now())
    except NothingToAnswer:
        raise Http404 from None
    return render(request, "program/agreed.html", context | {"is_yes": is_yes})
