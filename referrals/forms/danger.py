"""Danger: what a supporter tells the counselors after the call, without the student's consent."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.validators import MinLengthValidator
from django.utils.translation import gettext_lazy as _

from peersupport.core import ids
from peersupport.core.datamap.registry import Words
from peersupport.core.ui.forms import PlainForm
from referrals.rules import FEWEST_REASON

_AGAIN = _("This page was incomplete. Send it again.")


class DangerForm(PlainForm):
    """Who and where, why, and which talk."""

    told = forms.CharField(
        label=_("Who is it, and where? What you know"),
        help_text=_("A first name, a room, what was said. Nothing you do not know for sure."),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=2000,
        error_messages={"required": _("Write what you know, if only a little.")},
    )
    reason = forms.CharField(
        label=_("Why can it not wait for their consent?"),
        help_text=_("The lead counselor reads this and confirms it, or refuses."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        validators=[
            MinLengthValidator(FEWEST_REASON, _("Write the reason in at least one sentence."))
        ],
        error_messages={"required": _("Write why it cannot wait.")},
    )
    visit = forms.ChoiceField(
        label=_("Was it in one of your talks?"), widget=forms.RadioSelect, required=False
    )
    nonce = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": _AGAIN, "invalid": _AGAIN}
    )

    def __init__(self, *args: Any, talks: Iterable[tuple[str, Words]], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("nonce", ids.new_id())
        super().__init__(*args, **kwargs)
        offered = list(talks)
        # A talk that was chosen a moment ago is never passed over in silence.
        if offered or (self.data and self.data.get("visit")):
            field = cast(forms.ChoiceField, self.fields["visit"])
            field.choices = [("", _("No, or not one of these")), *offered]
        else:
            del self.fields["visit"]
