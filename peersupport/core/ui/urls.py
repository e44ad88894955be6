"""Addresses of the face itself."""

from django.conf import settings
from django.urls import path

from peersupport.core.ui import views

app_name = "ui"

urlpatterns = [
    path("exit/", views.leave, name="exit"),
    path("theme/", views.look, name="theme"),
]

if settings.DEMO:
    urlpatterns += [path("_components/", views.components, name="components")]
