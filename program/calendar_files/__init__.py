"""A class calendar that people send: a table or an .ics, read kindly, refused with its line.

Of a calendar only title, days and times are read: no guests, notes or places.
"""

from django.utils.translation import gettext as _

from peersupport.core import agendas, sheets
from program.calendar_files import events, tables
from program.calendar_files.ground import Ground, Read, Wrong
from program.calendar_files.tables import EXAMPLE
from program.calendar_rules import MOST_ENTRIES

__all__ = ["EXAMPLE", "MOST_ERRORS", "Ground", "Read", "Wrong", "read"]
MOST_ERRORS = 50


def read(content: bytes, ground: Ground) -> Read:
    """Return what a file holds. Raises sheets.Unreadable if it is no table and no calendar."""
    if agendas.is_calendar(content):
        found = events.read(content, ground)
    else:
        found = tables.read(content, ground)
    if len(found.entries) > MOST_ENTRIES:
        raise sheets.Unreadable(_("At most %d milestones at a time.") % MOST_ENTRIES)
    return found
