"""Forms of debriefs."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from events.forms import check_day, day_field, time_field
from events.planning_rules import is_skipped
from peersupport.core import clock
from peersupport.core.ui.forms import PlainForm

_LONG = forms.Textarea(attrs={"rows": 3})


class AskForm(PlainForm):
    """What a team asks for."""

    taker = forms.ChoiceField(
        label=_("Whom do you ask?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose whom you ask."),
            "invalid_choice": _("They can no longer be asked. Choose somebody else."),
        },
    )
    team = forms.CharField(
        label=_("Which team is it?"),
        help_text=_("For example: the night team on 5 West. No patient's name."),
        max_length=120,
        error_messages={"required": _("Say which team it is.")},
    )
    helps = forms.CharField(
        label=_("What would help?"),
        help_text=_("A few words are enough. What happened can wait until you meet."),
        max_length=600,
        required=False,
        widget=_LONG,
    )
    suits = forms.CharField(
        label=_("When would it suit?"),
        max_length=200,
        error_messages={"required": _("Say when it would suit, such as: after 6pm this week.")},
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def choose(self, takers: Iterable[tuple[str, str]]) -> None:
        """Offer whom to ask."""
        cast(forms.ChoiceField, self.fields["taker"]).choices = list(takers)


class TakeForm(PlainForm):
    """When and where a team meets."""

    day = day_field(_("Day"), error_messages={"required": _("Choose a day.")})
    starts = time_field(_("From"), error_messages={"required": _("Choose a time.")})
    minutes = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        choices=[(30, _("30 minutes")), (45, _("45 minutes")), (60, _("1 hour")),
                 (90, _("1 hour 30 minutes"))],
        initial=60,
    )  # fmt: skip
    place = forms.CharField(
        label=_("Where"),
        max_length=120,
        error_messages={"required": _("Say where you meet.")},
    )

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self._zone, self._now = zone, now

    def clean(self) -> dict[str, Any]:
        """Find begin and end; a time that is over is said next to the field."""
        said = super().clean() or {}
        day, starts = said.get("day"), said.get("starts")
        if day is None or starts is None or "minutes" not in said:
            return said
        try:
            check_day(day, clock.local_date(self._now, self._zone))
        except forms.ValidationError as error:
            self.add_error("day", error)
            return said
        if is_skipped(day, starts, self._zone):
            said_so = _("The clocks go forward: there is no such time that night. Choose another.")
            self.add_error("starts", said_so)
            return said
        begin = clock.to_utc(datetime.combine(day, starts), self._zone)
        if begin <= self._now:
            self.add_error("starts", _("This time is over. Choose a later one."))
        said["starts_at"] = begin
        said["ends_at"] = begin + timedelta(minutes=said["minutes"])
        return said


class TakerForm(PlainForm):
    """Who can be asked."""

    person = forms.ChoiceField(
        label=_("Who"), error_messages={"required": _("Choose somebody."),
                                        "invalid_choice": _("Choose somebody of the program.")}
    )  # fmt: skip
    about = forms.CharField(
        label=_("What students read about them"),
        help_text=_("For example: nurse educator, has led debriefs for six years."),
        max_length=200,
        required=False,
    )

    def choose(self, people: Iterable[tuple[str, str]]) -> None:
        """Offer whom to put on the list."""
        cast(forms.ChoiceField, self.fields["person"]).choices = list(people)
