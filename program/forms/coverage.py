"""Forms of who stands behind the supporters."""

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
