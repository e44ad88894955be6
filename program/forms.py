"""Forms of the school's own facts."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from program.models import Coverage


class CoverageForm(PlainForm):
    """Somebody who answers at certain hours."""

    label = forms.CharField(
        label=_("Who answers"),
        help_text=_("A person, a team or a line. Supporters see this."),
        max_length=80,
    )
    phone = forms.RegexField(
        r"^[0-9+() .-]{3,32}$",
        label=_("Phone"),
        error_messages={"invalid": _("Enter a phone number: figures, spaces, + and dashes.")},
    )
    weekday = forms.TypedChoiceField(
        label=_("Day"),
        coerce=int,
        empty_value=None,
        choices=[("", _("Every day")), *Coverage.Weekday.choices],
        required=False,
    )
    starts = forms.TimeField(
        label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("The same time as the start means all 24 hours."),
    )
    until = forms.DateField(
        label=_("Last day"),
        help_text=_("Leave it empty if no end is known."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )

    def values(self) -> dict[str, Any]:
        """Return what `add_coverage` takes."""
        return dict(self.cleaned_data)


_AHEAD = timedelta(days=2 * 366)
_LONGEST = timedelta(days=62)


def _day(label: Any, **more: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **more)


class HolidayForm(PlainForm):
    """Days on which the school is closed."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Supporters see this, such as Spring break.")
    )
    first_on = _day(_("First day"))
    last_on = _day(_("Last day"), help_text=_("Empty for a single day."), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Check that the days are ahead and in order."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_on"), data.get("last_on")
        if first is None:
            return data
        if not self.today - _LONGEST <= first <= self.today + _AHEAD:
            self.add_error("first_on", _("Choose a day within the next two years."))
        elif last is not None and not first <= last <= first + _LONGEST:
            self.add_error("last_on", _("Choose a day from the first to two months later."))
        elif (last or first) < self.today and "last_on" not in self.errors:
            self.add_error("first_on", _("Choose days that are not over."))
        data["last_on"] = last or first
        return data

    def values(self) -> dict[str, Any]:
        """Return what `add_holiday` takes."""
        return dict(self.cleaned_data)
