"""The hand-over each May: who takes each role, what is confirmed, what is replaced."""

from datetime import date
from itertools import groupby

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import require_recent, require_role, signed_in
from accounts.queries.people import ROLE_NAMES
from accounts.queries.succession import posts
from accounts.rules import LastHolder, NotAllowed, Role
from accounts.services.succession import lay_down
from peersupport.core import clock, words
from program.guide import Item
from program.queries import first_steps, succession
from program.registry import KEEPERS, Line, Values, register_lines
from program.rules import hand_over_begins, is_time_to_hand_over
from program.services.succession import confirm_for_hand_over

_LEADS = {
    True: gettext_lazy(
        "Before the senior class leaves, the next people take over what it knows. Go through the "
        "list together; both of you say yes."
    ),
    False: gettext_lazy(
        "Back after the summer, or taking over in the middle of the year: this is what stands, "
        "and what lapsed meanwhile."
    ),
}
_TITLE = gettext_lazy("Hand-over")


def _index_lines(values: Values, today: date) -> list[Line]:
    """Remind of the hand-over from April until the autumn; nothing once all is handed over."""
    if not is_time_to_hand_over(today):
        return []
    left = [item for item in succession.items(first_steps.look()) if not item.is_done]
    if not left:
        return []
    state = _("To be settled: %s.") % "; ".join(item.title for item in left[:3])
    address = reverse("program:succession")
    return [Line(_("Hand-over"), str(_TITLE), state, address, True, 5)]


def register() -> None:
    """Put the reminder onto the index."""
    register_lines("hand-over", _index_lines)


@require_role(*KEEPERS)
@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """Show everything to hand over with how far it is; printed, it is the sheet to sign."""
    known, person = first_steps.look(), signed_in(request)
    found = succession.items(known)
    order: list[str] = list(dict.fromkeys(item.group for item in found))
    ordered = sorted(found, key=lambda item: order.index(item.group))
    mine = [
        {"role": str(post.role), "name": ROLE_NAMES[post.role]}
        for post in posts(known.today)
        if str(post.role) in person.roles and len(post.holders) > 1
    ]
    context = {
        "personal": True,
        "title": _TITLE,
        "lead": _LEADS[known.today.month < 8 and is_time_to_hand_over(known.today)],
        "groups": [(name, list(rows)) for name, rows in groupby(ordered, lambda one: one.group)],
        "left": sum(not item.is_done for item in found),
        "begins": words.dated(hand_over_begins(known.today)),
        "today": words.dated(known.today),
        "mine": mine,
    }
    return render(request, "program/succession.html", context)


def _item(name: str) -> Item | None:
    found = succession.items(first_steps.look())
    return next((item for item in found if item.name == name and item.may_be_confirmed), None)


@require_role(*KEEPERS)
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Say that one thing was looked at and is still right."""
    item = _item(request.POST.get("item", ""))
    if item is None:
        raise Http404
    confirm_for_hand_over(item=item.name, by=signed_in(request), now=clock.now())
    messages.success(request, _("Noted: %s.") % item.title)
    return redirect("program:succession")


@require_role(*KEEPERS)
@require_recent(back="program:succession")
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, role: str) -> HttpResponse:
    """Give one's own role back, once somebody else has it."""
    person = signed_in(request)
    if role not in person.roles or role not in {str(each) for each in KEEPERS}:
        raise Http404
    if request.method == "POST":
        try:
            lay_down(role=Role(role), by=person, now=clock.now())
        except NotAllowed:
            raise Http404 from None
        except LastHolder:
            messages.error(request, _("Nobody else has this role yet. Ask somebody first."))
            return redirect("program:succession")
        return redirect("portal:today")
    others = next(post for post in posts(clock.now().date()) if str(post.role) == role)
    context = {
        "personal": True,
        "name": ROLE_NAMES[Role(role)],
        "others": [one.name for one in others.holders if one.person != person.pk],
    }
    return render(request, "program/give_back.html", context)
