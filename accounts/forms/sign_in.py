"""Forms of sign-in and of one's own account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm


class AddressForm(PlainForm):
    """Ask for a code."""

    email = forms.EmailField(
        label=_("Your school e-mail"),
        max_length=200,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("Enter an e-mail address, such as name@school.edu.")},
    )

    def clean_email(self) -> str:
        """Return the address in lower case; plain ASCII, so that no letter can pose as another."""
        email: str = self.cleaned_data["email"].lower()
        if not email.isascii():
            raise forms.ValidationError(_("Enter an e-mail address, such as name@school.edu."))
        return email


class CodeForm(PlainForm):
    """Type the code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Type the six digits from the e-mail.")},
    )

    def clean_code(self) -> str:
        """Return the figures without spaces and dashes."""
        code: Any = self.cleaned_data["code"]
        return "".join(letter for letter in code if letter not in " -")
