"""What could not be delivered: how many messages of which kind, and why. Never whose.

Kinds about visits and whatever else names no recipient stand in one line together, so that
nobody learns from a single failed message that somebody had booked.
"""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import require_role, signed_in
from accounts.rules import Role
from peersupport.core import clock
from peersupport.core.datamap.registry import Words
from peersupport.core.outbox import kinds, queries
from peersupport.core.outbox.errors import Trouble
from peersupport.core.outbox.services import drop_dead, retry_dead
from program.registry import Line, Values, register_lines

PERSONAL = "personal"
_WHY: dict[str, tuple[Words, Words]] = {
    Trouble.ADDRESS: (
        gettext_lazy("The address does not exist"),
        gettext_lazy("Its owner is told on their own pages. Trying again helps only afterwards."),
    ),
    Trouble.MESSAGE: (
        gettext_lazy("The mail server does not take it from us"),
        gettext_lazy("Ask whoever runs the mail server what it has against our mail."),
    ),
    Trouble.LATER: (
        gettext_lazy("Put off again and again"),
        gettext_lazy("A full mailbox, or a server that never had time. Trying again may help."),
    ),
    Trouble.SERVER: (
        gettext_lazy("The mail server broke off each time"),
        gettext_lazy("Try again once the mail server is well."),
    ),
    Trouble.MADE: (
        gettext_lazy("The message could not be made"),
        gettext_lazy("A fault of the program. Its log names the place."),
    ),
}
_OTHER = (
    gettext_lazy("Something else"),
    gettext_lazy("The program's log may say more."),
)
_ALARMS: dict[str, Words] = {
    "timer": gettext_lazy("The timer has stopped: look whether beat and worker run"),
    "rounds": gettext_lazy("Nothing has been delivered for two minutes: look at the worker"),
    Trouble.SERVER: gettext_lazy("The mail server cannot be reached. Everything waits for it"),
    Trouble.CREDENTIALS: gettext_lazy(
        "The mail server refuses our name, password or sender. Everything waits: see EMAIL_URL"
    ),
    Trouble.REFUSING: gettext_lazy(
        "The mail server refuses every address. Everything waits: ask whoever runs it"
    ),
}


def _shown(name: str) -> str:
    """Return under which name a kind stands on the page."""
    kind = kinds.kind_of(name)
    return name if kind is not None and kind.title and kind.whom is None else PERSONAL


def _title(name: str) -> str:
    kind = kinds.kind_of(name)
    is_personal = name == PERSONAL or kind is None
    return _("Personal messages") if is_personal or kind is None else str(kind.title)


def _groups() -> dict[tuple[str, str], tuple[list[str], int]]:
    """Return by name on the page and class of error: which kinds, and how many."""
    found: dict[tuple[str, str], tuple[list[str], int]] = {}
    for group in queries.dead_groups():
        names, count = found.get((_shown(group.kind), group.error), ([], 0))
        found[_shown(group.kind), group.error] = ([*names, group.kind], count + group.count)
    return found


def _row(name: str, error: str, count: int) -> dict[str, Any]:
    why, advice = _WHY.get(error, _OTHER)
    return {
        "name": name,
        "error": error,
        "title": _title(name),
        "why": why,
        "advice": advice,
        "count": count,
    }


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_safe
def undelivered(request: HttpRequest) -> HttpResponse:
    """Show what could not be delivered, and what is wrong with delivering if anything is."""
    now = clock.now()
    found = queries.health(now)
    rows = [_row(name, error, count) for (name, error), (_kinds, count) in _groups().items()]
    context = {
        "personal": True,
        "rows": rows,
        "alarm": _ALARMS.get(queries.alarm(found, now), ""),
        "repaired": found.repaired,
    }
    return render(request, "portal/undelivered.html", context)


def _chosen(request: HttpRequest) -> tuple[list[str], str]:
    """Return which kinds and class of error were meant. Raises Http404 if there are none."""
    error = request.POST.get("error", "")
    names, _count = _groups().get((request.POST.get("kind", ""), error), ([], 0))
    if not names:
        raise Http404
    return names, error


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Try one line of the page again."""
    names, error = _chosen(request)
    count = retry_dead(names=names, error=error, by=signed_in(request), now=clock.now())
    said = ngettext(
        "%(count)d message is tried again.", "%(count)d messages are tried again.", count
    )
    if count:
        messages.success(request, said % {"count": count})
    else:
        messages.info(request, _("They would come too late by now. You can let them go."))
    return redirect("portal:undelivered")


@require_role(Role.COORDINATOR, Role.ADMINISTRATOR)
@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """Let one line of the page go."""
    names, error = _chosen(request)
    count = drop_dead(names=names, error=error, by=signed_in(request), now=clock.now())
    said = ngettext("%(count)d message was let go.", "%(count)d messages were let go.", count)
    messages.success(request, said % {"count": count})
    return redirect("portal:undelivered")


def _lines(values: Values, today: date) -> list[Line]:
    now = clock.now()
    found = queries.health(now)
    wrong = queries.alarm(found, now)
    state = _("Everything arrives")
    if wrong:
        state = str(_ALARMS[wrong])
    elif found.dead:
        state = ngettext(
            "%(count)d message could not be delivered",
            "%(count)d messages could not be delivered",
            found.dead,
        ) % {"count": found.dead}
    is_due = bool(wrong or found.dead)
    return [Line(_("Mail"), _("What we send"), state, reverse("portal:undelivered"), is_due, 60)]


def register() -> None:
    """Put the state of the mail into the index of the school's facts."""
    register_lines("mail", _lines)
