"""Forms of the school's own facts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from program.models import Coverage
from program.registry import STATUSES


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


def _when(label: Any, **more: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    wrong = {"invalid": _("Write a day and a time like 2026-11-23 17:30.")}
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    return forms.DateTimeField(
        label=label, widget=widget, input_formats=formats, error_messages=wrong, **more
    )


class _Until(PlainForm):
    """Something that holds until a moment, or until somebody ends it."""

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now

    def clean_until(self) -> datetime | None:
        """Return the moment in the program's zone; it lies ahead, and within a month or two."""
        said: datetime | None = self.cleaned_data["until"]
        if said is None:
            return None
        # Django has put its own zone on it; what was typed is wall time of the school.
        until = said.replace(tzinfo=self.zone).astimezone(UTC)
        if not self.now < until <= self.now + _LONGEST:
            raise forms.ValidationError(_("Choose a time within the next two months."))
        return until


class NoticeForm(_Until):
    """A notice on every page."""

    text = forms.CharField(
        label=_("What it says"),
        help_text=_("Plain words, and only what everybody may read: it is public, and printed."),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    until = _when(_("Until"), help_text=_("It goes away by itself then."))

    def clean_text(self) -> str:
        """Refuse what would be shown as code."""
        text: str = self.cleaned_data["text"]
        if "<" in text or ">" in text:
            raise forms.ValidationError(_("Write plain words, without < and >."))
        return text


class CriticalForm(NoticeForm):
    """The words and the time of critical-incident mode."""

    until = _when(_("Until"), help_text=_("Look again then whether it is still needed."))

    def clean_text(self) -> str:
        """Refuse words that hurt: how somebody died is never said, nor that they "committed"."""
        text = super().clean_text()
        for word in UNSAFE_WORDS:
            if word in text.lower():
                wrong = _('Leave out "%s": say that somebody died, not how or why.')
                raise forms.ValidationError(wrong % word)
        return text


UNSAFE_WORDS = (
    "committed suicide",
    "commit suicide",
    "successful suicide",
    "failed attempt",
    "epidemic",
    "hanged",
    "hanging",
    "overdose",
    "gunshot",
    "jumped",
    "suicide note",
)


class CloseNowForm(_Until):
    """Until when everything is closed."""

    until = _when(
        _("Closed until"),
        help_text=_("Leave it empty to open again yourself."),
        required=False,
    )
    is_sure = forms.BooleanField(required=False, widget=forms.HiddenInput)


class TopicForm(PlainForm):
    """What holds for one topic, who has decided it, and when."""

    status = forms.ChoiceField(
        label=_("What holds here"), choices=list(STATUSES.items()), widget=forms.RadioSelect
    )
    owner = forms.CharField(
        label=_("Who decided it"),
        help_text=_("A person or an office that answers for it, such as the Title IX office."),
        max_length=80,
    )
    on = _day(_("Decided on"))

    def values(self) -> dict[str, Any]:
        """Return what is set."""
        data = self.cleaned_data
        return {"status": data["status"], "owner": data["owner"], "on": data["on"].isoformat()}


class ClaimForm(PlainForm):
    """Who has signed a claim, in which office, when, and when it is looked at again."""

    officer = forms.CharField(label=_("Name of the officer who signed it"), max_length=80)
    office = forms.CharField(label=_("Their office"), max_length=80)
    signed_on = _day(_("Signed on"))
    review_on = _day(
        _("Review by"), help_text=_("The claim disappears from every page after this day.")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Check that it is signed already and reviewed within two years."""
        data: dict[str, Any] = super().clean() or {}
        signed, review = data.get("signed_on"), data.get("review_on")
        if signed and signed > self.today:
            self.add_error("signed_on", _("Enter the day on which it was signed."))
        if review and not self.today <= review <= self.today + _AHEAD:
            self.add_error("review_on", _("Choose a day within the next two years."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what is set."""
        data = self.cleaned_data
        days = {name: data[name].isoformat() for name in ("signed_on", "review_on")}
        return {"officer": data["officer"], "office": data["office"], **days}


class TalkedForm(PlainForm):
    """Whom to tell if a supporter talked."""

    name = forms.CharField(
        label=_("Name and office"),
        help_text=_("Somebody who is neither a supporter nor grades anybody. Everybody reads it."),
        max_length=80,
    )
    phone = forms.RegexField(
        r"^[0-9+() .-]{3,32}$",
        label=_("Phone"),
        required=False,
        error_messages={"invalid": _("Enter a phone number: figures, spaces, + and dashes.")},
    )
    email = forms.EmailField(label=_("E-mail address"), required=False)

    def clean(self) -> dict[str, Any]:
        """Check that they can be reached."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not (data.get("phone") or data.get("email")):
            self.add_error("phone", _("Enter a phone number or an e-mail address."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what is set."""
        return dict(self.cleaned_data)


class SmallSchoolForm(PlainForm):
    """Whether one person may be coordinator and counselor."""

    is_small = forms.BooleanField(
        label=_("Here one person may be coordinator and counselor"),
        help_text=_("The page of promises says so to everybody."),
        required=False,
    )

    def values(self) -> bool:
        """Return what is set."""
        return bool(self.cleaned_data["is_small"])


class PledgeForm(PlainForm):
    """The words of the pledge, and how long supporters have to sign new ones."""

    text = forms.CharField(
        label=_("What supporters sign"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    grace = forms.IntegerField(
        label=_("Days to sign"),
        help_text=_("Until then they are asked; after that, before they can use their hours."),
        min_value=0,
        max_value=60,
    )

    def values(self) -> dict[str, Any]:
        """Return what `change_pledge` takes."""
        return dict(self.cleaned_data)
