"""Addresses of referrals on the web side."""

from django.urls import URLPattern

app_name = "referrals"
urlpatterns: list[URLPattern] = []
