"""Addresses of events."""

from django.urls import URLPattern, path

from events.views import calendars, pages, place

app_name = "events"

urlpatterns: list[URLPattern] = [
    # -- who comes (events/views/pages.py) --------------------------------------------------------
    path("", pages.listed, name="list"),
    path("<uuid:event>/", pages.event, name="event"),
    path("<uuid:event>/going/", pages.going, name="going"),
    path("<uuid:event>/not-going/", pages.not_going, name="not-going"),
    # -- calendars (events/views/calendars.py, place.py) ------------------------------------------
    path("calendar.ics", calendars.public, name="public-calendar"),
    path("<uuid:event>/calendar.ics", calendars.one, name="calendar"),
    path("mine/", place.mine, name="mine"),
    path("place/<slug:token>/", place.place, name="place"),
    # -- planning (events/views/planning.py) ------------------------------------------------------
    # -- on the day (events/views/day.py) ---------------------------------------------------------
    # -- debriefs (events/views/debriefs.py) ------------------------------------------------------
]
