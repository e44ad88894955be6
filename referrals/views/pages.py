"""What the pages of the care side share: where to go on, and how a page is drawn."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from referrals.middleware import CARE


def onward_of(request: HttpRequest) -> str:
    """Return the address of the care side that a request names as `next`, else the desk."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    is_plain = wanted.startswith(CARE) and len(wanted) < 500 and wanted.isprintable()
    return wanted if is_ours and is_plain and ".." not in wanted else reverse("care:desk")


def show(
    request: HttpRequest, page: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Draw a page of the care side; one with errors in its form answers 400."""
    form = context.get("form")
    if status == 200 and form is not None and form.errors:
        status = 400
    return render(request, f"care/{page}.html", {"personal": True, **context}, status=status)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer whoever tries too often."""
    return render(request, "errors/429.html", status=429)
