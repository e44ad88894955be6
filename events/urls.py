"""Addresses of events."""

from django.urls import URLPattern

app_name = "events"

urlpatterns: list[URLPattern] = [
    # -- who comes (events/views/pages.py) --------------------------------------------------------
    # -- calendars (events/views/calendars.py) ----------------------------------------------------
    # -- planning (events/views/planning.py) ------------------------------------------------------
    # -- on the day (events/views/day.py) ---------------------------------------------------------
    # -- debriefs (events/views/debriefs.py) ------------------------------------------------------
]
