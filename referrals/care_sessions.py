"""Sessions of the care side: a table and a cookie of their own, no session of the web side.

The row's key is a MAC of the cookie, and a seal binds the rest of it: whoever can write into the
table can sign nobody in, change no session into somebody else's, and prove nothing. Until when a
session lives is said by the row and the server's clock: a desk left alone closes after ten
minutes, a working day ends it. Who was ended, changed, or never genuine is out at the next
request.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.lasting import is_poll as asks_by_itself
from peersupport.core import clock, ids
from peersupport.core.crypto import care_keyring
from referrals import rules
from referrals.models import CareSession, Counselor
from referrals.seals import is_genuine

# Written once a minute at most; a poll writes nothing, so that it keeps no desk open.
_STEP = timedelta(minutes=1)
_LENGTH = 43  # of a cookie


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


def _seal(row: CareSession) -> bytes:
    moments = [
        each.astimezone(UTC).isoformat() if each else "" for each in (row.begun_at, row.proved_at)
    ]
    said = "\0".join([bytes(row.key).hex(), row.counselor_id.hex, row.epoch.hex, *moments])
    return care_keyring().mac(said.encode(), purpose="care-session-row")


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
    _set_down(response, counselor, begun_at=now, proved_at=now if has_proved else None, now=now)


def _set_down(
    response: HttpResponse,
    counselor: Counselor,
    *,
    begun_at: datetime,
    proved_at: datetime | None,
    now: datetime,
) -> None:
    cookie = ids.new_token()
    row = CareSession(
        key=_key(cookie),
        counselor=counselor,
        epoch=counselor.epoch,
        begun_at=begun_at,
        used_at=now,
        proved_at=proved_at,
    )
    row.seal = _seal(row)
    row.save(force_insert=True)
    response.set_cookie(
        settings.CARE_COOKIE,
        cookie,
        secure=settings.IS_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _row(request: HttpRequest) -> CareSession | None:
    cookie = request.COOKIES.get(settings.CARE_COOKIE, "")
    if len(cookie) != _LENGTH:
        return None
    found = CareSession.objects.select_related("counselor__card").filter(key=_key(cookie)).first()
    if found is None or not hmac.compare_digest(bytes(found.seal), _seal(found)):
        return None
    return found


def seat_of(request: HttpRequest, now: datetime, *, is_poll: bool = False) -> Seat | None:
    """Return who sits here, if anybody does: one query, and one write a minute."""
    row = _row(request)
    if row is None or row.epoch != row.counselor.epoch:
        return None
    if now - row.used_at >= rules.IDLE or now - row.begun_at >= rules.LONGEST_SESSION:
        return None
    if row.counselor.state != Counselor.State.ACTIVE or not is_genuine(row.counselor):
        return None
    if not is_poll and now - row.used_at >= _STEP:
        CareSession.objects.filter(pk=row.pk).update(used_at=now)
    return Seat(row.counselor, row.proved_at)


def seat(request: HttpRequest) -> Seat | None:
    """Return who sits at the desk of this request, asked once. A poll keeps no desk open."""
    if not hasattr(request, "_care_seat"):
        request._care_seat = seat_of(  # type: ignore[attr-defined]
            request, clock.now(), is_poll=asks_by_itself(request)
        )
    found: Seat | None = request._care_seat  # type: ignore[attr-defined]
    return found


def renew(request: HttpRequest, response: HttpResponse, now: datetime) -> None:
    """Note that a passkey was used just now: a fresh cookie and row, as old as the one before."""
    row = _row(request)
    if row is None or not CareSession.objects.filter(pk=row.pk).delete()[0]:
        return  # ended meanwhile
    _set_down(response, row.counselor, begun_at=row.begun_at, proved_at=now, now=now)


def end(request: HttpRequest) -> None:
    """End this browser's session."""
    cookie = request.COOKIES.get(settings.CARE_COOKIE, "")
    if cookie:
        CareSession.objects.filter(key=_key(cookie)).delete()


def leave(request: HttpRequest, response: HttpResponse) -> None:
    """End this browser's session and take its cookie away, whatever the database says."""
    if settings.CARE_COOKIE not in request.COOKIES or settings.PLANE not in ("care", "all"):
        return
    response.delete_cookie(settings.CARE_COOKIE, samesite="Strict")
    response.cookies[settings.CARE_COOKIE]["secure"] = settings.IS_SECURE
    end(request)


def end_all(counselor: Counselor, *, but: HttpRequest | None = None) -> None:
    """End every session of a counselor, but that of a request, in the caller's transaction."""
    over = CareSession.objects.filter(counselor=counselor)
    if but is not None:
        over = over.exclude(key=_key(but.COOKIES.get(settings.CARE_COOKIE, "")))
    over.delete()
