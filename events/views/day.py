"""Pages of the day itself: the code at the door, the list of who runs it, how it was."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_person, require_role, signed_in
from events import keys, rules
from events.day_forms import QUESTIONS, HeadsForm, SaidForm
from events.models import Event
from events.permissions import COMERS, may_come, may_run
from events.queries import day as reads
from events.rules import Full, NotAllowed, NotAllowedFrom, NotOpen, State, TooEarly
from events.services import attendance
from events.services.said import say
from peersupport.core import clock, counters, ids, words
from peersupport.core.daykey import Forgotten
from peersupport.core.qr import qr
from program.queries import facts

_GONE = (NotOpen, Forgotten)
_TAPS = 24 * 60 * 60  # seconds for which a page that was sent is known


def _run(request: HttpRequest, event: uuid.UUID, now: datetime) -> Event:
    """Return an event the reader runs. Raises Http404 for everybody else."""
    row = reads.run(event, now)
    if row is None or not may_run(signed_in(request), row):
        raise Http404
    return row


def _door(row: Event, now: datetime) -> str:
    path = reverse("events:door", args=[row.pk, keys.key_of(row, now).door()])
    return settings.PUBLIC_URL.rstrip("/") + path


def _when(row: Event) -> str:
    zone = facts().zone
    day = words.day(row.starts_at.astimezone(zone).date())
    return f"{day}, {words.time_range(row.starts_at, row.ends_at, zone)}"


@require_person
@require_safe
def listed(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Show whoever runs it who is expected; of a discreet event numbers alone. It prints."""
    now = clock.now()
    row = reads.known(event)
    if row is None or not may_run(signed_in(request), row):
        raise Http404
    return _list(request, row, _heads_form(row), now)


def _heads_form(row: Event) -> HeadsForm:
    return HeadsForm(initial={"heads": row.heads})


def _list(
    request: HttpRequest,
    row: Event,
    form: HeadsForm,
    now: datetime,
    *,
    status: int = 200,
    too_early: uuid.UUID | None = None,
) -> HttpResponse:
    is_on, is_over, zone = row.state == State.PUBLISHED, row.ends_at <= now, facts().zone
    context = {
        "personal": True,
        "event": row,
        "when": _when(row),
        "day": reads.day_of(row, now),
        "form": form,
        "is_forgotten": row.is_forgotten or now >= row.forget_at,
        "is_on": is_on,
        "is_over": is_over,
        "may_mark": is_on and rules.is_marking_open(row.starts_at, row.forget_at, now),
        "marking_opens": words.moment_near(row.starts_at - rules.MARKING_OPENS, now, zone),
        "too_early": too_early,
        "how": _how_it_was(row, now) if is_on and is_over else None,
    }
    return render(request, "events/day/list.html", context, status=status)


def _how_it_was(row: Event, now: datetime) -> dict[str, Any]:
    """Return what is shown of how it was: totals, from when they are there, or that few spoke."""
    until, answers = rules.say_until(row.ends_at, row.forget_at), reads.answers_of(row)
    totals = [
        (question, [(label, answers[name][said]) for said, label in choices])
        for name, question, choices in QUESTIONS
        if name in answers
    ]
    comes_at = words.moment_near(until, now, facts().zone) if now < until else ""
    return {"totals": totals, "from": comes_at}


@require_person
@require_safe
def sign(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Show, or print, the code for the door."""
    now = clock.now()
    row = _run(request, event, now)
    address = _door(row, now)
    context = {"personal": True, "event": row, "when": _when(row), "qr": qr(address),
               "address": address}  # fmt: skip
    return render(request, "events/day/sign.html", context)


@require_person
@require_safe
def tally(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Print: boxes to tick at the door, without names. Of a discreet event it says no title.

    It lies about in a room: so it says no more than a calendar does.
    """
    row = _run(request, event, clock.now())
    boxes, width = rules.boxes_for(row.places), rules.BOXES_IN_ROW
    context = {
        "personal": True,
        "event": row,
        "title": _("Appointment") if row.is_sensitive else row.title,
        "when": _when(row),
        "rows": range(width, boxes + 1, width),
        "columns": range(width),
    }
    return render(request, "events/day/tally.html", context)


@require_person
@require_POST
def mark(request: HttpRequest, event: uuid.UUID, rsvp: uuid.UUID) -> HttpResponse:
    """Mark that somebody came, or take it back. What cannot be is said beside the name."""
    now, came = clock.now(), request.POST.get("came") == "yes"
    back = reverse("events:day", args=[event])
    try:
        attendance.mark(event=event, rsvp=rsvp, came=came, by=signed_in(request), now=now)
    except NotAllowed:
        raise Http404 from None
    except TooEarly:
        row = _run(request, event, now)
        return _list(request, row, _heads_form(row), now, status=409, too_early=rsvp)
    except NotOpen:
        return _too_late(request, event)
    except NotAllowedFrom:
        messages.warning(request, _("This place has been given back. The list is as it is now."))
        return redirect(back)
    return redirect(f"{back}#p{rsvp.hex}")


def _too_late(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Lead whoever runs an event that is off or forgotten back to its page, which says so."""
    row = reads.known(event)
    if row is None or not may_run(signed_in(request), row):
        raise Http404
    messages.warning(request, _("Nothing was noted."))
    return redirect("events:day", event)


@require_person
@require_POST
def heads(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Write down how many were there."""
    now, form = clock.now(), HeadsForm(request.POST)
    if form.is_valid():
        count = form.cleaned_data["heads"]
        try:
            attendance.count_heads(event=event, heads=count, by=signed_in(request), now=now)
        except NotAllowed:
            raise Http404 from None
        except TooEarly:
            form.add_error("heads", _("Nobody can be there yet. Count when it begins."))
        except NotOpen:
            return _too_late(request, event)
        else:
            messages.success(request, _("Noted."))
            return redirect("events:day", event)
    return _list(request, _run(request, event, now), form, now, status=400)


def _counted(event: uuid.UUID) -> str:
    return f"door-{event.hex[:12]}"


def _is_new_tap(event: uuid.UUID, tap: str, now: datetime) -> bool:
    """Return whether a page at the door has not been sent before.

    Somebody who taps twice, for want of an answer, has no cookie yet that says so.
    """
    return counters.count(f"door|{event}|{tap}", window=_TAPS, now=now) == 1


def _arrive(request: HttpRequest, row: Event, token: str, now: datetime) -> bool:
    """Note or count who taps at the door. Returns whether only the browser can know it.

    Raises as `attendance.check_in` does.
    """
    person = request.user if isinstance(request.user, Person) else None
    if person is not None and may_come(person):
        return attendance.check_in(event=row.pk, person=person, token=token, now=now) is None
    if _is_new_tap(row.pk, request.POST.get("tap", "")[:64] or ids.new_id().hex, now):
        attendance.walk_in(event=row.pk, token=token, now=now)
    return True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, event: uuid.UUID, token: str) -> HttpResponse:
    """Say at the door that one is there. Looking at the page changes nothing.

    Signed in, one's own place is marked; otherwise one is counted, once in this browser, and
    nothing else is known.
    """
    now = clock.now()
    row = reads.run(event, now)
    if row is None or not attendance.is_door(row, token, now):
        raise Http404
    person = request.user if isinstance(request.user, Person) else None
    has_name = person is not None and may_come(person)
    is_done = _counted(event) in request.COOKIES
    if not is_done and person is not None and has_name:
        is_done = reads.is_there(row, person, now)
    context: dict[str, Any] = {
        "personal": True,
        "is_signed_in": has_name,
        "is_off": row.state != State.PUBLISHED,
        "is_open": rules.is_door_open(row.starts_at, row.ends_at, now),
        "opens": words.moment_near(row.starts_at - rules.DOOR_OPENS, now, facts().zone),
        "is_early": now < row.starts_at - rules.DOOR_OPENS,
        "is_done": is_done,
        "tap": ids.new_id().hex,
        "onward": request.path,
    }
    if request.method == "POST" and not is_done:
        try:
            is_nameless = _arrive(request, row, token, now)
        except attendance.WrongDoor:
            raise Http404 from None
        except (NotOpen, Forgotten, NotAllowedFrom):
            context["is_open"] = False
        except NotAllowed:
            context["is_for_others"] = True
        except Full:
            context["is_full"] = True
        else:
            return _welcome(request, row, now, is_nameless=is_nameless)
    return render(request, "events/day/door.html", context)


def _welcome(
    request: HttpRequest, row: Event, now: datetime, *, is_nameless: bool
) -> HttpResponse:
    """Lead to the page that says so, which can be looked at again; remember who has no name."""
    response = redirect(request.path)
    if is_nameless:
        last = max(int((row.ends_at - now).total_seconds()), 60)
        response.set_cookie(_counted(row.pk), "1", max_age=last, httponly=True, samesite="Lax",
                            secure=request.is_secure(), path=request.path)  # fmt: skip
    return response


@require_role(*COMERS)
@require_http_methods(["GET", "HEAD", "POST"])
def how_was_it(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Ask in two taps how it was."""
    now, person = clock.now(), signed_in(request)
    row = reads.run(event, now)
    may_say = reads.may_say(row, person, now) if row is not None else None
    if row is None or may_say is None or row.cancelled_at or now < row.ends_at:
        raise Http404
    if now >= rules.say_until(row.ends_at, row.forget_at):
        over = {"personal": True, "is_over": True}
        return render(request, "events/day/how_was_it.html", over)
    form = SaidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            say(event=event, person=person, answers=form.cleaned_data, now=now)
        except _GONE:
            raise Http404 from None
        return redirect("events:how-was-it", event)
    context = {"personal": True, "form": form, "may_say": may_say}
    status = 400 if form.errors else 200
    return render(request, "events/day/how_was_it.html", context, status=status)
