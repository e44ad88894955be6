"""Pages of debriefs: asking for one, answering, and who can be asked."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_person, require_role, signed_in
from accounts.rules import Role
from events.debrief_forms import AskForm, TakeForm, TakerForm
from events.models import Request, Taker
from events.queries import debriefs as reads
from events.queries.debriefs import Asked
from events.rules import NotAllowed, NotAllowedFrom
from events.services import debriefs
from peersupport.core import clock, ids, words
from program.queries import facts


def _when(row: Request) -> str:
    if row.event is None:
        return ""
    zone = facts().zone
    day = words.day(row.event.starts_at.astimezone(zone).date())
    return f"{day}, {words.time_range(row.event.starts_at, row.event.ends_at, zone)}"


def _told(found: list[reads.Seen]) -> list[dict[str, Any]]:
    return [
        {"row": one.row, "who": one.who, "said": one.said, "when": _when(one.row)} for one in found
    ]


@require_role(Role.STUDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask somebody for a debrief, and see what became of what one asked for."""
    now, person = clock.now(), signed_in(request)
    takers = reads.takers()
    form = AskForm(request.POST if request.method == "POST" else None,
                   initial={"request_key": ids.new_id()})  # fmt: skip
    form.choose(
        (str(one.pk), f"{one.name}: {one.about}" if one.about else one.name) for one in takers
    )
    if request.method == "POST" and form.is_valid():
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
        else:
            messages.success(request, _("It is with them now. You hear as soon as they answer."))
            return redirect("events:debriefs")
    context = {"personal": True, "form": form, "has_takers": bool(takers),
               "is_taker": person.pk in {one.person_id for one in takers},
               "mine": _told(reads.mine(person, now))}  # fmt: skip
    status = 400 if form.errors else 200
    return render(request, "events/debriefs/ask.html", context, status=status)


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


@require_role(Role.STUDENT)
@require_POST
def withdraw(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Take back what one asked for, while nobody has answered."""
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
    context = {"personal": True, "found": _told(reads.to_me(person, now))}
    return render(request, "events/debriefs/asked.html", context)


def _mine(person: Person, request_id: uuid.UUID) -> dict[str, Any]:
    found = [one for one in reads.to_me(person, clock.now()) if one.row.pk == request_id]
    if not found:
        raise Http404
    return _told(found)[0]


@require_person
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Say when and where a team meets: a private event is made of it."""
    now, person, zone = clock.now(), signed_in(request), facts().zone
    found = _mine(person, request_id)
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
        except NotAllowedFrom:
            messages.warning(request, _("This was answered meanwhile."))
            return redirect("events:asked")
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
        messages.warning(request, _("This was answered meanwhile."))
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
