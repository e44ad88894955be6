"""Forms of confidentiality: what is reported, what is signed, and whom to tell."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from program.forms.days import AHEAD, day
from program.registry import LETTING, STATUSES


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
    on = day(_("Decided on"))

    def values(self) -> dict[str, Any]:
        """Return what is set."""
        data = self.cleaned_data
        return {"status": data["status"], "owner": data["owner"], "on": data["on"].isoformat()}


class ClaimForm(PlainForm):
    """Who has signed a claim, in which office, when, and when it is looked at again."""

    officer = forms.CharField(label=_("Name of the officer who signed it"), max_length=80)
    office = forms.CharField(label=_("Their office"), max_length=80)
    signed_on = day(_("Signed on"))
    review_on = day(
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
        if review and not self.today <= review <= self.today + AHEAD:
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


class SupporterEventsForm(PlainForm):
    """Whether supporters may plan workshops for their classmates."""

    letting = forms.ChoiceField(
        label=_("May supporters plan workshops?"),
        choices=list(LETTING.items()),
        widget=forms.RadioSelect,
    )

    def values(self) -> str:
        """Return what is set."""
        return str(self.cleaned_data["letting"])
