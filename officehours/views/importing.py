"""Taking over an existing program's hours: the file, what it would do, then all of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import hours_files, rules
from officehours.hours_files import Entry, Timetable
from officehours.import_forms import HoursFileForm, TakeForm, park, unpark
from officehours.planning_rules import Hours
from officehours.queries import first
from officehours.services.importing import Outcome, Taken, import_hours, preview_hours
from officehours.views import preview
from peersupport.core import clock, sheets, words
from program.queries import facts
from program.registry import value_of


def _people() -> list[tuple[str, str]]:
    return [(person.email, name) for person, name in first.holders()]


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def send_in(request: HttpRequest) -> HttpResponse:
    """Take a file and show what it would publish; nothing is published yet."""
    if request.method != "POST":
        return _ask(request, HoursFileForm(people=_people()), 200)
    form = HoursFileForm(request.POST, request.FILES, people=_people())
    if not form.is_valid():
        return _ask(request, form)
    now, known = clock.now(), facts()
    place = value_of(known.values, "place")
    try:
        read = hours_files.read(
            form.cleaned_data["file"],
            today=clock.local_date(now, known.zone),
            zone=known.zone,
            place=place["room"] if place else "",
            whose=form.cleaned_data["whose"],
        )
    except sheets.Unreadable as error:
        form.add_error("file", str(error))
        return _ask(request, form)
    done = preview_hours(read=read, by=signed_in(request), now=now)
    if done.wrong:
        return _ask(request, form, wrong=done.wrong)
    return _preview(request, read, done, now)


def _ask(
    request: HttpRequest, form: HoursFileForm, status: int = 400, **more: Any
) -> HttpResponse:
    wrong = more.pop("wrong", ())
    most = hours_files.MOST_ERRORS
    context = {"personal": True, "form": form, "example": hours_files.EXAMPLE, **more}
    context |= {"wrong": wrong[:most], "more": max(len(wrong) - most, 0)}
    return render(request, "officehours/import.html", context, status=status)


def _preview(
    request: HttpRequest,
    read: Timetable,
    done: Outcome,
    now: datetime,
    *,
    changed: bool = False,
    form: TakeForm | None = None,
) -> HttpResponse:
    zone = facts().zone
    parked = park(read, signed_in(request).pk.hex, now)
    shown = {"parked": parked, "seen": done.mark}
    context = {
        "personal": True,
        "form": form or TakeForm(initial=shown),
        **shown,
        "rows": [_row(one, zone) for one in done.taken],
        "new": done.new,
        "unknown": read.unknown,
        "past": read.past,
        "has_changed": changed,
    }
    status = 409 if changed else 400 if form is not None else 200
    return render(request, "officehours/import_preview.html", context, status=status)


def _row(one: Taken, zone: ZoneInfo) -> dict[str, Any]:
    entry = one.entry
    said = ngettext("%d day at once", "%d days at once", one.days) % one.days
    return {
        "line": entry.line,
        "who": one.who,
        "text": _text(entry, zone),
        "tag": ("off", _("There already")) if one.is_there else ("ok", _("New")),
        "days": "" if one.is_there else said,
        "left_out": [
            f"{words.day(row.day)}: {preview.tag_of(row.fate)[1]} {row.holiday}".strip()
            for row in one.left_out
        ],
    }


def _text(entry: Entry, zone: ZoneInfo) -> str:
    day = words.day(entry.first_on)
    if entry.weekday is not None:
        day = _("Every %s") % words.weekday(entry.weekday)
    wanted = Hours(
        entry.first_on.weekday(),
        entry.starts,
        entry.ends,
        zone,
        entry.place,
        entry.minutes,
        entry.ways,
        entry.first_on,
        entry.last_on,
    )
    return preview.summary(wanted, day)


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Publish what was shown: all of it or nothing."""
    person, now = signed_in(request), clock.now()
    form = TakeForm(request.POST)
    read = unpark(request.POST.get("parked", ""), person.pk.hex, now)
    if read is None:
        return _ask(request, HoursFileForm(people=_people()), is_stale=True)
    if not form.is_valid():
        done = preview_hours(read=read, by=person, now=now)
        return _preview(request, read, done, now, form=form)
    try:
        done = import_hours(read=read, seen=form.cleaned_data["seen"], by=person, now=now)
    except rules.ChangedMeanwhile:
        again = preview_hours(read=read, by=person, now=now)
        if again.wrong:
            return _ask(request, HoursFileForm(people=_people()), 409, wrong=again.wrong)
        return _preview(request, read, again, now, changed=True)
    messages.success(request, _("Published. Students can find these hours now."))
    return redirect("hours:program")
