"""Check the answers, send them, and what happens next. Or stop, and nothing is kept."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from peersupport.core import clock
from referrals import limits
from referrals.envelope import TooLong
from referrals.forms.questions import WAYS
from referrals.queries.cards import cards
from referrals.queries.drafts import ACCOUNT, Answers, Gone, Handle, words_for
from referrals.rules import NotSealed, Urgency
from referrals.services import drafts, sending
from referrals.views.asking import said_of, too_long, too_many
from referrals.views.browser import (
    begun,
    drop_handle,
    gone,
    handle_of,
    kept_nowhere,
    person_of,
)
from referrals.views.said import reading_words


def _row(label: str, value: str, step: str, hidden: str) -> dict[str, str]:
    change = f"{reverse(f'referrals:{step}')}?change"
    return {"label": label, "value": value, "change_url": change, "change_hidden": hidden}


def _kept(answers: Answers) -> str:
    if answers.keep == ACCOUNT:
        return _("On your account")
    if answers.is_borrowed:
        return _("With a receipt; this is not your phone")
    return _("With a receipt, and no account")


def _left_out(answers: Answers) -> str:
    named = dict(cards())
    chosen = [named[one] for one in answers.not_by or () if one in named]
    return ", ".join(chosen) or _("Nobody is left out")


def _rows(handle: Handle, answers: Answers, read: dict[str, Any]) -> list[dict[str, str]]:
    urgency = Urgency(answers.urgency)
    answer = read["answers"].get(urgency)
    reach = "\n".join(f"{WAYS[one.way]}: {one.value}" for one in answers.reach)
    name = answers.name or _("Nothing")
    if answers.pronouns:
        name = f"{name} ({answers.pronouns})"
    attached = "\n".join(f"{one.by}: {one.words}" for one in words_for(handle, answers))
    leave = _("They may leave a message") if answers.voicemail else _("No messages, please")
    return [
        _row(_("How we keep it"), _kept(answers), "keep", _("how we keep it")),
        _row(_("How soon"), said_of(urgency, answer) if answer else "", "soon", _("how soon")),
        _row(_("What would help"), answers.words, "what", _("what would help")),
        _row(_("What to call you"), name, "name", _("what to call you")),
        _row(_("How to reach you"), f"{reach}\n{leave}", "reach", _("how to reach you")),
        _row(_("When"), answers.times or _("Any time"), "reach", _("when to reach you")),
        _row(_("Who does not see it"), _left_out(answers), "leave-out", _("who does not see it")),
        _row(
            _("Words of a supporter"),
            attached or _("None"),
            "supporter",
            _("the words of a supporter"),
        ),
    ]


def _show(
    request: HttpRequest, handle: Handle, answers: Answers, *, wrong: str = "", status: int = 200
) -> HttpResponse:
    read = reading_words(clock.now())
    context = {
        "personal": True,
        "rows": _rows(handle, answers, read),
        "read": read,
        "wrong": wrong,
        "back": reverse("referrals:supporter"),
    }
    return render(request, "referrals/check.html", context, status=status)


def _step(name: str) -> HttpResponse:
    return redirect(f"{reverse(f'referrals:{name}')}?change")


@kept_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Show every answer once more, and send them all."""
    now = clock.now()
    try:
        if request.method == "POST":
            return _send(request)
        handle, answers = begun(request, now)
    except Gone:
        return gone(request)
    missing = sending.first_unanswered(answers)
    if missing:
        return redirect(f"referrals:{missing}")
    return _show(request, handle, answers)


def _send(request: HttpRequest) -> HttpResponse:
    """Send; whatever is in the way is said calmly, and nothing that was written is lost."""
    handle = handle_of(request)
    if handle is None:
        raise Gone
    if not limits.may_send(request):
        return too_many(request)
    now = clock.now()
    try:
        sending.send(handle=handle, person=person_of(request), now=now)
    except sending.Unanswered as missing:
        return redirect(f"referrals:{missing.step}")
    except sending.NobodyReads:
        return _step("soon")
    except sending.AnotherAccount:
        return gone(request)
    except (NotSealed, TooLong) as error:
        said = too_long() if isinstance(error, TooLong) else _cannot()
        status = 400 if isinstance(error, TooLong) else 503
        return _show(request, *begun(request, now), wrong=said, status=status)
    return redirect("referrals:sent")


def _cannot() -> str:
    return _(
        "It cannot be sent at this moment: nothing here could seal it. What you wrote is kept for "
        "two hours. If it cannot wait, call a number above."
    )


@kept_nowhere
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Say that it has arrived; the receipt is shown here once and nowhere else."""
    handle = handle_of(request)
    done = sending.sent_before(handle) if handle is not None else None
    if done is None:
        return gone(request)
    read = reading_words(clock.now())
    context = {
        "personal": True,
        "sent": done,
        "read": read,
        "by": read["answers"].get(Urgency(done.urgency), ""),
    }
    response = render(request, "referrals/sent.html", context)
    if request.method != "HEAD":
        drop_handle(response)
    return response


@kept_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Ask before everything that was written is thrown away."""
    if request.method != "POST":
        return render(request, "referrals/stop.html", {"personal": True})
    handle = handle_of(request)
    if handle is not None:
        drafts.discard(handle=handle)
    response = redirect("referrals:start")
    drop_handle(response)
    return response
