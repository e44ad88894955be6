"""One act of a supporter, and a calm page when something is in the way."""

from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.permissions import signed_in
from officehours import rules
from peersupport.core import clock
from peersupport.core.datamap.registry import Words
from peersupport.core.states import NotAllowedFrom


def act_and_return(
    request: HttpRequest, act: Callable[[Person, datetime], object]
) -> HttpResponse:
    """Do one act of a supporter and lead back to the console, or say what is in the way."""
    try:
        act(signed_in(request), clock.now())
    except rules.NotAllowed:
        raise Http404 from None
    except rules.AlreadyTalking:
        return in_the_way(request, _("Finish the talk that is going on first."))
    except rules.OutOfTime:
        return in_the_way(request, _("It is too early or too late for that."))
    except NotAllowedFrom:
        return in_the_way(request, _("That has changed in the meantime, and nothing was done."))
    return redirect("hours:console")


def in_the_way(request: HttpRequest, text: Words, back: str = "") -> HttpResponse:
    """Say calmly what is in the way, and lead back: to the console, if nothing else is said."""
    context = {"personal": True, "back": back or reverse("hours:console"), "text": text}
    return render(request, "officehours/changed_meanwhile.html", context, status=409)
