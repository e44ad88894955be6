"""Tables that people send as a file: read kindly, refused plainly, written safely.

A spreadsheet program saves a table in many ways: other delimiters, other encodings, a mark at the
beginning, other line ends. All of them are read. What cannot be read is said with its line.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

LARGEST = 1024 * 1024  # bytes
MOST_ROWS = 5000
_WIDEST = 500  # characters in a cell
_DELIMITERS = ",;\t|"
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffd]")
# What a spreadsheet program takes for a formula: also after spaces, and in full width.
_FORMULA = re.compile(r"^[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")


class Unreadable(Exception):
    """The file is no table; the message says why in plain words, for the page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its line in the file, counted from 1, and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as read: its columns, rows that hold anything, and headings nobody knows."""

    lines: tuple[Line, ...]
    columns: tuple[str, ...]
    unknown: tuple[str, ...]


def decode(content: bytes) -> str:
    """Return the text of a file in whatever way it was saved. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(_("This file is larger than 1 MB. Send the table alone, as CSV."))
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise Unreadable(_("This is not a CSV file. In your spreadsheet, use “Save as CSV”."))
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                break
    for encoding in (*_bare_utf16(content), "utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(_("We cannot read the letters of this file. Save it as “CSV UTF-8”."))


def _bare_utf16(content: bytes) -> tuple[str, ...]:
    """Return how a file is to be read in which every second byte is empty."""
    start = content[:200]
    if len(start) >= 4 and start[1::2].count(0) > len(start) // 4:
        return ("utf-16-le",)
    if len(start) >= 4 and start[::2].count(0) > len(start) // 4:
        return ("utf-16-be",)
    return ()


def _plain(heading: str) -> str:
    return re.sub(r"[\s_\-]+", " ", heading.strip().casefold())


def _delimiter(text: str) -> str:
    """Return what stands between the headings: whatever is found most in the first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=bare.count)


def read(content: bytes, columns: Mapping[str, Sequence[str]]) -> Sheet:
    """Return the table of a file. `columns` names each column and what it may be headed by.

    Headings are found in any order and case; rows without any content are left out. Raises
    Unreadable if there is no row of headings, a heading stands twice, a row is longer than the
    headings, a quotation is never closed, or a cell holds what is not writing.
    """
    text = decode(content)
    known = {_plain(word): name for name, words in columns.items() for word in (name, *words)}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    names: list[str] | None = None
    unknown: list[str] = []
    lines: list[Line] = []
    begins = 1
    try:
        for cells in reader:
            number, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names, unknown = _headings(cells, known)
                continue
            lines.append(Line(number, _row(number, cells, names)))
            if len(lines) > MOST_ROWS:
                raise Unreadable(_("At most %d rows at a time.") % MOST_ROWS)
    except csv.Error:
        where = _("Line %d: a quotation mark is not closed, or stands where none belongs.")
        raise Unreadable(where % begins) from None
    if names is None:
        raise Unreadable(_("This file is empty."))
    return Sheet(tuple(lines), tuple(filter(None, names)), tuple(unknown))


def _headings(cells: list[str], known: Mapping[str, str]) -> tuple[list[str], list[str]]:
    names = [known.get(_plain(cell), "") for cell in cells]
    if not any(names):
        raise Unreadable(_("The first line must hold the headings of the columns."))
    for name in filter(None, names):
        if names.count(name) > 1:
            raise Unreadable(_("Two columns are headed “%s”. Keep one of them.") % name)
    unknown = [c.strip() for c, name in zip(cells, names, strict=True) if not name and c.strip()]
    return names, unknown


def _row(number: int, cells: list[str], names: list[str]) -> dict[str, str]:
    if any(cell.strip() for cell in cells[len(names) :]):
        raise Unreadable(_("Line %d has more cells than there are headings.") % number)
    for cell in cells:
        if _NEVER.search(cell):
            raise Unreadable(_("Line %d holds a character that is not writing.") % number)
        if len(cell) > _WIDEST:
            raise Unreadable(_("Line %d holds a cell that is far too long.") % number)
    return {name: " ".join(cell.split()) for name, cell in zip(names, cells, strict=False) if name}


def safe_cell(value: object) -> str:
    """Return a cell that no spreadsheet program runs as a formula (OWASP, CSV injection)."""
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def write(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV that spreadsheet programs open rightly, every cell made safe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(cell) for cell in headings])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
