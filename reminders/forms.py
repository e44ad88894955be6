"""The form of a campaign."""

import uuid
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from program.models import Milestone
from reminders.models import Campaign
from reminders.planning_rules import MOST_OFFSET, CountsFrom, is_daytime, phrases
from reminders.rules import (
    MOST_BODY,
    MOST_SUBJECT,
    NAMES,
    STAFFING_NAMES,
    Audience,
    holds_markup,
    unknown_places,
)

_BEFORE, _AFTER = "before", "after"
PRIORITIES = [
    (5, _("It cannot be said another week")),
    (4, _("It matters that week")),
    (3, _("As useful as most")),
    (2, _("It can give way")),
    (1, _("Only if nothing else is said")),
]


def _places(names: tuple[str, ...]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


class CampaignForm(PlainForm):
    """When a campaign speaks, to whom, and what it says."""

    title = forms.CharField(
        label=_("Name of this reminder"), max_length=80, help_text=_("Only staff see it.")
    )
    kind = forms.ChoiceField(
        label=_("Around what"),
        choices=[("", _("Anything in the calendar")), *Milestone.Kind.choices],
        required=False,
    )
    words = forms.CharField(
        label=_("Only if its name holds"),
        max_length=160,
        required=False,
        help_text=_("Such as “step 1, level 1”. Empty: every one of the kind."),
    )
    milestone = forms.ChoiceField(label=_("Or only around this one"), required=False)
    days = forms.IntegerField(
        label=_("How many days"), min_value=0, max_value=MOST_OFFSET, help_text=_("0: that day.")
    )
    side = forms.ChoiceField(
        label=_("Before or after"), choices=[(_BEFORE, _("Before")), (_AFTER, _("After"))]
    )
    counts_from = forms.ChoiceField(label=_("Counted from"), choices=Campaign.From.choices)
    at = forms.TimeField(
        label=_("At what time"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Between 8am and 9pm, Sundays until 6pm: later goes the next morning."),
    )
    good_for = forms.ChoiceField(
        label=_("If it has to wait"),
        choices=[
            ("0", _("Useless after that day")),
            ("1", _("Still good the next day")),
            ("3", _("Still good for three days")),
            ("7", _("Still good for a week")),
        ],
    )
    audience = forms.ChoiceField(label=_("For whom"), choices=Campaign.Whom.choices)
    class_name = forms.ChoiceField(label=_("Which class"), required=False)
    rotation = forms.ChoiceField(label=_("Which rotation group"), required=False)
    priority = forms.TypedChoiceField(
        label=_("If two fall into one week"), choices=PRIORITIES, coerce=int
    )
    subject = forms.CharField(label=_("Subject"), max_length=MOST_SUBJECT)
    body = forms.CharField(
        label=_("Letter"),
        max_length=MOST_BODY,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("Plain words. The crisis lines and the way to stop follow by themselves."),
    )

    def __init__(
        self,
        *args: Any,
        classes: list[str],
        rotations: list[str],
        milestones: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        kept = str(self.initial.get("milestone") or "")
        gone = (
            [(kept, _("A date that is gone"))] if kept not in dict([("", ""), *milestones]) else []
        )
        self._choose("milestone", [("", _("None in particular")), *gone, *milestones])
        for name, known in (("class_name", classes), ("rotation", rotations)):
            mine = str(self.initial.get(name) or "")
            extra = [mine] if mine and mine not in known else []
            self._choose(name, [("", _("Any")), *((one, one) for one in [*extra, *known])])

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def clean_at(self) -> Any:
        """Refuse the quiet hours."""
        at = self.cleaned_data["at"]
        if not is_daytime(at):
            raise forms.ValidationError(_("Choose a time from 8am to 9pm."))
        return at

    def clean_words(self) -> str:
        """Keep the phrases in one way of writing."""
        return ", ".join(phrases(self.cleaned_data["words"]))

    def clean(self) -> dict[str, Any]:
        """Check what hangs together: the words and their placeholders, and around what."""
        data: dict[str, Any] = super().clean() or {}
        is_staffing = data.get("audience") == Audience.SUPPORTERS
        for name in ("subject", "body"):
            if data.get(name):
                self._check_words(name, data[name], STAFFING_NAMES if is_staffing else NAMES)
        if not (data.get("kind") or data.get("words") or data.get("milestone")):
            self.add_error("kind", _("Choose a kind, words of its name, or one date."))
        is_cohort = data.get("audience") == Audience.COHORT
        if is_cohort and not (data.get("class_name") or data.get("rotation")):
            self.add_error("class_name", _("Choose a class or a rotation group."))
        is_before = data.get("side") == _BEFORE and data.get("days")
        if is_before and data.get("counts_from") == CountsFrom.WEEKLY:
            self.add_error("side", _("Weekly letters begin on the first day or after it."))
        return data

    def _check_words(self, name: str, text: str, names: tuple[str, ...]) -> None:
        unknown = unknown_places(text, names)
        if unknown:
            said = _t("%(unknown)s cannot be filled in. What can: %(known)s.") % {
                "unknown": ", ".join(unknown[:5]),
                "known": _places(names),
            }
            self.add_error(name, said)
        if holds_markup(text):
            self.add_error(name, _("Write plain words: no HTML."))

    def fields_of_row(self) -> dict[str, Any]:
        """Return what a row of the campaign holds."""
        data = dict(self.cleaned_data)
        days, side = data.pop("days"), data.pop("side")
        is_cohort = data["audience"] == Audience.COHORT
        return {
            **data,
            "offset": -days if side == _BEFORE else days,
            "milestone": uuid.UUID(data["milestone"]) if data["milestone"] else None,
            "good_for": int(data["good_for"]),
            "class_name": data["class_name"] if is_cohort else "",
            "rotation": data["rotation"] if is_cohort else "",
            "body": data["body"].replace("\r\n", "\n").strip(),
        }


def initial_of(row: Campaign) -> dict[str, Any]:
    """Return what the form shows of a campaign."""
    same = ("title", "kind", "words", "counts_from", "at", "audience", "class_name", "rotation")
    values = {name: getattr(row, name) for name in (*same, "priority", "subject", "body")}
    good = next((n for n in (0, 1, 3) if row.good_for <= n), 7)
    return {
        **values,
        "milestone": str(row.milestone or ""),
        "days": abs(row.offset),
        "side": _BEFORE if row.offset < 0 else _AFTER,
        "good_for": str(good),
    }
