"""Who may open which page of the care side, and who may see which referral."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from peersupport.core import clock
from referrals import rules
from referrals.care_sessions import seat
from referrals.models import Counselor, Exclusion, Referral
from referrals.models.cases import ReferralSet
from referrals.rules import CareRole, Consent, S

View = Callable[..., HttpResponse]
_HELD = sorted(map(str, (S.ACKNOWLEDGED, S.IN_CONTACT, S.TRANSFERRED)))
_ENDED = sorted(map(str, rules.ENDED))


def seated(request: HttpRequest) -> Counselor:
    """Return the counselor of a request that one was required for. Raises Http404 otherwise."""
    found = seat(request)
    if found is None:
        raise Http404
    return found.counselor


def _by_way_of(request: HttpRequest, name: str) -> HttpResponse:
    """Lead to a page that asks something first, and back afterwards. Nothing sent is kept."""
    onward = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("care:desk")
    return redirect(f"{reverse(name)}?{urlencode({'next': onward})}")


def require_counselor(view: View) -> View:
    """Let in counselors of the care side; others to its sign-in page, and back afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if seat(request) is None:
            return _by_way_of(request, "care:sign-in")
        return view(request, *args, **kwargs)

    return guarded


def require_lead(view: View) -> View:
    """Let in the lead counselor; other counselors see what a missing page shows."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = seat(request)
        if found is None:
            return _by_way_of(request, "care:sign-in")
        if found.counselor.role != CareRole.LEAD:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def require_proof(view: View) -> View:
    """Let in whoever used a passkey within five minutes; others are asked for it first.

    Stands under `require_counselor` or `require_lead`, on everything that opens something sealed.
    A session that began with a recovery code has no passkey in it: it opens nothing.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = seat(request)
        if found is None or not found.has_proved(clock.now()):
            return _by_way_of(request, "care:prove")
        return view(request, *args, **kwargs)

    return guarded


# -- which referral ---------------------------------------------------------------------------
# One rule for every way to a case: the list, its counts, opening it, acting on it, handing it on.


def _excluded(counselor: Counselor) -> Exists:
    return Exists(Exclusion.objects.filter(referral=OuterRef("pk"), counselor=counselor.pk))


def visible_to(counselor: Counselor) -> ReferralSet:
    """Return the referrals this counselor may see, as the tables say it at this moment.

    Never one they are left out of, not by the lead either; never one that was taken back, is not
    routed, or does not open. While nobody has it: whoever reads. Then: who has it, who was asked
    to take it, and the lead. Once it ended: who had it, until it is destroyed.
    """
    is_active = counselor.state == Counselor.State.ACTIVE
    if not is_active:
        return Referral.objects.none()
    mine = Q(state__in=_HELD, owner=counselor.pk) | Q(state__in=_ENDED, owner=counselor.pk)
    asked = Q(state=S.TRANSFERRED, asked=counselor.pk)
    seen = Q(state=S.RECEIVED) | mine | asked
    if counselor.role == CareRole.LEAD:
        seen |= Q(state__in=_HELD)
    routed = Referral.objects.filter(seen, routed__is_whole=True)
    return routed.not_withdrawn().exclude(_excluded(counselor))


def may_see(counselor: Counselor, referral: Referral) -> bool:
    """Return whether this counselor may see, and so open, a referral now. Asks the tables."""
    return visible_to(counselor).filter(pk=referral.pk).exists()


def acts_as(counselor: Counselor, referral: Referral) -> frozenset[str]:
    """Return what a counselor is to a referral that they may see, in the words of the table."""
    said = {"counselor"}
    if referral.owner_id == counselor.pk:
        said.add("owner")
    if referral.asked_id == counselor.pk:
        said.add("asked")
    if counselor.role == CareRole.LEAD:
        said.add("lead")
    return frozenset(said)


def may_do(counselor: Counselor, verb: str, referral: Referral) -> bool:
    """Return whether the table lets a counselor do this with a referral that they may see.

    Only danger is refused; and what the lead must still confirm or refuse is not refused again
    once it is confirmed.
    """
    if verb == "refuse" and referral.consent != Consent.AWAITING:
        return False
    actors = acts_as(counselor, referral)
    return any(rules.TRANSITIONS.allowed(referral.state, verb, actor) for actor in actors)


def may_confirm(counselor: Counselor, referral: Referral) -> bool:
    """Return whether this counselor may say that what came without a yes was right."""
    is_lead = counselor.role == CareRole.LEAD
    return is_lead and referral.consent == Consent.AWAITING and referral.state in rules.LIVE


def colleagues(counselor: Counselor, referral: Referral) -> QuerySet[Counselor]:
    """Return to whom a referral may be handed: active, not left out, not who has it already.

    The lead may take it over themselves: whoever has it may be away, or the only other one.
    """
    out = Exclusion.objects.filter(referral=referral.pk, counselor=OuterRef("pk"))
    there = Counselor.objects.filter(state=Counselor.State.ACTIVE).exclude(Exists(out))
    rest = there.exclude(pk=referral.owner_id)
    if counselor.role != CareRole.LEAD:
        rest = rest.exclude(pk=counselor.pk)
    return rest.select_related("card").order_by("card__name", "pk")


def unopenable() -> ReferralSet:
    """Return what waits and nobody may open: every active counselor is left out of it."""
    out = Exclusion.objects.filter(referral=OuterRef(OuterRef("pk")), counselor=OuterRef("pk"))
    reader = Counselor.objects.filter(state=Counselor.State.ACTIVE).exclude(Exists(out))
    waiting = Referral.objects.filter(state=S.RECEIVED, routed__is_whole=True)
    return waiting.not_withdrawn().exclude(Exists(reader))


def broken() -> ReferralSet:
    """Return what waits and does not open: edited, cut, or sealed to a key nobody has."""
    return Referral.objects.filter(state=S.RECEIVED, routed__is_whole=False).not_withdrawn()


def may_give_back(counselor: Counselor, referral: Referral) -> bool:
    """Return whether the lead may end a case unread, because nobody else ever could read it."""
    if counselor.role != CareRole.LEAD or counselor.state != Counselor.State.ACTIVE:
        return False
    return (unopenable() | broken()).filter(pk=referral.pk).exists()
