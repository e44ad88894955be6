"""One's own: how it stands, who opened it, take it back, "I got in" or "I could not"."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from peersupport.core import clock, words
from program.queries import facts
from referrals.queries import mine as reads
from referrals.queries.mine import Mine, NotMine
from referrals.rules import KEPT, Word
from referrals.services import afterwards
from referrals.views.browser import claim_of, kept_nowhere
from referrals.views.said import opened_words, standing, told_words


def _found(request: HttpRequest, referral: uuid.UUID) -> Mine:
    now = clock.now()
    try:
        return reads.found(claim_of(request, now), referral, now)
    except NotMine:
        raise Http404 from None


@kept_nowhere
@require_safe
def show(request: HttpRequest, referral: uuid.UUID) -> HttpResponse:
    """Show how it stands, in plain words, and who opened it and when."""
    now = clock.now()
    one = _found(request, referral)
    zone = facts().zone
    heading, sentence = standing(one, now, zone)
    context = {
        "personal": True,
        "one": one,
        "heading": heading,
        "sentence": sentence,
        "day": words.day(clock.local_date(one.received_at, zone)),
        "opened": opened_words(reads.openings(one.id), zone),
        "told": told_words(one.told),
        "could_not": one.told == Word.COULD_NOT,
    }
    return render(request, "referrals/show.html", context)


@kept_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: HttpRequest, referral: uuid.UUID) -> HttpResponse:
    """Ask once, then take it back: nobody opens it any more."""
    one = _found(request, referral)
    if request.method != "POST":
        if not one.is_live:
            return redirect("referrals:show", referral=referral)
        context = {"personal": True, "one": one, "kept_days": KEPT.days}
        return render(request, "referrals/take_back.html", context)
    now = clock.now()
    try:
        afterwards.withdraw(claim=claim_of(request, now), referral=referral, now=now)
    except NotMine:
        raise Http404 from None
    except afterwards.NotNow:
        return redirect("referrals:show", referral=referral)
    return redirect("referrals:taken-back")


@kept_nowhere
@require_safe
def taken_back(request: HttpRequest) -> HttpResponse:
    """Say what remains of what was taken back. The same for everybody."""
    context = {"personal": True, "kept_days": KEPT.days}
    return render(request, "referrals/taken_back.html", context)


@kept_nowhere
@require_POST
def tell(request: HttpRequest, referral: uuid.UUID) -> HttpResponse:
    """Keep "I got in" or "I could not". The first word stands."""
    _found(request, referral)
    now = clock.now()
    word = next((one for one in Word if one == request.POST.get("word")), None)
    if word is not None:
        try:
            afterwards.tell(claim=claim_of(request, now), referral=referral, word=word, now=now)
        except NotMine:
            raise Http404 from None
        except afterwards.NotNow:
            pass  # the page says how it stands
    return redirect("referrals:show", referral=referral)
