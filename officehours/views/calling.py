"""The supporter's line: call next, add, close, the code at the door, and paper for the evening."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.forms import with_times
from officehours.line_forms import HoldForm
from officehours.models import Assignment, Visit
from officehours.queries import console as reads
from officehours.queries import line as lines
from officehours.services import calling, follow_up, meeting, presence
from officehours.views.acts import act_and_return, in_the_way
from peersupport.core import clock, ids, words
from peersupport.core.datamap.registry import Words
from peersupport.core.qr import qr
from program.queries import behind, facts


@require_role(Role.SUPPORTER)
@require_POST
def call_next(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Call the first who waits and may be met; a booked time near by asks first."""
    anyway = request.POST.get("anyway") == "on"
    try:
        return act_and_return(
            request,
            lambda person, now: calling.call_next(
                assignment=assignment, by=person, now=now, anyway=anyway
            ),
        )
    except rules.NobodyToCall:
        text = _(
            "Nobody who waits can be called now: they stepped away, or wait for your partner."
        )
        return in_the_way(request, text)
    except rules.EnoughForNow:
        return in_the_way(request, _ENOUGH)
    except rules.BookedFirst:
        context = {
            "personal": True,
            "title": _("Somebody has a time with you now"),
            "text": _("If they are here, start with them. If not, you can call from the line."),
            "action": reverse("hours:call-next", args=[assignment]),
            "field": "anyway",
            "yes": _("Call from the line"),
            "no": reverse("hours:console"),
        }
        return render(request, "officehours/confirm.html", context, status=409)


_ENOUGH = _(
    "You have had as many talks as is good for one evening or one week. Your partner can go on, "
    "or close the line: there are other hours."
)


def _key(request: HttpRequest) -> uuid.UUID | None:
    return ids.parse(request.POST.get("request_key", ""))


@require_role(Role.SUPPORTER)
@require_POST
def add(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Add somebody without a name to the line."""
    key = _key(request)
    if key is None:
        return in_the_way(request, _("This page was incomplete. Try it again from here."))
    return act_and_return(
        request,
        lambda person, now: calling.add(
            assignment=assignment, request_key=key, by=person, now=now
        ),
    )


@require_role(Role.SUPPORTER)
@require_POST
def run_late(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Say how late one runs, to whoever is next."""
    given = request.POST.get("minutes", "")
    minutes = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else -1
    return act_and_return(
        request,
        lambda person, now: presence.run_late(
            assignment=Assignment(pk=assignment), minutes=minutes, by=person, now=now
        ),
    )


@require_role(Role.SUPPORTER)
@require_POST
def set_line(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Close the line to more people, or open it again."""
    closed = request.POST.get("closed") == "on"
    return act_and_return(
        request,
        lambda person, now: calling.set_line_closed(
            assignment=assignment, is_closed=closed, by=person, now=now
        ),
    )


_VERBS: dict[str, Callable[[uuid.UUID, Person, datetime], object]] = {
    "put-back": lambda visit, by, now: calling.put_back(visit=visit, by=by, now=now),
    "not-found": lambda visit, by, now: calling.not_found(visit=visit, by=by, now=now),
    "came-late": lambda visit, by, now: calling.came_late(visit=visit, by=by, now=now),
    "remove": lambda visit, by, now: calling.remove(visit=visit, by=by, now=now),
    "call": lambda visit, by, now: calling.call(visit=visit, by=by, now=now),
    "not-me": lambda visit, by, now: meeting.not_me(visit=Visit(pk=visit), by=by, now=now),
    "give-up": lambda visit, by, now: follow_up.give_up(visit=visit, by=by, now=now),
}


@require_role(Role.SUPPORTER)
@require_POST
def step(request: HttpRequest, visit: uuid.UUID, verb: str) -> HttpResponse:
    """Do one verb on somebody in the line or expected."""
    act = _VERBS.get(verb)
    if act is None:
        raise Http404
    try:
        return act_and_return(request, lambda person, now: act(visit, person, now))
    except rules.NobodyToCall:
        return in_the_way(
            request, _("You and this person are not to meet. Your partner can call.")
        )
    except rules.EnoughForNow:
        return in_the_way(request, _ENOUGH)
    except rules.LineClosed:
        return in_the_way(request, _("These hours are over."))


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Hold a follow-up: a nameless code for one of one's own free times."""
    person, now = signed_in(request), clock.now()
    zone = facts().zone
    if not reads.is_mine(person, assignment):
        raise Http404
    days = with_times(reads.own_free_times(person, now, zone), zone)
    form = HoldForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                held = follow_up.hold(
                    slot=form.cleaned_data["slot"],
                    request_key=form.cleaned_data["request_key"],
                    by=person,
                    now=now,
                )
                context = {"personal": True, "held": _held(held, now)}
                return render(request, "officehours/held.html", context)
            except (rules.SlotGone, rules.SlotTaken):
                form.add_error("slot", str(_("That time is no longer free. Choose another.")))
                status = 409
    context = {"personal": True, "form": form, "days": days, "assignment": assignment}
    context["zone_name"] = words.zone_name(now, zone)
    return render(request, "officehours/hold.html", context, status=status)


def _held(visit: Visit, now: datetime) -> dict[str, Any]:
    zone = facts().zone
    starts = visit.starts_at or visit.ends_at
    return {
        "code": visit.reference,
        "when": words.moment_near(starts, now, zone),
        "day": words.day(clock.local_date(starts, zone)),
        "place": visit.shift.place,
    }


def _door(request: HttpRequest, assignment: uuid.UUID) -> dict[str, Any]:
    now, zone = clock.now(), facts().zone
    mine = reads.my_shift(signed_in(request), assignment)
    if mine is None:
        raise Http404
    code = lines.door_code(mine.shift, now)
    address = settings.PUBLIC_URL + reverse("line:door", args=[mine.shift, code])
    return {
        "personal": True,
        "assignment": assignment,
        "place": mine.place,
        "range": words.time_range(mine.starts_at, mine.ends_at, zone),
        "day": words.day(clock.local_date(mine.starts_at, zone)),
        "names": mine.names,
        "address": address,
        "qr": qr(address),
        "today_address": settings.PUBLIC_URL + reverse("portal:today"),
        "today_qr": qr(settings.PUBLIC_URL + reverse("portal:today")),
        "code": code,
        "seconds": max(5, int(lines.code_lasts(now).total_seconds()) + 1),
    }


@require_role(Role.SUPPORTER)
@require_safe
def door(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Show the code at the door, large; it changes by itself."""
    return render(request, "officehours/door.html", _door(request, assignment))


@require_role(Role.SUPPORTER)
@require_safe
def door_code(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Return the code alone, for the page that shows it."""
    context = _door(request, assignment)
    if request.GET.get("v") == context["code"]:
        return HttpResponse(status=204)
    return render(request, "officehours/_door_code.html", context)


@require_role(Role.SUPPORTER)
@require_safe
def paper(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Print: the door sign, number slips, and a tally sheet for an evening without phones."""
    now = clock.now()
    lengths: list[Words] = [
        _("under 15 minutes"),
        _("15 to 30"),
        _("30 to 60"),
        _("over an hour"),
    ]
    context = _door(request, assignment) | {
        "slips": range(1, 25),
        "rows": range(1, 13),
        "lengths": lengths,
        "behind": behind(now, facts().zone),
    }
    return render(request, "officehours/paper.html", context)
