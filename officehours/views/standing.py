"""The line among the school's facts that says which published hours nobody stands behind."""

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from officehours.queries.planning import uncovered_soon
from peersupport.core import clock, words
from program.queries import facts
from program.queries.basics import remembered
from program.registry import Line, Values, register_lines

_NAMED = 3


def register() -> None:
    """Put the line into the index, where it stands only while something is wrong."""
    register_lines("hours nobody stands behind", _lines)


def _lines(values: Values, today: date) -> list[Line]:
    now, zone = clock.now(), (remembered() or facts()).zone
    found = uncovered_soon(now)
    if not found:
        return []
    said = ngettext(
        "%d published time has a gap in it: %%s",
        "%d published times have a gap in them, first: %%s",
        len(found),
    )
    when = "; ".join(
        f"{words.dated(clock.local_date(gap.start, zone))}, "
        + words.time_range(gap.start, gap.end, zone)
        for one in found[:_NAMED]
        for gap in one.gaps
    )
    title = _("Published hours that nobody stands behind")
    state = said % len(found) % when
    return [Line(_("Hours"), title, state, reverse("program:coverage"), True, 11)]
