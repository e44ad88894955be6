"""Addresses of the school's own facts."""

from django.urls import path

from program import views

app_name = "program"

urlpatterns = [
    path("", views.keep_coverage, name="coverage"),
    path("holidays/", views.keep_holidays, name="holidays"),
    path("holidays/<uuid:holiday>/remove/", views.remove_day, name="remove-holiday"),
    path("coverage/<uuid:entry>/remove/", views.remove, name="remove-coverage"),
]
