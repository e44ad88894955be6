"""Addresses of the school's own facts."""

from django.urls import path

from program.views import (
    coverage,
    crisis,
    first,
    holidays,
    index,
    now,
    posters,
    settings,
    succession,
    trust,
)

app_name = "program"

urlpatterns = [
    path("", index.index, name="index"),
    path("history/", index.past, name="history"),
    path("first/", first.guide, name="first"),
    path("first/coordinator/", first.coordinator, name="first-coordinator"),
    path("first/<slug:name>/", first.step, name="first-step"),
    path("succession/", succession.sheet, name="succession"),
    path("succession/confirm/", succession.confirm, name="succession-confirm"),
    path("succession/give-back/<slug:role>/", succession.give_back, name="give-back"),
    path("set/<slug:key>/", settings.set_one, name="set"),
    path("crisis/", crisis.lines, name="crisis"),
    path("crisis/where/", crisis.choose, name="crisis-pack"),
    path("crisis/add/", crisis.add, name="crisis-add"),
    path("crisis/<slug:line>/", crisis.change, name="crisis-line"),
    path("crisis/<slug:line>/tried/", crisis.check, name="crisis-check"),
    path("crisis/<slug:line>/remove/", crisis.remove, name="crisis-remove"),
    path("poster/", posters.poster, name="poster"),
    path("cards/", posters.cards, name="cards"),
    path("notice/", now.notice, name="notice"),
    path("critical/", now.critical, name="critical"),
    path("close/", now.close, name="close"),
    path("pledge/", trust.sign, name="pledge"),
    path("talked/", trust.talked, name="talked"),
    path("holidays/", holidays.keep_holidays, name="holidays"),
    path("holidays/<uuid:holiday>/remove/", holidays.remove_day, name="remove-holiday"),
    path("coverage/", coverage.keep_coverage, name="coverage"),
    path("coverage/<uuid:entry>/", coverage.change, name="coverage-entry"),
    path("coverage/<uuid:entry>/spoke/", coverage.spoke, name="coverage-spoke"),
    path("coverage/<uuid:entry>/ask/", coverage.ask, name="coverage-ask"),
    path("coverage/<uuid:entry>/away/", coverage.away, name="coverage-away"),
    path("coverage/<uuid:entry>/away/<uuid:days>/back/", coverage.back, name="coverage-back"),
    path("agree/<slug:token>/", coverage.agree, name="agree"),
    path("coverage/<uuid:entry>/remove/", coverage.remove, name="remove-coverage"),
]
