"""What a session has proved: that a second factor was passed, and when its person last showed
that it is really them.

Both marks name the person, so that a session which changes hands has proved nothing.
"""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest

from accounts.models import Person

_PASSED, _PROVED = "second-factor", "proved"


def has_passed(request: HttpRequest, person: Person) -> bool:
    """Return whether this session has passed a second factor."""
    return bool(request.session.get(_PASSED) == str(person.pk))


def note_passed(request: HttpRequest, person: Person, now: datetime) -> None:
    """Note that this session has passed a second factor, which is proof as well."""
    request.session[_PASSED] = str(person.pk)
    note_proved(request, person, now)


def note_vouched(request: HttpRequest, person: Person) -> None:
    """Note that the school vouches for a second factor. It is no proof of this moment."""
    request.session[_PASSED] = str(person.pk)


def note_proved(request: HttpRequest, person: Person, now: datetime) -> None:
    """Note that the person of this session has just shown that it is them.

    Every way in that asks something of the person calls this; a way that lets them in without
    a question (a campus sign-on that is still open) must not.
    """
    request.session[_PROVED] = [str(person.pk), int(now.timestamp())]


def forget_passed(request: HttpRequest) -> None:
    """Take the mark away: the person has no second factor any more."""
    request.session.pop(_PASSED, None)


def has_proved(request: HttpRequest, person: Person, *, within: timedelta, now: datetime) -> bool:
    """Return whether the person has shown within this time that it is them."""
    mark = request.session.get(_PROVED)
    if not isinstance(mark, list) or len(mark) != 2 or mark[0] != str(person.pk):
        return False
    return timedelta(0) <= now - datetime.fromtimestamp(mark[1], UTC) <= within
