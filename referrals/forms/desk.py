"""Forms of the care desk: how something ended, to whom it goes, why it is refused."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from referrals.rules import Outcome, Refusal

REDIRECTED = "redirected"


class EndForm(PlainForm):
    """How it ended, in one of five words."""

    outcome = forms.ChoiceField(
        label=_("How did it end?"),
        widget=forms.RadioSelect,
        choices=[
            (str(Outcome.CONNECTED), _("They are with us, or with somebody we know of")),
            (str(Outcome.OTHER_HELP), _("They chose other help")),
            (str(Outcome.COULD_NOT_REACH), _("We could not reach them in any way they gave")),
            (str(Outcome.DECLINED), _("They do not want it any more")),
            (REDIRECTED, _("Another service is the right one, and they know which")),
        ],
    )


class HandOnForm(PlainForm):
    """To whom it goes."""

    to = forms.TypedChoiceField(
        label=_("Who should take it?"), coerce=UUID, widget=forms.RadioSelect
    )

    def __init__(
        self, *args: object, colleagues: list[tuple[UUID, str]], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["to"].choices = [(str(key), name) for key, name in colleagues]  # type: ignore[attr-defined]


class DangerForm(PlainForm):
    """The lead's word on what came without the student's yes."""

    CONFIRM = "confirm"
    answer = forms.ChoiceField(
        label=_("Was it right to ask without their yes?"),
        widget=forms.RadioSelect,
        choices=[
            (CONFIRM, _("Yes: somebody is, or may be, in danger")),
            (str(Refusal.NO_DANGER), _("No: there is no danger")),
            (str(Refusal.ALREADY), _("No: they are already with us about this")),
            (str(Refusal.MISTAKE), _("No: it was sent by mistake")),
        ],
    )
