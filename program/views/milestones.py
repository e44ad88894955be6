"""Pages of what stands in the calendar of the classes."""

import uuid
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require_role, signed_in
from accounts.queries.roster import Cohorts, cohorts
from accounts.rules import Role
from peersupport.core import clock
from program import calendar_rules, services
from program.calendar_rules import NEXT_YEAR, Entry, Kind
from program.forms.milestones import MilestoneForm, SuggestedForm
from program.models import Milestone
from program.queries import facts
from program.queries import milestones as reads
from program.views import milestone_words as said

_GET_OR_POST = ["GET", "HEAD", "POST"]
_staff = require_role(Role.COORDINATOR, Role.ADMINISTRATOR)


def ground(known: Cohorts | None = None) -> dict[str, Any]:
    """Return what every form of milestones needs: the day, and what is on the school's list."""
    known = known or cohorts()
    today = clock.local_date(clock.now(), facts().zone)
    return {
        "today": today,
        "classes": list(known.classes),
        "rotations": list(known.rotations),
    }


def _months(rows: list[Milestone]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return what is ahead by the month in which it begins."""
    shown = []
    for _key, each in groupby(rows, lambda one: (one.first_on.year, one.first_on.month)):
        group = list(each)
        title = formats.date_format(group[0].first_on, "F Y", use_l10n=False)
        shown.append((title, [said.row(reads.entry_of(one)) | {"key": one.pk} for one in group]))
    return shown


@_staff
@require_http_methods(_GET_OR_POST)
def calendar(request: HttpRequest) -> HttpResponse:
    """Show what is ahead, and add one date."""
    needs = ground()
    form = MilestoneForm(request.POST if request.method == "POST" else None, **needs)
    if request.method == "POST" and form.is_valid():
        by, now = signed_in(request), clock.now()
        new = services.add_milestones(entries=[form.entry()], by=by, now=now)
        messages.success(request, _("Added.") if new else _("It is there already."))
        return redirect("program:milestones")
    context = {
        "personal": True,
        "form": form,
        "months": _months(reads.milestones(needs["today"])),
    }
    return render(request, "program/milestones.html", context, status=400 if form.errors else 200)


def _found(milestone: uuid.UUID) -> Milestone:
    row = reads.milestone(milestone)
    if row is None:
        raise Http404
    return row


@_staff
@require_http_methods(_GET_OR_POST)
def change(request: HttpRequest, milestone: uuid.UUID) -> HttpResponse:
    """Show and change one date."""
    row = _found(milestone)
    initial = {name: getattr(row, name) for name in MilestoneForm.base_fields}
    data = request.POST if request.method == "POST" else None
    form = MilestoneForm(data, initial=initial, **ground())
    if data is not None and form.is_valid():
        by, now = signed_in(request), clock.now()
        services.change_milestone(milestone=row.pk, entry=form.entry(), by=by, now=now)
        messages.success(request, _("Saved."))
        return redirect("program:milestones")
    context = {"personal": True, "form": form, "row": row}
    return render(request, "program/milestone.html", context, status=400 if form.errors else 200)


@_staff
@require_POST
def remove(request: HttpRequest, milestone: uuid.UUID) -> HttpResponse:
    """Take one date out of the calendar."""
    services.remove_milestone(
        milestone=_found(milestone).pk, by=signed_in(request), now=clock.now()
    )
    messages.success(request, _("Removed."))
    return redirect("program:milestones")


def _last_year(needs: dict[str, Any]) -> list[Entry]:
    """Return what began within the year behind, a year on, where that is not there already."""
    today = needs["today"]
    rows = [reads.entry_of(one) for one in reads.milestones(today - NEXT_YEAR)]
    behind = [entry for entry in rows if today - NEXT_YEAR <= entry.first_on < today]
    there = {(e.title, e.class_name, e.rotation) for e in rows if e.first_on >= today}
    moved = calendar_rules.next_year(behind)
    return [e for e in moved if (e.title, e.class_name, e.rotation) not in there]


def _suggested(
    request: HttpRequest, known: Cohorts, needs: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the first values of every row: last year's dates moved on, or the template."""
    if request.GET.get("from") == "last-year":
        entries = _last_year(needs)
        return [
            {
                "is_taken": True,
                "title": e.title,
                "kind": str(e.kind),
                "first_on": e.first_on,
                "last_on": e.last_on,
                "class_name": e.class_name,
                "rotation": e.rotation,
            }
            for e in entries
        ]
    year = calendar_rules.academic_year(needs["today"])
    return [
        {
            "title": one.title,
            "kind": str(one.kind),
            "first_on": one.first_on,
            "last_on": one.last_on,
            "class_name": known.of_phase.get(one.phase, ""),
            "phase": one.phase,
            "is_taken": one.last_on >= needs["today"],
        }
        for one in calendar_rules.us_md(year)
    ]


def _count(request: HttpRequest) -> int:
    """Return how many rows were sent."""
    sent = request.POST.get("rows", "")
    return min(int(sent), calendar_rules.MOST_ENTRIES) if sent.isascii() and sent.isdigit() else 0


@_staff
@require_http_methods(_GET_OR_POST)
def template(request: HttpRequest) -> HttpResponse:
    """Show dates most schools have, or last year's moved on; take those that are confirmed."""
    known = cohorts()
    needs = ground(known)
    if request.method != "POST":
        rows = _suggested(request, known, needs)
        forms = [
            SuggestedForm(initial=row, prefix=f"row{number}", **needs)
            for number, row in enumerate(rows)
        ]
        return _rows(request, forms, 200)
    forms = [
        SuggestedForm(request.POST, prefix=f"row{number}", **needs)
        for number in range(_count(request))
    ]
    # Every row is asked, so that every row that is wrong says so.
    if sum(not form.is_valid() for form in forms):
        return _rows(request, forms, 400)
    entries = [entry for form in forms if (entry := form.entry()) is not None]
    new = services.add_milestones(entries=entries, by=signed_in(request), now=clock.now())
    messages.success(request, ngettext("%d date added.", "%d dates added.", new) % new)
    return redirect("program:milestones")


def _rows(request: HttpRequest, forms: list[SuggestedForm], status: int) -> HttpResponse:
    context = {
        "personal": True,
        "forms": forms,
        "wrong": next((form for form in forms if form.errors), None),
        "is_last_year": request.GET.get("from") == "last-year",
        "kinds": {str(kind): said.KINDS[str(kind)] for kind in Kind},
    }
    return render(request, "program/milestones_template.html", context, status=status)
