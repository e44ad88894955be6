"""Pages of whoever waits: join with an account or with the code at the door, my place.

Nothing here needs JavaScript: the page refreshes its own part when it can, and says how when not.
"""

import base64
import hashlib
import secrets
import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from officehours import rules
from officehours.forms import WAYS
from officehours.line_forms import JoinForm
from officehours.queries import line as lines
from officehours.queries.board import todays_board
from officehours.queries.line import Line, MyPlace
from officehours.queries.sealed import Claimant
from officehours.services import line
from peersupport.core import clock, words
from peersupport.core.datamap.registry import Words
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from program.queries.confidentiality import consent

_COOKIE = "place"
_PATH = "/line/"
_CLOSED = _("The line is closed. Nobody more is called from it today.")


def claimant_of(request: HttpRequest) -> Claimant:
    """Return who asks: the account, the device that joined at the door, or both."""
    person = request.user.pk if isinstance(request.user, Person) else None
    return Claimant(person, _device(request))


def _device(request: HttpRequest) -> bytes | None:
    try:
        token = base64.urlsafe_b64decode(request.COOKIES.get(_COOKIE, "") + "==")
    except ValueError:
        return None
    return token if len(token) == 16 else None


def _remember(response: HttpResponse, device: bytes, until: datetime, now: datetime) -> None:
    """Give the device its token, for the hours and a little longer, on the line's pages only."""
    value = base64.urlsafe_b64encode(device).decode().rstrip("=")
    response.set_cookie(
        _COOKIE,
        value,
        max_age=max(60, int((until + rules.REMEMBER - now).total_seconds())),
        path=_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def wait_words(wait: rules.Wait) -> Words:
    """Return an honest range in words."""
    if wait.low == 0:
        return _("Up to about %(high)d minutes.") % {"high": wait.high}
    return _("About %(low)d to %(high)d minutes.") % {"low": wait.low, "high": wait.high}


def to_wait(wait: rules.Wait) -> str:
    """Return the same range as a sentence of its own: "About 10 to 20 minutes to wait."."""
    if wait.low == 0:
        return str(_("Up to about %(high)d minutes to wait.") % {"high": wait.high})
    said = {"low": wait.low, "high": wait.high}
    return str(_("About %(low)d to %(high)d minutes to wait.") % said)


def _line_context(found: Line, now: datetime) -> dict[str, Any]:
    known = facts()
    zone = known.zone
    people = ngettext("%d person waits.", "%d people wait.", found.waiting) % found.waiting
    return {
        "personal": True,
        "place": found.place,
        "until": words.time_of_day(found.ends_at, zone),
        "waiting": people if found.waiting else str(_("Nobody is waiting: you would be next.")),
        "about": to_wait(found.wait),
        "hosts": found.hosts,
        "consent": consent(known.values),
    }


def _cannot_join(request: HttpRequest, text: Words, status: int = 409) -> HttpResponse:
    now = clock.now()
    board = todays_board(now)
    upcoming = words.moment_near(board.next_at, now, board.zone) if board.next_at else ""
    context = {"personal": True, "text": text, "next": upcoming}
    return render(request, "officehours/line_closed.html", context, status=status)


@require_role(Role.STUDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, shift: uuid.UUID) -> HttpResponse:
    """Join a line with one's account. A booked time later is no obstacle."""
    person, now = signed_in(request), clock.now()
    found = lines.line_of(shift, now)
    if found is None:
        raise Http404
    if lines.is_waiting_in(person, shift, now):
        return redirect("line:mine")
    if not found.is_open:
        return _cannot_join(request, _CLOSED)
    context = _line_context(found, now)
    if request.method != "POST":
        form = JoinForm(found, initial={"name": person.introduction})
        return render(request, "officehours/join.html", {**context, "form": form})
    form = JoinForm(found, request.POST)
    return _join(request, person, form, shift) or render(
        request,
        "officehours/join.html",
        {**context, "form": form},
        status=409 if form.is_bound and form.non_field_errors() else 400,
    )


def _join(
    request: HttpRequest, person: Person, form: JoinForm, shift: uuid.UUID
) -> HttpResponse | None:
    """Join, or put what is in the way into the form and return nothing."""
    if not form.is_valid():
        return None
    try:
        line.join(
            person=person,
            shift=shift,
            name=form.cleaned_data["name"],
            meeting=form.meeting(),
            request_key=form.cleaned_data["request_key"],
            now=clock.now(),
        )
        return redirect("line:mine")
    except rules.LineClosed:
        return _cannot_join(request, _CLOSED)
    except rules.AlreadyWaiting:
        return _in_another_line(request)
    except rules.WithYourself:
        form.add_error(None, str(_("These hours are your own.")))
    except rules.NobodySuitable:
        form.add_error(None, str(_("Nobody in these hours would suit. Other hours may.")))
    return None


def _in_another_line(request: HttpRequest) -> HttpResponse:
    context = {
        "personal": True,
        "back": reverse("line:mine"),
        "text": _("You have a place in another line. Leave it first, then join this one."),
    }
    return render(request, "officehours/changed_meanwhile.html", context, status=409)


@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, shift: uuid.UUID, code: str) -> HttpResponse:
    """Join in the room with the code at the door: no account, nothing to sign in to."""
    now = clock.now()
    back = rules.DOOR_SENT if request.method == "POST" else rules.DOOR_READ
    found = lines.line_of(shift, now) if lines.is_door_code(shift, code, now, back=back) else None
    if found is None:
        text = _("That code has changed. Scan the one at the door again.")
        return _cannot_join(request, text, status=404)
    if not found.is_open:
        return _cannot_join(request, _CLOSED)
    if isinstance(request.user, Person) and request.user.has_role(Role.STUDENT):
        return redirect("line:join", shift=shift)
    context = _line_context(found, now) | {"at_door": True}
    form = JoinForm(found, request.POST if request.method == "POST" else None, at_door=True)
    if request.method != "POST" or not form.is_valid():
        status = 200 if request.method != "POST" else 400
        return render(request, "officehours/join.html", {**context, "form": form}, status=status)
    device = _device(request) or secrets.token_bytes(16)
    try:
        line.join_at_door(
            shift=shift,
            code=code,
            device=device,
            name=form.cleaned_data["name"],
            only=form.meeting().only,
            request_key=form.cleaned_data["request_key"],
            now=now,
        )
    except (rules.LineClosed, rules.NobodySuitable, rules.AlreadyWaiting):
        return _cannot_join(request, _CLOSED)
    done = redirect("line:mine")
    _remember(done, device, found.ends_at, now)
    return done


_HEADLINES: dict[str, Words] = {
    rules.S.WAITING: _("You are in line"),
    rules.S.CALLED: _("It is your turn"),
    rules.S.TALKING: _("You are in a talk"),
    rules.S.FINISHED: _("Thank you for coming"),
    rules.S.LEFT: _("You left the line"),
    rules.S.MISSED: _("We called you and did not find you"),
    rules.S.CLOSED: _("We could not get to you today, and we are sorry"),
}


def _place_context(mine: MyPlace, now: datetime) -> dict[str, Any]:
    known = facts()
    zone = known.zone
    waiting = mine.state == rules.S.WAITING
    steps = ["done"] * 0 + (["you"] if mine.ahead == 0 else [""] * min(mine.ahead, 7) + ["you"])
    content = {
        "id": mine.id,
        "state": str(mine.state),
        "headline": _HEADLINES.get(mine.state, _("This is over")),
        "is_waiting": waiting,
        "is_called": mine.state == rules.S.CALLED,
        "is_away": mine.is_away,
        "position": words.ordinal(mine.ahead + 1) if waiting else "",
        "steps": list(reversed(steps)) if waiting else [],
        "about": wait_words(mine.wait) if waiting else "",
        "place": mine.place,
        "who": f"{mine.who}, {mine.year}" if mine.year else mine.who,
        "is_remote": mine.way in rules.REMOTE,
        "way": str(WAYS[rules.Way(mine.way)]),
        "room_link": mine.room_link,
        "come_by": words.time_of_day(mine.come_by, zone) if mine.come_by else "",
        "may_come_late": mine.may_come_late,
        "late": mine.late_minutes if waiting else 0,
        "nobody_suits": waiting and mine.nobody_suits,
        "is_live": mine.state in rules.LIVE,
        "reference": mine.reference,
        "until": words.time_of_day(mine.ends_at, zone),
        "forgotten": words.moment_near(mine.forget_at, now, zone),
    }
    look = hashlib.sha256(repr(sorted(content.items(), key=str)).encode()).hexdigest()[:16]
    until = int(_holds_until(mine, now, zone).timestamp())
    return {
        "line": content,
        "version": f"{known.version.hex()}.{until}.{look}",
        "updated": words.time_of_day(now, zone),
    }


def _holds_until(mine: MyPlace, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next instant at which the page changes although nobody does anything.

    Midnight is one: words for days are told from it.
    """
    _begins, midnight = clock.day_bounds(clock.local_date(now, zone), zone)
    return min(edge for edge in (*mine.edges, midnight) if edge > now)


def _is_current(given: str, now: datetime) -> bool:
    """Return whether nothing has changed for anybody since a page was made: one query.

    Every write that a place in line depends on changes the public version. A version is nobody's
    secret, and to say "nothing new" tells nothing: who asks is not even looked up.
    """
    version, _dot, rest = given.partition(".")
    until = rest.partition(".")[0]
    if not (version and until.isascii() and until.isdigit() and len(until) <= 12):
        return False
    return version == facts().version.hex() and now.timestamp() < int(until)


def _next_hours(now: datetime) -> str:
    board = todays_board(now)
    return words.moment_near(board.next_at, now, board.zone) if board.next_at else ""


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show one's own place, to an account or to the device that joined."""
    now = clock.now()
    found = lines.my_place(claimant_of(request), now)
    context: dict[str, Any] = {"personal": True, "next": _next_hours(now)}
    if found is not None:
        context |= _place_context(found, now)
    return render(request, "officehours/line.html", context)


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Return the place alone, for the page that refreshes it; 204 when it is current."""
    now = clock.now()
    given = request.GET.get("v", "")
    if _is_current(given, now):
        response = HttpResponse(status=204)
        response["Cache-Control"] = "no-store"
        return response
    found = lines.my_place(claimant_of(request), now)
    context = (
        _place_context(found, now) if found is not None else {"line": None, "version": "0.0.-"}
    )
    if given.rpartition(".")[2] == str(context["version"]).rpartition(".")[2]:
        # Something changed for somebody else: this page looks the same, and keeps its focus.
        response = HttpResponse(status=204)
    else:
        context["next"] = _next_hours(now)
        response = render(request, "officehours/_place.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def act(request: HttpRequest, visit: uuid.UUID, verb: str) -> HttpResponse:
    """Leave, step away, come back, or come late."""
    claimant, now = claimant_of(request), clock.now()
    try:
        if verb == "leave":
            line.leave(claimant=claimant, visit=visit, now=now)
        elif verb in ("away", "back"):
            line.set_away(claimant=claimant, visit=visit, is_away=verb == "away", now=now)
        elif verb == "late":
            line.come_late(claimant=claimant, visit=visit, now=now)
        else:
            raise Http404
    except rules.NotAllowed:
        raise Http404 from None
    except rules.LineClosed:
        return _cannot_join(request, _CLOSED)
    except NotAllowedFrom:
        context = {"personal": True, "back": reverse("line:mine")}
        return render(request, "officehours/changed_meanwhile.html", context, status=409)
    return redirect("line:mine")
