"""Forms of the care side's doors and of its people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from referrals.queries.counselors import ROLE_WORDS
from referrals.rules import CareRole


def refused(kind: type[PlainForm], words: str) -> PlainForm:
    """Return an empty form that says one thing: nothing that was typed comes back."""
    form = kind({})
    form.full_clean()
    form.errors.clear()
    form.add_error(None, words)
    return form


class AnswerForm(PlainForm):
    """What a browser answers when a passkey is made or used."""

    passkey = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


def _address(label: Any) -> forms.EmailField:
    return forms.EmailField(
        label=label, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )


def _code(label: Any) -> forms.CharField:
    plain = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
    return forms.CharField(label=label, max_length=40, widget=forms.TextInput(attrs=plain))


class RecoveryForm(PlainForm):
    """The way in when every passkey is lost."""

    email = _address(_("Your work e-mail"))
    code = _code(_("One of your recovery codes"))


class JoinForm(PlainForm):
    """Who was asked to join, and the code the lead read out."""

    email = _address(_("Your work e-mail"))
    code = _code(_("The code your lead gave you"))


class PersonForm(PlainForm):
    """Whom to ask to join."""

    name = forms.CharField(
        label=_("Name that students see"),
        help_text=_("For instance: Dee. Students choose by it, or leave somebody out."),
        max_length=40,
    )
    email = forms.EmailField(
        label=_("Their work e-mail"),
        help_text=_(
            "They type it when they join; the code is not sent to it. Later it is where we say "
            "that something waits."
        ),
        max_length=254,
    )
    role = forms.ChoiceField(
        label=_("What they are"),
        choices=list(ROLE_WORDS.items()),
        widget=forms.RadioSelect,
        initial=str(CareRole.COUNSELOR),
    )


class AddressForm(PlainForm):
    """Where somebody is told that something waits."""

    email = forms.EmailField(
        label=_("Their work e-mail"),
        help_text=_("If it is right as it stands, leave it: we try it again."),
        max_length=254,
    )


class NewKeyForm(PlainForm):
    """A further passkey, and its name. Without a name the browser is not asked."""

    name = forms.CharField(
        label=_("What will you know it by?"),
        help_text=_("For instance: my phone. The lead sees it too."),
        max_length=40,
        error_messages={"required": _("Give it a name, such as: my phone.")},
    )
    passkey = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)
