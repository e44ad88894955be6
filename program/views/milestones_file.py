"""Taking a class calendar from a file: what it would change, then all of it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require_role, signed_in
from accounts.queries.roster import cohorts
from accounts.rules import Role
from peersupport.core import clock, parked, sheets
from program import calendar_files, services
from program.calendar_rules import Entry, Plan
from program.forms.milestones import CalendarFileForm, from_park, to_park
from program.queries import facts
from program.services.milestones import ChangedMeanwhile
from program.views import milestone_words as said

_PURPOSE = "calendar-preview"
_staff = require_role(Role.COORDINATOR, Role.ADMINISTRATOR)


def _form(data: Any = None, files: Any = None) -> CalendarFileForm:
    known = cohorts()
    return CalendarFileForm(
        data, files, classes=list(known.classes), rotations=list(known.rotations)
    )


def _ask(request: HttpRequest, form: CalendarFileForm, status: int, **more: Any) -> HttpResponse:
    wrong: Sequence[calendar_files.Wrong] = more.pop("wrong", ())
    most = calendar_files.MOST_ERRORS
    context = {"personal": True, "form": form, "example": calendar_files.EXAMPLE, **more}
    context |= {"wrong": wrong[:most], "more": max(len(wrong) - most, 0)}
    return render(request, "program/milestones_file.html", context, status=status)


@_staff
@require_http_methods(["GET", "HEAD", "POST"])
def send_in(request: HttpRequest) -> HttpResponse:
    """Take a file and show what it would change; nothing is changed yet."""
    if request.method != "POST":
        return _ask(request, _form(), 200)
    form = _form(request.POST, request.FILES)
    if not form.is_valid():
        return _ask(request, form, 400)
    known, school, now = cohorts(), facts(), clock.now()
    ground = calendar_files.Ground(
        today=clock.local_date(now, school.zone),
        zone=school.zone,
        class_name=form.cleaned_data["class_name"],
        rotation=form.cleaned_data["rotation"],
        classes=frozenset(known.classes),
        rotations=frozenset(known.rotations),
    )
    try:
        read = calendar_files.read(form.cleaned_data["file"], ground)
    except sheets.Unreadable as error:
        form.add_error("file", str(error))
        return _ask(request, form, 400)
    if read.wrong:
        return _ask(request, form, 400, wrong=read.wrong)
    if not read.entries:
        form.add_error("file", _("There is nothing ahead in this file."))
        return _ask(request, form, 400)
    plan = services.plan_file(read.entries)
    travels = parked.park(
        to_park(read), purpose=_PURPOSE, whose=signed_in(request).pk.hex, now=now
    )
    return _preview(request, plan, travels, unknown=read.unknown, past=read.past)


def _preview(
    request: HttpRequest, plan: Plan, travels: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "personal": True,
        "new": [said.row(entry) for entry in plan.new],
        "changed": [
            said.row(after) | {"before": _before(before, after)} for before, after in plan.changed
        ],
        "unchanged": plan.unchanged,
        "parked": travels,
        "seen": plan.mark,
        **more,
    }
    return render(request, "program/milestones_preview.html", context, status=status)


def _before(before: Entry, after: Entry) -> str:
    """Return what would be different afterwards, as it is now."""
    now, then = said.row(before), said.row(after)
    return ", ".join(
        str(now[name]) for name in ("title", "when", "whom", "kind") if now[name] != then[name]
    )


@_staff
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Make the calendar what was shown: all of it or nothing."""
    person, now = signed_in(request), clock.now()
    travels = request.POST.get("parked", "")
    kept = parked.unpark(travels, purpose=_PURPOSE, whose=person.pk.hex, now=now)
    if kept is None:
        return _ask(request, _form(), 400, is_stale=True)
    entries = from_park(kept)
    try:
        seen = request.POST.get("seen", "")
        plan = services.take_file(entries=entries, seen=seen, by=person, now=now)
    except ChangedMeanwhile:
        plan = services.plan_file(entries)
        return _preview(request, plan, travels, status=409, has_changed=True)
    counts = {"new": len(plan.new), "changed": len(plan.changed)}
    messages.success(request, _("%(new)d added, %(changed)d changed.") % counts)
    return redirect("program:milestones")
