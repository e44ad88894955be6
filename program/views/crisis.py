"""Pages of the crisis lines: what is fixed, the school's own, and when each is tried again."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock
from peersupport.core.ui.crisis import has_lapsed, parse
from program.forms.crisis import CheckForm, LineForm, PackForm
from program.queries import facts
from program.queries.crisis import Lines, Own, crisis_lines, pack_is_due
from program.registry import Line as Fact
from program.registry import Values, register_lines
from program.services import crisis as services

_YEAR = timedelta(days=365)
_GET_OR_POST = ["GET", "HEAD", "POST"]
_KEEPERS = (Role.COORDINATOR, Role.ADMINISTRATOR)
_FIELDS = ("label", "number", "text", "text_words", "web", "hours", "for_whom", "languages")


def register() -> None:
    """Put the crisis lines onto the index of the school's facts."""
    register_lines("crisis", _index_lines)


def _index_lines(values: Values, today: date) -> list[Fact]:
    """Say how many there are; and of each that is due, who tried it last and when."""
    known = crisis_lines(values)
    group, address = _("Crisis lines"), reverse("program:crisis")
    count = len(known.own)
    fixed = ", ".join([known.emergency, *(line.shown for line in known.pack.lines)])
    own = ngettext("%d line of our own", "%d lines of our own", count) % count
    state = f"{fixed}; {own}."
    if pack_is_due(known, today):
        state += " " + _("A year has passed since somebody looked at what is fixed.")
    found = [
        Fact(group, _("What stands on every page"), state, address, pack_is_due(known, today), 20)
    ]
    for own_line in known.own:
        if own_line.is_due(today):
            where = reverse("program:crisis-check", args=[own_line.line.id])
            said = own_line.state(today)
            found.append(Fact(group, own_line.line.label, said, where, True, 20))
    return found


def said(value: Any) -> str:
    """Return what was set, for the history: the fixed numbers, and each line with who tried it."""
    kept = parse(value)
    if kept is None:
        return _("Nothing")
    whom = {one.get("id"): one.get("checked_by", "") for one in value["lines"]}
    parts = [kept.emergency]
    for line in kept.own:
        shown = f"{line.label} {line.shown}"
        if whom.get(line.id):
            shown += " " + _("(tried by %s)") % whom[line.id]
        parts.append(shown)
    return ", ".join(parts)


def _today() -> tuple[datetime, date, Lines]:
    now, known = clock.now(), facts()
    return now, clock.local_date(now, known.zone), crisis_lines(known.values)


def _row(own: Own, today: date) -> dict[str, Any]:
    kind = "warn" if own.is_due(today) else "ok"
    word = _("Tried") if kind == "ok" else _("To be tried soon")
    if own.is_over(today):
        kind, word = "danger", _("To be tried now")
    where = _("On every page") if own.line.is_everywhere else _("On Help now")
    if has_lapsed(own.line, today):
        where = _("On Help now")
    return {
        "line": own.line,
        "kind": kind,
        "word": word,
        "state": own.state(today),
        "where": where,
    }


@require_role(*_KEEPERS)
@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """Show every line: what the pack fixes, the school's own, and what others show."""
    _now, today, known = _today()
    labels = {own.line.label for own in known.own}
    context = {
        "personal": True,
        "known": known,
        "rows": [_row(own, today) for own in known.own],
        "offers": [line for line in known.pack.offers if line.label not in labels],
        "may_add": len(known.own) < services.MOST,
        "pack_is_due": pack_is_due(known, today),
    }
    return render(request, "program/crisis.html", context)


@require_role(*_KEEPERS)
@require_http_methods(_GET_OR_POST)
def choose(request: HttpRequest) -> HttpResponse:
    """Choose the country, or confirm what is fixed there for another year."""
    now, _today_is, known = _today()
    emergency = "" if known.pack.emergency else known.emergency
    form = PackForm(
        request.POST if request.method == "POST" else None,
        initial={"pack": known.pack.key, "emergency": emergency},
    )
    if request.method == "POST" and form.is_valid():
        services.choose_pack(**form.values(), by=signed_in(request), now=now)
        messages.success(request, _("Saved. Every page says so now."))
        return redirect("program:crisis")
    context = {"personal": True, "form": form, "known": known}
    return render(request, "program/crisis_pack.html", context, status=400 if form.errors else 200)


def _first(known: Lines, offer: str, today: date) -> dict[str, Any]:
    """Return what a new line's form holds: what others show of it, if one was chosen."""
    chosen = next((line for line in known.pack.offers if line.id == offer), None)
    words = {name: getattr(chosen, name) for name in _FIELDS} if chosen else {}
    return {**words, "checked_on": today, "review_on": today + _YEAR}


@require_role(*_KEEPERS)
@require_http_methods(_GET_OR_POST)
def add(request: HttpRequest) -> HttpResponse:
    """Add a line of the school's own."""
    now, today, known = _today()
    data = request.POST if request.method == "POST" else None
    form = LineForm(data, today=today, initial=_first(known, request.GET.get("like", ""), today))
    return _save(request, form, "", now)


@require_role(*_KEEPERS)
@require_http_methods(_GET_OR_POST)
def change(request: HttpRequest, line: str) -> HttpResponse:
    """Change a line; what is changed has to be tried."""
    now, today, known = _today()
    own = known.of(line)
    if own is None:
        raise Http404
    initial = {name: getattr(own.line, name) for name in (*_FIELDS, "is_everywhere")}
    initial |= {"checked_by": own.checked_by, "checked_on": today, "review_on": today + _YEAR}
    data = request.POST if request.method == "POST" else None
    return _save(request, LineForm(data, today=today, initial=initial), line, now)


def _save(request: HttpRequest, form: LineForm, name: str, now: datetime) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        checked_by = form.cleaned_data["checked_by"]
        try:
            services.save_line(
                line=form.line(name), checked_by=checked_by, by=signed_in(request), now=now
            )
        except services.TooManyLines:
            form.add_error(
                "is_everywhere", _("There are two already: take one of them off first.")
            )
        except services.NoSuchLine:
            messages.warning(request, _("Somebody has just removed this line."))
            return redirect("program:crisis")
        else:
            messages.success(request, _("Saved. Every page says so now."))
            return redirect("program:crisis")
    context = {"personal": True, "form": form, "is_new": not name}
    status = 400 if form.errors else 200
    return render(request, "program/crisis_line.html", context, status=status)


@require_role(*_KEEPERS)
@require_http_methods(_GET_OR_POST)
def check(request: HttpRequest, line: str) -> HttpResponse:
    """Say that somebody tried a line and it answered."""
    now, today, known = _today()
    own = known.of(line)
    if own is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    initial = {"checked_on": today, "review_on": today + _YEAR}
    form = CheckForm(data, today=today, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.check_line(name=line, **form.checked(), by=signed_in(request), now=now)
        except services.NoSuchLine:
            messages.warning(request, _("Somebody has just removed this line."))
        else:
            messages.success(request, _("Noted. We remind you before it is due again."))
        return redirect("program:crisis")
    context = {"personal": True, "form": form, "row": _row(own, today)}
    return render(
        request, "program/crisis_check.html", context, status=400 if form.errors else 200
    )


@require_role(*_KEEPERS)
@require_POST
def remove(request: HttpRequest, line: str) -> HttpResponse:
    """Take one of the school's own lines away. What the pack fixes is not there to be removed."""
    try:
        services.remove_line(name=line, by=signed_in(request), now=clock.now())
    except (services.FixedLine, services.NoSuchLine):
        raise Http404 from None
    messages.success(request, _("Removed. No page shows it any more."))
    return redirect("program:crisis")
