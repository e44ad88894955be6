"""Sessions of the care side: a table and a cookie of their own, no session of the web side.

The row's key is a MAC of the cookie. Until when a session lives is said by the row and the
server's clock: a desk left alone closes after ten minutes, a working day ends it. Who was ended,
changed, or never genuine is out at the next request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from peersupport.core import clock, ids
from peersupport.core.crypto import care_keyring
from referrals import rules
from referrals.models import CareSession, Counselor
from referrals.seals import is_genuine

# Written once a minute at most; a poll writes nothing, so that it keeps no desk open.
_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seat:
    """A counselor at the desk, and when a passkey was last used in this session."""

    counselor: Counselor
    proved_at: datetime | None

    def has_proved(self, now: datetime) -> bool:
        """Return whether a passkey opens cases at this moment."""
        return self.proved_at is not None and now - self.proved_at < rules.PROVED_LASTS


def _key(cookie: str) -> bytes:
    return care_keyring().mac(cookie.encode("utf-8", "surrogatepass"), purpose="care-session")


def begin(
    request: HttpRequest,
    response: HttpResponse,
    counselor: Counselor,
    *,
    has_proved: bool,
    now: datetime,
) -> None:
    """Sign a counselor in: a fresh cookie and row. What this browser had before is ended."""
    end(request)
    cookie = ids.new_token()
    CareSession.objects.create(
        key=_key(cookie),
        counselor=counselor,
        epoch=counselor.epoch,
        begun_at=now,
        used_at=now,
        proved_at=now if has_proved else None,
    )
    response.set_cookie(
        settings.CARE_COOKIE,
        cookie,
        secure=settings.IS_SECURE,
        httponly=True,
        samesite="Strict",
    )


def seat_of(request: HttpRequest, now: datetime, *, is_poll: bool = False) -> Seat | None:
    """Return who sits here, if anybody does: one query, and one write a minute."""
    cookie = request.COOKIES.get(settings.CARE_COOKIE, "")
    if len(cookie) != 43:
        return None
    row = (
        CareSession.objects.select_related("counselor__card")
        .filter(
            key=_key(cookie),
            used_at__gt=now - rules.IDLE,
            begun_at__gt=now - rules.LONGEST_SESSION,
        )
        .first()
    )
    if row is None or row.epoch != row.counselor.epoch:
        return None
    if row.counselor.state != Counselor.State.ACTIVE or not is_genuine(row.counselor):
        return None
    if not is_poll and now - row.used_at >= _STEP:
        CareSession.objects.filter(pk=row.pk).update(used_at=now)
    return Seat(row.counselor, row.proved_at)


def seat(request: HttpRequest) -> Seat | None:
    """Return who sits at the desk of this request, asked once. A poll keeps no desk open."""
    if not hasattr(request, "_care_seat"):
        is_poll = request.headers.get("HX-Trigger") is not None
        request._care_seat = seat_of(request, clock.now(), is_poll=is_poll)  # type: ignore[attr-defined]
    found: Seat | None = request._care_seat  # type: ignore[attr-defined]
    return found


def note_proof(request: HttpRequest, now: datetime) -> None:
    """Note that a passkey was used in this session just now."""
    cookie = request.COOKIES.get(settings.CARE_COOKIE, "")
    CareSession.objects.filter(key=_key(cookie)).update(proved_at=now, used_at=now)


def end(request: HttpRequest) -> None:
    """End this browser's session."""
    cookie = request.COOKIES.get(settings.CARE_COOKIE, "")
    if cookie:
        CareSession.objects.filter(key=_key(cookie)).delete()


def end_all(counselor: Counselor) -> None:
    """End every session of a counselor, in the caller's transaction."""
    with transaction.atomic():
        CareSession.objects.filter(counselor=counselor).delete()
