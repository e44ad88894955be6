"""Numbers that answer now. They come from the settings, so that they need no database."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the school's own, beside 988 and the emergency number."""

    label: str
    number: str

    @property
    def href(self) -> str:
        """Return the address a telephone understands."""
        plus = "+" if self.number.strip().startswith("+") else ""
        return f"tel:{plus}{''.join(c for c in self.number if c.isascii() and c.isdigit())}"


def extra_lines() -> list[Line]:
    """Return the lines this school has added."""
    return [
        Line(str(label).strip(), str(number).strip()) for label, number in settings.CRISIS_EXTRA
    ]
