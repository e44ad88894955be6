"""The base of every form: plain words in, plain words back.

Text that nobody types by hand is refused at the door: NUL (which PostgreSQL cannot store),
control characters, characters that turn the direction of the text around (with which a name can
be made to read as another), and bytes that were no text at all.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from peersupport.core.words import upper_first

_TURNING = "\u202a-\u202e\u2066-\u2069"
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNREADABLE = "\ufffd"
_NEVER = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_TURNING}\ud800-\udfff{_UNREADABLE}]")
_BREAKS = re.compile("[\t\n\r\u2028\u2029]")

_REFUSED = gettext_lazy("it holds a character we cannot use. Type it again by hand.")
_ONE_LINE = gettext_lazy("write this on one line.")


def refuse_unprintable(value: object) -> None:
    """Raise ValidationError if a text holds characters that are not writing."""
    if isinstance(value, str) and _NEVER.search(value):
        raise ValidationError(_REFUSED, code="unprintable")


def refuse_line_breaks(value: object) -> None:
    """Raise ValidationError if a one-line answer holds several lines."""
    if isinstance(value, str) and _BREAKS.search(value):
        raise ValidationError(_ONE_LINE, code="line_breaks")


class PlainForm(forms.Form):
    """A form that trims, refuses what is not writing, and says what is missing in plain words.

    Templates draw its fields with `{% field form.name %}` and its errors with
    `{% error_summary form %}`.
    """

    # The browser's own bubbles come and go and cannot be translated; ours stay beside the field.
    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_readable(data), *args, **kwargs)
        for name, field in self.fields.items():
            _speak_plainly(field, str(field.label or upper_first(name.replace("_", " "))))
            if isinstance(field, forms.CharField):
                # Before the other validators: some of them quote the value.
                field.validators = [*_guards(field), *_without_django_nul(field)]


def _guards(field: forms.Field) -> list[Any]:
    if isinstance(field.widget, forms.Textarea):
        return [refuse_unprintable]
    return [refuse_unprintable, refuse_line_breaks]


def _without_django_nul(field: forms.Field) -> list[Any]:
    """Leave out Django's NUL check: it would say the same thing a second time."""
    return [v for v in field.validators if type(v).__name__ != "ProhibitNullCharactersValidator"]


def _readable(data: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Put the mark for "unreadable" in place of halves of characters.

    They cannot be written into the page that shows the error; the mark is refused like them.
    """
    if isinstance(data, QueryDict):
        if not any(_SURROGATES.search(v) for _key, values in data.lists() for v in values):
            return data
        copy = data.copy()
        for key, values in data.lists():
            copy.setlist(key, [_SURROGATES.sub(_UNREADABLE, v) for v in values])
        return copy
    if data is None:
        return None
    return {key: _readable_value(value) for key, value in data.items()}


def _readable_value(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub(_UNREADABLE, value)
    if isinstance(value, list | tuple):
        return [_readable_value(part) for part in value]
    return value


def _asking(label: str, words: str) -> str:
    """Return label and words as one sentence: "Place: fill this in"."""
    if unicodedata.category(label[-1:] or " ").startswith("P"):
        return f"{label} {upper_first(words)}"
    return _("%(label)s: %(words)s") % {"label": label, "words": words}


_REQUIRED: list[tuple[type[forms.Field], str | Promise]] = [
    (forms.BooleanField, gettext_lazy("tick this to go on.")),
    (forms.MultipleChoiceField, gettext_lazy("choose at least one.")),
    (forms.ChoiceField, gettext_lazy("choose one.")),
    (forms.DateField, gettext_lazy("choose a day.")),
    (forms.TimeField, gettext_lazy("choose a time.")),
    (forms.Field, gettext_lazy("fill this in.")),
]

_INVALID: list[tuple[type[forms.Field], str, str | Promise]] = [
    (forms.ChoiceField, "invalid_choice", gettext_lazy("choose from the list.")),
    (forms.DateField, "invalid", gettext_lazy("write a day like 2026-11-23.")),
    (forms.TimeField, "invalid", gettext_lazy("write a time like 17:30.")),
    (forms.EmailField, "invalid", gettext_lazy("write an address like name@school.example.")),
    (forms.IntegerField, "invalid", gettext_lazy("write a whole number.")),
    (forms.UUIDField, "invalid", gettext_lazy("go back and try again.")),
]

_TOO_LONG = ngettext_lazy(
    "Use at most %(limit_value)d character. You have used %(show_value)d.",
    "Use at most %(limit_value)d characters. You have used %(show_value)d.",
    "limit_value",
)


def _own_words(field: forms.Field) -> set[str]:
    """Return the keys of messages that this field's class or maker wrote itself."""
    stock: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        if kind.__module__.startswith("django."):
            stock.update(getattr(kind, "default_error_messages", {}))
    return {key for key, said in field.error_messages.items() if stock.get(key) != said}


def _speak_plainly(field: forms.Field, label: str) -> None:
    """Put our words where a field still has Django's."""
    own = _own_words(field)
    if "required" not in own:
        words = next(words for kind, words in _REQUIRED if isinstance(field, kind))
        field.error_messages["required"] = _asking(label, str(words))
    field.error_messages.setdefault("unprintable", _asking(label, str(_REFUSED)))
    field.error_messages.setdefault("line_breaks", _asking(label, str(_ONE_LINE)))
    for kind, key, sentence in _INVALID:
        if isinstance(field, kind) and key not in own:
            field.error_messages[key] = _asking(label, str(sentence))
    for index, validator in enumerate(field.validators):
        if isinstance(validator, MaxLengthValidator):
            field.validators[index] = MaxLengthValidator(validator.limit_value, _TOO_LONG)
