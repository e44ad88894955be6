"""One question a page: how it is kept, how soon, what would help, how to reach you, who not."""

import re
import uuid
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from peersupport.core.datamap.registry import Words
from peersupport.core.ui.forms import PlainForm
from referrals.content import Reach
from referrals.rules import LONGEST_WORDS

Choices = Iterable[tuple[str, Words]]
RECEIPT, ACCOUNT, BORROWED = "receipt", "account", "borrowed"
DANGER = "danger"
WAYS: dict[str, Words] = {
    "phone": _("Phone call"),
    "text": _("Text message"),
    "mail": _("E-mail"),
}
_MOST_WAYS = 3
_NUMBER = re.compile(r"\+?[0-9() ./-]{7,24}")


def _offer(form: forms.Form, name: str, choices: Choices) -> None:
    cast(forms.ChoiceField, form.fields[name]).choices = list(choices)


class KeepForm(PlainForm):
    """How it is kept: with a receipt, which is offered first, or on one's account."""

    keep = forms.ChoiceField(
        label=_("How shall we keep it?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how to keep it.")},
    )

    def __init__(self, *args: Any, has_account: bool, is_signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found: list[tuple[str, Words]] = [(RECEIPT, _("With a receipt, and no account"))]
        if has_account:
            found.append((ACCOUNT, _("On my account")))
        if is_signed_in:
            found.append((BORROWED, _("This is not my phone")))
        _offer(self, "keep", found)


class SoonForm(PlainForm):
    """How soon. "In danger now" is no urgency: it leads to the numbers."""

    urgency = forms.ChoiceField(
        label=_("How soon would you like to hear from somebody?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how soon.")},
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "urgency", [*choices, (DANGER, _("I am, or somebody is, in danger now"))])


class WhatForm(PlainForm):
    """What would help, in the student's own words."""

    words = forms.CharField(
        label=_("In your own words"),
        help_text=_(
            "A few sentences are enough: what is hard, since when, what you hope for. You need "
            "not tell everything here."
        ),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=LONGEST_WORDS,
        error_messages={"required": _("Write a few words about what would help.")},
    )


class NameForm(PlainForm):
    """What to be called."""

    name = forms.CharField(
        label=_("What should they call you?"),
        help_text=_("It can be anything, or nothing. Only the counselors' side reads it."),
        max_length=60,
        required=False,
    )
    pronouns = forms.CharField(label=_("Pronouns"), max_length=30, required=False)


class ReachForm(PlainForm):
    """Safe ways, in the order to try them; when; and whether a message may be left."""

    way1 = forms.ChoiceField(label=_("Try first"), choices=list(WAYS.items()))
    value1 = forms.CharField(
        label=_("Number or address"),
        max_length=120,
        error_messages={"required": _("Write the number or address to try first.")},
    )
    way2 = forms.ChoiceField(
        label=_("Then"), choices=[("", _("Nothing else")), *WAYS.items()], required=False
    )
    value2 = forms.CharField(label=_("Number or address"), max_length=120, required=False)
    way3 = forms.ChoiceField(
        label=_("And then"), choices=[("", _("Nothing else")), *WAYS.items()], required=False
    )
    value3 = forms.CharField(label=_("Number or address"), max_length=120, required=False)
    times = forms.CharField(
        label=_("When is it safe to reach you?"),
        help_text=_("For example: weekdays after 5pm, not while I am on the ward."),
        max_length=200,
        required=False,
    )
    voicemail = forms.ChoiceField(
        label=_("May they leave a message if you do not answer?"),
        choices=[("no", _("No")), ("yes", _("Yes, it says only who called and a number"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether they may leave a message.")},
    )

    def _check(self, number: int, way: str, value: str) -> None:
        name = f"value{number}"
        if not value:
            self.add_error(name, _("Write a number or address here, or choose “Nothing else”."))
        elif way == "mail":
            try:
                validate_email(value)
            except ValidationError:
                self.add_error(name, _("Write an address like name@mail.example."))
        elif not _NUMBER.fullmatch(value):
            self.add_error(name, _("Write a number that can be called, such as 555-0100."))

    def clean(self) -> dict[str, Any]:
        """Check each way with what is written beside it."""
        data: dict[str, Any] = super().clean() or {}
        for number in range(1, _MOST_WAYS + 1):
            way, value = data.get(f"way{number}") or "", data.get(f"value{number}") or ""
            if f"value{number}" in self.errors or f"way{number}" in self.errors:
                continue
            if way:
                self._check(number, way, value)
            elif value:
                self.add_error(f"way{number}", _("Choose how to use this number or address."))
        return data

    def reach(self) -> tuple[Reach, ...]:
        """Return the ways that were given, in their order."""
        pairs = [
            (self.cleaned_data[f"way{n}"], self.cleaned_data[f"value{n}"])
            for n in range(1, _MOST_WAYS + 1)
        ]
        return tuple(Reach(way, value) for way, value in pairs if way)

    @staticmethod
    def initial_of(reach: tuple[Reach, ...], times: str, *, voicemail: bool) -> dict[str, str]:
        """Return what the form shows again of what was answered."""
        said = {f"way{n}": one.way for n, one in enumerate(reach, 1)}
        said |= {f"value{n}": one.value for n, one in enumerate(reach, 1)}
        return {**said, "times": times, "voicemail": "yes" if voicemail else "no"}


class LeaveOutForm(PlainForm):
    """Which counselors must never see it."""

    not_by = forms.MultipleChoiceField(
        label=_("Is there anybody who should not see it?"),
        help_text=_(
            "Somebody who teaches or assesses you, for example. They never see it, nor that you "
            "left them out. Leave it empty if anybody may help."
        ),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, cards: Iterable[tuple[uuid.UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "not_by", [(str(key), words) for key, words in cards])

    def chosen(self) -> tuple[uuid.UUID, ...]:
        """Return whom they left out."""
        return tuple(uuid.UUID(text) for text in self.cleaned_data["not_by"])
