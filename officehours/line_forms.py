"""Forms of the line. Each says what is wrong in plain words, beside the field."""

import uuid
from typing import Any, cast

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from officehours import rules
from officehours.forms import RemoteFields, TimesForm
from officehours.queries.line import Host, Line
from officehours.services.booking import Meeting
from peersupport.core import ids


def host_words(host: Host) -> SafeString:
    """Return a supporter as a choice in a form; what they wrote is fenced in its own direction."""
    shown = [host.name, *([host.year] if host.year else [])]
    name = format_html_join(", ", "<bdi>{}</bdi>", ((one,) for one in shown))
    if not host.tags:
        return name
    said = format_html_join(", ", "<bdi>{}</bdi>", ((one,) for one in host.tags))
    return format_html("{} ({})", name, said)


class JoinForm(RemoteFields):
    """Join a line: a name if one likes, and whom one would meet."""

    name = forms.CharField(
        label=_("What should we call you?"),
        help_text=_("Only the person you meet sees this. It can be anything, or nothing."),
        max_length=40,
        required=False,
    )
    only = forms.MultipleChoiceField(
        label=_("Whom would you talk to?"),
        help_text=_("Leave out whom you would rather not meet. Nobody is told."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one person.")},
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, line: Line, data: Any = None, *, at_door: bool = False, **kwargs: Any
    ) -> None:
        kwargs.setdefault("initial", {}).setdefault("request_key", ids.new_id())
        super().__init__(data, **kwargs)
        self.offer_ways((rules.Way.IN_PERSON,) if at_door else line.ways)
        if len(line.hosts) < 2:
            del self.fields["only"]
        else:
            field = cast(forms.MultipleChoiceField, self.fields["only"])
            field.choices = [(str(host.id), host_words(host)) for host in line.hosts]
            field.initial = [str(host.id) for host in line.hosts]
        self._everybody = {str(host.id) for host in line.hosts}

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together."""
        data: dict[str, Any] = super().clean() or {}
        self.check_remote(data)
        return data

    def meeting(self) -> Meeting:
        """Return how they would like to meet. Everybody chosen means anybody, also later."""
        data = self.cleaned_data
        chosen = set(data.get("only") or self._everybody)
        only = None if chosen == self._everybody else frozenset(uuid.UUID(one) for one in chosen)
        way = data.get("way") or str(rules.Way.IN_PERSON)
        if way not in rules.REMOTE:
            return Meeting(only=only, way=way)
        return Meeting(only, way, data["where"], data["number"])


class HoldForm(TimesForm):
    """Hold a follow-up: one of one's own free times."""
