"""Forms of second factors, of proving oneself and of a new address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.sign_in import AddressForm, CodeForm
from peersupport.core.ui.forms import PlainForm


class SecondCodeForm(PlainForm):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code from your app, or a recovery code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
        error_messages={"required": _("Type the code that your app shows now.")},
    )

    def with_recovery_codes_only(self) -> "SecondCodeForm":
        """Ask for nothing that this person does not have."""
        self.fields["code"].label = _("Recovery code")
        self.fields["code"].error_messages["required"] = _("Type one of your recovery codes.")
        return self


class AppCodeForm(CodeForm):
    """The first code of a new app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Six digits from the app")
        self.fields["code"].error_messages["required"] = _("Type the six digits the app shows.")


class PasskeyForm(PlainForm):
    """What a browser answers when a passkey is made or used."""

    passkey = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


class NameForm(PlainForm):
    """The name of a passkey, in its owner's words."""

    name = forms.CharField(
        label=_("What will you know it by?"),
        help_text=_("Only you see this. For instance: my phone."),
        max_length=40,
        error_messages={"required": _("Give it a name, such as: my phone.")},
    )


class NewPasskeyForm(NameForm):
    """A new passkey, and its name."""

    # Without a name the browser is not asked, so then only the name is missing.
    passkey = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)


class NewAddressForm(AddressForm):
    """The address to sign in with from now on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")


class WhoseForm(AddressForm):
    """Whose second factors are to be taken away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Their e-mail address")
