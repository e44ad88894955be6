"""Cover, swaps and pairs between supporters. Nobody is asked why."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.models import Rule, Shift
from officehours.planning_forms import SwapForm
from officehours.queries import cover as reads
from officehours.services import cover, pairs
from officehours.views.acts import in_the_way
from peersupport.core import clock, words
from peersupport.core.datamap.registry import Words
from peersupport.core.states import NotAllowedFrom
from program.queries import facts

_IN_THE_WAY: dict[type[Exception], Words] = {
    NotAllowedFrom: gettext_lazy(
        "Somebody else was first, or these hours have changed. Nothing was done."
    ),
    rules.Overlaps: gettext_lazy("You have other hours in part of that time."),
    rules.StepsBack: gettext_lazy(
        "You step back in that time, or an exam of yours is near. Nothing was done."
    ),
    rules.TooManyShifts: gettext_lazy(
        "That would be more than two shifts in that week. Two are the most: it should stay light."
    ),
    rules.Unavailable: gettext_lazy("The other supporter is not available in that time."),
    rules.NotCovered: gettext_lazy(
        "By now nobody stands behind the supporters for part of that time. Ask your coordinator."
    ),
    rules.ShiftFull: gettext_lazy("Two people hold these hours already."),
    rules.OutOfTime: gettext_lazy("It is too early or too late for that."),
}


def _act(
    request: HttpRequest, act: Callable[[Person, datetime], object], done: Any
) -> HttpResponse:
    """Do one act and lead back to the page, or say calmly what is in the way."""
    try:
        found = act(signed_in(request), clock.now())
    except rules.NotAllowed:
        raise Http404 from None
    except tuple(_IN_THE_WAY) as wrong:
        return in_the_way(request, _IN_THE_WAY[type(wrong)], reverse("hours:cover"))
    messages.success(request, done)
    if isinstance(found, list) and found:
        days = ", ".join(words.day(day) for day in found)
        messages.info(request, _("Not on these days, you have other hours or enough: %s.") % days)
    return redirect("hours:cover")


@require_role(Role.SUPPORTER)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Show what others ask, what one asks oneself, and where there is room."""
    now, zone = clock.now(), facts().zone
    found = reads.board(signed_in(request), now)
    context = {
        "personal": True,
        "offers": [_asked(one, now, zone) for one in found.offers],
        "requests": [_asked(one, now, zone) for one in found.requests],
        "mine": [
            {
                "assignment": one.assignment,
                "cover": one.cover,
                "line": _line(one.hours, now, zone),
                "offered_for": _line(one.offered_for, now, zone) if one.offered_for else "",
                "who": one.offered_for.who if one.offered_for else "",
            }
            for one in found.mine
        ],
        "rooms": [
            {"room": one, "who": one.hours.who, "line": _line(one.hours, now, zone)}
            for one in found.rooms
        ],
        "pairs": [
            {"rule": one.rule.pk, "who": one.who, "day": words.weekday(one.rule.weekday)}
            for one in found.pairs
        ],
    }
    return render(request, "officehours/cover.html", context)


def _line(hours: reads.TheirHours, now: datetime, zone: ZoneInfo) -> str:
    day = words.day_near(clock.local_date(hours.starts_at, zone), clock.local_date(now, zone))
    said = words.time_range(hours.starts_at, hours.ends_at, zone)
    return f"{words.upper_first(day)}, {said}, {hours.place}"


def _asked(one: reads.Asked, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "cover": one.cover,
        "who": one.hours.who,
        "line": _line(one.hours, now, zone),
        "mine": _line(one.mine, now, zone) if one.mine else "",
    }


@require_role(Role.SUPPORTER)
@require_POST
def ask(request: HttpRequest, assignment: uuid.UUID) -> HttpResponse:
    """Ask the others to take one's hours."""
    return _act(
        request,
        lambda person, now: cover.ask(assignment=assignment, by=person, now=now),
        _("The other supporters see it now. Until somebody takes these hours, they stay yours."),
    )


_VERBS: dict[str, tuple[Callable[..., object], Words]] = {
    "take": (cover.take, gettext_lazy("These hours are yours. Thank you.")),
    "back": (cover.take_back, gettext_lazy("Taken back. Nobody is asked any more.")),
    "accept": (cover.accept_swap, gettext_lazy("Swapped.")),
    "decline": (cover.decline_swap, gettext_lazy("Declined. Nobody is told why.")),
}


@require_role(Role.SUPPORTER)
@require_POST
def answer(request: HttpRequest, cover: uuid.UUID, verb: str) -> HttpResponse:
    """Take hours, take a request back, or answer a swap."""
    if verb not in _VERBS:
        raise Http404
    act, done = _VERBS[verb]
    return _act(request, lambda person, now: act(cover=cover, by=person, now=now), done)


@require_role(Role.SUPPORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def swap(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Offer hours of one's own for those somebody asks cover for."""
    now, zone = clock.now(), facts().zone
    found = reads.swap_choice(signed_in(request), request_id, now)
    if found is None and request.method == "POST":
        return in_the_way(request, _IN_THE_WAY[NotAllowedFrom], reverse("hours:cover"))
    if found is None:
        raise Http404
    choices = [(str(pk), _line(hours, now, zone)) for pk, hours in found.mine]
    form = SwapForm(request.POST if request.method == "POST" else None, choices=choices)
    if request.method == "POST" and form.is_valid():
        mine = form.cleaned_data["mine"]
        return _act(
            request,
            lambda person, now: cover.offer_swap(cover=request_id, mine=mine, by=person, now=now),
            _("Offered. %s decides.") % found.theirs.who,
        )
    context = {
        "personal": True,
        "form": form,
        "who": found.theirs.who,
        "line": _line(found.theirs, now, zone),
        "has_any": bool(choices),
    }
    status = 400 if form.errors else 200
    return render(request, "officehours/cover_swap.html", context, status=status)


@require_role(Role.SUPPORTER)
@require_POST
def join(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Be the second person on one day."""
    return _act(
        request,
        lambda person, now: pairs.join_once(shift=Shift(pk=shift), by=person, now=now),
        _("You are the second person in these hours."),
    )


@require_role(Role.SUPPORTER)
@require_POST
def pair_weekly(request: HttpRequest, rule: uuid.UUID, verb: str) -> HttpResponse:
    """Be the second person every week, or stop being it."""
    if verb == "join":
        return _act(
            request,
            lambda person, now: pairs.join_weekly(rule=Rule(pk=rule), by=person, now=now),
            _("You are the second person in these hours, every week."),
        )
    if verb != "leave":
        raise Http404
    return _act(
        request,
        lambda person, now: pairs.leave_weekly(rule=Rule(pk=rule), by=person, now=now),
        _("You are no longer the second person in these hours."),
    )
