"""Fields that several forms of the school's facts share."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm

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


class DaysAwayForm(PlainForm):
    """Days on which somebody is away: ahead, in order, and not for years."""

    first_on = day(_("First day away"))
    last_on = day(_("Last day away"), help_text=_("Empty for a single day."), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Check that the days are ahead and in order."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_on"), data.get("last_on")
        if first is not None:
            if not self.today - LONGEST <= first <= self.today + AHEAD:
                self.add_error("first_on", _("Choose a day within the next two years."))
            elif last is not None and not first <= last <= first + AHEAD:
                self.add_error("last_on", _("Choose a day that is not before the first."))
            elif (last or first) < self.today and "last_on" not in self.errors:
                self.add_error("first_on", _("Choose days that are not over."))
            data["last_on"] = last or first
        return data
