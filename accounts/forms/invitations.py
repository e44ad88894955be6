"""Forms of invitations."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.forms.sign_in import AddressForm
from accounts.models import Person
from accounts.permissions import may_invite
from accounts.rules import Role

ROLE_NAMES: dict[Role, str | Promise] = {
    Role.SUPPORTER: _("Supporter: holds hours for students"),
    Role.STUDENT_LEAD: _("Student lead"),
    Role.COORDINATOR: _("Coordinator: runs the program"),
    Role.SUPERVISOR: _("Clinical supervisor: looks after the supporters"),
    Role.ADMINISTRATOR: _("Administrator: accounts and settings"),
}


class InviteForm(AddressForm):
    """Whom to ask, and what for."""

    role = forms.ChoiceField(
        label=_("What to ask them to be"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what to ask them to be.")},
    )

    def __init__(self, by: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Their e-mail address")
        role: Any = self.fields["role"]
        role.choices = [(str(r), words) for r, words in ROLE_NAMES.items() if may_invite(by, r)]
