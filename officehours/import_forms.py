"""Forms of taking over hours from elsewhere; what was read travels sealed with the page."""

import base64
import json
import zlib
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from officehours.hours_files import Entry, Timetable
from peersupport.core import sheets
from peersupport.core.crypto import CannotOpen, keyring
from peersupport.core.ui.forms import PlainForm

_TRAVELS = timedelta(hours=2)
_PURPOSE = "hours-preview"


def park(read: Timetable, whose: str, now: datetime) -> str:
    """Return what was read as sealed text that goes along with the page: nothing is kept here."""
    said = {
        "until": (now + _TRAVELS).timestamp(),
        "entries": [asdict(entry) for entry in read.entries],
    }
    plain = zlib.compress(json.dumps(said, default=lambda one: one.isoformat()).encode(), 9)
    return base64.b64encode(keyring().seal(plain, purpose=_PURPOSE, context=whose)).decode()


def unpark(text: str, whose: str, now: datetime) -> Timetable | None:
    """Return what was parked by the same person not long ago, else None."""
    try:
        sealed = base64.b64decode(text, validate=True)
        plain = keyring().open(sealed, purpose=_PURPOSE, context=whose)
    except (CannotOpen, ValueError):
        return None
    said: dict[str, Any] = json.loads(zlib.decompress(plain))
    if said["until"] < now.timestamp():
        return None
    return Timetable(tuple(_entry(one) for one in said["entries"]), ())


def _entry(one: dict[str, Any]) -> Entry:
    last = one["last_on"]
    times = {name: time.fromisoformat(one[name]) for name in ("starts", "ends")}
    days = {
        "first_on": date.fromisoformat(one["first_on"]),
        "last_on": date.fromisoformat(last) if last else None,
        "skipped": tuple(date.fromisoformat(day) for day in one["skipped"]),
    }
    return Entry(**{**one, **times, **days})


class HoursFileForm(PlainForm):
    """The file, and whose calendar it is if it does not say so itself."""

    file = forms.FileField(
        label=_("A spreadsheet as CSV, or a calendar as .ics"),
        help_text=_("At most 1 MB. Neither the file nor anybody's name in it is kept."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.ics,text/csv,text/calendar"}),
        error_messages={
            "required": _("Choose the file first."),
            "empty": _("This file is empty."),
            "missing": _("Choose the file first."),
            "invalid": _("Choose the file first."),
        },
    )
    whose = forms.ChoiceField(label=_("Whose calendar is it?"), required=False)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["whose"])
        field.choices = [("", _("The file says so")), *people]

    def clean_file(self) -> bytes:
        """Return what is in it. Raises ValidationError if it is too large."""
        given = self.cleaned_data["file"]
        if given.size > sheets.LARGEST:
            raise forms.ValidationError(_("This file is larger than 1 MB. Send the hours alone."))
        content: bytes = given.read()
        return content


class TakeForm(PlainForm):
    """Yes to what was shown."""

    parked = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    is_agreed = forms.BooleanField(label=_("Everybody named has agreed to these hours"))
