"""Forms for planning events. What is wrong is said beside the field, in plain words."""

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from events.planning_rules import Facts, Scope, is_skipped
from events.rules import FARTHEST, MOST_DATES, MOST_PLACES, MOST_WORDS, Kind, Visibility
from events.series_rules import is_too_long
from peersupport.core import clock
from peersupport.core.datamap.registry import Words
from peersupport.core.ui.forms import PlainForm

KINDS: dict[Kind, Words] = {
    Kind.MOVE: _("Moving: yoga, a walk, a run"),
    Kind.SLEEP: _("Sleep"),
    Kind.MIND: _("Mindfulness"),
    Kind.WRITE: _("Writing"),
    Kind.DINNER: _("Eating together"),
    Kind.GROUP: _("A standing group"),
    Kind.WORKSHOP: _("A workshop for classmates"),
    Kind.DEBRIEF: _("A debrief"),
    Kind.OTHER: _("Something else"),
}
VISIBILITIES: dict[Visibility, Words] = {
    Visibility.STUDENTS: _("Students it is for, once they have signed in"),
    Visibility.PUBLIC: _("Everybody: it is in the public list and the public calendar"),
    Visibility.PRIVATE: _("Only whoever is given its address"),
}
OPENS: list[tuple[int, Words]] = [
    (0, _("As soon as it is published")),
    (3 * 24, _("3 days before")),
    (7 * 24, _("1 week before")),
    (14 * 24, _("2 weeks before")),
    (28 * 24, _("4 weeks before")),
]
CLOSES: list[tuple[int, Words]] = [
    (0, _("As long as it lasts")),
    (1, _("1 hour before")),
    (24, _("1 day before")),
    (48, _("2 days before")),
    (7 * 24, _("1 week before")),
]
REPEATS: list[tuple[int, Words]] = [
    (0, _("Once")),
    (1, _("Every week")),
    (2, _("Every 2 weeks")),
    (3, _("Every 3 weeks")),
    (4, _("Every 4 weeks")),
]
_HOUR = timedelta(hours=1)
_HOW_MANY = _("Write a number from 1 to 2000, or leave it empty.")


def day_field(label: Any, **more: Any) -> forms.DateField:
    """Return a field for a day."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **more)


def time_field(label: Any, **more: Any) -> forms.TimeField:
    """Return a field for a local time."""
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, **more)


def check_day(day: date, today: date) -> date:
    """Return a day that can be planned for. Raises ValidationError."""
    if day < today:
        raise forms.ValidationError(_("This day is over. Choose today or a later day."))
    if day > today + FARTHEST:
        raise forms.ValidationError(_("Choose a day within the next 400 days."))
    return day


def cohort_words(name: str, rotation: str) -> str:
    """Return a class, or a rotation group of one, in words."""
    return f"{name}, {rotation}" if rotation else name


def _key(pair: tuple[str, str]) -> str:
    return json.dumps(pair)


class ChoosingForm(PlainForm):
    """A form some of whose choices the page knows."""

    def choose(self, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
        """Offer choices in a field."""
        cast(forms.ChoiceField, self.fields[name]).choices = list(choices)


class EventForm(ChoosingForm):
    """Everything that is planned of one event; with `is_new` also whether it comes back."""

    kind = forms.ChoiceField(label=_("What it is"))
    title = forms.CharField(label=_("Name"), max_length=80)
    day = day_field(_("Day"))
    starts = time_field(_("From"))
    ends = time_field(
        _("Until"), help_text=_("An earlier time than the start means after midnight.")
    )
    every_weeks = forms.TypedChoiceField(
        label=_("How often"), choices=REPEATS, coerce=int, required=False
    )
    last_on = day_field(
        _("Last day of the series"), required=False, help_text=_("Only if it comes back.")
    )
    place = forms.CharField(label=_("Place"), max_length=120, required=False)
    link = forms.URLField(
        label=_("Link to a call"),
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text=_("It needs a place or a link before it can be published."),
        error_messages={"invalid": _("Write an address that begins with https://.")},
    )
    led_by = forms.CharField(
        label=_("Who leads it"),
        max_length=120,
        required=False,
        help_text=_("As people read it, such as “a teacher from the yoga studio”."),
    )
    hosts = forms.MultipleChoiceField(
        label=_("Who of us hosts it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They open the door on the day and see its list, if it has one."),
    )
    words = forms.CharField(
        label=_("What people read"),
        max_length=MOST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("An empty line begins a paragraph; **bold**; - begins a line of a list."),
    )
    access = forms.CharField(
        label=_("Getting in"),
        max_length=300,
        required=False,
        help_text=_("Steps, lifts, seats, quiet corners, captions; and whom to ask for more."),
    )
    invited = forms.MultipleChoiceField(
        label=_("Whom it is for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick nothing if it is for all students."),
    )
    visibility = forms.ChoiceField(
        label=_("Who finds it"),
        choices=[(str(one), said) for one, said in VISIBILITIES.items()],
        widget=forms.RadioSelect,
    )
    is_sensitive = forms.BooleanField(
        label=_("This event is discreet"),
        required=False,
        help_text=_(
            "Nobody sees who comes, not even its hosts. It is in no public list and no public "
            "calendar, and 24 hours after its end nobody can tell any more who came."
        ),
    )
    capacity = forms.IntegerField(
        label=_("How many places"),
        min_value=1,
        max_value=MOST_PLACES,
        required=False,
        help_text=_("Leave it empty if there is room for everybody."),
        error_messages={"min_value": _HOW_MANY, "max_value": _HOW_MANY, "invalid": _HOW_MANY},
    )
    opens = forms.TypedChoiceField(
        label=_("Places can be taken from"), choices=OPENS, coerce=int, required=False,
    )  # fmt: skip
    closes = forms.TypedChoiceField(
        label=_("And until"), choices=CLOSES, coerce=int, required=False
    )
    mark = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(
        self,
        *args: Any,
        now: datetime,
        zone: ZoneInfo,
        kinds: Sequence[Kind],
        people: Sequence[tuple[uuid.UUID, str]],
        groups: Sequence[tuple[str, str]],
        before: Facts | None = None,
        is_published: bool = False,
        in_series: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.zone, self.before = now, zone, before
        self.is_published = is_published
        self.choose("kind", [(str(kind), KINDS[kind]) for kind in kinds])
        gone = sorted(before.hosts - {pk for pk, _name in people}, key=str) if before else []
        named = [*people, *((pk, _t("Somebody who has left the program")) for pk in gone)]
        self.choose("hosts", [(str(pk), name) for pk, name in named])
        pairs = sorted({*groups, *(before.invited if before else ())})
        self.choose("invited", [(_key(pair), cohort_words(*pair)) for pair in pairs])
        if not pairs:
            del self.fields["invited"]
        if before is not None:
            del self.fields["every_weeks"], self.fields["last_on"]
        if is_published:
            self.fields["capacity"].help_text = _t(
                "Leave it empty if there is room for everybody. With fewer, nobody who has a "
                "place loses it; with more, whoever waits gets what is added, in order."
            )
        if in_series:
            self.fields["scope"] = forms.ChoiceField(
                label=_("Change"),
                choices=[
                    (str(Scope.THIS), _("This date alone")),
                    (str(Scope.LATER), _("This date and those after it")),
                ],
                widget=forms.RadioSelect,
                initial=str(Scope.THIS),
            )

    @property
    def today(self) -> date:
        """The local day of now."""
        return clock.local_date(self.now, self.zone)

    def clean_day(self) -> date:
        """Return the day; one that stays as it was is not refused."""
        day: date = self.cleaned_data["day"]
        if self.before and day == clock.local_date(self.before.starts_at, self.zone):
            return day
        return check_day(day, self.today)

    def clean_words(self) -> str:
        """Return the words with one kind of line end."""
        return str(self.cleaned_data["words"]).replace("\r\n", "\n").strip()

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together."""
        data: dict[str, Any] = super().clean() or {}
        if {"day", "starts", "ends"} <= data.keys():
            self._check_times(data)
        if data.get("every_weeks") and data.get("day"):
            self._check_series(data)
        opens, closes = data.get("opens"), data.get("closes")
        if opens and closes and closes >= opens:
            self.add_error("closes", _("Choose an end that comes after the beginning."))
        is_sensitive = data.get("is_sensitive")
        if is_sensitive and data.get("visibility") == Visibility.PUBLIC:
            self.add_error(
                "visibility", _("A discreet event is in no public list. Choose another answer.")
            )
        if self.is_published and self.before and self.before.is_sensitive and not is_sensitive:
            self.add_error("is_sensitive", STAYS_DISCREET)
        return data

    def _check_times(self, data: dict[str, Any]) -> None:
        day, starts, ends = data["day"], data["starts"], data["ends"]
        if starts == ends:
            self.add_error("ends", _("Choose an end that differs from the start."))
            return
        last = day if ends > starts else day + timedelta(days=1)
        for name, on, wall in (("starts", day, starts), ("ends", last, ends)):
            if is_skipped(on, wall, self.zone):
                self.add_error(
                    name,
                    _("The clocks go forward: there is no such time that night. Choose another."),
                )
                return
        data["starts_at"] = clock.to_utc(datetime.combine(day, starts), self.zone)
        data["ends_at"] = clock.to_utc(datetime.combine(last, ends), self.zone)
        before = self.before
        if (before is None or data["starts_at"] != before.starts_at) and (
            data["starts_at"] <= self.now
        ):
            self.add_error("starts", IS_OVER)
        elif (before is None or data["ends_at"] != before.ends_at) and data["ends_at"] <= self.now:
            self.add_error("ends", IS_OVER)

    def _check_series(self, data: dict[str, Any]) -> None:
        day, last, weeks = data["day"], data.get("last_on"), data["every_weeks"]
        if "last_on" in self.errors:
            return
        if last is None:
            self.add_error("last_on", _("Choose the last day of the series."))
        elif last < day:
            self.add_error("last_on", _("The last day must not be before the first."))
        elif last > self.today + FARTHEST:
            self.add_error("last_on", _("Choose a day within the next 400 days."))
        elif is_too_long(day, last, weeks, most=MOST_DATES):
            said = _t("A series has at most %d dates. Choose an earlier day.") % MOST_DATES
            self.add_error("last_on", said)

    def facts(self) -> Facts:
        """Return what is planned."""
        data = self.cleaned_data
        same = ("title", "starts_at", "ends_at", "place", "link", "words", "led_by", "access")
        return Facts(
            kind=Kind(data["kind"]),
            visibility=Visibility(data["visibility"]),
            is_sensitive=data["is_sensitive"],
            capacity=data["capacity"],
            opens_before=data["opens"] * _HOUR if data["opens"] else None,
            closes_before=data["closes"] * _HOUR if data["closes"] else None,
            invited=frozenset(tuple(json.loads(one)) for one in data.get("invited", ())),
            hosts=frozenset(uuid.UUID(one) for one in data["hosts"]),
            **{name: data[name] for name in same},
        )

    @property
    def reaches(self) -> Scope:
        """How far the change reaches."""
        return Scope(self.cleaned_data.get("scope") or Scope.THIS)


STAYS_DISCREET = _(
    "It is published as discreet, and people may have answered for that reason. Copy it instead."
)
IS_OVER = _("This time is over. Choose a later one.")


def _nearest(offset: timedelta | None, choices: list[tuple[int, Words]]) -> int:
    hours = int(offset / _HOUR) if offset is not None else 0
    return min((number for number, _said in choices), key=lambda number: abs(number - hours))


def initial_of(facts: Facts, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the form shows of an event."""
    same = ("title", "place", "link", "led_by", "words", "access", "is_sensitive", "capacity")
    return {
        **{name: getattr(facts, name) for name in same},
        "kind": str(facts.kind),
        "visibility": str(facts.visibility),
        "day": clock.local_date(facts.starts_at, zone),
        "starts": wall(facts.starts_at, zone),
        "ends": wall(facts.ends_at, zone),
        "hosts": [str(one) for one in facts.hosts],
        "invited": [_key(pair) for pair in facts.invited],
        "opens": _nearest(facts.opens_before, OPENS),
        "closes": _nearest(facts.closes_before, CLOSES),
    }


def wall(moment: datetime, zone: ZoneInfo) -> time:
    """Return the local time of an instant, as a form shows it."""
    return moment.astimezone(zone).time().replace(second=0, microsecond=0)
