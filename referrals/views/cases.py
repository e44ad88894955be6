"""One case: what may be done with it, and the verbs. What is in it is opened in `opened.py`.

A case that is somebody else's, ended, taken back or was never there gives the same page.
"""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from peersupport.core import clock
from peersupport.core.states import NotAllowedFrom
from program.queries import facts
from referrals import rules
from referrals.care_sessions import seat
from referrals.forms.desk import REDIRECTED, DangerForm, EndForm, HandOnForm
from referrals.permissions import require_counselor, require_lead, seated
from referrals.queries.desk import Doing, doing, to_give_back
from referrals.rules import Outcome
from referrals.services import desk
from referrals.services.desk import HasIt
from referrals.views.desk_words import colleague, described
from referrals.views.pages import show

_GET_OR_POST = ["GET", "HEAD", "POST"]
View = Callable[..., HttpResponse]


def gone(request: HttpRequest) -> HttpResponse:
    """Answer for every case that is not there for whoever asks, whatever the reason."""
    return show(request, "case_gone", {}, status=404)


def calmly(view: View) -> View:
    """Turn what the services raise into calm pages."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except HasIt as had:
            return show(request, "case_has_it", {"name": had.name}, status=409)
        except NotAllowedFrom:
            return show(request, "case_changed", {}, status=409)
        except rules.NotAllowed:
            return gone(request)

    return answered


def find(request: HttpRequest, case: uuid.UUID, verb: str = "") -> Doing:
    """Return a case for its page. Raises NotAllowed, or NotAllowedFrom if not that verb now."""
    found = doing(seated(request), case, clock.now(), facts().zone)
    if found is None:
        raise rules.NotAllowed
    if verb and verb not in found.verbs:
        raise NotAllowedFrom(verb)
    return found


def context_of(request: HttpRequest, found: Doing) -> dict[str, Any]:
    """Return what every page of a case shows of it: the outside, and what may be done."""
    now = clock.now()
    here = seat(request)
    return {
        # Whoever says that they are still here comes back to the case, not to what was opened.
        "stay": reverse("care:case", args=[found.case.id]),
        "case": described(found.case, now, facts().zone),
        "may": {verb.replace(" ", "_"): True for verb in found.verbs},
        "contacts": found.contacts,
        "has_proved": here is not None and here.has_proved(now),
        "colleagues": found.colleagues,
    }


@require_safe
@require_counselor
@calmly
def case(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Show the outside of a case, and what may be done with it."""
    return show(request, "case", context_of(request, find(request, case)))


@require_POST
@require_counselor
@calmly
def acknowledge(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Say "it is mine". Saying it twice is the same as once."""
    by, now = seated(request), clock.now()
    try:
        desk.acknowledge(referral=case, by=by, now=now)
    except HasIt:
        mine = doing(by, case, now, facts().zone)
        if mine is None or not mine.case.is_mine:
            raise
    messages.success(request, _("It is yours. Nobody else is reminded of it any more."))
    return redirect("care:case", case=case)


@require_POST
@require_counselor
@calmly
def contact(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Note that the student was reached."""
    desk.contact(referral=case, by=seated(request), now=clock.now())
    messages.success(request, _("Noted: you are in contact."))
    return redirect("care:desk")


@require_http_methods(_GET_OR_POST)
@require_counselor
@calmly
def end(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Ask how it ended, and end it."""
    found = find(request, case, "close")
    form = EndForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return show(request, "case_end", {**context_of(request, found), "form": form})
    said, by, now = form.cleaned_data["outcome"], seated(request), clock.now()
    if said == REDIRECTED:
        desk.redirect(referral=case, by=by, now=now)
    else:
        desk.close(referral=case, outcome=Outcome(said), by=by, now=now)
    messages.success(request, _("Ended. Everything in it is destroyed in 90 days."))
    return redirect("care:desk")


@require_http_methods(_GET_OR_POST)
@require_counselor
@calmly
def hand_on(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Ask to whom it goes, and hand it to them: they must say that it is theirs."""
    found = find(request, case, "transfer")
    posted = request.POST if request.method == "POST" else None
    people = [(one.id, colleague(one)) for one in found.colleagues]
    form = HandOnForm(posted, colleagues=people)
    if not form.is_valid():
        return show(request, "case_hand_on", {**context_of(request, found), "form": form})
    to, by = form.cleaned_data["to"], seated(request)
    desk.transfer(referral=case, to=to, by=by, now=clock.now())
    if to == by.pk:
        messages.success(request, _("It is yours. Its student reads until when you call."))
        return redirect("care:case", case=case)
    name = next(one.name for one in found.colleagues if one.id == to)
    messages.success(request, _("Handed to %s. Until they answer you may take it back.") % name)
    return redirect("care:desk")


@require_http_methods(_GET_OR_POST)
@require_counselor
@calmly
def aside(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Say what stepping aside means, and step aside: a conflict of interest."""
    found = find(request, case, "step aside")
    if request.method != "POST":
        return show(request, "case_aside", context_of(request, found))
    desk.step_aside(referral=case, by=seated(request), now=clock.now())
    messages.success(request, _("You do not see it any more. Somebody else takes it."))
    return redirect("care:desk")


@require_http_methods(_GET_OR_POST)
@require_lead
@calmly
def danger(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Ask the lead whether it was right to ask without the student's yes."""
    found = find(request, case, "confirm")
    form = DangerForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return show(request, "case_danger", {**context_of(request, found), "form": form})
    answer, by, now = form.cleaned_data["answer"], seated(request), clock.now()
    if answer == DangerForm.CONFIRM:
        desk.confirm(referral=case, by=by, now=now)
        messages.success(request, _("Confirmed."))
        return redirect("care:desk")
    desk.refuse(referral=case, reason=answer, by=by, now=now)
    messages.success(request, _("Refused. It has ended, and everything in it is destroyed."))
    return redirect("care:desk")


@require_http_methods(_GET_OR_POST)
@require_lead
@calmly
def give_back(request: HttpRequest, case: uuid.UUID) -> HttpResponse:
    """Ask the lead whether to end, unread, what nobody may open or nobody can."""
    by = seated(request)
    row = to_give_back(by, case)
    if row is None:
        raise rules.NotAllowed
    if request.method != "POST":
        back = reverse("care:desk")
        return show(request, "case_give_back", {"code": row.code, "id": case, "back": back})
    desk.give_back(referral=case, by=by, now=clock.now())
    messages.success(request, _("Ended. Its student reads that nobody here could take it."))
    return redirect("care:desk")
