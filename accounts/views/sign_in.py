"""Pages of sign-in and of one's own account."""

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import campus, known_browser, limits, passkeys, sign_in
from accounts.adapter import CouldNotSend
from accounts.forms.sign_in import AddressForm, CodeForm
from accounts.permissions import signed_in
from accounts.services import sign_out_everywhere
from accounts.views.onward import onward_of
from peersupport.core.ui.views import drop_passing

_GET_OR_POST = ["GET", "HEAD", "POST"]


@require_http_methods(_GET_OR_POST)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the address and send a code. The answer is the same for every address."""
    onward = onward_of(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = AddressForm(request.POST if request.method == "POST" else None)
    context = {
        "form": form,
        "onward": onward,
        "has_passkeys": passkeys.work_here(request),
        "campus": settings.OIDC_NAME if campus.is_offered() else "",
    }
    if request.method != "POST":
        return render(request, "accounts/sign_in.html", context)
    if not form.is_valid():
        return render(request, "accounts/sign_in.html", context, status=400)
    email = form.cleaned_data["email"]
    if not limits.may_ask(request, email):
        return render(request, "errors/429.html", status=429)
    try:
        sign_in.begin(request, email, onward)
    except CouldNotSend:
        form.add_error(None, _("We could not send the code just now. Try again in a minute."))
        return render(request, "accounts/sign_in.html", context, status=503)
    return redirect("accounts:code")


@require_http_methods(_GET_OR_POST)
def code(request: HttpRequest) -> HttpResponse:
    """Take the code, once, with few tries."""
    process = sign_in.resume(request)
    if process is None:
        return redirect("accounts:sign-in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    context = {"form": form, "email": process.state.get("email", "")}
    if request.method != "POST":
        return render(request, "accounts/code.html", context)
    if form.is_valid():
        if not limits.may_try(request):
            return render(request, "errors/429.html", status=429)
        response = sign_in.confirm(request, process, form.cleaned_data["code"])
        if response is not None:
            known_browser.remember(request, response, context["email"])
            return response
        if sign_in.resume(request) is None:
            return redirect("accounts:sign-in")
        form.add_error("code", _("That is not the code. Look at the newest e-mail from us."))
    return render(request, "accounts/code.html", context, status=400)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    logout(request)
    return _left()


@require_POST
def leave_everywhere(request: HttpRequest) -> HttpResponse:
    """Sign out on every device."""
    if not request.user.is_authenticated:
        raise Http404
    sign_out_everywhere(person=signed_in(request))
    logout(request)
    return _left()


def _left() -> HttpResponse:
    """Lead to Today, and let the browser drop what our pages kept in it.

    Not "cookies": that would reach every other site of the school. Not "cache": nothing personal
    is ever stored there, and it holds Chrome up for seconds.
    """
    response = redirect("/")
    response["Clear-Site-Data"] = '"storage"'
    drop_passing(response)
    return response
