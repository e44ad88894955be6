"""A reader of calendar files that forgives nothing: RFC 5545, section 3, line by line."""

import re

_LINE = re.compile(r"([A-Z][A-Z0-9-]*)((?:;[A-Z-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(.*)", re.S)
_TEXT = {"SUMMARY", "LOCATION", "UID", "NAME", "X-WR-CALNAME", "PRODID"}
_ESCAPED = re.compile(r"\\(.)", re.S)
_ONCE = ["UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "LAST-MODIFIED"]
_NEVER = {"METHOD", "ORGANIZER", "ATTENDEE", "VALARM", "VTIMEZONE"}


class Wrong(AssertionError):
    """The file breaks a rule of the format."""


def _lines(raw: bytes) -> list[str]:
    """Return the content lines, unfolded."""
    if not raw.endswith(b"\r\n"):
        raise Wrong("the last line does not end")
    found: list[str] = []
    for line in raw.removesuffix(b"\r\n").split(b"\r\n"):
        if len(line) > 75:
            raise Wrong(f"{len(line)} octets")
        text = line.decode()  # a fold within a character would fail here
        if re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]", text):
            raise Wrong(f"a control character in {text!r}")
        if text.startswith(" "):
            found[-1] += text[1:]
        else:
            found.append(text)
    return found


def _text(value: str) -> str:
    if re.search(r"(?<!\\)(?:\\\\)*[,;]", value):
        raise Wrong(f"not escaped: {value!r}")
    if re.search(r"(?<!\\)(?:\\\\)*\\[^\\,;nN]", value) or re.search(
        r"(?<!\\)(?:\\\\)*\\$", value
    ):
        raise Wrong(f"an escape of nothing: {value!r}")
    return _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)


def read(raw: bytes) -> list[dict[str, str]]:
    """Return the entries of a calendar by the names of their properties. Raises Wrong."""
    open_: list[str] = []
    entries: list[dict[str, str]] = []
    for line in _lines(raw):
        match = _LINE.fullmatch(line)
        if match is None:
            raise Wrong(f"no content line: {line!r}")
        name, _parameters, value = match.groups()
        if name in _NEVER or value in _NEVER:
            raise Wrong(f"{name}:{value}")
        if name == "BEGIN":
            open_.append(value)
            if value == "VEVENT":
                entries.append({})
        elif name == "END":
            if not open_ or open_.pop() != value:
                raise Wrong(f"{value} ends and was not begun")
        elif open_ == ["VCALENDAR", "VEVENT"]:
            if name in entries[-1]:
                raise Wrong(f"{name} twice")
            entries[-1][name] = _text(value) if name in _TEXT else value
    if open_:
        raise Wrong(f"{open_} do not end")
    for entry in entries:
        if missing := [name for name in _ONCE if name not in entry]:
            raise Wrong(f"missing: {missing}")
    return entries
