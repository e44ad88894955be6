"""Addresses of the school's own facts."""

from django.urls import path

from program.views import coverage, holidays

app_name = "program"

urlpatterns = [
    path("", coverage.keep_coverage, name="coverage"),
    path("holidays/", holidays.keep_holidays, name="holidays"),
    path("holidays/<uuid:holiday>/remove/", holidays.remove_day, name="remove-holiday"),
    path("coverage/<uuid:entry>/remove/", coverage.remove, name="remove-coverage"),
]
