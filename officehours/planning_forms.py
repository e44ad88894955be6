"""Forms for planning hours: publish, change, end, leave a day out. Words beside the field."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from officehours import rules
from officehours.forms import WAYS
from officehours.models import Rule, Shift
from officehours.planning_rules import Fate, Plan
from peersupport.core import ids
from peersupport.core.ui.forms import PlainForm

_INCOMPLETE = _("This page was incomplete. Look at it again and send it once more.")
_CHOOSE = _("Choose: keep, or cancel.")
KEEP, CANCEL = "keep", "cancel"


def day_field(label: Any, **more: Any) -> forms.DateField:
    """Return a field for a day."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **more)


def time_field(label: Any, **more: Any) -> forms.TimeField:
    """Return a field for a wall time."""
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, **more)


def place_field() -> forms.CharField:
    """Return the field for a place."""
    return forms.CharField(
        label=_("Place"), max_length=80, help_text=_("Everybody can read this: a room, no names.")
    )


_PAST_MIDNIGHT = _("An earlier time than the start means after midnight.")


class TimesOfDay(PlainForm):
    """From when until when, and where."""

    starts = time_field(_("From"))
    ends = time_field(_("Until"), help_text=_PAST_MIDNIGHT)
    place = place_field()

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together."""
        data: dict[str, Any] = super().clean() or {}
        starts, ends = data.get("starts"), data.get("ends")
        if starts is not None and starts == ends:
            self.add_error("ends", _("Choose an end that differs from the start."))
        return data


class Talks(PlainForm):
    """How long a talk is, and how people can meet."""

    minutes = forms.TypedChoiceField(
        label=_("Length of a talk"),
        coerce=int,
        choices=[(n, _("About %d minutes, longer if needed") % n) for n in rules.MINUTES],
        initial=30,
    )
    ways = forms.MultipleChoiceField(
        label=_("How can people meet you?"),
        choices=[(str(way), word) for way, word in WAYS.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=[str(rules.Way.IN_PERSON)],
        error_messages={"required": _("Choose at least one way to meet.")},
    )

    def clean_ways(self) -> str:
        """Return the ways as they are kept, in one order."""
        chosen = set(self.cleaned_data["ways"])
        return ",".join(str(way) for way in rules.Way if way in chosen)


class HoursForm(TimesOfDay, Talks):
    """Publish hours, once or every week."""

    day = day_field(_("Day"))
    is_weekly = forms.BooleanField(label=_("Every week on this day"), required=False)
    last_on = day_field(
        _("Last day"),
        help_text=_("For weekly hours. Leave it empty to go on until you end them."),
        required=False,
    )
    request_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": _INCOMPLETE, "invalid": _INCOMPLETE},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("request_key", ids.new_id())
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_day(self) -> date:
        """Return the day: from yesterday (hours may run past midnight) to a year ahead."""
        day: date = self.cleaned_data["day"]
        if not self.today - timedelta(days=1) <= day <= self.today + rules.PLAN_AHEAD:
            raise forms.ValidationError(_("Choose a day from today to a year ahead."))
        return day

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together."""
        data = super().clean()
        last, day = data.get("last_on"), data.get("day")
        if data.get("is_weekly") and last and day and last < day:
            self.add_error("last_on", _("The last day must not be before the first."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what both ways of publishing take."""
        names = ("starts", "ends", "place", "minutes", "ways", "request_key")
        return {name: self.cleaned_data[name] for name in names}


class ForSomebodyForm(HoursForm):
    """Hours of a supporter, published by whoever runs the program."""

    supporter = forms.ChoiceField(
        label=_("Supporter"), error_messages={"required": _("Choose a supporter.")}
    )
    is_agreed = forms.BooleanField(label=_("They have agreed to these hours"))

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["supporter"]).choices = people


class RuleForm(TimesOfDay, Talks):
    """Change weekly hours. The day of the week stays: other days are other hours."""

    last_on = day_field(
        _("Last day"),
        help_text=_("Leave it empty to go on until you end them."),
        required=False,
    )

    def __init__(self, *args: Any, rule: Rule, today: date, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "starts": rule.starts,
                "ends": rule.ends,
                "place": rule.place,
                "minutes": rule.minutes,
                "ways": rule.ways.split(","),
                "last_on": rule.last_on,
            },
        )
        super().__init__(*args, **kwargs)
        self.rule, self.today = rule, today

    def clean_last_on(self) -> date | None:
        """Return the last day: not before yesterday, the first, or more than a year away."""
        return _last_day(self.cleaned_data["last_on"], self.rule, self.today)

    def values(self) -> dict[str, Any]:
        """Return what `change_weekly` takes."""
        return dict(self.cleaned_data)


def _last_day(last: date | None, rule: Rule, today: date) -> date | None:
    if last is None or last == rule.last_on:
        return last
    if not today - timedelta(days=1) <= last <= today + rules.PLAN_AHEAD:
        raise forms.ValidationError(_("Choose a day from yesterday to a year ahead."))
    return last


class EndForm(PlainForm):
    """End weekly hours after a day."""

    last_on = day_field(_("Last day"), help_text=_("On this day they still take place."))

    def __init__(self, *args: Any, rule: Rule, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule, self.today = rule, today

    def clean_last_on(self) -> date | None:
        """Return the last day: not before yesterday, and not more than a year away."""
        return _last_day(self.cleaned_data["last_on"], self.rule, self.today)

    def values(self) -> dict[str, Any]:
        """Return what `end_weekly` takes."""
        return dict(self.cleaned_data)


class SkipForm(PlainForm):
    """Leave one day of weekly hours out."""

    day = day_field(_("Leave a day out"))

    def __init__(self, *args: Any, rule: Rule, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule, self.today = rule, today

    def clean_day(self) -> date:
        """Return the day: one of theirs, from today to a year ahead."""
        day: date = self.cleaned_data["day"]
        if not self.today <= day <= self.today + rules.PLAN_AHEAD:
            raise forms.ValidationError(_("Choose a day from today to a year ahead."))
        if day.weekday() != self.rule.weekday:
            raise forms.ValidationError(_("These hours do not take place on that weekday."))
        return day


class ShiftForm(TimesOfDay):
    """Change hours on one day alone."""

    def __init__(self, *args: Any, shift: Shift, starts: time, ends: time, **kwargs: Any) -> None:
        initial = {"starts": starts, "ends": ends, "place": shift.place}
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)


class SwapForm(PlainForm):
    """Choose which of one's own hours to offer."""

    mine = forms.TypedChoiceField(
        label=_("Which of your hours do you offer?"),
        coerce=uuid.UUID,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose which of your hours.")},
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["mine"]).choices = choices


class KeepForm(PlainForm):
    """For each of some hours with people in them: keep them, or offer other times."""

    def __init__(self, *args: Any, shifts: Iterable[tuple[uuid.UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for shift, label in shifts:
            self.fields[f"shift-{shift.hex}"] = forms.ChoiceField(
                label=label,
                choices=[
                    (KEEP, _("Keep them as they are")),
                    (CANCEL, _("Cancel them; whoever has a time is told and offered others")),
                ],
                widget=forms.RadioSelect,
                initial=KEEP,
                error_messages={"required": _CHOOSE, "invalid_choice": _CHOOSE},
            )

    def to_cancel(self) -> frozenset[uuid.UUID]:
        """Return the shifts to cancel."""
        return frozenset(
            uuid.UUID(name.removeprefix("shift-"))
            for name, chosen in self.cleaned_data.items()
            if chosen == CANCEL
        )


def booked_in(plan: Plan) -> list[tuple[uuid.UUID, str]]:
    """Return the shifts of a plan that are kept because of people, with the question for each."""
    return [
        (row.existing.shift, str(_("What becomes of these hours?")))
        for row in plan.rows
        if row.fate is Fate.KEPT and row.existing is not None
    ]


def wall(moment: datetime, zone: Any) -> time:
    """Return the wall time of an instant, as a form shows it."""
    return moment.astimezone(zone).time().replace(second=0, microsecond=0)
