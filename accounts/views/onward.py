"""Where to go afterwards: an address of this site, whatever a link says."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def onward_of(request: HttpRequest, otherwise: str = "/") -> str:
    """Return the address a request names as `next`, if it is one of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or otherwise
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if safe and len(wanted) < 500 and wanted.isprintable() else otherwise
