"""Forms of the first steps: few fields, filled with what most schools would write."""

import re
import zoneinfo
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from peersupport.core.words import upper_first
from program.forms.days import day
from program.registry import REPORT, STATUSES, TOPICS

ZONES: list[tuple[str, Any]] = [
    ("America/New_York", _("Eastern (New York)")),
    ("America/Chicago", _("Central (Chicago)")),
    ("America/Denver", _("Mountain (Denver)")),
    ("America/Phoenix", _("Mountain without summer time (Phoenix)")),
    ("America/Los_Angeles", _("Pacific (Los Angeles)")),
    ("America/Anchorage", _("Alaska (Anchorage)")),
    ("Pacific/Honolulu", _("Hawaii (Honolulu)")),
    ("America/Puerto_Rico", _("Atlantic (Puerto Rico)")),
]
MOST_AT_ONCE = 40


class SchoolForm(PlainForm):
    """What the program is called, and in which zone its hours are meant."""

    name = forms.CharField(
        label=_("Name at the top of every page"),
        help_text=_("Neutral is kind: somebody may look over a shoulder."),
        max_length=40,
    )
    zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict(ZONES)
        extra = [] if zone in known else [(zone, zone)]
        field: Any = self.fields["zone"]
        field.choices = [*extra, *ZONES]

    def clean_zone(self) -> zoneinfo.ZoneInfo:
        """Return the zone."""
        return zoneinfo.ZoneInfo(self.cleaned_data["zone"])


class CoordinatorForm(PlainForm):
    """Who runs the program: whoever sits here, or somebody else."""

    who = forms.ChoiceField(
        label=_("Who runs the program day by day?"),
        choices=[
            ("me", _("I do. I am both, until somebody else takes it over")),
            ("other", _("Somebody else: send them an e-mail")),
        ],
        widget=forms.RadioSelect,
        initial="me",
    )
    email = forms.EmailField(label=_("Their e-mail address"), required=False)

    def clean(self) -> dict[str, Any]:
        """Check that somebody else can be reached."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("who") == "other" and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("Write the address of whoever runs the program."))
        return data


class ConfidentialForm(PlainForm):
    """What holds for each topic, decided in one go."""

    owner = forms.CharField(
        label=_("Who decided it"),
        help_text=_("A person or an office that answers for it, such as the Title IX office."),
        max_length=80,
    )
    on = day(_("Decided on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = {name: self.fields.pop(name) for name in ("owner", "on")}
        for topic, said in TOPICS.items():
            self.fields[f"topic-{topic}"] = forms.ChoiceField(
                label=upper_first(str(said)),
                choices=list(STATUSES.items()),
                initial=REPORT,
                error_messages={"required": _("Choose one.")},
            )
        self.fields.update(last)

    def values(self) -> dict[str, dict[str, Any]]:
        """Return what is set, by key."""
        data = self.cleaned_data
        both = {"owner": data["owner"], "on": data["on"].isoformat()}
        return {f"topic-{topic}": {"status": data[f"topic-{topic}"], **both} for topic in TOPICS}


class NumbersForm(PlainForm):
    """Somebody has tried every number."""

    who = forms.CharField(label=_("Who tried them"), max_length=80)
    on = day(_("Tried on"))
    is_sure = forms.BooleanField(
        label=_("Each of our own numbers was called, and somebody answered")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> date:
        """Refuse a day ahead, and one so long ago that it says nothing any more."""
        on: date = self.cleaned_data["on"]
        if not self.today - timedelta(days=180) <= on <= self.today:
            raise forms.ValidationError(_("Enter the day on which they were tried, not ahead."))
        return on

    def values(self) -> dict[str, Any]:
        """Return what `check_all` takes."""
        return {"checked_by": self.cleaned_data["who"], "checked_on": self.cleaned_data["on"]}


class BehindForm(PlainForm):
    """Somebody who answers at every hour of every day."""

    label = forms.CharField(
        label=_("Who answers at every hour"),
        help_text=_(
            "A person, a team or a 24-hour line. Supporters see this. Ask them first: adding them "
            "says that they agreed."
        ),
        max_length=80,
    )
    phone = forms.RegexField(
        r"^[0-9+() .-]{3,32}$",
        label=_("Phone"),
        error_messages={"invalid": _("Enter a phone number: figures, spaces, + and dashes.")},
    )


class PlaceForm(PlainForm):
    """Where hours usually are."""

    room = forms.CharField(
        label=_("Room"),
        help_text=_("A door that people also use for other things is best: nobody can tell why."),
        max_length=80,
    )

    def values(self) -> dict[str, Any]:
        """Return what is set."""
        return {"room": self.cleaned_data["room"]}


class SupportersForm(PlainForm):
    """The first supporters, one on each line."""

    people = forms.CharField(
        label=_("Supporters, one on each line"),
        help_text=_("Their e-mail address, a comma, and the first name that students read."),
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "sol@school.example, Sol"}),
    )
    is_agreed = forms.BooleanField(label=_("They are trained, and have agreed to be named here"))

    def clean_people(self) -> list[tuple[str, str]]:
        """Return addresses with names. Raises ValidationError with the line that is wrong."""
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["people"].splitlines(), 1):
            if not line.strip():
                continue
            email, _comma, name = (
                part.strip() for part in re.sub(r"[;\t]", ",", line, count=1).partition(",")
            )
            try:
                validate_email(email)
            except ValidationError:
                said = _("Line %(line)d: write an address, a comma and a name.")
                raise ValidationError(said % {"line": number}) from None
            if not email.isascii() or len(name) > 40 or not name:
                said = _("Line %(line)d: write a first name of at most 40 letters.")
                raise ValidationError(said % {"line": number})
            found[email.lower()] = name
        if len(found) > MOST_AT_ONCE:
            raise ValidationError(_("At most %d at a time.") % MOST_AT_ONCE)
        return list(found.items())
