"""Addresses of the care side."""

from django.urls import path

from referrals.views import cases, desk, doors, duty, me, opened, people

app_name = "care"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("list/", desk.desk_list, name="desk-list"),
    path("again/", desk.try_again, name="try-again"),
    path("log/", desk.log, name="log"),
    path("case/<uuid:case>/", cases.case, name="case"),
    path("case/<uuid:case>/acknowledge/", cases.acknowledge, name="case-acknowledge"),
    path("case/<uuid:case>/contact/", cases.contact, name="case-contact"),
    path("case/<uuid:case>/end/", cases.end, name="case-end"),
    path("case/<uuid:case>/hand-on/", cases.hand_on, name="case-hand-on"),
    path("case/<uuid:case>/aside/", cases.aside, name="case-aside"),
    path("case/<uuid:case>/danger/", cases.danger, name="case-danger"),
    path("case/<uuid:case>/give-back/", cases.give_back, name="case-give-back"),
    path("case/<uuid:case>/open/", opened.open_case, name="open"),
    path("case/<uuid:case>/chart/", opened.chart, name="chart"),
    path("case/<uuid:case>/where/<uuid:contact>/", opened.where, name="where"),
    path("duty/", duty.hours, name="duty"),
    path("duty/<uuid:hours>/remove/", duty.remove_hours, name="remove-hours"),
    path("duty/away/", duty.add_away, name="add-away"),
    path("duty/away/<uuid:away>/back/", duty.remove_away, name="remove-away"),
    path("timers/", duty.timers, name="timers"),
    path("sign-in/", doors.sign_in, name="sign-in"),
    path("prove/", doors.prove, name="prove"),
    path("join/", doors.join, name="join"),
    path("sign-out/", doors.sign_out, name="sign-out"),
    path("me/", me.me, name="me"),
    path("me/passkeys/", me.add_passkey, name="add-passkey"),
    path("me/passkeys/<uuid:passkey>/remove/", me.remove_passkey, name="remove-passkey"),
    path("me/codes/", me.codes, name="codes"),
    path("me/others/", me.end_others, name="end-others"),
    path("people/", people.people, name="people"),
    path("people/add/", people.add, name="add-person"),
    path("people/<uuid:counselor>/", people.person, name="person"),
    path("people/<uuid:counselor>/code/", people.new_code, name="new-code"),
    path("people/<uuid:counselor>/address/", people.change_address, name="change-address"),
    path("people/<uuid:counselor>/end/", people.end, name="end-person"),
    path("people/<uuid:counselor>/role/", people.change_role, name="change-role"),
    path(
        "people/<uuid:counselor>/passkeys/<uuid:passkey>/", people.confirm, name="confirm-passkey"
    ),
]
