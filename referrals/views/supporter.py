"""Words of a supporter, as the student sees them: a code to read out, what came, take it out."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from peersupport.core import clock, words
from program.queries import facts
from referrals.queries.drafts import MOST_ATTACHED, Answers, Handle, code_until, words_for
from referrals.services import attaching, drafts
from referrals.views.asking import back_from, is_change
from referrals.views.browser import with_draft


def _here(request: HttpRequest) -> HttpResponse:
    return redirect(reverse("referrals:supporter") + ("?change" if is_change(request) else ""))


@with_draft
@require_safe
def supporter(request: HttpRequest, handle: Handle, answers: Answers) -> HttpResponse:
    """Show the code while it lasts, and whatever a supporter has attached."""
    now = clock.now()
    until = code_until(handle, now)
    context = {
        "personal": True,
        "code": answers.code if until else "",
        "until": words.time_of_day(until, facts().zone) if until else "",
        "attached": words_for(handle, answers),
        "most": MOST_ATTACHED,
        "back": back_from(request, "supporter"),
        "query": "?change" if is_change(request) else "",
    }
    return render(request, "referrals/supporter.html", context)


@with_draft
@require_POST
def show_code(request: HttpRequest, handle: Handle, answers: Answers) -> HttpResponse:
    """Make a code that lasts for half an hour."""
    drafts.show_code(handle=handle, now=clock.now())
    return _here(request)


@with_draft
@require_POST
def remove(
    request: HttpRequest, handle: Handle, answers: Answers, attachment: uuid.UUID
) -> HttpResponse:
    """Take a supporter's words out. What is not there is taken out already."""
    attaching.remove(handle=handle, attachment=attachment, now=clock.now())
    return _here(request)
