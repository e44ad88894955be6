"""Forms of one's own preferences."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.sign_in import AddressForm
from accounts.queries.preferences import Choice
from peersupport.core.ui.forms import PlainForm


class NamesForm(PlainForm):
    """What to be called, and the pronouns."""

    called = forms.CharField(
        label=_("What should we call you?"),
        help_text=_("It is filled in for you when you book. You can leave it empty."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    pronouns = forms.CharField(
        label=_("Pronouns"),
        help_text=_("Filled in beside the name, such as she/her. You can leave it empty."),
        max_length=40,
        required=False,
    )


class KindsForm(PlainForm):
    """Which kinds of messages to be sent."""

    kinds = forms.MultipleChoiceField(
        label=_("Send me mail when"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, choices: list[Choice], data: Any = None) -> None:
        wanted = [choice.name for choice in choices if choice.is_wanted]
        super().__init__(data, initial={"kinds": wanted})
        field: Any = self.fields["kinds"]
        field.choices = [(choice.name, choice.title) for choice in choices]


class ContactForm(AddressForm):
    """Another address for mail."""

    email = forms.EmailField(
        label=_("Send mail to"),
        help_text=_("Any address of yours. We send it a code first. You sign in as before."),
        max_length=200,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class LeaveForm(PlainForm):
    """Delete the account."""

    is_sure = forms.BooleanField(
        label=_("Delete my account and all that goes with it"),
        error_messages={"required": _("Tick this to go on. There is no way back.")},
    )
