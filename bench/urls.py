"""The web side's addresses and one bare page: one query, one small template."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from peersupport.urls_web import handler400, handler403, handler404, handler500
from peersupport.urls_web import urlpatterns as web
from program.queries import facts

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def bare(request: HttpRequest) -> HttpResponse:
    """Answer with one query and the base page around one line."""
    return render(request, "errors/404.html", {"zone": facts().zone})


urlpatterns = [path("bare/", bare), *web]
