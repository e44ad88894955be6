"""The public page on what is kept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from peersupport.core.datamap.queries import chapters


@require_safe
def what_we_keep(request: HttpRequest) -> HttpResponse:
    """Show the data map in plain words."""
    response = render(request, "datamap/what_we_keep.html", {"chapters": chapters()})
    response["Cache-Control"] = "no-cache"
    return response
