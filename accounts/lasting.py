"""How long a session lasts, and on what kind of device it is.

The limits hang on the roles in force now (`rules.session_limits`), are kept in the row, and are
judged by the server's clock. Polls do not lengthen a session: a page left open on a desk ends
like any other. For students a row is written once a day at most, for staff every quarter hour.
"""

import re
from datetime import UTC, datetime

from django.http import HttpRequest

from accounts.models import Person
from accounts.rules import session_ends, session_limits
from peersupport.core.sessions.store import SessionStore

_BEGUN = "begun"
_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|Chromium/|CriOS/"),
    ("Safari", r"Safari/"),
)


def device_name(agent: str) -> str:
    """Return a coarse name such as "Firefox on a phone"; of all else nothing is kept."""
    agent = agent[:500]
    browser = next((name for name, told in _BROWSERS if re.search(told, agent)), "A browser")
    if re.search(r"iPad|Tablet", agent) or ("Android" in agent and "Mobile" not in agent):
        return f"{browser} on a tablet"
    is_phone = re.search(r"iPhone|Mobile|Android", agent)
    return f"{browser} on a {'phone' if is_phone else 'computer'}"


def is_poll(request: HttpRequest) -> bool:
    """Return whether a page asks by itself: a part of it refreshes, or a script fetches."""
    if request.method not in ("GET", "HEAD"):
        return False
    if request.headers.get("HX-Request"):
        return True
    return request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def begin(request: HttpRequest, person: Person, now: datetime) -> None:
    """Begin to count, by the hour, when somebody has signed in."""
    session = request.session
    if isinstance(session, SessionStore):
        begun = int(now.timestamp()) // 3600 * 3600
        limits = session_limits(person.roles | person.withheld)
        session[_BEGUN] = [begun, int(limits.idle.total_seconds())]
        ends = session_ends(limits, begun=datetime.fromtimestamp(begun, UTC), now=now)
        name = device_name(request.META.get("HTTP_USER_AGENT", ""))
        session.begin(expires_at=ends, used_on=now.date(), device=name)


def keep(request: HttpRequest, person: Person, now: datetime) -> bool:
    """Lengthen the session of a request that somebody made; return whether it still lives.

    One that began too long ago for the roles of today is ended.
    """
    session = request.session
    row = session.row if isinstance(session, SessionStore) else None
    if row is None or not isinstance(session, SessionStore):
        return True
    began = session.get(_BEGUN)
    if not isinstance(began, list) or len(began) != 2:
        return False
    # Staff whose second factor is still to come are staff already.
    limits = session_limits(person.roles | person.withheld)
    ends = session_ends(limits, begun=datetime.fromtimestamp(began[0], UTC), now=now)
    if ends <= now:
        return False
    is_stricter = began[1] > limits.idle.total_seconds() and row.expires_at > ends
    has_news = row.expires_at < ends or row.used_on is None or row.used_on < now.date()
    if is_stricter or (has_news and not is_poll(request)):
        session.keep_until(expires_at=ends, used_on=now.date())
    return True
