"""Forms of the school's list."""

import base64
import json
import uuid
import zlib
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import RosterEntry
from accounts.roster_files import List
from accounts.roster_rules import Cohort, Entry, Standing
from peersupport.core import sheets
from peersupport.core.crypto import CannotOpen, keyring
from peersupport.core.ui.forms import PlainForm

# How long a list that was read travels with the page before it must be sent again.
_TRAVELS = timedelta(hours=2)
_PURPOSE = "roster-preview"


def park(read: List, whose: str, now: datetime) -> str:
    """Return a list as sealed text that goes along with the page: nothing of it is kept here."""
    said = {
        "until": (now + _TRAVELS).timestamp(),
        "columns": sorted(read.columns),
        "entries": [asdict(entry) for entry in read.entries],
    }
    plain = zlib.compress(json.dumps(said).encode(), 9)
    return base64.b64encode(keyring().seal(plain, purpose=_PURPOSE, context=whose)).decode()


def unpark(text: str, whose: str, now: datetime) -> List | None:
    """Return what was parked by the same person not long ago, else None."""
    try:
        sealed = base64.b64decode(text, validate=True)
        plain = keyring().open(sealed, purpose=_PURPOSE, context=whose)
    except (CannotOpen, ValueError):
        return None
    said: dict[str, Any] = json.loads(zlib.decompress(plain))
    if said["until"] < now.timestamp():
        return None
    entries = tuple(
        Entry(
            email=one["email"],
            called=one["called"],
            cohort=Cohort(**one["cohort"]),
            standing=Standing(one["standing"]),
            other_email=one["other_email"],
        )
        for one in said["entries"]
    )
    return List(entries, frozenset(said["columns"]), (), ())


class FileForm(PlainForm):
    """The file with the list."""

    file = forms.FileField(
        label=_("The list as a CSV file"),
        help_text=_("At most 1 MB. The file itself is not kept."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={
            "required": _("Choose the file first."),
            "empty": _("This file is empty."),
            "missing": _("Choose the file first."),
            "invalid": _("Choose the file first."),
        },
    )

    def clean_file(self) -> bytes:
        """Return what is in it. Raises ValidationError if it is too large."""
        given = self.cleaned_data["file"]
        if given.size > sheets.LARGEST:
            raise forms.ValidationError(
                _("This file is larger than 1 MB. Send the table alone, as CSV.")
            )
        content: bytes = given.read()
        return content


class ConfirmForm(PlainForm):
    """Yes to what was shown."""

    parked = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    ends_missing = forms.BooleanField(
        label=_("Mark everybody the list does not name as gone"), required=False
    )


class FindForm(PlainForm):
    """Find one person by the whole address: there is no directory to look through."""

    email = forms.EmailField(label=_("E-mail address"), help_text=_("The whole address."))


def _text(name: str, label: Any) -> forms.CharField:
    most = getattr(RosterEntry._meta.get_field(name), "max_length", None)
    return forms.CharField(label=label, max_length=most, required=False)


class EntryForm(PlainForm):
    """What the list says of one person."""

    called = _text("called", _("Name to be called"))
    class_name = _text("class_name", _("Class"))
    phase = _text("phase", _("Phase"))
    site = _text("site", _("Site"))
    rotation = _text("rotation", _("Rotation group"))
    standing = forms.ChoiceField(
        label=_("Standing"),
        choices=[
            (Standing.ENROLLED.value, _("Enrolled")),
            (Standing.ON_LEAVE.value, _("On leave, and still welcome here")),
            (Standing.FACULTY.value, _("Faculty or staff: never a student here")),
            (Standing.GONE.value, _("Gone")),
        ],
        widget=forms.RadioSelect,
    )
    other_email = forms.EmailField(
        label=_("Another address"),
        help_text=_("For somebody on leave: they can sign in with it as well."),
        required=False,
    )

    def entry(self, email: str) -> Entry:
        """Return what the list is to say."""
        data = self.cleaned_data
        return Entry(
            email=email,
            called=data["called"],
            cohort=Cohort(data["class_name"], data["phase"], data["site"], data["rotation"]),
            standing=Standing(data["standing"]),
            other_email=data["other_email"].lower(),
        )


class ApartForm(PlainForm):
    """Which groups are kept apart."""

    apart = forms.TypedMultipleChoiceField(
        label=_("Members of these do not meet each other as supporter and student"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        coerce=uuid.UUID,
    )

    def __init__(self, groups: list[tuple[uuid.UUID, str, bool]], *args: Any, **kw: Any) -> None:
        super().__init__(*args, initial={"apart": [k for k, _name, on in groups if on]}, **kw)
        field: Any = self.fields["apart"]
        field.choices = [(key, name) for key, name, _on in groups]
