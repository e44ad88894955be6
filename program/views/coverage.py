"""Pages of who stands behind the supporters."""

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock, words
from program.forms.coverage import CoverageForm
from program.models import Coverage
from program.queries import coverage, days_ahead, facts
from program.services import add_coverage, remove_coverage


def _days(rows: list[Coverage], now: datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Return the coming two weeks, each day with the times at which nobody answers."""
    found = []
    for one in days_ahead(rows, now, zone):
        times = ", ".join(words.time_range(gap.start, gap.end, zone) for gap in one.gaps)
        found.append((words.dated(one.day), _("all day") if one.is_bare else times))
    return found


def _context(form: CoverageForm) -> dict[str, Any]:
    now = clock.now()
    zone = facts().zone
    rows = coverage()
    return {
        "personal": True,
        "form": form,
        "rows": rows,
        "days": _days(rows, now, zone),
        "zone_name": words.zone_name(now, zone),
    }


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def keep_coverage(request: HttpRequest) -> HttpResponse:
    """Show who stands behind the supporters, and add somebody."""
    if request.method != "POST":
        return render(request, "program/coverage.html", _context(CoverageForm()))
    form = CoverageForm(request.POST)
    if form.is_valid():
        add_coverage(**form.values(), by=signed_in(request), now=clock.now())
        return redirect("program:coverage")
    return render(request, "program/coverage.html", _context(form), status=400)


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_POST
def remove(request: HttpRequest, entry: uuid.UUID) -> HttpResponse:
    """Take somebody off the list."""
    found = next((row for row in coverage() if row.pk == entry), None)
    if found is None:
        raise Http404
    remove_coverage(coverage=found, by=signed_in(request), now=clock.now())
    return redirect("program:coverage")
