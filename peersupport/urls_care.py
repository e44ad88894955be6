"""Addresses of the care side: the desk, and what stands on every page."""

from django.urls import include, path
from django.views.generic import RedirectView

from peersupport.portal import urls as portal
from peersupport.urls_web import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="care:desk"), name="first"),
    path("", include((portal.everywhere, "portal"))),
    path("", include("peersupport.core.ui.urls")),
    path("care/", include("referrals.urls_care")),
]
