"""Forms of single steps in planning: another day, an early end, which dates, how many places."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from events.forms import ChoosingForm, check_day, day_field
from peersupport.core import words
from peersupport.core.ui.forms import PlainForm


class LeaveOutForm(ChoosingForm):
    """Which dates of a series that is being made are left out."""

    leave_out = forms.MultipleChoiceField(
        label=_("Leave out"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, dates: Sequence[tuple[date, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days = [day for day, _said in dates]
        self.choose("leave_out", [(day.isoformat(), said) for day, said in dates])

    def clean_leave_out(self) -> frozenset[date]:
        """Return the days; one at least has to stay."""
        chosen = frozenset(date.fromisoformat(one) for one in self.cleaned_data["leave_out"])
        if chosen >= set(self.days):
            raise forms.ValidationError(_t("Leave at least one date in."))
        return chosen


class AnywayForm(ChoosingForm):
    """Which of the later dates also change where somebody changed them by themselves."""

    anyway = forms.MultipleChoiceField(
        label=_("Change these as well, although they go their own way"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, dates: Sequence[tuple[uuid.UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("anyway", [(str(pk), said) for pk, said in dates])

    def chosen(self) -> frozenset[uuid.UUID]:
        """Return the dates that change all the same."""
        return frozenset(uuid.UUID(one) for one in self.cleaned_data["anyway"])


class DayForm(PlainForm):
    """The day of a copy, or the first day of a copied series."""

    day = day_field(_("New day"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_day(self) -> date:
        """Return the day: from today on, within the time that can be planned."""
        return check_day(self.cleaned_data["day"], self.today)


class EndForm(PlainForm):
    """The last day of a series that ends early."""

    last_on = day_field(_("Last day"), help_text=_("On this day it still takes place."))

    def __init__(self, *args: Any, today: date, last: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.last = today, last

    def clean_last_on(self) -> date:
        """Return the last day: from yesterday on, and before the end as it is."""
        day: date = self.cleaned_data["last_on"]
        if not self.today - timedelta(days=1) <= day < self.last:
            said = _t("Choose a day from yesterday to before %s.") % words.day(self.last)
            raise forms.ValidationError(said)
        return day
