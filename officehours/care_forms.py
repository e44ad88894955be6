"""Forms of care: step back, keep a distance, a worry."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from officehours import care_rules, rules
from peersupport.core import clock, ids
from peersupport.core.datamap.registry import Words
from peersupport.core.ui.forms import PlainForm

_DAY, _OPEN = "day", "open"
_LENGTHS = {
    str(care_rules.AFTER_HEAVY): _("Today and tomorrow"),
    str(care_rules.AFTER_TWO_HEAVY): _("Today and three more days"),
    str(care_rules.AFTER_ESCALATION): _("Today and a week more"),
    _DAY: _("Until the day I choose below"),
    _OPEN: _("Until I come back"),
}

# The card's words, by the keys that are kept (research, domain 6b).
STEP_WORDS: dict[str, Words] = {
    "stepped out": _("Step out for a moment"),
    "called": _("Call one of these numbers"),
    "no name": _("Describe it without a name; that needs nobody's consent"),
    "asked": _("Ask directly: “Are you thinking about killing yourself?” Asking is safe"),
    "said": _("Say what you will do next, before you do it"),
    "together": _("Ask, then call or walk over together, now"),
    "stayed": _("Do not leave them alone"),
    "called now": _("You or your partner call the emergency number or the on-call line"),
    "least": _("Say only what keeps them safe; you need no consent for that"),
    "told": _("Tell them what you are doing, unless that is unsafe"),
}


class BreakForm(PlainForm):
    """Step back for a while. The same form for every break, whatever it follows."""

    length = forms.ChoiceField(
        label=_("For how long?"),
        choices=list(_LENGTHS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how long.")},
    )
    last_on = forms.DateField(
        label=_("Last day"),
        help_text=_("Only if you chose a day."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    find_cover = forms.BooleanField(
        label=_("Ask the others to take my hours in that time"),
        help_text=_("Nobody is told why. Until somebody takes them, they stay yours."),
        required=False,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Check the day where one is wanted."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("length") != _DAY or "last_on" in self.errors:
            return data
        last = data.get("last_on")
        if last is None:
            self.add_error("last_on", _("Choose the last day."))
        elif not self.today <= last < self.today + care_rules.LONGEST_BREAK:
            self.add_error("last_on", _("Choose a day from today to a year ahead."))
        return data

    def ends_at(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return until when the break lasts; None until they come back."""
        length = self.cleaned_data["length"]
        if length == _OPEN:
            return None
        if length != _DAY:
            return now + timedelta(days=int(length))
        after = self.cleaned_data["last_on"] + timedelta(days=1)
        return clock.to_utc(datetime.combine(after, time()), zone)


class DistanceForm(PlainForm):
    """Choose the groups a supporter keeps a distance from."""

    groups = forms.MultipleChoiceField(
        label=_("Groups I do not meet people of"),
        help_text=_("Your own small group, a team you assess, housemates. Nobody is told."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self, *args: Any, choices: Iterable[tuple[uuid.UUID, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["groups"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(str(pk), name) for pk, name in choices]


class WorryForm(PlainForm):
    """What was done, by the card of one level. Nothing in it says about whom."""

    level = forms.ChoiceField(
        choices=[(str(level), str(level)) for level in rules.Level], widget=forms.HiddenInput
    )
    steps = forms.MultipleChoiceField(
        label=_("Step by step"),
        help_text=_("Tick what you have done, now or afterwards."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    wants_debrief = forms.BooleanField(label=_("I would like to talk it through"), required=False)
    request_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": _("This page was incomplete. Send it again."),
            "invalid": _("This page was incomplete. Send it again."),
        },
    )

    def __init__(self, *args: Any, level: rules.Level, **kwargs: Any) -> None:
        initial = kwargs.setdefault("initial", {})
        initial.setdefault("request_key", ids.new_id())
        initial.setdefault("level", str(level))
        super().__init__(*args, **kwargs)
        field = self.fields["steps"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(step, STEP_WORDS[step]) for step in care_rules.STEPS[level]]
