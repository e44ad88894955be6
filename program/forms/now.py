"""Forms of what holds until somebody ends it: a notice, critical incident, closing."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from program.forms.days import LONGEST, when


class _Until(PlainForm):
    """Something that holds until a moment, or until somebody ends it."""

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now

    def clean_until(self) -> datetime | None:
        """Return the moment in the program's zone; it lies ahead, and within a month or two."""
        said: datetime | None = self.cleaned_data["until"]
        if said is None:
            return None
        # Django has put its own zone on it; what was typed is wall time of the school.
        until = said.replace(tzinfo=self.zone).astimezone(UTC)
        if not self.now < until <= self.now + LONGEST:
            raise forms.ValidationError(_("Choose a time within the next two months."))
        return until


class NoticeForm(_Until):
    """A notice on every page."""

    text = forms.CharField(
        label=_("What it says"),
        help_text=_("Plain words, and only what everybody may read: it is public, and printed."),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    until = when(_("Until"), help_text=_("It goes away by itself then."))

    def clean_text(self) -> str:
        """Refuse what would be shown as code."""
        text: str = self.cleaned_data["text"]
        if "<" in text or ">" in text:
            raise forms.ValidationError(_("Write plain words, without < and >."))
        return text


class CriticalForm(NoticeForm):
    """The words and the time of critical-incident mode."""

    until = when(_("Until"), help_text=_("Look again then whether it is still needed."))

    def clean_text(self) -> str:
        """Refuse words that hurt: how somebody died is never said, nor that they "committed"."""
        text = super().clean_text()
        for word in UNSAFE_WORDS:
            if word in text.lower():
                wrong = _('Leave out "%s": say that somebody died, not how or why.')
                raise forms.ValidationError(wrong % word)
        return text


UNSAFE_WORDS = (
    "committed suicide",
    "commit suicide",
    "successful suicide",
    "failed attempt",
    "epidemic",
    "hanged",
    "hanging",
    "overdose",
    "gunshot",
    "jumped",
    "suicide note",
)


class CloseNowForm(_Until):
    """Until when everything is closed."""

    until = when(
        _("Closed until"),
        help_text=_("Leave it empty to open again yourself."),
        required=False,
    )
    is_sure = forms.BooleanField(required=False, widget=forms.HiddenInput)
