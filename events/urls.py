"""Addresses of events."""

from django.urls import URLPattern, path

from events.views import calendars, day, pages, place

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
    path("place/<slug:token>/", place.place, name="place"),
    # -- planning (events/views/planning.py) ------------------------------------------------------
    # -- on the day (events/views/day.py) ---------------------------------------------------------
    path("<uuid:event>/day/", day.listed, name="day"),
    path("<uuid:event>/day/sign/", day.sign, name="sign"),
    path("<uuid:event>/day/heads/", day.heads, name="heads"),
    path("<uuid:event>/day/<uuid:rsvp>/", day.mark, name="mark"),
    path("<uuid:event>/door/<slug:token>/", day.door, name="door"),
    path("<uuid:event>/how-was-it/", day.how_was_it, name="how-was-it"),
    # -- debriefs (events/views/debriefs.py) ------------------------------------------------------
]
