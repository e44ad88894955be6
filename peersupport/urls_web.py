"""Addresses of the web side."""

from django.urls import include, path

from officehours import urls as officehours_urls

urlpatterns = [
    path("", include("peersupport.portal.urls")),
    path("", include("peersupport.core.ui.urls")),
    path("accounts/", include("accounts.urls")),
    path("program/", include("program.urls")),
    path("hours/", include((officehours_urls.hours, "hours"))),
    path("line/", include((officehours_urls.line, "line"))),
    path("visits/", include((officehours_urls.visits, "visits"))),
    path("events/", include("events.urls")),
    path("reminders/", include("reminders.urls")),
    path("referrals/", include("referrals.urls")),
]

handler400 = "peersupport.core.ui.errors.bad_request"
handler403 = "peersupport.core.ui.errors.forbidden"
handler404 = "peersupport.core.ui.errors.not_found"
handler500 = "peersupport.core.ui.errors.server_error"
