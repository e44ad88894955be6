"""Pages of debriefs: asking for one, answering, and who can be asked."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_person, require_role, signed_in
from accounts.rules import Role
from events.debrief_forms import AskForm, TakeForm, TakerForm
from events.models import Request, Taker
from events.permissions import COMERS
from events.queries import debriefs as reads
from events.queries.debriefs import Asked
from events.rules import AlreadyAsked, NotAllowed, NotAllowedFrom
from events.services import debriefs
from peersupport.core import clock, ids, words
from program.queries import facts


def _told(found: Iterable[reads.Seen], now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    return [_words(one, now, zone) for one in found]


def _words(one: reads.Seen, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    row, event = one.row, one.row.event
    said: dict[str, Any] = {
        "row": row,
        "who": one.who,
        "said": one.said,
        "stand": str(one.stand),
        "is_full": one.is_full,
        "asked_on": words.day(row.asked_on),
        "when": "",
    }
    if event is not None:
        day = words.day(event.starts_at.astimezone(zone).date())
        said["when"] = f"{day}, {words.time_range(event.starts_at, event.ends_at, zone)}"
        said["place"] = event.place
        path = reverse("events:event", args=[event.pk])
        said["address"] = settings.PUBLIC_URL.rstrip("/") + path
    return said


def _mine(person: Person, takers: list[Taker], now: datetime, zone: ZoneInfo) -> list[reads.Seen]:
    here = {one.pk for one in takers}
    return reads.mine(person, here, now, clock.local_date(now, zone))


def _again(found: list[reads.Seen]) -> dict[str, str]:
    """Return what the form begins with: what nobody could do, so that it is not typed anew."""
    said = found[0].said if found and found[0].stand in reads.ENDED_WITHOUT else None
    return {"team": said.team, "helps": said.helps, "suits": said.suits} if said else {}


of_students = require_role(*COMERS)


@of_students
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask somebody for a debrief, and see what became of what one asked for."""
    now, person, zone = clock.now(), signed_in(request), facts().zone
    takers = reads.takers()
    others = [one for one in takers if one.person_id != person.pk]
    found = _mine(person, takers, now, zone)
    form = AskForm(request.POST if request.method == "POST" else None,
                   initial={"request_key": ids.new_id(), **_again(found)})  # fmt: skip
    form.choose(
        (str(one.pk), f"{one.name}: {one.about}" if one.about else one.name) for one in others
    )
    if request.method == "POST" and form.is_valid() and _asks(form, person, now):
        messages.success(request, _("It is with them now. You hear as soon as they answer."))
        return redirect("events:debriefs")
    context = {"personal": True, "form": form, "has_takers": bool(others),
               "is_taker": len(others) < len(takers),
               "mine": _told(found, now, zone)}  # fmt: skip
    status = 400 if form.errors else 200
    return render(request, "events/debriefs/ask.html", context, status=status)


def _asks(form: AskForm, person: Person, now: datetime) -> bool:
    """Ask, or say beside the field why not."""
    said = form.cleaned_data
    try:
        debriefs.ask(
            taker=uuid.UUID(said["taker"]),
            asked=Asked(said["team"], said["helps"], said["suits"]),
            request_key=said["request_key"],
            person=person,
            now=now,
        )
    except NotAllowedFrom:
        form.add_error("taker", _("They can no longer be asked. Choose somebody else."))
    except AlreadyAsked:
        again = _("You have asked them, and they have not answered yet. Choose somebody else, or "
                  "take back what you asked first.")  # fmt: skip
        form.add_error("taker", again)
    return not form.errors


@require_person
@require_safe
def told(request: HttpRequest) -> HttpResponse:
    """Lead from a letter to what one asked for."""
    return redirect("events:debriefs")


@require_person
@require_safe
def for_you(request: HttpRequest) -> HttpResponse:
    """Lead from a letter to what one was asked."""
    return redirect("events:asked")


@of_students
@require_POST
def withdraw(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Take back what one asked for."""
    try:
        debriefs.withdraw(request=request_id, person=signed_in(request), now=clock.now())
    except NotAllowed:
        raise Http404 from None
    except NotAllowedFrom:
        messages.warning(request, _("This was answered meanwhile."))
    else:
        messages.success(request, _("Taken back."))
    return redirect("events:debriefs")


@require_person
@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """Show somebody what teams have asked them."""
    person, now = signed_in(request), clock.now()
    if not reads.is_of_us(person) or not Taker.objects.filter(person=person).exists():
        raise Http404
    zone = facts().zone
    found = reads.to_me(person, now, clock.local_date(now, zone))
    context = {"personal": True, "found": _told(found, now, zone)}
    return render(request, "events/debriefs/asked.html", context)


def _asked_of_me(
    person: Person, request_id: uuid.UUID, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """Return one request to somebody, with what the team wrote. Raises Http404."""
    found = reads.to_me(person, now, clock.local_date(now, zone))
    one = next((one for one in found if one.row.pk == request_id and one.said), None)
    if one is None:
        raise Http404
    return _words(one, now, zone)


def _answered_meanwhile(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("This was answered meanwhile."))
    return redirect("events:asked")


@require_person
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Say when and where a team meets: a private event is made of it."""
    now, person, zone = clock.now(), signed_in(request), facts().zone
    found = _asked_of_me(person, request_id, now, zone)
    if found["row"].state != Request.State.ASKED:
        return _answered_meanwhile(request)
    form = TakeForm(request.POST if request.method == "POST" else None, zone=zone, now=now)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            event = debriefs.take(
                request=request_id,
                starts_at=said["starts_at"],
                ends_at=said["ends_at"],
                place=said["place"],
                by=person,
                now=now,
            )
        except NotAllowed:
            raise Http404 from None
        except NotAllowedFrom:
            return _answered_meanwhile(request)
        messages.success(request, _("It is set. Its address is for the team: hand it on."))
        return redirect("events:event", event.pk)
    context = {"personal": True, "form": form, "one": found,
               "zone_name": words.zone_name(now, zone)}  # fmt: skip
    status = 400 if form.errors else 200
    return render(request, "events/debriefs/take.html", context, status=status)


@require_person
@require_POST
def decline(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Say that one cannot do it."""
    try:
        debriefs.decline(request=request_id, by=signed_in(request), now=clock.now())
    except NotAllowed:
        raise Http404 from None
    except NotAllowedFrom:
        return _answered_meanwhile(request)
    else:
        messages.success(request, _("Declined. Whoever asked is told, with other ways."))
    return redirect("events:asked")


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def takers(request: HttpRequest) -> HttpResponse:
    """Keep the list of who can be asked."""
    by, now = signed_in(request), clock.now()
    held = {
        "grants__role__in": [str(role) for role in reads.OF_US],
        "grants__revoked_on__isnull": True,
    }
    people = {one.pk: one for one in Person.objects.filter(is_active=True, **held).distinct()}
    form = TakerForm(request.POST if request.method == "POST" else None)
    named = sorted((one.called or one.email, str(one.pk)) for one in people.values())
    form.choose((pk, name) for name, pk in named)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        who = people[uuid.UUID(said["person"])]
        debriefs.add_taker(person=who, about=said["about"], by=by, now=now)
        messages.success(request, _("They can be asked now."))
        return redirect("events:takers")
    context = {"personal": True, "form": form, "takers": reads.takers()}
    status = 400 if form.errors else 200
    return render(request, "events/debriefs/takers.html", context, status=status)


@require_role(Role.COORDINATOR, Role.STUDENT_LEAD)
@require_POST
def end_taker(request: HttpRequest, taker: uuid.UUID) -> HttpResponse:
    """Take somebody off the list."""
    debriefs.end_taker(taker=taker, by=signed_in(request), now=clock.now())
    return redirect("events:takers")
