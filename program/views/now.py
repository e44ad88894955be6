"""What cannot wait: close everything, a notice on every page, after something terrible."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock, words
from program.forms.now import CloseNowForm, CriticalForm, NoticeForm
from program.queries import facts
from program.queries.confidentiality import OPEN_END, closed_until
from program.registry import endings, value_of
from program.services import change_setting, close_now, open_again

_SAFE = gettext_lazy(
    "Something very sad has happened, and many of us feel it. You do not have to be alone with "
    "it: extra hours stand first on Today, and the numbers above answer day and night."
)


def _said(
    request: HttpRequest, key: str, form_class: type[NoticeForm], **more: Any
) -> HttpResponse:
    now, known = clock.now(), facts()
    kept = value_of(known.values, key)
    if request.method == "POST" and "end" in request.POST:
        change_setting(key=key, value=None, by=signed_in(request), now=now)
        messages.success(request, _("Ended. No page shows it any more."))
        return redirect(f"program:{key}")
    data = request.POST if request.method == "POST" else None
    first: dict[str, Any] = {"text": _SAFE} if key == "critical" else {}
    if kept:
        until = datetime.fromisoformat(kept["until"]).astimezone(known.zone)
        first = {"text": kept["text"], "until": until.replace(tzinfo=None)}
    form = form_class(data, zone=known.zone, now=now, initial=first)
    if data is not None and form.is_valid():
        until = form.cleaned_data["until"].isoformat()
        value = {"text": form.cleaned_data["text"], "until": until}
        change_setting(key=key, value=value, by=signed_in(request), now=now)
        messages.success(request, _("Every page shows it now."))
        return redirect(f"program:{key}")
    stands = bool(kept) and now < datetime.fromisoformat(kept["until"])
    context = {"personal": True, "form": form, "stands": stands, **more}
    context["zone_name"] = words.zone_name(now, known.zone)
    return render(request, "program/said.html", context, status=400 if form.errors else 200)


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest) -> HttpResponse:
    """Put a notice on every page until a time, or end it."""
    heading, lead = _("Notice on every page"), _("Everybody reads it, signed in or not.")
    return _said(request, "notice", NoticeForm, heading=heading, lead=lead)


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def critical(request: HttpRequest) -> HttpResponse:
    """Begin or end critical-incident mode."""
    lead = _(
        "Your words stand on every page, extra hours come first on Today, and cheerful mail "
        "waits. Say that somebody died, never how; name help and hope."
    )
    return _said(
        request, "critical", CriticalForm, heading=_("After something terrible"), lead=lead
    )


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Close everything now, after asking once; open again."""
    now, known = clock.now(), facts()
    by = signed_in(request)
    if request.method == "POST" and "open" in request.POST:
        open_again(by=by, now=now)
        messages.success(request, _("Open again. Hours that were closed can be published anew."))
        return redirect("program:close")
    is_closed, until = closed_until(known.values, now)
    data = request.POST if request.method == "POST" else None
    form = CloseNowForm(data, zone=known.zone, now=now)
    context: dict[str, Any] = {
        "personal": True,
        "form": form,
        "is_closed": is_closed,
        "until": words.when(until, now, known.zone) if until else "",
        "zone_name": words.zone_name(now, known.zone),
        "goes_on": _goes_on(now, until, by, now) if is_closed else [],
    }
    if data is None or not form.is_valid():
        status = 400 if form.errors else 200
        return render(request, "program/close.html", context, status=status)
    chosen = form.cleaned_data["until"]
    if not form.cleaned_data["is_sure"]:
        context["asks"] = True
        context["goes_on"] = _goes_on(now, chosen, by, now)
        context["until"] = words.when(chosen, now, known.zone) if chosen else ""
        return render(request, "program/close.html", context)
    closed, left = close_now(until=chosen, by=by, now=now)
    said = ngettext(
        "Closed. %d stretch of hours is cancelled, and whoever had a time is told.",
        "Closed. %d stretches of hours are cancelled, and whoever had a time is told.",
        closed,
    )
    messages.success(request, said % closed)
    if left:
        messages.warning(request, _("Where a talk is going on, it may end in peace."))
    _end(request, by, now)
    return redirect("program:close")


def _goes_on(
    start: datetime, until: datetime | None, by: Person, now: datetime
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return what goes on while everything is closed: a template, and what it shows."""
    end = until or start + OPEN_END
    return [(one.template, one.shown(start, end, by, now)) for one in endings()]


def _end(request: HttpRequest, by: Person, now: datetime) -> None:
    """End what was ticked, and say so. What was not goes on."""
    tickets = request.POST.getlist("end")
    done = [one.end(tickets, by, now) for one in endings()] if tickets else []
    ended, stand = sum(one[0] for one in done), sum(one[1] for one in done)
    if ended:
        said = ngettext(
            "%d event is cancelled. Whoever had a place or waited is told.",
            "%d events are cancelled. Whoever had a place or waited is told.",
            ended,
        )
        messages.success(request, said % ended)
    if stand:
        said = ngettext(
            "%d event has changed meanwhile and goes on. Look at it below.",
            "%d events have changed meanwhile and go on. Look at them below.",
            stand,
        )
        messages.warning(request, said % stand)
