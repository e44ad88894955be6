"""Addresses of the care side."""

from django.urls import URLPattern

app_name = "care"
urlpatterns: list[URLPattern] = []
