"""Forms of a supporter's profile."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Profile, Tag
from accounts.rules import holds_contact
from accounts.services.profile import Facts
from peersupport.core.ui.forms import PlainForm

# The words of a way of talking, as hours name it.
WAYS = [("in person", _("In person")), ("video", _("By video")), ("voice", _("By voice"))]


def _room_link(link: str) -> str:
    """Return a link that a browser opens as a web page under TLS, and nothing else does."""
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
        _port = parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme != "https" or "." not in host or parts.username or "@" in parts.netloc:
        raise forms.ValidationError(_("Enter a link that begins with https://."))
    return link


class ProfileForm(PlainForm):
    """What students see of a supporter before they meet."""

    shown_name = forms.CharField(
        label=_("First name"),
        help_text=_("The name students see. Not your family name."),
        max_length=40,
    )
    year = forms.CharField(
        label=_("Year"), help_text=_("Such as “year 3”."), max_length=40, required=False
    )
    pronouns = forms.CharField(label=_("Pronouns"), max_length=40, required=False)
    bio = forms.CharField(
        label=_("A few words"),
        help_text=_(
            "Two or three sentences: what you have been through, what you like to talk about. "
            "Up to 280 characters."
        ),
        max_length=280,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    has_contact = forms.BooleanField(
        label=_("I know that any signed-in student can read it"), required=False
    )
    languages = forms.CharField(
        label=_("Languages you speak with students"), max_length=80, required=False
    )
    ways = forms.MultipleChoiceField(
        label=_("How you like to talk"),
        choices=WAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    room_link = forms.CharField(
        label=_("Link of your video room"),
        help_text=_(
            "Shown to one student, from ten minutes before a talk with you by video or voice."
        ),
        max_length=200,
        required=False,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, profile: Profile, data: Any = None) -> None:
        known = {name: getattr(profile, name) for name in Facts.__dataclass_fields__}
        known["ways"] = [way for way in profile.ways.split(",") if way]
        super().__init__(data, initial=known)
        self.asks_about_contact = False

    def clean_bio(self) -> str:
        """Return the words on one line: they stand in a card."""
        return " ".join(str(self.cleaned_data["bio"]).split())

    def clean_room_link(self) -> str:
        """Return the link, if it is one."""
        link = str(self.cleaned_data["room_link"])
        return _room_link(link) if link else ""

    def clean(self) -> dict[str, Any]:
        """Ask once more before an address or a number goes where every student can read it."""
        data: dict[str, Any] = super().clean() or {}
        if holds_contact(data.get("bio", "")):
            self.asks_about_contact = True
            if not data.get("has_contact"):
                self.add_error(
                    "bio",
                    _(
                        "This looks like an e-mail address or a phone number. Students meet you "
                        "through the program, so leave it out, or tick below that you mean it."
                    ),
                )
        return data

    def facts(self) -> Facts:
        """Return what the profile says now."""
        data = dict(self.cleaned_data)
        data.pop("has_contact")
        return Facts(**{**data, "ways": tuple(data["ways"])})


class ChoiceOfUseForm(PlainForm):
    """Who may read a tag."""

    kind = forms.ChoiceField(
        label=_("What is it about?"), choices=Tag.Kind.choices, widget=forms.RadioSelect
    )
    use = forms.ChoiceField(
        label=_("Who may read it?"), choices=Tag.Use.choices, widget=forms.RadioSelect
    )
    is_consented = forms.BooleanField(
        label=_("Also if I am the only one who says so"),
        help_text=_(
            "You may be the only one; any signed-in student can read this. Without this tick it "
            "stays hidden while fewer than three supporters say the same."
        ),
        required=False,
    )


class TagForm(ChoiceOfUseForm):
    """Something more a supporter says of themselves."""

    words = forms.CharField(
        label=_("In your own words"),
        help_text=_("Such as “failed a board exam”, “first in my family at college”, “parent”."),
        max_length=40,
    )
    field_order = ["words", "kind", "use", "is_consented"]

    def clean_words(self) -> str:
        """Return the words with single spaces; they are no way to reach somebody."""
        words = " ".join(str(self.cleaned_data["words"]).split())
        if holds_contact(words):
            raise forms.ValidationError(_("Leave addresses and numbers out."))
        if not any(letter.isalnum() for letter in words):
            raise forms.ValidationError(_("Write a word or two."))
        return words


class PolicyForm(PlainForm):
    """Which tags the program shows."""

    shows_demographic = forms.BooleanField(
        label=_("Show tags about who somebody is"),
        help_text=_("Background, identity, faith and the like, where a supporter chose to."),
        required=False,
    )
