"""Forms of office hours. Each says what is wrong in plain words, beside the field."""

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from officehours import rules
from officehours.queries.pages import Day, slot_value
from officehours.services.booking import Meeting, Slot
from peersupport.core import ids, words
from peersupport.core.ui.forms import PlainForm


def parse_slot(value: str) -> Slot | None:
    """Return the slot a form named, or None if the text is not one. Inverse of `slot_value`."""
    head, dot, minutes = value.partition(".")
    if not dot or len(value) > 48 or not minutes.isascii() or not minutes.isdigit():
        return None
    try:
        moment = datetime.fromtimestamp(int(minutes) * 60, tz=UTC)
        slot = Slot(uuid.UUID(head), moment)
    except (ValueError, OverflowError, OSError):
        return None
    return slot if slot_value(slot.assignment, slot.starts_at) == value else None


_MOST_PEOPLE = 60
WAYS = {
    rules.Way.IN_PERSON: _("In person"),
    rules.Way.VIDEO: _("By video"),
    rules.Way.VOICE: _("By voice"),
}
_NUMBER = re.compile(r"[0-9+() ./-]{7,24}")


class RemoteFields(PlainForm):
    """How to meet; and for a remote talk where one is, for the case of danger only."""

    way = forms.ChoiceField(label=_("How would you like to talk?"), widget=forms.RadioSelect)
    where = forms.CharField(
        label=_("Where will you be?"),
        help_text=_(
            "For video and voice only. An address or a building. It is locked away: the on-call "
            "counselors open it only if you are in danger, and you are told."
        ),
        max_length=120,
        required=False,
    )
    number = forms.CharField(
        label=_("A number to call you back"),
        help_text=_("For video and voice only, locked away too."),
        max_length=24,
        required=False,
    )

    def offer_ways(self, ways: tuple[str, ...]) -> None:
        """Keep the choice only where there is one."""
        if ways == (rules.Way.IN_PERSON,):
            for name in ("way", "where", "number"):
                del self.fields[name]
            return
        choices = [(way, WAYS[rules.Way(way)]) for way in ways]
        field = cast(forms.ChoiceField, self.fields["way"])
        field.choices = choices
        field.initial = ways[0]
        for name in ("where", "number"):
            # Needed for some of the ways: its hint says for which, and it is not "optional".
            self.fields[name].is_conditional = True  # type: ignore[attr-defined]
        if not set(ways) & {str(way) for way in rules.REMOTE}:
            del self.fields["where"], self.fields["number"]

    def narrow_ways(self, ways: tuple[str, ...]) -> None:
        """Show only the ways that are on offer, and the one that was chosen."""
        field = cast("forms.ChoiceField | None", self.fields.get("way"))
        if field is not None:
            shown = {*ways, str(self["way"].value())}
            field.choices = [(way, WAYS[way]) for way in rules.Way if way in shown]

    def check_remote(self, data: dict[str, Any]) -> None:
        """A remote talk needs a place and a number that can be called."""
        if data.get("way") not in rules.REMOTE:
            return
        if not data.get("where") and "where" not in self.errors:
            self.add_error("where", _("Say where you will be. In person needs no address."))
        number = data.get("number") or ""
        if "number" not in self.errors and not _NUMBER.fullmatch(number):
            self.add_error("number", _("Write a number that can be called, such as 555-0100."))


class SlotField(forms.CharField):
    """A time chosen from the picker."""

    default_error_messages = {"required": _("Choose a time.")}

    def to_python(self, value: Any) -> Any:
        """Return a Slot. Raises ValidationError for anything the picker never offered."""
        text = super().to_python(value)
        if not text:
            return None
        slot = parse_slot(text)
        if slot is None:
            raise forms.ValidationError(_("Choose a time from the list."))
        return slot


class TimesForm(PlainForm):
    """Choose one of the free times."""

    slot = SlotField(label=_("Choose a time"), widget=forms.HiddenInput)
    request_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": _("This page was incomplete. Choose a time and send it again."),
            "invalid": _("This page was incomplete. Choose a time and send it again."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("request_key", ids.new_id())
        super().__init__(*args, **kwargs)


class BookForm(TimesForm, RemoteFields):
    """Book a time: the time, and if one likes what to be called and whether to get mail.

    `only` comes from the filter in the browser, and is empty without it: anybody.
    """

    name = forms.CharField(
        label=_("What should we call you?"),
        help_text=_("Only the person you meet sees this. It can be anything, or nothing."),
        max_length=40,
        required=False,
    )
    wants_mail = forms.BooleanField(
        label=_("E-mail me about this time"),
        help_text=_(
            "Two hours before it, unless it is today, and if it is changed or cancelled. The "
            "message says only that something you planned begins soon or has changed."
        ),
        required=False,
    )

    def __init__(self, *args: Any, ways: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_ways(ways)

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together."""
        data: dict[str, Any] = super().clean() or {}
        self.check_remote(data)
        return data

    def meeting(self, only: list[str]) -> Meeting:
        """Return how they would like to meet. What is no id in `only` is left out."""
        data = self.cleaned_data
        way = data.get("way") or str(rules.Way.IN_PERSON)
        chosen = frozenset(filter(None, map(ids.parse, only[:_MOST_PEOPLE]))) or None
        if way not in rules.REMOTE:
            return Meeting(only=chosen, way=way)
        return Meeting(chosen, way, data["where"], data["number"])


class CheckOutForm(PlainForm):
    """Leave, perhaps with times that are still booked."""

    give_up_booked = forms.BooleanField(
        label=_("Cancel the times that are still booked and tell those people"), required=False
    )


def _clock(label: Any, hint: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, help_text=hint, widget=widget, required=False)


class CloseForm(PlainForm):
    """Close everything for some days, or part of them: snow, or worse."""

    first = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    starts = _clock(_("From what time"), _("On the first day. Empty: the whole day."))
    ends = _clock(_("Until what time"), _("On the last day. Empty: the whole day."))
    is_sure = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Check that the days are ahead, in order, and not by mistake a whole term."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and not self.today <= first <= self.today + rules.PLAN_AHEAD:
            self.add_error("first", _("Choose a day from today to a year ahead."))
        elif first and last and not first <= last <= first + timedelta(days=31):
            self.add_error("last", _("Choose a day from the first to a month later."))
        starts, ends = data.get("starts"), data.get("ends")
        if first and first == last and starts and ends and ends <= starts:
            self.add_error("ends", _("Choose a time after the first."))
        return data

    def stretch(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return from when to when everything closes, as instants."""
        data = self.cleaned_data
        begins, _midnight = rules.bounds(data["first"], data["starts"] or time(0), time(0), zone)
        if data["ends"]:
            return begins, rules.bounds(data["last"], data["ends"], time(0), zone)[0]
        return begins, rules.bounds(data["last"], time(0), time(0), zone)[1]


class LogForm(PlainForm):
    """The twenty-second log."""

    length = forms.ChoiceField(
        label=_("How long was it?"),
        choices=[
            (rules.LengthBand.SHORT.value, _("Under 15 minutes")),
            (rules.LengthBand.HALF.value, _("15 to 30 minutes")),
            (rules.LengthBand.HOUR.value, _("30 to 60 minutes")),
            (rules.LengthBand.LONG.value, _("Over an hour")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how long it was, roughly.")},
    )
    topics = forms.MultipleChoiceField(
        label=_("What was it about?"),
        help_text=_("Up to three, or none."),
        choices=[
            (rules.Topic.STUDY.value, _("Study and exams")),
            (rules.Topic.CLINICAL.value, _("Clinical life")),
            (rules.Topic.CAREER.value, _("Career and transitions")),
            (rules.Topic.PEOPLE.value, _("People")),
            (rules.Topic.SELF.value, _("Self and belonging")),
            (rules.Topic.DAILY.value, _("Health and daily life")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    other_help = forms.BooleanField(label=_("We talked about other help"), required=False)
    weight = forms.ChoiceField(
        label=_("How heavy was it for you?"),
        choices=[
            (rules.Weight.LIGHT.value, _("Light")),
            (rules.Weight.MIDDLING.value, _("Middling")),
            (rules.Weight.HEAVY.value, _("Heavy")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one. Only you can see it.")},
    )

    def clean_topics(self) -> list[str]:
        """Return at most three topics."""
        topics: list[str] = self.cleaned_data["topics"]
        if len(topics) > rules.MOST_TOPICS:
            raise forms.ValidationError(_("Choose up to three."))
        return topics


def with_times(days: list[Day], zone: Any) -> list[dict[str, Any]]:
    """Return the days of the picker with the words for each."""
    return [
        {
            "title": words.day(day.day),
            "times": [
                {
                    "time": time,
                    "words": words.time_of_day(time.starts_at, zone),
                    "note": _way_note(time.ways),
                }
                for time in day.times
            ],
        }
        for day in days
    ]


def _way_note(ways: tuple[str, ...]) -> str:
    """Return what stands beside a time that is not simply in person."""
    remote = [str(WAYS[way]).lower() for way in rules.Way if way in rules.REMOTE and way in ways]
    if not remote:
        return ""
    also = rules.Way.IN_PERSON in ways
    said = str(_(" or ")).join(remote)
    return str(_("also %s") % said) if also else str(_("only %s") % said)
