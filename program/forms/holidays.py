"""Forms of holidays."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from program.forms.days import AHEAD, LONGEST, day


class HolidayForm(PlainForm):
    """Days on which the school is closed."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Supporters see this, such as Spring break.")
    )
    first_on = day(_("First day"))
    last_on = day(_("Last day"), help_text=_("Empty for a single day."), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Check that the days are ahead and in order."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_on"), data.get("last_on")
        if first is None:
            return data
        if not self.today - LONGEST <= first <= self.today + AHEAD:
            self.add_error("first_on", _("Choose a day within the next two years."))
        elif last is not None and not first <= last <= first + LONGEST:
            self.add_error("last_on", _("Choose a day from the first to two months later."))
        elif (last or first) < self.today and "last_on" not in self.errors:
            self.add_error("first_on", _("Choose days that are not over."))
        data["last_on"] = last or first
        return data

    def values(self) -> dict[str, Any]:
        """Return what `add_holiday` takes."""
        return dict(self.cleaned_data)
