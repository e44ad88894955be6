"""Forms of when counselors read, and of the timers."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core import words
from peersupport.core.ui.forms import PlainForm
from program.forms.days import AHEAD, LONGEST, DaysAwayForm, day
from referrals.rules import Timer, Urgency

_TIME = {"type": "time"}


class HoursForm(PlainForm):
    """Weekly hours in which somebody reads."""

    card = forms.TypedChoiceField(label=_("Who reads"), coerce=UUID)
    weekday = forms.TypedChoiceField(label=_("Day"), coerce=int)
    starts = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs=_TIME, format="%H:%M"))
    ends = forms.TimeField(label=_("Until"), widget=forms.TimeInput(attrs=_TIME, format="%H:%M"))

    first_on = day(
        _("First day"), help_text=_("Empty: from now on, and with no end."), required=False
    )
    last_on = day(_("Last day"), required=False)

    def __init__(
        self, *args: Any, people: list[tuple[UUID, str]], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        _offer(self, people)
        days = [(number, words.weekday(number)) for number in range(7)]
        self.fields["weekday"].choices = days  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Check that the hours end after they begin, and that they have not ended."""
        data: dict[str, Any] = super().clean() or {}
        starts, ends = data.get("starts"), data.get("ends")
        if starts is not None and ends is not None and ends <= starts:
            self.add_error("ends", _("Choose a time after the start."))
        first, last = data.get("first_on"), data.get("last_on")
        latest = self.today + AHEAD
        if first is not None and not self.today - LONGEST <= first <= latest:
            self.add_error("first_on", _("Choose a day within the next two years."))
        if last is not None and not max(first or self.today, self.today) <= last <= latest:
            self.add_error("last_on", _("Choose a day that is not over, nor before the first."))
        return data


class AwayForm(DaysAwayForm):
    """Days on which somebody reads nothing."""

    card = forms.TypedChoiceField(label=_("Who is away"), coerce=UUID)

    def __init__(self, *args: Any, people: list[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, people)


def _offer(form: forms.Form, people: list[tuple[UUID, str]]) -> None:
    """Offer people to choose from; one alone is not asked for."""
    form.fields["card"].choices = [(str(key), name) for key, name in people]  # type: ignore[attr-defined]
    if len(people) == 1:
        form.fields["card"].widget = forms.HiddenInput()
        form.initial.setdefault("card", str(people[0][0]))


def _minutes(label: Any, least: int = 5, most: int = 60 * 40) -> forms.IntegerField:
    said = {
        "min_value": _("Choose at least %(limit_value)d minutes."),
        "max_value": _("Choose at most %(limit_value)d minutes."),
    }
    return forms.IntegerField(label=label, min_value=least, max_value=most, error_messages=said)


PARTS = (
    ("acknowledge", _("Taken within")),
    ("contact", _("Then reached within")),
    ("step", _("Reminded again after")),
)


class _TimersBase(PlainForm):
    """The line that is told last."""

    line_name = forms.CharField(
        label=_("Name of the on-call line"),
        help_text=_("Told last, when nobody here answers. Empty: nobody outside is told."),
        max_length=80,
        required=False,
    )
    line_email = forms.EmailField(
        label=_("Its e-mail address"),
        help_text=_("The message says only that the list should be looked at."),
        required=False,
    )


_FIELDS = {f"{urgency}_{part}": _minutes(label) for urgency in Urgency for part, label in PARTS}


class TimersForm(type("Minutes", (_TimersBase,), _FIELDS)):  # type: ignore[misc]
    """Minutes of reading time for each urgency, and the line that is told last."""

    def groups(self) -> list[tuple[str, list[Any]]]:
        """Return the fields of each urgency, the most urgent first."""
        return [
            (str(urgency), [self[f"{urgency}_{part}"] for part, _label in PARTS])
            for urgency in reversed(Urgency)
        ]

    def clean(self) -> dict[str, Any]:
        """Check that a line has a name and an address, or neither."""
        data: dict[str, Any] = super().clean() or {}
        name, email = data.get("line_name"), data.get("line_email")
        if name and not email and "line_email" not in self.errors:
            self.add_error("line_email", _("Write where the line is told."))
        if email and not name:
            self.add_error("line_name", _("Write what the line is called."))
        return data

    def timers(self) -> dict[Urgency, Timer]:
        """Return what `set_timers` takes."""
        data = self.cleaned_data
        return {
            urgency: Timer(
                *(timedelta(minutes=data[f"{urgency}_{part}"]) for part, _label in PARTS)
            )
            for urgency in Urgency
        }


def initial_of(timers: dict[Urgency, Timer]) -> dict[str, int]:
    """Return timers as the fields of the form show them."""
    return {
        f"{urgency}_{part}": int(getattr(timer, part).total_seconds() // 60)
        for urgency, timer in timers.items()
        for part, _label in PARTS
    }
