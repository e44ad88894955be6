"""Where somebody is signed in: by day and kind of device, to be ended one by one or all."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import require_person, signed_in
from peersupport.core import clock
from peersupport.core.sessions import store


@require_person
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show the devices."""
    epoch = signed_in(request).get_session_auth_hash()
    cookie = request.session.session_key
    found = store.devices(epoch=epoch, cookie=cookie, now=clock.now())
    context = {"personal": True, "devices": found, "has_others": len(found) > 1}
    return render(request, "accounts/devices.html", context)


@require_person
@require_POST
def end(request: HttpRequest, device: str) -> HttpResponse:
    """End one session of one's own; at its next request it is signed out."""
    if not store.end(epoch=signed_in(request).get_session_auth_hash(), handle=device):
        raise Http404
    messages.success(request, _("That device is signed out."))
    return redirect("accounts:devices")


@require_person
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one."""
    epoch = signed_in(request).get_session_auth_hash()
    store.end_others(epoch=epoch, cookie=request.session.session_key)
    messages.success(request, _("All other devices are signed out."))
    return redirect("accounts:devices")
