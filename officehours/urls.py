"""Addresses of office hours: students' under /visits/ and /line/, supporters' under /hours/."""

from django.urls import path

from officehours.views import calling as calling_views
from officehours.views import care as care_views
from officehours.views import care_staff as staff_views
from officehours.views import console as console_views
from officehours.views import cover as cover_views
from officehours.views import first as first_views
from officehours.views import hours as hours_views
from officehours.views import importing as import_views
from officehours.views import line as line_views
from officehours.views import planning as planning_views
from officehours.views import program as program_views
from officehours.views import visits as visit_views
from officehours.views import weekly as weekly_views

hours = [
    path("", console_views.console, name="console"),
    path("new/", planning_views.publish, name="publish"),
    path("weekly/<uuid:rule>/", weekly_views.weekly, name="weekly"),
    path("weekly/<uuid:rule>/change/", planning_views.change, name="change-weekly"),
    path("weekly/<uuid:rule>/end/", planning_views.end, name="end-weekly"),
    path("weekly/<uuid:rule>/skip/", weekly_views.skip, name="skip-day"),
    path("weekly/<uuid:rule>/unskip/", weekly_views.take_day_back, name="take-day-back"),
    path("cover/", cover_views.board, name="cover"),
    path("cover/hours/<uuid:assignment>/", cover_views.ask, name="ask-cover"),
    path("cover/<uuid:request_id>/swap/", cover_views.swap, name="offer-swap"),
    path("cover/<uuid:cover>/<slug:verb>/", cover_views.answer, name="answer-cover"),
    path("cover/pair/<uuid:shift>/", cover_views.join, name="join"),
    path("cover/pair/weekly/<uuid:rule>/<slug:verb>/", cover_views.pair_weekly, name="pair"),
    path("days/<uuid:shift>/", weekly_views.edit_day, name="edit-day"),
    path("program/", program_views.program, name="program"),
    path("program/new/", first_views.publish_for, name="first"),
    path("program/import/", import_views.send_in, name="import"),
    path("program/import/confirm/", import_views.confirm, name="import-confirm"),
    path("program/sign/", first_views.sign, name="sign"),
    path("program/close/", program_views.close_all, name="close-all"),
    path("program/weekly/<uuid:rule>/end/", program_views.end_weekly, name="end-for-program"),
    path("program/holiday/<uuid:holiday>/", program_views.decide_holiday, name="holiday"),
    path("program/<uuid:shift>/cancel/", hours_views.cancel_program, name="cancel-for-program"),
    path("<uuid:assignment>/in/", console_views.check_in, name="check-in"),
    path("<uuid:assignment>/out/", console_views.check_out, name="check-out"),
    path("<uuid:assignment>/walked-in/", console_views.walk_in, name="walk-in"),
    path("<uuid:assignment>/next/", calling_views.call_next, name="call-next"),
    path("<uuid:assignment>/add/", calling_views.add, name="add"),
    path("<uuid:assignment>/late/", calling_views.run_late, name="late"),
    path("<uuid:assignment>/line/", calling_views.set_line, name="set-line"),
    path("<uuid:assignment>/hold/", calling_views.hold, name="hold"),
    path("<uuid:assignment>/door/", calling_views.door, name="door"),
    path("<uuid:assignment>/door/code/", calling_views.door_code, name="door-code"),
    path("<uuid:assignment>/paper/", calling_views.paper, name="paper"),
    path("line/<uuid:visit>/<slug:verb>/", calling_views.step, name="line-step"),
    path("<uuid:shift>/cancel/", hours_views.cancel_own, name="cancel"),
    path("talks/<uuid:visit>/log/", console_views.log, name="log"),
    path("talks/<uuid:visit>/<slug:verb>/", console_views.step, name="step"),
    path("after-heavy/", care_views.after_heavy, name="after-heavy"),
    path("worried/", care_views.worried, name="worried"),
    path("worried/<uuid:escalation>/", care_views.noted, name="worried-noted"),
    path("mine/", care_views.mine, name="mine"),
    path("mine/break/", care_views.step_back, name="step-back"),
    path("mine/break/<uuid:rest>/end/", care_views.come_back, name="come-back"),
    path("mine/distance/", care_views.distance, name="distance"),
    path("supervisor/", staff_views.supervisor, name="supervisor"),
    path("supervisor/<uuid:escalation>/<slug:mark>/", staff_views.supervise, name="supervise"),
    path("capacity/", staff_views.capacity, name="capacity"),
]

visits = [
    path("", visit_views.list_visits, name="list"),
    path("book/", visit_views.book, name="book"),
    path("<uuid:visit>/", visit_views.show, name="show"),
    path("<uuid:visit>/move/", visit_views.move, name="move"),
    path("<uuid:visit>/cancel/", visit_views.cancel, name="cancel"),
    path("<uuid:visit>/here/", visit_views.arrive, name="arrive"),
    path("<uuid:visit>/offer/", visit_views.answer_offer, name="offer"),
    path("<uuid:visit>/remove-line/", visit_views.remove_log, name="remove-log"),
]

line = [
    path("", line_views.mine, name="mine"),
    path("state/", line_views.state, name="state"),
    path("join/<uuid:shift>/", line_views.join, name="join"),
    path("at/<uuid:shift>/<slug:code>/", line_views.door, name="door"),
    path("<uuid:visit>/<slug:verb>/", line_views.act, name="act"),
]
