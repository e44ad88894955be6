"""The ledger: what became of everything unasked. Totals, never who."""

from datetime import timedelta
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.permissions import require_role
from accounts.rules import Role
from peersupport.core import clock
from program.queries.basics import facts
from program.views.milestone_words import days
from reminders.queries import pages
from reminders.views import wording as said

_DAYS = timedelta(days=120)


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD"])
def totals(request: HttpRequest) -> HttpResponse:
    """Show what went, was held and was not sent in the last months, and why."""
    now = clock.now()
    zone = facts().zone
    today = clock.local_date(now, zone)
    first = today - _DAYS
    lines = pages.totals(first, today)
    titles = pages.titles(line.campaign for line in lines)
    parts: list[dict[str, Any]] = [
        {
            "title": titles.get(key) or said.OTHERS.get(kind, kind),
            "lines": [said.line(each) for each in group],
        }
        for (key, kind), group in groupby(lines, lambda line: (line.campaign, line.kind))
    ]
    parts.sort(key=lambda part: str(part["title"]))
    context = {"personal": True, "parts": parts, "days": days(first, today)}
    return render(request, "reminders/ledger.html", context)
