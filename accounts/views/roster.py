"""Pages of the school's list: in numbers, sent in anew, moved up, and one person of it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import roster_files
from accounts.forms.roster import (
    ApartForm,
    ConfirmForm,
    EntryForm,
    FileForm,
    FindForm,
    park,
    unpark,
)
from accounts.permissions import require_recent, require_role, signed_in
from accounts.queries import roster as reads
from accounts.roster_rules import Change, Entry, Plan
from accounts.rules import AddressTaken, ChangedMeanwhile, Role
from accounts.services import roster
from peersupport.core import clock, ids, sheets

_GET_OR_POST = ["GET", "HEAD", "POST"]
_SHOWN = 100  # of each kind, on the page before anything is done
_STANDINGS = {
    "enrolled": gettext_lazy("enrolled"),
    "on leave": gettext_lazy("on leave"),
    "faculty": gettext_lazy("faculty"),
    "gone": gettext_lazy("gone"),
}


def _keepers(view: Any) -> Any:
    return require_role(Role.COORDINATOR, Role.ADMINISTRATOR)(
        require_recent(30, back="accounts:roster")(view)
    )


@_keepers
@require_http_methods(_GET_OR_POST)
def home(request: HttpRequest) -> HttpResponse:
    """Show the list in numbers; find one person by their whole address."""
    form = FindForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            found = reads.find(form.cleaned_data["email"])
            if found is not None:
                return redirect("accounts:roster-entry", entry=found.pk)
            form.add_error("email", _("Nobody on the list has this address."))
            status = 404
    context = {"personal": True, "form": form, "list": reads.overview(), "file": FileForm()}
    return render(request, "accounts/roster.html", context, status=status)


@_keepers
@require_http_methods(_GET_OR_POST)
def send_in(request: HttpRequest) -> HttpResponse:
    """Take a file, and show what it would change; nothing is changed yet."""
    if request.method != "POST":
        return _ask_for_file(request, status=200)
    form = FileForm(request.POST, request.FILES)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            read = roster_files.read(form.cleaned_data["file"])
        except sheets.Unreadable as error:
            form.add_error("file", str(error))
        else:
            if not read.wrong:
                return _preview(request, read)
            context["wrong"] = read.wrong[: roster_files.MOST_ERRORS]
            context["more"] = max(len(read.wrong) - roster_files.MOST_ERRORS, 0)
    return _ask_for_file(request, **context)


def _ask_for_file(request: HttpRequest, *, status: int = 400, **more: Any) -> HttpResponse:
    """Show the page that takes a file, and what was wrong with the last one."""
    context = {"personal": True, "form": FileForm(), "example": roster_files.EXAMPLE, **more}
    return render(request, "accounts/roster_file.html", context, status=status)


def _preview(
    request: HttpRequest, read: roster_files.List, *, changed: bool = False
) -> HttpResponse:
    plan = roster.plan_list(read)
    parked = park(read, signed_in(request).pk.hex, clock.now())
    form = ConfirmForm(initial={"parked": parked, "seen": plan.mark})
    context = {"personal": True, "form": form, "unknown": read.unknown, "has_changed": changed}
    context |= _described(plan)
    return render(request, "accounts/roster_preview.html", context, status=409 if changed else 200)


def _described(plan: Plan) -> dict[str, Any]:
    """Return a plan with the words of its page; of long ones the first rows only."""
    return {
        "new": [_line(entry) for entry in plan.new[:_SHOWN]],
        "changed": [_change(change) for change in plan.changed[:_SHOWN]],
        "missing": [_line(entry) for entry in plan.missing[:_SHOWN]],
        "count": {
            "new": len(plan.new),
            "changed": len(plan.changed),
            "missing": len(plan.missing),
            "unchanged": plan.unchanged,
        },
        "shown": _SHOWN,
        "does_nothing": plan.does_nothing,
    }


def _facts(entry: Entry) -> list[str]:
    cohort = entry.cohort
    known = [cohort.class_name, cohort.phase, cohort.site, cohort.rotation]
    standing = "" if str(entry.standing) == "enrolled" else str(_STANDINGS[str(entry.standing)])
    return [entry.called, *known, standing, entry.other_email]


def _line(entry: Entry) -> dict[str, str]:
    return {"email": entry.email, "facts": ", ".join(filter(None, _facts(entry)))}


def _change(change: Change) -> dict[str, Any]:
    pairs = zip(_facts(change.before), _facts(change.after), strict=True)
    moved = [
        {"before": before or _("nothing"), "after": after or _("nothing")}
        for before, after in pairs
        if before != after
    ]
    return {"email": change.after.email, "moved": moved}


@_keepers
@require_http_methods(["POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Make the list what was shown: all of it or nothing."""
    person, now = signed_in(request), clock.now()
    form = ConfirmForm(request.POST)
    read = unpark(request.POST.get("parked", ""), person.pk.hex, now)
    if read is None or not form.is_valid():
        return _ask_for_file(request, is_stale=True)
    try:
        done = roster.apply_list(
            read=read,
            seen=form.cleaned_data["seen"],
            ends_missing=form.cleaned_data["ends_missing"],
            by=person,
            now=now,
        )
    except ChangedMeanwhile:
        return _preview(request, read, changed=True)
    except AddressTaken:
        return _ask_for_file(request, is_taken=True)
    ended = len(done.missing) if form.cleaned_data["ends_missing"] else 0
    return _done(request, len(done.new), len(done.changed), ended)


def _done(request: HttpRequest, new: int, changed: int, ended: int) -> HttpResponse:
    context = {"personal": True, "new": new, "changed": changed, "ended": ended}
    return render(request, "accounts/roster_done.html", context)


@_keepers
@require_http_methods(_GET_OR_POST)
def summer(request: HttpRequest) -> HttpResponse:
    """Move every class up by a year, after showing which."""
    changed = False
    if request.method == "POST":
        try:
            done = roster.move_up(
                seen=request.POST.get("seen", ""), by=signed_in(request), now=clock.now()
            )
            return _done(request, 0, len(done.changed), 0)
        except ChangedMeanwhile:
            changed = True
    plan = roster.plan_summer()
    context = {
        "personal": True,
        "moves": _moves(plan.changed),
        "seen": plan.mark,
        "has_changed": changed,
        "stay": plan.unchanged,
    }
    return render(request, "accounts/roster_summer.html", context, status=409 if changed else 200)


def _moves(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Return who moves where, as classes and numbers."""
    counted: dict[tuple[str, str, str], int] = {}
    for change in changes:
        before, after = change.before, change.after
        target = after.cohort.phase if str(after.standing) == "enrolled" else _("finished: gone")
        key = (before.cohort.phase, before.cohort.class_name, target)
        counted[key] = counted.get(key, 0) + 1
    return [
        {"phase": phase, "class_name": name, "target": target, "number": number}
        for (phase, name, target), number in sorted(counted.items())
    ]


@_keepers
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Send the list as a file that can be sent in again."""
    response = HttpResponse(
        roster_files.write(reads.everybody().values()), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="list.csv"'
    response["Cache-Control"] = "no-store"
    return response


@_keepers
@require_http_methods(_GET_OR_POST)
def entry(request: HttpRequest, entry: str) -> HttpResponse:
    """Show and change what the list says of one person."""
    row = reads.row(ids.parse(str(entry)))
    if row is None:
        raise Http404
    before = reads.entry_of(row)
    cohort = before.cohort
    form = EntryForm(
        request.POST if request.method == "POST" else None,
        initial={
            "called": before.called,
            "class_name": cohort.class_name,
            "phase": cohort.phase,
            "site": cohort.site,
            "rotation": cohort.rotation,
            "standing": str(before.standing),
            "other_email": before.other_email,
        },
    )
    context = {"personal": True, "form": form, "email": before.email, "has_account": row.person_id}
    if request.method != "POST":
        return render(request, "accounts/roster_entry.html", context)
    if form.is_valid():
        try:
            roster.change_entry(
                email=before.email,
                after=form.entry(before.email),
                by=signed_in(request),
                now=clock.now(),
            )
            return redirect("accounts:roster")
        except AddressTaken:
            form.add_error("other_email", _("That address belongs to somebody else on the list."))
    return render(request, "accounts/roster_entry.html", context, status=400)


@_keepers
@require_http_methods(_GET_OR_POST)
def groups(request: HttpRequest) -> HttpResponse:
    """Choose which classes and teams are kept from meeting their own."""
    known = reads.groups()
    form = ApartForm(known, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        apart = form.cleaned_data["apart"]
        roster.keep_apart(apart=apart, by=signed_in(request), now=clock.now())
        messages.success(request, _("Saved."))
        return redirect("accounts:roster-groups")
    context = {"personal": True, "form": form, "has_groups": bool(known)}
    status = 400 if form.errors else 200
    return render(request, "accounts/roster_groups.html", context, status=status)
