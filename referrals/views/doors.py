"""The doors of the care side: signing in, proving oneself, joining, signing out."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from peersupport.core import clock
from peersupport.core.ui.forms import PlainForm
from referrals import care_limits, care_passkeys, care_sessions
from referrals.care_passkeys import JOIN, PROVE, SIGN_IN, NotRight
from referrals.forms.people import AnswerForm, JoinForm, RecoveryForm, refused
from referrals.models import Counselor, Passkey
from referrals.permissions import require_counselor, seated
from referrals.queries.counselors import passkeys_of
from referrals.seals import fingerprint
from referrals.services import care_factors, counselors
from referrals.services.counselors import CodeNotRight
from referrals.views.pages import onward_of, show, too_many

_GET_OR_POST = ["GET", "HEAD", "POST"]


def _answer(request: HttpRequest) -> str:
    """Return what the browser answered. Raises NotRight."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise NotRight
    answer: str = form.cleaned_data["passkey"]
    return answer


@require_http_methods(_GET_OR_POST)
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey; or with a recovery code, which opens nothing."""
    if care_sessions.seat(request) is not None:
        return redirect(onward_of(request))
    if request.method != "POST":
        return _show_sign_in(request, RecoveryForm())
    if "passkey" in request.POST:
        done = _with_passkey(request)
    else:
        form = RecoveryForm(request.POST)
        done = _with_code(request, form) if form.is_valid() else _show_sign_in(request, form)
    if done is not None:
        return done
    if care_limits.is_hammering(request):
        return too_many(request)
    return _show_sign_in(request, refused(RecoveryForm, _("That did not work. Try once more.")))


def _show_sign_in(request: HttpRequest, form: PlainForm) -> HttpResponse:
    works = care_passkeys.work_here(request)
    if works and not care_limits.may_ask(request):
        return too_many(request)
    now = clock.now()
    context = {
        "form": form,
        "options": care_passkeys.ask_to_use(request, SIGN_IN, None, now) if works else None,
        "onward": onward_of(request),
        "public_url": settings.PUBLIC_URL,
        "was_closed": settings.CARE_COOKIE in request.COOKIES or "closed" in request.GET,
        "has_left": "left" in request.GET,
        "has_tried_code": "code" in request.POST,
    }
    return show(request, "sign_in", context)


def _with_passkey(request: HttpRequest) -> HttpResponse | None:
    now = clock.now()
    try:
        key = care_passkeys.used(request, SIGN_IN, None, _answer(request), now)
    except NotRight:
        return None
    who = key.counselor
    if who.state == Counselor.State.ACTIVE and key.is_confirmed:
        return _let_in(request, who, has_proved=True)
    if who.state in (Counselor.State.ACTIVE, Counselor.State.JOINED):
        return _show_waiting(request, key, has_just_joined=False)
    return None


def _with_code(request: HttpRequest, form: PlainForm) -> HttpResponse | None:
    email, typed = form.cleaned_data["email"], form.cleaned_data["code"]
    who = care_factors.spend_code(email=email, typed=typed, now=clock.now())
    return None if who is None else _let_in(request, who, has_proved=False)


def _let_in(request: HttpRequest, who: Counselor, *, has_proved: bool) -> HttpResponse:
    response = redirect(onward_of(request) if has_proved else "care:me")
    care_sessions.begin(request, response, who, has_proved=has_proved, now=clock.now())
    return response


def _show_waiting(request: HttpRequest, key: Passkey, *, has_just_joined: bool) -> HttpResponse:
    """Show somebody whose passkey nobody has confirmed yet what the lead will compare."""
    context = {
        "fingerprint": fingerprint(bytes(key.credential)),
        "name": key.counselor.card.name,
        "has_just_joined": has_just_joined,
    }
    return show(request, "waiting", context)


@require_http_methods(_GET_OR_POST)
@require_counselor
def prove(request: HttpRequest) -> HttpResponse:
    """Ask for a passkey before something is opened, and go on."""
    who, now, onward = seated(request), clock.now(), onward_of(request)
    form: PlainForm = AnswerForm()
    if request.method == "POST":
        try:
            key = care_passkeys.used(request, PROVE, who, _answer(request), now)
            if not key.is_confirmed:
                raise NotRight
        except NotRight:
            if care_limits.is_hammering(request):
                return too_many(request)
            form = refused(AnswerForm, _("That did not work. Try once more."))
        else:
            response = redirect(onward)
            care_sessions.renew(request, response, now)
            return response
    has_key = any(key.is_confirmed for key in passkeys_of(who.pk))
    works = care_passkeys.work_here(request) and has_key
    context = {
        "form": form,
        "options": care_passkeys.ask_to_use(request, PROVE, who, now) if works else None,
        "onward": onward,
        "has_key": has_key,
        "is_demo": settings.DEMO,
    }
    return show(request, "prove", context)


@require_http_methods(_GET_OR_POST)
def join(request: HttpRequest) -> HttpResponse:
    """Take in whoever the lead asked: address and code, then a passkey, there and then."""
    if request.method != "POST":
        return show(request, "join", {"form": JoinForm()})
    if "passkey" in request.POST:
        return _join_with_passkey(request)
    form = JoinForm(request.POST)
    if form.is_valid():
        email, typed = form.cleaned_data["email"], form.cleaned_data["code"]
        try:
            who = counselors.check_code(email=email, typed=typed, now=clock.now())
        except CodeNotRight:
            if care_limits.is_hammering(request):
                return too_many(request)
            return _not_joined(request)
        return _ask_for_passkey(request, who)
    return show(request, "join", {"form": form})


def _not_joined(request: HttpRequest) -> HttpResponse:
    """Answer whatever was wrong with the same words."""
    said = _("This address and this code do not belong together, or the code is used up.")
    return show(request, "join", {"form": refused(JoinForm, said), "was_wrong": True})


def _ask_for_passkey(request: HttpRequest, who: Counselor) -> HttpResponse:
    works = care_passkeys.work_here(request)
    options = care_passkeys.ask_to_make(request, JOIN, who, clock.now()) if works else None
    context: dict[str, Any] = {"options": options, "name": who.card.name}
    return show(request, "join_passkey", {**context, "public_url": settings.PUBLIC_URL})


def _join_with_passkey(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    try:
        new = care_passkeys.made(request, JOIN, _answer(request), now)
        who = counselors.join(
            counselor=new.counselor.pk, epoch=new.epoch, credential=new.credential, now=now
        )
    except (NotRight, CodeNotRight):
        return _not_joined(request)
    if who.state == Counselor.State.ACTIVE:  # the first lead: nobody is there to wait for
        return redirect(f"{reverse('care:sign-in')}?next={reverse('care:me')}")
    return _show_waiting(request, Passkey.objects.get(counselor=who), has_just_joined=True)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, and lead to a page that shows nothing of it."""
    response = redirect(f"{reverse('care:sign-in')}?left")
    care_sessions.leave(request, response)
    return response
