"""Forms of terms and milestones."""

from dataclasses import asdict
from datetime import date, time
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core import sheets
from peersupport.core.ui.forms import PlainForm
from program.calendar_files import Read
from program.calendar_rules import LONGEST, Entry, Kind
from program.forms.days import AHEAD, day
from program.models import Milestone, Term

_TIME = {"type": "time"}


def _clock(label: Any, **more: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs=_TIME, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, required=False, **more)


def _audience(form: forms.Form, classes: list[str], rotations: list[str]) -> None:
    """Fill whom it is for with what stands on the school's list, and with what is set already."""
    for name, known in (("class_name", classes), ("rotation", rotations)):
        kept = str(form.initial.get(name) or "")
        extra = [kept] if kept and kept not in known else []
        field = cast(forms.ChoiceField, form.fields[name])
        every = _("Every class") if name == "class_name" else _("Every rotation group")
        field.choices = [("", every), *((one, one) for one in [*extra, *known])]


class MilestoneForm(PlainForm):
    """One milestone, typed."""

    title = forms.CharField(
        label=_("What"), max_length=120, help_text=_("Such as Anatomy practical. No names.")
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Milestone.Kind.choices,
        help_text=_("Before an exam of their own, supporters are kept free."),
    )
    first_on = day(_("First day"))
    last_on = day(_("Last day"), help_text=_("Empty for a single day."), required=False)
    starts = _clock(_("From"), help_text=_("Empty: all day."))
    ends = _clock(_("Until"))
    class_name = forms.ChoiceField(label=_("For which class"), required=False)
    rotation = forms.ChoiceField(label=_("For which rotation group"), required=False)

    def __init__(
        self,
        *args: Any,
        today: date,
        classes: list[str],
        rotations: list[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        _audience(self, classes, rotations)

    def clean(self) -> dict[str, Any]:
        """Check that days and times are in order."""
        data: dict[str, Any] = super().clean() or {}
        first = data.get("first_on")
        if first is not None:
            data["last_on"] = data.get("last_on") or first
            if not self.today - AHEAD <= first <= self.today + AHEAD:
                self.add_error("first_on", _("Choose a day within the next two years."))
            elif not first <= data["last_on"] <= first + LONGEST:
                self.add_error("last_on", _("Choose a day from the first to four months later."))
        starts, ends = data.get("starts"), data.get("ends")
        if starts and not ends and "ends" not in self.errors:
            self.add_error("ends", _("Write until when, or leave both empty."))
        elif ends and not starts and "starts" not in self.errors:
            self.add_error("starts", _("Write from when, or leave both empty."))
        elif starts and ends and ends <= starts and data.get("last_on") == first:
            self.add_error("ends", _("Choose a time after the beginning."))
        return data

    def entry(self) -> Entry:
        """Return the milestone."""
        data = {**self.cleaned_data, "kind": Kind(self.cleaned_data["kind"])}
        return Entry(**data)


class SuggestedForm(PlainForm):
    """One row of a template: take it or not, with its date."""

    is_taken = forms.BooleanField(label=_("Take it"), required=False)
    title = forms.CharField(label=_("What"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=Milestone.Kind.choices)
    first_on = day(_("First day"))
    last_on = day(_("Last day"))
    class_name = forms.ChoiceField(label=_("For which class"), required=False)
    rotation = forms.ChoiceField(label=_("For which rotation group"), required=False)

    def __init__(
        self, *args: Any, today: date, classes: list[str], rotations: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        _audience(self, classes, rotations)

    def clean(self) -> dict[str, Any]:
        """Check the days of what is taken."""
        data: dict[str, Any] = super().clean() or {}
        if not data.get("is_taken"):
            self._errors = forms.utils.ErrorDict()  # a row nobody takes cannot be wrong
            return data
        first, last = data.get("first_on"), data.get("last_on")
        if first and last and not first <= last <= first + LONGEST:
            self.add_error("last_on", _("Choose a day from the first to four months later."))
        elif first and not self.today - AHEAD <= first <= self.today + AHEAD:
            self.add_error("first_on", _("Choose a day within the next two years."))
        return data

    def entry(self) -> Entry | None:
        """Return the milestone, or None if it is not taken."""
        data = dict(self.cleaned_data)
        if not data.pop("is_taken"):
            return None
        return Entry(**{**data, "kind": Kind(data["kind"])})


class CalendarFileForm(PlainForm):
    """A file, and for whom it is where it does not say so itself."""

    file = forms.FileField(
        label=_("A spreadsheet as CSV, or a calendar as .ics"),
        help_text=_("At most 1 MB. The file itself is not kept."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.ics,text/csv,text/calendar"}),
        error_messages={
            "required": _("Choose the file first."),
            "empty": _("This file is empty."),
            "missing": _("Choose the file first."),
            "invalid": _("Choose the file first."),
        },
    )
    class_name = forms.ChoiceField(label=_("For which class"), required=False)
    rotation = forms.ChoiceField(label=_("For which rotation group"), required=False)

    def __init__(
        self, *args: Any, classes: list[str], rotations: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _audience(self, classes, rotations)

    def clean_file(self) -> bytes:
        """Return what is in it. Raises ValidationError if it is too large."""
        given = self.cleaned_data["file"]
        if given.size > sheets.LARGEST:
            raise forms.ValidationError(_("This file is larger than 1 MB."))
        content: bytes = given.read()
        return content


class TermForm(PlainForm):
    """A term."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Such as Spring 2027."))
    first_on = day(_("First day"))
    last_on = day(_("Last day"))

    def clean(self) -> dict[str, Any]:
        """Check that the days are in order and no other term has them."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_on"), data.get("last_on")
        if first is None or last is None:
            return data
        if not first < last <= first + AHEAD / 2:
            self.add_error("last_on", _("Choose a day after the first, within a year."))
            return data
        others = Term.objects.exclude(name=data.get("name", ""))
        other = others.filter(first_on__lte=last, last_on__gte=first).first()
        if other is not None:
            self.add_error("first_on", _("%s has some of these days.") % other.name)
        return data


def to_park(read: Read) -> list[dict[str, Any]]:
    """Return what was read as it travels with a page."""
    return [asdict(entry) for entry in read.entries]


def from_park(said: list[dict[str, Any]]) -> list[Entry]:
    """Return what travelled with a page."""
    return [_unparked(one) for one in said]


def _unparked(one: dict[str, Any]) -> Entry:
    days = {name: date.fromisoformat(one[name]) for name in ("first_on", "last_on")}
    times = {
        name: time.fromisoformat(one[name]) if one[name] else None for name in ("starts", "ends")
    }
    return Entry(**{**one, **days, **times, "kind": Kind(one["kind"])})
