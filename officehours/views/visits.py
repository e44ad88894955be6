"""Pages of the student: book, my times, one time, its receipt.

A visit that is somebody else's, forgotten, or was never there gives the same 404.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.forms import WAYS, BookForm, TimesForm, with_times
from officehours.models import Visit
from officehours.queries import emergency, pages
from officehours.services import booking, meeting
from peersupport.core import clock, words
from peersupport.core.datamap.registry import Words
from peersupport.core.emergency import Note
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from program.queries.confidentiality import consent

_TAKEN = _("That time has just been taken. Choose another.")
_GONE = _("That time is no longer offered. Choose another.")


def _context(free: list[pages.Day], now: datetime, **more: Any) -> dict[str, Any]:
    known = facts()
    zone = known.zone
    people = {time.who_id: time for day in free for time in day.times}
    return {
        "personal": True,
        "consent": consent(known.values),
        "days": with_times(free, zone),
        "zone_name": words.zone_name(now, zone),
        "whom": sorted(
            (
                {"id": time.who_id.hex, "name": time.who, "tags": "\n".join(time.tags)}
                for time in people.values()
            ),
            key=lambda one: one["name"],
        ),
        "tags": sorted({tag for time in people.values() for tag in time.tags}),
        "cards": sorted(
            (time.card for time in people.values() if time.card), key=lambda card: card.name
        ),
        **more,
    }


def _free(person: Person, instead_of: pages.MyVisit) -> list[pages.Day]:
    """Return the times this visit could move to: those in the same way of talking."""
    days = pages.free_times(person, clock.now(), facts().zone, instead_of=instead_of.id)
    kept = [
        pages.Day(day.day, tuple(time for time in day.times if instead_of.way in time.ways))
        for day in days
    ]
    return [day for day in kept if day.times]


def _mine(request: HttpRequest, visit: uuid.UUID) -> pages.MyVisit:
    found = pages.my_visit(signed_in(request), visit, clock.now())
    if found is None:
        raise Http404
    return found


@require_role(Role.STUDENT)
@require_safe
def list_visits(request: HttpRequest) -> HttpResponse:
    """Show the times this student has, and what is still known of past ones."""
    now = clock.now()
    zone = facts().zone
    mine = [described(visit, now, zone) for visit in pages.my_visits(signed_in(request), now)]
    return render(request, "officehours/visits.html", {"personal": True, "visits": mine})


def _ways(days: list[pages.Day]) -> tuple[str, ...]:
    """Return the ways of talking that any of the times has, in the usual order."""
    found = {way for day in days for time in day.times for way in time.ways}
    return tuple(str(way) for way in rules.Way if way in found) or (str(rules.Way.IN_PERSON),)


def _all_free(person: Person, now: datetime) -> list[pages.Day]:
    return pages.free_times(person, now, facts().zone)


@require_role(Role.STUDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """Show the free times, and book one. Losing a race keeps the rest of the form."""
    person = signed_in(request)
    now = clock.now()
    if request.method != "POST":
        mine = _in_the_way(person, now)
        if mine is not None:
            return _already_booked(request, mine)
        free = _all_free(person, now)
        form = BookForm(ways=_ways(free), initial={"name": person.introduction})
        return render(request, "officehours/book.html", _context(free, now, form=form))
    # What is offered is read again only if the form must be shown again.
    asked = tuple(map(str, rules.Way)) if "way" in request.POST else (str(rules.Way.IN_PERSON),)
    form = BookForm(request.POST, ways=asked)
    status = 400
    if form.is_valid():
        done = _book(request, person, form, now)
        if done is not None:
            return done
        status = 409
    free = _all_free(person, now)
    if "way" not in form.fields and form.has_error("slot", "way"):
        form = BookForm(request.POST, ways=_ways(free))
    form.narrow_ways(_ways(free))
    context = _context(free, now, form=form, only=request.POST.getlist("only")[:60])
    return render(request, "officehours/book.html", context, status=status)


def _in_the_way(person: Person, now: datetime) -> dict[str, Any] | None:
    """Return the one time this person has; a place in line is no obstacle."""
    zone = facts().zone
    mine = (described(visit, now, zone) for visit in pages.my_visits(person, now))
    return next((one for one in mine if one["is_live"] and not one["in_line"]), None)


def _already_booked(
    request: HttpRequest, mine: dict[str, Any] | None, status: int = 200
) -> HttpResponse:
    """Show the time they have, and what they can do with it, in place of the form."""
    context = {"personal": True, "visit": mine}
    return render(request, "officehours/already_booked.html", context, status=status)


def _book(
    request: HttpRequest, person: Person, form: BookForm, now: datetime
) -> HttpResponse | None:
    """Book, or put what is in the way into the form and return nothing."""
    data = form.cleaned_data
    try:
        visit = booking.book(
            person=person,
            slot=data["slot"],
            name=data["name"],
            wants_mail=data["wants_mail"],
            request_key=data["request_key"],
            now=now,
            meeting=form.meeting(request.POST.getlist("only")),
        )
        return redirect("visits:show", visit=visit.pk)
    except rules.AlreadyBooked:
        return _already_booked(request, _in_the_way(person, now), status=409)
    except rules.SlotTaken:
        form.add_error("slot", str(_TAKEN))
    except rules.SlotGone:
        form.add_error("slot", str(_GONE))
    except rules.NotThisWay:
        field = "way" if "way" in form.fields else "slot"
        said = _("That time is not offered in this way. Choose another time, or another way.")
        form.add_error(field, ValidationError(said, code="way"))
    except rules.WithYourself:
        form.add_error("slot", str(_("That time is your own. Choose somebody else's.")))
    return None


@require_role(Role.STUDENT)
@require_safe
def show(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """Show one of this student's times: what happens next, or its receipt."""
    now = clock.now()
    zone = facts().zone
    mine = described(_mine(request, visit), now, zone)
    # Only a remote visit has anything that could be handed over.
    handed = emergency.notes_of(visit, now) if mine["is_remote"] else []
    context = {
        "personal": True,
        "visit": mine,
        "handed": [line for one in handed for line in _handed(one, now, zone)],
    }
    return render(request, "officehours/visit.html", context)


def _within(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return the hour in which something happened: "today, 5pm to 6pm"."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    day = words.day_near(clock.local_date(hour, zone), clock.local_date(now, zone))
    return f"{day}, {words.time_range(hour, hour + timedelta(hours=1), zone)}"


def _handed(note: Note, now: datetime, zone: ZoneInfo) -> list[str]:
    """Return in words what became of where a student said they would be."""
    when = _within(note.handed_at, now, zone)
    said = [gettext("Handed over to the on-call counselors: %s.") % when]
    for name, at in note.opened:
        told = {"name": name, "when": _within(at, now, zone)}
        said.append(gettext("Opened by %(name)s: %(when)s.") % told)
    return said


@require_role(Role.STUDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """Show the free times and take another one, giving up this one in the same moment."""
    person = signed_in(request)
    found = _mine(request, visit)
    mine = described(found, clock.now(), facts().zone)
    if request.method != "POST":
        if not mine["may_move"]:
            return _too_late(request, visit)
        context = _context(_free(person, found), clock.now(), form=TimesForm(), visit=mine)
        return render(request, "officehours/move.html", context)
    form = TimesForm(request.POST)
    status = 400
    if form.is_valid():
        status = 409
        try:
            moved = booking.move(
                person=person,
                visit=Visit(pk=visit),
                slot=form.cleaned_data["slot"],
                request_key=form.cleaned_data["request_key"],
                now=clock.now(),
            )
            return redirect("visits:show", visit=moved.pk)
        except rules.SlotTaken:
            form.add_error("slot", _TAKEN)
        except (rules.SlotGone, rules.WithYourself, rules.NotThisWay):
            form.add_error("slot", _GONE)
        except NotAllowedFrom:
            return _too_late(request, visit)
    context = _context(_free(person, found), clock.now(), form=form, visit=mine)
    return render(request, "officehours/move.html", context, status=status)


@require_role(Role.STUDENT)
@require_POST
def cancel(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """Give up one's time."""
    _mine(request, visit)
    try:
        booking.cancel(person=signed_in(request), visit=Visit(pk=visit), now=clock.now())
    except NotAllowedFrom:
        return _too_late(request, visit)
    return redirect("visits:show", visit=visit)


@require_role(Role.STUDENT)
@require_POST
def arrive(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """Say "I'm here"."""
    _mine(request, visit)
    try:
        booking.arrive(person=signed_in(request), visit=Visit(pk=visit), now=clock.now())
    except (NotAllowedFrom, rules.OutOfTime):
        return _too_late(request, visit)
    return redirect("visits:show", visit=visit)


@require_role(Role.STUDENT)
@require_POST
def answer_offer(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """Say yes or no to somebody else at the same time."""
    _mine(request, visit)
    act = meeting.accept_offer if request.POST.get("answer") == "yes" else meeting.decline_offer
    try:
        act(person=signed_in(request), visit=Visit(pk=visit), now=clock.now())
    except NotAllowedFrom:
        return _too_late(request, visit)
    return redirect("visits:show", visit=visit)


@require_role(Role.STUDENT)
@require_POST
def remove_log(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """Take this visit out of every count."""
    _mine(request, visit)
    booking.remove_log(person=signed_in(request), visit=Visit(pk=visit), now=clock.now())
    return redirect("visits:show", visit=visit)


def _too_late(request: HttpRequest, visit: uuid.UUID) -> HttpResponse:
    """Somebody got there first: say so calmly and lead back to how things stand."""
    back = reverse("visits:show", args=[visit])
    context = {"personal": True, "back": back}
    return render(request, "officehours/changed_meanwhile.html", context, status=409)


_LENGTHS = {
    rules.LengthBand.SHORT: _("under 15 minutes"),
    rules.LengthBand.HALF: _("15 to 30 minutes"),
    rules.LengthBand.HOUR: _("30 to 60 minutes"),
    rules.LengthBand.LONG: _("over an hour"),
}


def described(visit: pages.MyVisit, now: Any, zone: Any) -> dict[str, Any]:
    """Return a visit with the words its page needs. Templates never ask for a state by name."""
    starts = visit.starts_at or visit.ends_at
    soon = now >= starts - rules.EARLY_IN
    movable = visit.state in (rules.S.BOOKED, rules.S.ARRIVED)
    day = clock.local_date(starts, zone)
    return {
        "id": visit.id,
        "visit": visit,
        "who": visit.who,
        "place": visit.place,
        "day": words.day(day),
        "near": words.day_near(day, clock.local_date(now, zone)),
        # A place in line, and a talk that came from it, have no time of their own.
        "time": words.time_of_day(starts, zone) if visit.starts_at else "",
        "until": words.time_of_day(visit.ends_at, zone),
        "when": words.when(starts, now, zone),
        "zone": words.zone_name(starts, zone),
        "headline": _headline(visit),
        "tag": _tag(visit),
        "is_live": visit.is_live,
        "may_move": movable,
        "may_cancel": movable,
        "is_offer": visit.is_offer,
        "is_remote": visit.way in rules.REMOTE,
        "way": WAYS[rules.Way(visit.way)],
        "room_link": visit.room_link,
        "room_at": words.time_of_day(starts - rules.NOW_ROOM, zone),
        "late": visit.late_minutes,
        "in_line": visit.state in (rules.S.WAITING, rules.S.CALLED),
        "may_arrive": visit.state == rules.S.BOOKED and soon,
        "is_over": not visit.is_live,
        "is_finished": visit.state == rules.S.FINISHED,
        "offer_other": visit.state == rules.S.CANCELLED
        and visit.ended_by in ("supporter", "program", "system"),
        "forgotten": words.moment_near(visit.forget_at, now, zone),
        "length": _LENGTHS.get(rules.LengthBand(visit.log.length)) if visit.log else None,
        "topics": _topics(visit),
        "log": visit.log,
        "is_log_removed": visit.is_log_removed,
    }


def _topics(visit: pages.MyVisit) -> list[str]:
    from officehours.forms import LogForm

    if visit.log is None:
        return []
    names = dict(LogForm.base_fields["topics"].choices)  # type: ignore[attr-defined]
    return [str(names[topic]) for topic in visit.log.topics if topic in names]


def _headline(visit: pages.MyVisit) -> Words:
    if visit.state == rules.S.CANCELLED:
        return {
            "student": _("You gave up this time"),
            "move": _("You moved this time"),
            "supporter": _("This time was cancelled, we are sorry"),
            "program": _("This time was cancelled, we are sorry"),
            "system": _("We could not open, we are sorry"),
        }.get(visit.ended_by, _("This time was cancelled"))
    return {
        rules.S.BOOKED: _("You have a time"),
        rules.S.ARRIVED: _("You are here"),
        rules.S.WAITING: _("You are in line"),
        rules.S.CALLED: _("It is your turn"),
        rules.S.TALKING: _("You are in a talk"),
        rules.S.FINISHED: _("Your receipt"),
        rules.S.MISSED: _("You did not meet"),
    }.get(rules.VisitState(visit.state), _("This time is over"))


def _tag(visit: pages.MyVisit) -> tuple[str, Words]:
    kind = {
        rules.S.BOOKED: "info",
        rules.S.ARRIVED: "ok",
        rules.S.WAITING: "info",
        rules.S.CALLED: "ok",
        rules.S.TALKING: "ok",
    }.get(rules.VisitState(visit.state), "off")
    word = {
        rules.S.BOOKED: _("Booked"),
        rules.S.ARRIVED: _("You are here"),
        rules.S.WAITING: _("Waiting"),
        rules.S.CALLED: _("Your turn"),
        rules.S.TALKING: _("Going on"),
        rules.S.FINISHED: _("Finished"),
        rules.S.MISSED: _("We didn't meet"),
        rules.S.CANCELLED: _("Cancelled"),
    }.get(rules.VisitState(visit.state), _("Over"))
    return kind, word
