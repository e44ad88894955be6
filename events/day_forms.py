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


# What is asked afterwards: name, question, answers (as in rules.ANSWERS).
_GOOD = (
    "good",
    _("Did it do you good?"),
    (("yes", _("Yes")), ("partly", _("Partly")), ("no", _("No"))),
)
_AGAIN = ("again", _("Would you come again?"), (("yes", _("Yes")), ("no", _("No"))))
QUESTIONS = (_GOOD, _AGAIN)


class SaidForm(forms.Form):
    """Two taps about an event."""

    good = forms.ChoiceField(
        label=_GOOD[1],
        choices=_GOOD[2],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an answer.")},
    )
    again = forms.ChoiceField(
        label=_AGAIN[1],
        choices=_AGAIN[2],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an answer.")},
    )
