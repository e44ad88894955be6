"""Fields that several forms of the school's facts share."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

AHEAD = timedelta(days=2 * 366)
LONGEST = timedelta(days=62)


def day(label: Any, **more: Any) -> forms.DateField:
    """Return a field for a day."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **more)


def when(label: Any, **more: Any) -> forms.DateTimeField:
    """Return a field for a day and a time, typed as wall time of the school."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    wrong = {"invalid": _("Write a day and a time like 2026-11-23 17:30.")}
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    return forms.DateTimeField(
        label=label, widget=widget, input_formats=formats, error_messages=wrong, **more
    )
