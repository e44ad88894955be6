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
from accounts.rules import Role
from events import keys, rules
from events.day_forms import QUESTIONS, HeadsForm, SaidForm
from events.models import Event
from events.permissions import may_run
from events.queries import day as reads
from events.rules import Full, NotAllowed, NotAllowedFrom, NotOpen, State
from events.services import attendance
from events.services.said import say
from peersupport.core import clock, words
from peersupport.core.daykey import Forgotten
from peersupport.core.qr import qr
from program.queries import facts

_GONE = (NotOpen, Forgotten, attendance.WrongDoor)


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
    return _list(request, row, HeadsForm(initial={"heads": row.heads}), now)


def _list(
    request: HttpRequest, row: Event, form: HeadsForm, now: datetime, **more: Any
) -> HttpResponse:
    is_over = row.state == State.PUBLISHED and row.ends_at <= now
    context = {
        "personal": True,
        "event": row,
        "when": _when(row),
        "day": reads.day_of(row, now),
        "form": form,
        "is_forgotten": row.is_forgotten or now >= row.forget_at,
        "how": _how_it_was(row, now) if is_over else None,
        **more,
    }
    return render(request, "events/day/list.html", context, status=400 if form.errors else 200)


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
@require_POST
def mark(request: HttpRequest, event: uuid.UUID, rsvp: uuid.UUID) -> HttpResponse:
    """Mark that somebody came, or take it back."""
    came = request.POST.get("came") == "yes"
    try:
        attendance.mark(event=event, rsvp=rsvp, came=came, by=signed_in(request), now=clock.now())
    except (NotAllowed, NotOpen):
        raise Http404 from None
    return redirect(f"{reverse('events:day', args=[event])}#p{rsvp.hex}")


@require_person
@require_POST
def heads(request: HttpRequest, event: uuid.UUID) -> HttpResponse:
    """Write down how many were there."""
    now, form = clock.now(), HeadsForm(request.POST)
    row = _run(request, event, now)
    if not form.is_valid():
        return _list(request, row, form, now)
    attendance.count_heads(
        event=event, heads=form.cleaned_data["heads"], by=signed_in(request), now=now
    )
    messages.success(request, _("Noted."))
    return redirect("events:day", event)


def _counted(event: uuid.UUID) -> str:
    return f"door-{event.hex[:12]}"


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
    is_student = person is not None and person.has_role(Role.STUDENT)
    context: dict[str, Any] = {
        "personal": True,
        "is_signed_in": is_student,
        "is_open": rules.is_door_open(row.starts_at, row.ends_at, now),
        "opens": words.moment_near(row.starts_at - rules.DOOR_OPENS, now, facts().zone),
        "is_early": now < row.starts_at - rules.DOOR_OPENS,
        "is_done": _counted(event) in request.COOKIES,
        "onward": request.path,
    }
    try:
        if not context["is_done"] and request.method == "POST":
            if person is not None and is_student:
                attendance.check_in(event=event, person=person, token=token, now=now)
            else:
                attendance.walk_in(event=event, token=token, now=now)
            context["is_done"] = True
    except attendance.WrongDoor:
        raise Http404 from None
    except (NotOpen, Forgotten, NotAllowedFrom):
        context["is_open"] = False
    except NotAllowed:
        context["is_for_others"] = True
    except Full:
        context["is_full"] = True
    response = render(request, "events/day/door.html", context)
    if request.method == "POST" and context["is_done"]:
        last = max(int((row.ends_at - now).total_seconds()), 60)
        response.set_cookie(_counted(event), "1", max_age=last, httponly=True, samesite="Lax",
                            secure=request.is_secure(), path=request.path)  # fmt: skip
    return response


@require_role(Role.STUDENT)
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
