"""Looking one up with a receipt."""

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm


class ReceiptForm(PlainForm):
    """The sixteen digits, in groups or not."""

    digits = forms.CharField(
        label=_("Your receipt"),
        help_text=_("Sixteen digits, such as 1234 5678 9012 3456."),
        max_length=40,
        error_messages={"required": _("Write the digits of your receipt.")},
    )
