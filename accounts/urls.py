"""Addresses of accounts."""

from django.urls import path

from accounts.views import sign_in as views

app_name = "accounts"

urlpatterns = [
    path("", views.account, name="account"),
    path("sign-in/", views.ask, name="sign-in"),
    path("sign-in/code/", views.code, name="code"),
    path("sign-out/", views.leave, name="sign-out"),
    path("sign-out-everywhere/", views.leave_everywhere, name="sign-out-everywhere"),
]
