"""Terms, and one of them at a glance."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock
from program import services
from program.calendars import marks, published_hours
from program.forms.milestones import TermForm
from program.models import Term
from program.queries import facts, holidays
from program.queries import milestones as reads
from program.views import milestone_words as said

_staff = require_role(Role.COORDINATOR, Role.ADMINISTRATOR)


def _chosen(rows: list[Term], today: date, wanted: str) -> Term | None:
    """Return the term asked for, else the one that is, or the next, or the last."""
    asked = next((row for row in rows if str(row.pk) == wanted), None)
    ahead = [row for row in reversed(rows) if row.last_on >= today]
    return asked or next(iter(ahead), None) or next(iter(rows), None)


def _glance(term: Term | None, today: date, reader: Person) -> dict[str, Any]:
    """Return a term as a drawing and as tables; without one, the coming half year."""
    first = term.first_on if term else today
    last = term.last_on if term else today + timedelta(days=182)
    entries = [reads.entry_of(row) for row in reads.milestones(first, last)]
    closed, hours = holidays(first, last), published_hours(first, last)
    added = marks(first, last, reader)
    return {
        "title": term.name if term else _("The coming half year"),
        "days": said.days(first, last),
        "drawing": said.drawing(
            first=first,
            last=last,
            entries=entries,
            closed=closed,
            hours=hours,
            added=added,
            today=today,
        ),
        "rows": [said.row(entry) for entry in entries],
        "quiet": said.quiet(entries),
        "closed": [(one.name, said.days(one.first_on, one.last_on)) for one in closed],
        "added": said.added_words(added),
        "weeks": said.weeks(hours),
        "bare_weeks": said.without_hours(hours),
    }


@_staff
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """Show a term at a glance, and all of them; name one."""
    today = clock.local_date(clock.now(), facts().zone)
    form = TermForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.keep_term(**form.cleaned_data, by=signed_in(request), now=clock.now())
        messages.success(request, _("Saved."))
        return redirect("program:terms")
    rows = reads.terms()
    term = _chosen(rows, today, request.GET.get("term", ""))
    context = {
        "personal": True,
        "form": form,
        "term": term,
        "glance": _glance(term, today, signed_in(request)),
        "rows": [
            {"term": row, "days": said.days(row.first_on, row.last_on), "is_shown": row == term}
            for row in rows
        ],
    }
    return render(request, "program/terms.html", context, status=400 if form.errors else 200)


@_staff
@require_POST
def remove(request: HttpRequest, term: uuid.UUID) -> HttpResponse:
    """Take a term away; what stands in it stays."""
    services.remove_term(term=term, by=signed_in(request), now=clock.now())
    messages.success(request, _("Removed."))
    return redirect("program:terms")
