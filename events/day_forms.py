"""Forms of the day itself: how many came, and how it was."""

from django import forms
from django.utils.translation import gettext_lazy as _

from events.rules import MOST_PLACES


class HeadsForm(forms.Form):
    """How many people were in the room."""

    heads = forms.IntegerField(
        label=_("How many people were there?"),
        help_text=_("A number alone. Leave it empty if nobody counted."),
        required=False,
        min_value=0,
        max_value=MOST_PLACES,
        error_messages={
            "invalid": _("Write a whole number, such as 14."),
            "min_value": _("Write a number that is not below nothing."),
            "max_value": _("That is more than an event here can have."),
        },
    )


class SaidForm(forms.Form):
    """Two taps about an event."""

    good = forms.ChoiceField(
        label=_("Did it do you good?"),
        choices=[("yes", _("Yes")), ("partly", _("Partly")), ("no", _("No"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an answer.")},
    )
    again = forms.ChoiceField(
        label=_("Would you come again?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an answer.")},
    )
