"""Addresses for these tests: a page of each kind that the face must hold up under."""

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path
from django.views.decorators.http import require_POST

from peersupport.core.ui import views
from peersupport.core.ui.errors import calm_page

_PAGE = """{{% extends "{base}" %}}
{{% block title %}}A page{{% endblock %}}{{% block content %}}<h1>A page</h1>{{% endblock %}}"""


def _drawn(request: HttpRequest, base: str, **context: object) -> HttpResponse:
    template = engines["django"].from_string(_PAGE.format(base=base))
    return HttpResponse(template.render(context, request))


def plain(request: HttpRequest) -> HttpResponse:
    """A page for everybody."""
    return _drawn(request, "base.html")


def personal(request: HttpRequest) -> HttpResponse:
    """A page about the reader."""
    return _drawn(request, "base.html", personal=True)


def public(request: HttpRequest) -> HttpResponse:
    """A page that asks nothing about the reader, and may be kept by anybody."""
    response = _drawn(request, "base_public.html")
    response["Cache-Control"] = "public, max-age=300"
    return response


def own_choice(request: HttpRequest) -> HttpResponse:
    """A page that looked at its reader and set its own header."""
    response = HttpResponse(str(request.user.is_authenticated))
    response["Cache-Control"] = "private, max-age=5"
    return response


def careless(request: HttpRequest) -> HttpResponse:
    """A page that looked at its reader and calls itself public."""
    response = HttpResponse(str(request.user.is_authenticated))
    response["Cache-Control"] = "public, max-age=300"
    return response


def forgets(request: HttpRequest) -> HttpResponse:
    """A page that ends being signed in, as signing out does."""
    assert request.user.is_authenticated
    request.user = AnonymousUser()
    return HttpResponse("bye")


def says(request: HttpRequest) -> HttpResponse:
    """A page with a message."""
    messages.success(request, "It is done.")
    return _drawn(request, "base.html")


@require_POST
def takes(request: HttpRequest) -> HttpResponse:
    """A page that only takes forms."""
    return HttpResponse(request.POST.get("x", ""))


def breaks(request: HttpRequest) -> HttpResponse:
    """A page with a fault."""
    raise RuntimeError("ana@school.example")


def no_database(request: HttpRequest) -> HttpResponse:
    """A page whose database is away."""
    raise OperationalError("connection to ana refused")


def odd_text(request: HttpRequest) -> HttpResponse:
    """A page that was sent bytes that are no text."""
    return HttpResponse(b"\xff".decode())


def nul(request: HttpRequest) -> HttpResponse:
    """A page whose database refuses a NUL."""
    raise ValueError("A string literal cannot contain NUL (0x00) characters.")


def calm(request: HttpRequest, status: int) -> HttpResponse:
    """Any of the calm pages."""
    return calm_page(request, status)


urlpatterns = [
    path("", include("peersupport.core.ui.urls")),
    path("_components/", views.components),
    path("plain/", plain),
    path("personal/", personal),
    path("public/", public),
    path("own-choice/", own_choice),
    path("careless/", careless),
    path("forgets/", forgets),
    path("says/", says),
    path("takes/", takes),
    path("breaks/", breaks),
    path("no-database/", no_database),
    path("odd-text/", odd_text),
    path("nul/", nul),
    path("calm/<int:status>/", calm),
]

handler400 = "peersupport.core.ui.errors.bad_request"
handler403 = "peersupport.core.ui.errors.forbidden"
handler404 = "peersupport.core.ui.errors.not_found"
handler500 = "peersupport.core.ui.errors.server_error"
