"""Forms of who stands behind the supporters."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from program.forms.days import DaysAwayForm, day
from program.models import Coverage

_TIME = {"type": "time"}
_SPOKE, _LETTER = "spoke", "letter"


def phone_field(**more: Any) -> forms.RegexField:
    """Return a field for a phone number."""
    return forms.RegexField(
        r"^[0-9+() .-]{3,32}$",
        error_messages={"invalid": _("Enter a phone number: figures, spaces, + and dashes.")},
        **more,
    )


class EntryForm(PlainForm):
    """Somebody who answers at certain hours."""

    kind = forms.ChoiceField(label=_("What answers"), choices=Coverage.Kind.choices)
    label = forms.CharField(
        label=_("Who answers"),
        help_text=_("A person, a team or a line. Supporters see this."),
        max_length=80,
    )
    phone = phone_field(label=_("Phone"))
    weekday = forms.TypedChoiceField(
        label=_("Day"),
        coerce=int,
        empty_value=None,
        choices=[("", _("Every day")), *Coverage.Weekday.choices],
        required=False,
    )
    starts = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs=_TIME, format="%H:%M"))
    ends = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput(attrs=_TIME, format="%H:%M"),
        help_text=_("The same time as the start means all 24 hours."),
    )
    first_on = day(_("First day"), help_text=_("Empty: from now on."), required=False)
    until = day(_("Last day"), help_text=_("Leave it empty if no end is known."), required=False)
    rung = forms.TypedChoiceField(
        label=_("Whom supporters call first"), coerce=int, choices=Coverage.Rung.choices
    )

    def clean(self) -> dict[str, Any]:
        """Check that the days are in order."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first_on"), data.get("until")
        if first and last and last < first:
            self.add_error("until", _("Choose a day that is not before the first."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what `change_coverage` takes."""
        return {name: self.cleaned_data[name] for name in EntryForm.base_fields}


class ChangeForm(EntryForm):
    """A change of an entry; new hours need a new yes."""

    answered_by = forms.CharField(
        label=_("If the hours change: who spoke with them"), max_length=80, required=False
    )

    def __init__(self, *args: Any, counts: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counts = counts

    def clean(self) -> dict[str, Any]:
        """Check that somebody has asked about new hours: a yes was said to the old ones."""
        data = super().clean()
        hours = ("weekday", "starts", "ends", "first_on", "until")
        is_new = any(name in data and data[name] != self._before(name) for name in hours)
        if self.counts and is_new and not data.get("answered_by"):
            self.add_error("answered_by", _("They said yes to other hours. Write who asked them."))
        return data

    def _before(self, name: str) -> Any:
        kept = self.initial.get(name)
        return None if kept == "" else kept

    def values(self) -> dict[str, Any]:
        """Return what `change_coverage` takes."""
        return super().values() | {"answered_by": self.cleaned_data["answered_by"]}


class CoverageForm(EntryForm):
    """Somebody new, and how they agree to it."""

    how = forms.ChoiceField(
        label=_("Have they agreed?"),
        choices=[
            (_SPOKE, _("Yes, somebody spoke with them")),
            (_LETTER, _("Not yet: ask them by e-mail. They count once they say yes")),
        ],
        widget=forms.RadioSelect,
        initial=_SPOKE,
    )
    answered_by = forms.CharField(label=_("Who spoke with them"), max_length=80, required=False)
    email = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("Used for this one letter, and not kept."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Check that there is somebody to ask, or somebody who has."""
        data = super().clean()
        if data.get("how") == _LETTER and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("Write the address to ask."))
        if data.get("how") == _SPOKE and not data.get("answered_by"):
            self.add_error("answered_by", _("Write who spoke with them."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what `add_coverage` takes."""
        data = self.cleaned_data
        is_letter = data["how"] == _LETTER
        said = {"email": data["email"]} if is_letter else {"answered_by": data["answered_by"]}
        return super().values() | said


class SpokeForm(PlainForm):
    """Somebody has asked them, and they said yes."""

    answered_by = forms.CharField(label=_("Who spoke with them"), max_length=80)


class AskForm(PlainForm):
    """Whom to ask by letter."""

    email = forms.EmailField(
        label=_("Their e-mail address"), help_text=_("Used for this one letter, and not kept.")
    )


class AwayForm(DaysAwayForm):
    """Days on which somebody does not answer."""

    instead = forms.CharField(
        label=_("Who answers instead"),
        help_text=_("Empty if nobody does: no hours are published on those days then."),
        max_length=80,
        required=False,
    )
    instead_phone = phone_field(label=_("Their phone"), required=False)

    def clean(self) -> dict[str, Any]:
        """Check besides that a name has a number."""
        data = super().clean()
        if data.get("instead") and not data.get("instead_phone"):
            if "instead_phone" not in self.errors:
                self.add_error("instead_phone", _("Write the number at which they answer."))
        elif data.get("instead_phone") and not data.get("instead"):
            self.add_error("instead", _("Write who answers at this number."))
        return data

    def values(self) -> dict[str, Any]:
        """Return what `add_away` takes."""
        return dict(self.cleaned_data)
