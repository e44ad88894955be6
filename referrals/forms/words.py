"""A supporter's words for a student who began, by the code the student reads out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core import ids
from peersupport.core.ui.forms import PlainForm

LONGEST = 2000
_AGAIN = _("This page was incomplete. Send it again.")


class AttachForm(PlainForm):
    """The code, and the words."""

    code = forms.CharField(
        label=_("The code that the student reads to you"),
        max_length=12,
        error_messages={"required": _("Write the code that the student reads to you.")},
    )
    words = forms.CharField(
        label=_("Your words"),
        help_text=_(
            "What you saw or talked about, as far as the student agrees. They read it before "
            "anything is sent, and can take it out."
        ),
        widget=forms.Textarea(attrs={"rows": 7}),
        max_length=LONGEST,
        error_messages={"required": _("Write a few words.")},
    )
    request_key = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": _AGAIN, "invalid": _AGAIN}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("request_key", ids.new_id())
        super().__init__(*args, **kwargs)
