"""Addresses of accounts."""

from django.urls import path

from accounts.views import (
    address,
    calendar,
    data,
    factors,
    preferences,
    profile,
    prove,
    resets,
    second_factor,
)
from accounts.views import sign_in as views

app_name = "accounts"

urlpatterns = [
    path("", preferences.account, name="account"),
    path("mail/", preferences.mail, name="mail"),
    path("mail/address/", preferences.other_address, name="contact"),
    path("mail/address/code/", preferences.contact_code, name="contact-code"),
    path("stop/", preferences.stop, name="stop"),
    path("profile/", profile.edit, name="profile"),
    path("profile/seen/", profile.seen, name="profile-seen"),
    path("profile/tags/", profile.add, name="add-tag"),
    path("profile/tags/<uuid:tag>/", profile.change, name="tag"),
    path("profile/tags/<uuid:tag>/remove/", profile.remove, name="remove-tag"),
    path("tags/", profile.policy, name="tag-policy"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/end/", calendar.end, name="calendar-end"),
    path("data/", data.data, name="data"),
    path("data/download/", data.download, name="download"),
    path("delete/", data.delete, name="delete"),
    path("deleted/", data.deleted, name="deleted"),
    path("sign-in/", views.ask, name="sign-in"),
    path("sign-in/code/", views.code, name="code"),
    path("sign-in/passkey/", second_factor.with_passkey, name="with-passkey"),
    path("second-factor/", second_factor.second_factor, name="second-factor"),
    path("prove/", prove.prove, name="prove"),
    path("factors/", factors.mine, name="factors"),
    path("factors/app/", factors.add_app, name="add-app"),
    path("factors/app/remove/", factors.remove_app, name="remove-app"),
    path("factors/codes/", factors.new_codes, name="new-codes"),
    path("factors/passkeys/", factors.add_passkey, name="add-passkey"),
    path("factors/passkeys/<uuid:ref>/", factors.passkey, name="passkey"),
    path("factors/passkeys/<uuid:ref>/remove/", factors.remove_passkey, name="remove-passkey"),
    path("factors/stop-reset/", factors.stop_reset, name="stop-reset"),
    path("email/", address.ask, name="address"),
    path("email/code/", address.code, name="address-code"),
    path("resets/", resets.resets, name="resets"),
    path("resets/<uuid:reset>/agree/", resets.agree, name="agree-reset"),
    path("resets/<uuid:reset>/withdraw/", resets.withdraw, name="withdraw-reset"),
    path("sign-out/", views.leave, name="sign-out"),
    path("sign-out-everywhere/", views.leave_everywhere, name="sign-out-everywhere"),
]
