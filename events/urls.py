"""Addresses of events."""

from django.urls import URLPattern, path

from events.views import (
    calendars,
    day,
    debriefs,
    pages,
    place,
    plan_changes,
    plan_series,
    planning,
)

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
    path("plan/", planning.overview, name="plan"),
    path("plan/calendar/", planning.calendar, name="plan-calendar"),
    path("plan/earlier/", planning.earlier, name="plan-earlier"),
    path("plan/new/", plan_changes.add, name="plan-new"),
    path("plan/<uuid:event>/", planning.one, name="plan-event"),
    path("plan/<uuid:event>/change/", plan_changes.change, name="plan-change"),
    path("plan/<uuid:event>/publish/", planning.publish, name="plan-publish"),
    path("plan/<uuid:event>/cancel/", planning.cancel, name="plan-cancel"),
    path("plan/<uuid:event>/drop/", planning.drop, name="plan-drop"),
    path("plan/<uuid:event>/copy/", planning.copy, name="plan-copy"),
    path("plan/series/<uuid:series>/", plan_series.series, name="plan-series"),
    path("plan/series/<uuid:series>/publish/", plan_series.publish, name="plan-series-publish"),
    path("plan/series/<uuid:series>/end/", plan_series.end, name="plan-series-end"),
    path("plan/series/<uuid:series>/copy/", plan_series.copy, name="plan-series-copy"),
    # -- on the day (events/views/day.py) ---------------------------------------------------------
    path("<uuid:event>/day/", day.listed, name="day"),
    path("<uuid:event>/day/sign/", day.sign, name="sign"),
    path("<uuid:event>/day/tally/", day.tally, name="tally"),
    path("<uuid:event>/day/heads/", day.heads, name="heads"),
    path("<uuid:event>/day/<uuid:rsvp>/", day.mark, name="mark"),
    path("<uuid:event>/door/<slug:token>/", day.door, name="door"),
    path("<uuid:event>/how-was-it/", day.how_was_it, name="how-was-it"),
    # -- debriefs (events/views/debriefs.py) ------------------------------------------------------
    path("debriefs/", debriefs.ask, name="debriefs"),
    path("debriefs/asked/", debriefs.asked, name="asked"),
    path("debriefs/takers/", debriefs.takers, name="takers"),
    path("debriefs/takers/<uuid:taker>/end/", debriefs.end_taker, name="end-taker"),
    # What letters name, since an address in a mailbox must not say what it is about.
    path("told/", debriefs.told, name="told"),
    path("for-you/", debriefs.for_you, name="for-you"),
    path("debriefs/<uuid:request_id>/back/", debriefs.withdraw, name="withdraw"),
    path("debriefs/<uuid:request_id>/take/", debriefs.take, name="take"),
    path("debriefs/<uuid:request_id>/decline/", debriefs.decline, name="decline-debrief"),
]
