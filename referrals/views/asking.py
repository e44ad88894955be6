"""The questions, one a page. Each is answered by POST, kept, and leads on; nothing is in a URL."""

from datetime import timedelta
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from peersupport.core import clock
from referrals import limits, rules
from referrals.envelope import TooLong
from referrals.forms import questions
from referrals.queries import drafts as reads
from referrals.queries.cards import cards
from referrals.queries.drafts import Answers, Gone, Handle
from referrals.rules import Urgency
from referrals.services import drafts
from referrals.views.browser import (
    begun,
    gone,
    handle_of,
    keep_handle,
    kept_nowhere,
    person_of,
    student_of,
    with_draft,
)
from referrals.views.said import URGENCIES, may_take, reading_words

STEPS = ("keep", "soon", "what", "name", "reach", "leave-out", "supporter", "check")
_METHODS = ["GET", "HEAD", "POST"]
# On somebody else's phone nothing lies about for longer than this.
BORROWED_LASTS = timedelta(minutes=30)


def is_change(request: HttpRequest) -> bool:
    """Return whether the reader came from the page of all answers, and goes back there."""
    return "change" in request.GET


def back_from(request: HttpRequest, step: str) -> str:
    """Return where "Back" leads."""
    if is_change(request):
        return reverse("referrals:check")
    at = STEPS.index(step)
    return reverse(f"referrals:{STEPS[at - 1]}" if at else "referrals:start")


def onward(request: HttpRequest, step: str) -> HttpResponse:
    """Lead to the next question, or back to the page of all answers."""
    after = "check" if is_change(request) else STEPS[STEPS.index(step) + 1]
    return redirect(f"referrals:{after}")


def show(
    request: HttpRequest, step: str, form: Form, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Show one question."""
    context = {
        "personal": True,
        "form": form,
        "back": back_from(request, step),
        "number": STEPS.index(step) + 1,
        "of": len(STEPS),
        **more,
    }
    return render(request, f"referrals/{step.replace('-', '_')}.html", context, status=status)


def _keep_form(request: HttpRequest, answers: Answers | None) -> questions.KeepForm:
    kept = answers.keep if answers else questions.RECEIPT
    if answers and answers.is_borrowed:
        kept = questions.BORROWED
    return questions.KeepForm(
        request.POST if request.method == "POST" else None,
        has_account=student_of(request) is not None,
        is_signed_in=person_of(request) is not None,
        initial={"keep": kept},
    )


@kept_nowhere
@require_http_methods(_METHODS)
def keep(request: HttpRequest) -> HttpResponse:
    """Ask how it is kept; the first answer begins a draft."""
    now = clock.now()
    try:
        handle, answers = begun(request, now)
    except Gone:
        handle, answers = None, None
    form = _keep_form(request, answers)
    if request.method != "POST":
        if not may_take(reading_words(now)):
            return redirect("referrals:start")
        return show(request, "keep", form)
    if not form.is_valid():
        return show(request, "keep", form, status=400)
    return _kept(request, form.cleaned_data["keep"], handle, answers)


def _kept(
    request: HttpRequest, choice: str, handle: Handle | None, answers: Answers | None
) -> HttpResponse:
    now = clock.now()
    student = student_of(request)
    is_borrowed = choice == questions.BORROWED
    by_account = choice == questions.ACCOUNT and student is not None
    said: dict[str, Any] = {
        "keep": reads.ACCOUNT if by_account else reads.RECEIPT,
        "person": student.pk if by_account and student is not None else None,
        "is_borrowed": is_borrowed,
    }
    if handle is not None and answers is not None and answers.is_borrowed == is_borrowed:
        drafts.change(handle=handle, now=now, **said)
        return onward(request, "keep")
    # On another's phone nothing is carried over, in neither direction.
    before = handle_of(request)
    if before is not None:
        drafts.discard(handle=before)
    if not limits.may_begin(request):
        return too_many(request)
    lasts = BORROWED_LASTS if is_borrowed else rules.DRAFT_LASTS
    response = redirect("referrals:soon")
    keep_handle(response, drafts.begin(answers=Answers(**said), lasts=lasts, now=now), lasts)
    return response


def too_long() -> str:
    """Return what is said when everything together is more than can be kept private."""
    return _("Together that is more than fits. Make your words a little shorter.")


def said_of(urgency: Urgency, answer: str) -> str:
    """Return an urgency with what it means now: "Soon: you hear … by Tuesday noon"."""
    said = {"urgency": URGENCIES(urgency), "when": answer}
    return _("%(urgency)s: you hear from somebody by %(when)s") % said


def too_many(request: HttpRequest) -> HttpResponse:
    """Say that too much comes from this network, and who answers now."""
    return render(request, "referrals/too_many.html", {"personal": True}, status=429)


def _keep_answer(
    request: HttpRequest, step: str, form: Form, handle: Handle, **answered: Any
) -> HttpResponse:
    """Keep an answer and go on; what is too long is said beside the question."""
    try:
        drafts.change(handle=handle, now=clock.now(), **answered)
    except Gone:
        return gone(request)
    except TooLong:
        form.add_error(None, too_long())
        return show(request, step, form, status=400)
    return onward(request, step)


@with_draft
@require_http_methods(_METHODS)
def soon(request: HttpRequest, handle: Handle, answers: Answers) -> HttpResponse:
    """Ask how soon. Outside reading hours the numbers stand in the place of "urgent"."""
    read = reading_words(clock.now())
    offered = [one for one in Urgency if one != Urgency.URGENT or read["is_read_now"]]
    choices = [
        (str(one), said_of(one, read["answers"][one])) for one in offered if one in read["answers"]
    ]
    data = request.POST if request.method == "POST" else None
    form = questions.SoonForm(data, choices=choices, initial={"urgency": answers.urgency})
    more: dict[str, Any] = {"read": read}
    if data is None:
        return show(request, "soon", form, **more)
    if not form.is_valid():
        return show(request, "soon", form, status=400, **more)
    if form.cleaned_data["urgency"] == questions.DANGER:
        return redirect("referrals:now")
    return _keep_answer(request, "soon", form, handle, urgency=form.cleaned_data["urgency"])


@with_draft
@require_http_methods(_METHODS)
def what(request: HttpRequest, handle: Handle, answers: Answers) -> HttpResponse:
    """Ask what would help."""
    data = request.POST if request.method == "POST" else None
    form = questions.WhatForm(data, initial={"words": answers.words})
    if data is None or not form.is_valid():
        return show(request, "what", form, status=200 if data is None else 400)
    return _keep_answer(request, "what", form, handle, words=form.cleaned_data["words"])


@with_draft
@require_http_methods(_METHODS)
def name(request: HttpRequest, handle: Handle, answers: Answers) -> HttpResponse:
    """Ask what to be called."""
    data = request.POST if request.method == "POST" else None
    form = questions.NameForm(
        data, initial={"name": answers.name or "", "pronouns": answers.pronouns}
    )
    if data is None or not form.is_valid():
        return show(request, "name", form, status=200 if data is None else 400)
    said = form.cleaned_data
    return _keep_answer(
        request, "name", form, handle, name=said["name"], pronouns=said["pronouns"]
    )


@with_draft
@require_http_methods(_METHODS)
def reach(request: HttpRequest, handle: Handle, answers: Answers) -> HttpResponse:
    """Ask for safe ways, in order."""
    data = request.POST if request.method == "POST" else None
    initial: dict[str, str] = {}
    if answers.reach:
        initial = questions.ReachForm.initial_of(
            answers.reach, answers.times, voicemail=answers.voicemail
        )
    form = questions.ReachForm(data, initial=initial)
    if data is None or not form.is_valid():
        return show(request, "reach", form, status=200 if data is None else 400)
    said = form.cleaned_data
    return _keep_answer(
        request,
        "reach",
        form,
        handle,
        reach=form.reach(),
        times=said["times"],
        voicemail=said["voicemail"] == "yes",
    )


@with_draft
@require_http_methods(_METHODS)
def leave_out(request: HttpRequest, handle: Handle, answers: Answers) -> HttpResponse:
    """Ask who should not see it."""
    data = request.POST if request.method == "POST" else None
    known = cards()
    form = questions.LeaveOutForm(
        data, cards=known, initial={"not_by": [str(one) for one in answers.not_by or ()]}
    )
    more: dict[str, Any] = {"has_cards": bool(known)}
    if data is None:
        return show(request, "leave-out", form, **more)
    if form.is_valid() and known and len(form.chosen()) == len(known):
        form.add_error("not_by", _("Then nobody could read it. Leave at least one of them in."))
    if not form.is_valid():
        return show(request, "leave-out", form, status=400, **more)
    return _keep_answer(request, "leave-out", form, handle, not_by=form.chosen())
