"""Addresses of the demo: both sides, the cast, the mailbox and the components."""

from django.urls import include, path

from peersupport.portal import demo
from peersupport.urls_web import handler400, handler403, handler404, handler500
from peersupport.urls_web import urlpatterns as web

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    *web,
    path("care/", include("referrals.urls_care")),
    path("demo/", include((demo.urlpatterns, "demo"))),
]
