"""The one place that writes times for people: "5:30pm", "noon", "Tuesday 24 November".

Every function takes instants and the program's zone; none reads the clock.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _


def time_of_day(moment: datetime, zone: ZoneInfo) -> str:
    """Return a wall time: "noon", "midnight", "7pm", "5:30pm"."""
    wall = moment.astimezone(zone)
    if (wall.hour, wall.minute) == (12, 0):
        return _("noon")
    if (wall.hour, wall.minute) == (0, 0):
        return _("midnight")
    half = _("am") if wall.hour < 12 else _("pm")
    hour = wall.hour % 12 or 12
    return f"{hour}:{wall.minute:02d}{half}" if wall.minute else f"{hour}{half}"


def time_range(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Return "5:30pm to 7pm"."""
    return _("%(start)s to %(end)s") % {
        "start": time_of_day(start, zone),
        "end": time_of_day(end, zone),
    }


def day(value: date) -> str:
    """Return "Monday 23 November"."""
    return formats.date_format(value, "l j F", use_l10n=False)


def dated(value: date) -> str:
    """Return a day with its year, for what is looked at much later."""
    return f"{day(value)} {value.year}"


def dates(first: date, last: date) -> str:
    """Return one day with its year, or "Monday 23 November 2026 to Tuesday 24 November 2026"."""
    if first == last:
        return dated(first)
    return _("%(first)s to %(last)s") % {"first": dated(first), "last": dated(last)}


def day_near(value: date, today: date) -> str:
    """Return "today", "tomorrow", a weekday within the week, else the day and month."""
    ahead = (value - today).days
    if ahead == 0:
        return _("today")
    if ahead == 1:
        return _("tomorrow")
    if 1 < ahead < 7:
        return formats.date_format(value, "l", use_l10n=False)
    return day(value)


def moment_near(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "5:30pm" today, "tomorrow at noon", "Wednesday at noon" later."""
    value, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if value == today:
        return time_of_day(moment, zone)
    return _("%(day)s at %(time)s") % {
        "day": day_near(value, today),
        "time": time_of_day(moment, zone),
    }


def when(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return what follows a verb: "at 5:30pm", "tomorrow at noon", "on Wednesday at noon"."""
    said = moment_near(moment, now, zone)
    ahead = (moment.astimezone(zone).date() - now.astimezone(zone).date()).days
    if ahead == 0:
        return _("at %s") % said
    return said if ahead == 1 else _("on %s") % said


def since(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return since when something waits: "5pm" today, "yesterday", "Monday", a day before that."""
    value, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    ago = (today - value).days
    if ago <= 0:
        return time_of_day(moment, zone)
    if ago == 1:
        return _("yesterday")
    return formats.date_format(value, "l", use_l10n=False) if ago < 7 else day(value)


def zone_name(moment: datetime, zone: ZoneInfo) -> str:
    """Return the zone as people say it, for the one place on a page that states it."""
    known = {
        "America/New_York": _("Eastern Time"),
        "America/Chicago": _("Central Time"),
        "America/Denver": _("Mountain Time"),
        "America/Phoenix": _("Mountain Standard Time"),
        "America/Los_Angeles": _("Pacific Time"),
        "America/Anchorage": _("Alaska Time"),
        "Pacific/Honolulu": _("Hawaii Time"),
    }
    return known.get(zone.key) or moment.astimezone(zone).tzname() or zone.key


def minutes(length: timedelta) -> str:
    """Return "30 minutes" or "1 hour 30 minutes"; whole minutes only."""
    hours, rest = divmod(int(length.total_seconds()) // 60, 60)
    parts = []
    if hours:
        parts.append(_("1 hour") if hours == 1 else _("%d hours") % hours)
    if rest or not hours:
        parts.append(_("1 minute") if rest == 1 else _("%d minutes") % rest)
    return " ".join(parts)


def upper_first(text: str) -> str:
    """Return a text that may open a sentence or a heading: "Monday 30 November", "Tomorrow".

    The first letter alone changes: `str.capitalize` would write "Monday 30 november". Templates
    have the filter `capfirst`, which is the same.
    """
    return capfirst(text)


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "11th". English alone has these; other languages get what they say."""
    if 10 <= number % 100 <= 20:
        ending = _("th")
    else:
        ending = {1: _("st"), 2: _("nd"), 3: _("rd")}.get(number % 10, _("th"))
    return f"{number}{ending}"


def weekday(number: int) -> str:
    """Return the name of a weekday, Monday being 0."""
    monday = date(2024, 1, 1)
    return formats.date_format(monday + timedelta(days=number), "l", use_l10n=False)
