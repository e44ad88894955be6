"""Addresses of the school's own facts."""

from django.urls import path

from program import views

app_name = "program"

urlpatterns = [
    path("", views.keep_coverage, name="coverage"),
    path("coverage/<uuid:entry>/remove/", views.remove, name="remove-coverage"),
]
