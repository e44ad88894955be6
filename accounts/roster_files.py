"""The school's list as a file: read into entries, or refused line by line in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.models import RosterEntry
from accounts.roster_rules import Cohort, Entry, Standing
from peersupport.core import sheets

# Each column, and what else it may be headed by.
COLUMNS: dict[str, tuple[str, ...]] = {
    "email": ("e-mail", "mail", "email address", "e-mail address", "school email", "address"),
    "name": ("called", "first name", "preferred name", "given name"),
    "class": ("class of", "cohort", "class year", "graduation year"),
    "phase": ("year", "year of study", "level"),
    "site": ("campus", "location"),
    "rotation": ("rotation group", "group", "track"),
    "standing": ("status",),
    "other email": ("other e-mail", "personal email", "personal e-mail", "leave email"),
}
_STANDINGS = {
    "": Standing.ENROLLED,
    "enrolled": Standing.ENROLLED,
    "active": Standing.ENROLLED,
    "student": Standing.ENROLLED,
    "on leave": Standing.ON_LEAVE,
    "leave": Standing.ON_LEAVE,
    "loa": Standing.ON_LEAVE,
    "leave of absence": Standing.ON_LEAVE,
    "faculty": Standing.FACULTY,
    "staff": Standing.FACULTY,
    "gone": Standing.GONE,
    "left": Standing.GONE,
    "graduated": Standing.GONE,
    "withdrawn": Standing.GONE,
}
MOST_ERRORS = 50
EXAMPLE = """email,name,class,phase,site,rotation,standing
ana@school.example,Ana,Class of 2029,M2,Main,,enrolled
ben@school.example,Ben,Class of 2028,M3,Lakeside,Surgery A,on leave"""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in one line of the file."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class List:
    """A list as read: its entries and columns, or what is wrong with it."""

    entries: tuple[Entry, ...]
    columns: frozenset[str]
    wrong: tuple[Wrong, ...]
    unknown: tuple[str, ...]


def read(content: bytes) -> List:
    """Return the list in a file. Raises sheets.Unreadable if it is no table of people."""
    sheet = sheets.read(content, COLUMNS)
    columns = frozenset(sheet.columns)
    if "email" not in columns:
        raise sheets.Unreadable(_("No column is headed “email”. It says who each row is about."))
    wrong: list[Wrong] = []
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    for line in sheet.lines:
        said = _wrong_with(line.cells)
        entry = _entry(line.cells)
        for address in filter(None, (entry.email, entry.other_email)):
            if address in seen and not said:
                said = [
                    _("%(address)s stands in line %(line)d already.")
                    % {"address": address, "line": seen[address]}
                ]
            seen.setdefault(address, line.number)
        wrong += [Wrong(line.number, words) for words in said]
        entries.append(entry)
    if not entries:
        raise sheets.Unreadable(_("This file has headings and no rows."))
    return List(tuple(entries), columns, tuple(wrong), sheet.unknown)


def _entry(cells: Mapping[str, str]) -> Entry:
    return Entry(
        email=cells.get("email", "").lower(),
        called=cells.get("name", ""),
        cohort=Cohort(
            class_name=cells.get("class", ""),
            phase=cells.get("phase", ""),
            site=cells.get("site", ""),
            rotation=cells.get("rotation", ""),
        ),
        standing=_STANDINGS.get(cells.get("standing", "").casefold(), Standing.ENROLLED),
        other_email=cells.get("other email", "").lower(),
    )


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254 and text.isascii()


_LONGEST = {
    "name": "called",
    "class": "class_name",
    "phase": "phase",
    "site": "site",
    "rotation": "rotation",
}


def _wrong_with(cells: Mapping[str, str]) -> list[str]:
    """Return everything that is wrong with a row, in plain words."""
    said = []
    if not cells.get("email"):
        said.append(_("The e-mail address is missing."))
    elif not _is_address(cells["email"]):
        said.append(_("“%s” is not an e-mail address.") % cells["email"][:60])
    other = cells.get("other email", "")
    if other and not _is_address(other):
        said.append(_("“%s” is not an e-mail address.") % other[:60])
    if other and other.lower() == cells.get("email", "").lower():
        said.append(_("The other address is the same as the first. Leave it empty."))
    standing = cells.get("standing", "")
    if standing.casefold() not in _STANDINGS:
        said.append(
            _("“%s” is no standing. Write enrolled, on leave, faculty or gone.") % standing[:40]
        )
    for column, name in _LONGEST.items():
        most = getattr(RosterEntry._meta.get_field(name), "max_length", None) or 0
        if len(cells.get(column, "")) > most:
            said.append(
                _("“%(column)s” is longer than %(most)d characters.")
                % {"column": column, "most": most}
            )
    return said


def write(entries: Iterable[Entry]) -> bytes:
    """Return the list as a file that can be sent in again, every cell safe to open."""
    return sheets.write(
        ["email", "name", "class", "phase", "site", "rotation", "standing", "other email"],
        [
            (
                entry.email,
                entry.called,
                entry.cohort.class_name,
                entry.cohort.phase,
                entry.cohort.site,
                entry.cohort.rotation,
                str(entry.standing),
                entry.other_email,
            )
            for entry in entries
        ],
    )
