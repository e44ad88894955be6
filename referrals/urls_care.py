"""Addresses of the care side."""

from django.urls import path

from referrals.views import desk, doors, me, people

app_name = "care"

urlpatterns = [
    path("", desk.desk, name="desk"),
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
    path("people/<uuid:counselor>/end/", people.end, name="end-person"),
    path("people/<uuid:counselor>/role/", people.change_role, name="change-role"),
    path(
        "people/<uuid:counselor>/passkeys/<uuid:passkey>/", people.confirm, name="confirm-passkey"
    ),
]
