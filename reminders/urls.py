"""Addresses of reminders."""

from django.urls import path

from reminders.views import campaigns, ledger, stop

app_name = "reminders"

urlpatterns = [
    path("", campaigns.overview, name="overview"),
    path("new/", campaigns.add, name="add"),
    path("ledger/", ledger.totals, name="ledger"),
    path("library/<slug:key>/", campaigns.take, name="take"),
    path("stop/<slug:token>/", stop.stop, name="stop"),
    path("<uuid:campaign>/", campaigns.one, name="campaign"),
    path("<uuid:campaign>/change/", campaigns.change, name="change"),
    path("<uuid:campaign>/test/", campaigns.test, name="test"),
    path("<uuid:campaign>/<slug:verb>/", campaigns.switch, name="switch"),
]
