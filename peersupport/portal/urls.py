"""Addresses of the portal."""

from django.urls import path

from peersupport.core.datamap.views import what_we_keep
from peersupport.portal import feeds, health, help, undelivered, views

app_name = "portal"

# Pages of both sides, which ask nothing about the reader.
everywhere = [
    path("help-now/", help.help_now, name="help-now"),
    path("help-now/friend/", help.help_friend, name="help-friend"),
    path("help-now/kept.js", help.kept, name="kept"),
    path("healthz", health.healthz, name="health"),
]

urlpatterns = [
    *everywhere,
    path("", views.today, name="today"),
    path("board/", views.board, name="board"),
    path("promises/", views.promises, name="promises"),
    path("what-we-keep/", what_we_keep, name="what-we-keep"),
    path("program/messages/", undelivered.undelivered, name="undelivered"),
    path("program/messages/retry/", undelivered.retry, name="retry"),
    path("program/messages/drop/", undelivered.drop, name="drop"),
    path("calendar/<slug:token>.ics", feeds.feed, name="calendar"),
]
