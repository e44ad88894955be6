"""Forms of crisis lines."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from peersupport.core.ui.forms import PlainForm
from peersupport.core.ui.packs import Line, dialled, packs
from program.forms.days import day

_YEAR = timedelta(days=366)
_NUMBER = r"^\+?[0-9() .-]{2,32}$"
_WRONG = {"invalid": _("Enter a phone number: figures, spaces, + and dashes.")}


class CheckForm(PlainForm):
    """Who tried a line, when, and when it is tried again."""

    checked_by = forms.CharField(
        label=_("Who tried it"),
        help_text=_("A name. Coordinators and administrators see it, nobody else."),
        max_length=80,
    )
    checked_on = day(_("Tried on"))
    review_on = day(_("Try again by"), help_text=_("Within a year. We remind you before."))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        """Check that it was tried lately, and is tried again within a year."""
        data: dict[str, Any] = super().clean() or {}
        tried, review = data.get("checked_on"), data.get("review_on")
        if tried and not self.today - _YEAR <= tried <= self.today:
            self.add_error("checked_on", _("Enter the day on which it was tried, not ahead."))
        elif review and not self.today < review <= (tried or self.today) + _YEAR:
            self.add_error("review_on", _("Choose a day ahead, within a year of the last try."))
        return data

    def checked(self) -> dict[str, Any]:
        """Return what `check_line` takes."""
        return {name: self.cleaned_data[name] for name in CheckForm.base_fields}


class LineForm(CheckForm):
    """A line of the school's own."""

    label = forms.CharField(
        label=_("Name"),
        help_text=_("Short: it stands on every page, such as On-call counselor."),
        max_length=40,
    )
    number = forms.RegexField(
        _NUMBER, label=_("Phone number"), required=False, error_messages=_WRONG
    )
    text = forms.RegexField(
        _NUMBER, label=_("Number for text messages"), required=False, error_messages=_WRONG
    )
    text_words = forms.CharField(
        label=_("Word to text first"),
        help_text=_("Only if the line asks for one."),
        max_length=20,
        required=False,
    )
    web = forms.URLField(
        label=_("Web address"),
        help_text=_("Beginning with https://"),
        assume_scheme="https",
        max_length=200,
        required=False,
    )
    hours = forms.CharField(
        label=_("When it answers"),
        help_text=_("Such as: day and night, or weekdays 5pm to 8am."),
        max_length=80,
    )
    for_whom = forms.CharField(label=_("For whom"), max_length=120, required=False)
    languages = forms.CharField(label=_("Languages"), max_length=80, required=False)
    is_everywhere = forms.BooleanField(
        label=_("At the top of every page, in mail and on posters"),
        help_text=_("Two lines at most; the others stand on Help now."),
        required=False,
    )
    field_order = (
        *("label", "number", "text", "text_words", "web", "hours", "for_whom", "languages"),
        *("is_everywhere", "checked_by", "checked_on", "review_on"),
    )

    def clean_web(self) -> str:
        """Refuse what is not encrypted."""
        web: str = self.cleaned_data["web"]
        if web and not web.startswith("https://"):
            raise forms.ValidationError(_("Enter an address that begins with https://."))
        return web

    def clean(self) -> dict[str, Any]:
        """Check that the line can be reached, and from every page by phone or text."""
        data = super().clean()
        for name in ("number", "text"):
            if data.get(name) and len(dialled(data[name])) < 2:
                self.add_error(name, _WRONG["invalid"])
        ways = [data.get("number"), data.get("text")]
        if not {"number", "text", "web"} & set(self.errors):
            if not any((*ways, data.get("web"))):
                self.add_error(
                    "number", _("Enter a phone number, a number for texts or a web address.")
                )
            elif data.get("is_everywhere") and not any(ways):
                self.add_error(
                    "is_everywhere", _("At the top of every page stands a number to call or text.")
                )
        return data

    def line(self, name: str) -> Line:
        """Return the line, with the id it has; empty for a new one."""
        words = ("label", "number", "text", "text_words", "web", "hours", "for_whom", "languages")
        more = ("is_everywhere", "checked_on", "review_on")
        return Line(id=name, **{key: self.cleaned_data[key] for key in (*words, *more)})


class PackForm(PlainForm):
    """In which country the school is, and its emergency number if nobody fixes it."""

    pack = forms.ChoiceField(label=_("Where the school is"), widget=forms.RadioSelect)
    emergency = forms.RegexField(
        _NUMBER,
        label=_("Emergency number"),
        help_text=_("Only for another country: the number that sends an ambulance."),
        required=False,
        error_messages=_WRONG,
    )
    is_sure = forms.BooleanField(
        label=_("The emergency number was looked up at an office that answers for it"),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {pack.key: pack for pack in packs()}
        field: Any = self.fields["pack"]
        field.choices = [
            (key, " · ".join([pack.name, *_fixed(pack)])) for key, pack in self.known.items()
        ]

    def clean(self) -> dict[str, Any]:
        """Check that there is an emergency number, and that it is meant."""
        data: dict[str, Any] = super().clean() or {}
        pack = self.known.get(data.get("pack", ""))
        if pack is None or "emergency" in self.errors:
            return data
        number = dialled(data.get("emergency") or "")
        if pack.emergency:
            if number and number != dialled(pack.emergency):
                self.add_error("emergency", _("Leave this empty: the number is fixed there."))
        elif len(number) < 2:
            self.add_error("emergency", _("Enter the emergency number of your country."))
        elif not data.get("is_sure"):
            self.add_error("is_sure", _("Look it up, and say so: everything hangs on it."))
        return data

    def values(self) -> dict[str, str]:
        """Return what `choose_pack` takes."""
        return {"key": self.cleaned_data["pack"], "emergency": self.cleaned_data["emergency"]}


def _fixed(pack: Any) -> list[str]:
    return [number for number in (pack.emergency, *(line.shown for line in pack.lines)) if number]
