"""Pages of a series: its dates, publishing them, ending it early, the same again next year."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.forms import IS_OVER
from events.models import Event
from events.permissions import may_draft, may_keep, may_plan, may_publish
from events.planning_forms import DayForm, EndForm
from events.planning_rules import ChangedMeanwhile, InThePast, NoPlaceYet
from events.queries import clashes, plans
from events.rules import Kind, NotAllowed, NotAllowedFrom, State
from events.services import series as services
from events.services import writing
from events.views import plan_words as said
from events.views.desk import Desk, desk, meanwhile, planners
from events.views.planning import copy_day
from peersupport.core import words


def _dates_or_404(at: Desk, series: uuid.UUID) -> list[Event]:
    dates = plans.dates_of(at.by, series)
    if not dates:
        raise Http404
    return dates


def _ahead(rows: list[Event], at: Desk) -> list[Event]:
    """Return the dates that are not over, in the order in which services read them."""
    return [row for row in rows if row.ends_at > at.now]


@planners
@require_safe
def series(request: HttpRequest, series: uuid.UUID) -> HttpResponse:
    """Show the dates of a series, what stands in their way, and what can be done with all."""
    at = desk(request)
    rows = _dates_or_404(at, series)
    zone, ahead = at.known.zone, _ahead(rows, at)
    known = plans.read(rows)
    on = [row for row in ahead if row.state != State.CANCELLED]
    around = clashes.clashes([known[row.pk] for row in on], zone, leaving_out=known)
    found = {row.pk: each for row, each in zip(on, around, strict=True)}
    drafts = [row for row in ahead if row.state == State.DRAFT and row.starts_at > at.now]
    hosted = {row.pk: at.by.pk in known[row.pk].hosts for row in rows}
    keeps = all(may_keep(at.by, row, at.letting, is_host=hosted[row.pk]) for row in on)
    publishes = all(may_publish(at.by, row, at.letting, is_host=hosted[row.pk]) for row in drafts)
    context = {
        "personal": True,
        "series": rows[0].series,
        "title": rows[0].title,
        "rhythm": said.rhythm(rows[0].series) if rows[0].series else "",
        "zone": words.zone_name(at.now, zone),
        "dates": [
            said.row_of(row, at.now, zone)
            | {"clashes": [said.clash(one, zone) for one in found.get(row.pk, [])]}
            for row in rows
        ],
        "drafts": len(drafts),
        "lacks_place": any(not (row.place or row.link) for row in drafts),
        "mark": plans.mark_of(ahead, known),
        "may_publish": bool(drafts) and publishes,
        "may_end": keeps and len(on) > 1,
        "may_copy": may_draft(at.by, at.letting) and rows[0].kind != Kind.DEBRIEF,
    }
    return render(request, "events/plan/series.html", context)


@planners
@require_POST
def publish(request: HttpRequest, series: uuid.UUID) -> HttpResponse:
    """Publish every draft of a series as it was looked at."""
    at = desk(request)
    rows = _dates_or_404(at, series)
    try:
        number = services.publish(
            series=series, seen=request.POST.get("mark", ""), by=at.by, now=at.now
        )
    except NotAllowed:
        raise Http404 from None
    except (NotAllowedFrom, ChangedMeanwhile):
        meanwhile(request)
    except (NoPlaceYet, InThePast):
        messages.warning(request, _("Every date needs a place or a link, and a time to come."))
    else:
        said_ = ngettext("%d date is published.", "%d dates are published.", number)
        messages.success(request, said_ % number)
    return redirect("events:plan-series", series=rows[0].series_id)


@planners
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, series: uuid.UUID) -> HttpResponse:
    """End a series early: first the day, then what becomes of each date, then it is done."""
    at = desk(request)
    rows = _dates_or_404(at, series)
    ahead = _ahead(rows, at)
    known = plans.read(ahead)
    on = [row for row in ahead if row.state != State.CANCELLED]
    if not all(
        may_keep(at.by, row, at.letting, is_host=at.by.pk in known[row.pk].hosts) for row in on
    ):
        raise Http404
    if not on:
        messages.info(request, _("It is over already."))
        return redirect("events:plan-series", series=series)
    zone = at.known.zone
    data = request.POST if request.method == "POST" else None
    form = EndForm(data, today=at.today, last=max(said.day_of(row, zone) for row in on))
    if data is None or not form.is_valid() or "back" in data:
        context = {"personal": True, "form": form, "title": rows[0].title, "series": series}
        status = 400 if form.errors else 200
        return render(request, "events/plan/end.html", context, status=status)
    mark = plans.mark_of(ahead, known)
    if "sure" not in data or data.get("mark", "") != mark:
        is_stale = "sure" in data
        return _end_check(request, at, form, rows, mark, is_stale=is_stale)
    return _end(request, at, series, form.cleaned_data["last_on"], mark)


def _end_check(
    request: HttpRequest, at: Desk, form: EndForm, rows: list[Event], mark: str, *, is_stale: bool
) -> HttpResponse:
    zone, last = at.known.zone, form.cleaned_data["last_on"]
    after = [row for row in rows if services.is_after(row, last, zone, at.now)]
    cancelled = [row for row in after if not writing.is_empty(row)]
    context: dict[str, Any] = {
        "personal": True,
        "title": rows[0].title,
        "is_stale": is_stale,
        "rows": [
            said.row_of(row, at.now, zone) | {"vanishes": writing.is_empty(row)} for row in after
        ],
        "told": said.told(cancelled),
        "tells": bool(cancelled),
        "last": words.dated(last),
        "values": list(form),
        "mark": mark,
        "series": rows[0].series_id,
    }
    return render(request, "events/plan/end_check.html", context, status=409 if is_stale else 200)


def _end(
    request: HttpRequest, at: Desk, series: uuid.UUID, last_on: date, mark: str
) -> HttpResponse:
    try:
        done = services.end_early(series=series, last_on=last_on, seen=mark, by=at.by, now=at.now)
    except NotAllowed:
        raise Http404 from None
    except (NotAllowedFrom, ChangedMeanwhile):
        meanwhile(request)
    else:
        messages.success(request, _ended(done))
    if plans.dates_of(at.by, series):
        return redirect("events:plan-series", series=series)
    return redirect("events:plan")


def _ended(done: services.Ended) -> str:
    """Return what became of the dates after the last day."""
    parts = []
    if done.cancelled:
        said_ = ngettext("%d date is cancelled.", "%d dates are cancelled.", done.cancelled)
        parts.append(said_ % done.cancelled)
    if done.dropped:
        said_ = ngettext("%d date is removed.", "%d dates are removed.", done.dropped)
        parts.append(said_ % done.dropped)
    return " ".join(parts) or _("Nothing changed.")


@planners
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: HttpRequest, series: uuid.UUID) -> HttpResponse:
    """Ask on which day the series begins anew, and make drafts of all its dates."""
    at = desk(request, drafting=True)
    rows = [row for row in _dates_or_404(at, series) if row.state != State.CANCELLED]
    if not rows or rows[0].kind == Kind.DEBRIEF:
        raise Http404
    first = min(rows, key=lambda row: row.series_on or at.today)
    data = request.POST if request.method == "POST" else None
    form = DayForm(data, today=at.today, initial={"day": copy_day(first, at)})
    if data is not None and form.is_valid():
        try:
            day = form.cleaned_data["day"]
            made = services.copy(series=series, first_on=day, by=at.by, now=at.now)
        except NotAllowed:
            raise Http404 from None
        except InThePast:
            form.add_error("day", IS_OVER)
        else:
            messages.success(
                request, _("Drafts are made of every date. Look at them, then publish them.")
            )
            return redirect("events:plan-series", series=made.pk)
    context = {
        "personal": True,
        "form": form,
        "row": rows[0],
        "is_series": True,
        "which": said.rhythm(rows[0].series) if rows[0].series else "",
        "is_planner": may_plan(at.by),
        "back": reverse("events:plan-series", args=[series]),
    }
    return render(request, "events/plan/copy.html", context, status=400 if form.errors else 200)
