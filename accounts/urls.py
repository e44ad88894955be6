"""Addresses of accounts."""

from django.urls import path

from accounts.views import calendar, data, preferences, profile
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
    path("sign-out/", views.leave, name="sign-out"),
    path("sign-out-everywhere/", views.leave_everywhere, name="sign-out-everywhere"),
]
