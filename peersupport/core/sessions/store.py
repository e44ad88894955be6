"""The session store of this project (SESSION_ENGINE).

The row's key is a MAC of the cookie and its data is sealed under a key derived from the cookie
and the keyring: whoever steals the table, even with the keyring, holds neither cookies nor
content; whoever steals a cookie's row cannot tell whose it is. Expiry is rounded up, so that rows
do not tell when somebody signed in or was last here.

Until when a session lives is said by the row and the server's clock, never by the cookie. Saving
what a session holds does not lengthen it: only `keep_until` does.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.core import signing
from django.db import connection, transaction
from django.db.models import F

from peersupport.core import clock, ids
from peersupport.core.crypto import CannotOpen, derive, keyring, open_box, seal_box
from peersupport.core.sessions.models import Row

_LARGEST = 16 * 1024
# Before anybody is signed in there is nothing worth keeping: a code lasts a quarter of an hour.
_NOBODYS = timedelta(hours=1)
# As Django names them in every session of somebody signed in.
_PERSON, _EPOCH = "_auth_user_id", "_auth_user_hash"


def _row_key(cookie: str) -> bytes:
    return keyring().mac(cookie.encode("utf-8", "surrogatepass"), purpose="session-row")


def _data_key(cookie: str) -> bytes:
    secret = keyring().mac(cookie.encode("utf-8", "surrogatepass"), purpose="session-data")
    return derive(hashlib.sha256(cookie.encode("utf-8", "surrogatepass") + secret).digest(), "s")


def _hour_after(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def owner_mark(epoch: str) -> bytes:
    """Return the mark that the rows of one person share, until all their sessions are ended."""
    return keyring().mac(epoch.encode(), purpose="session-owner")


class TooLarge(Exception):
    """A session must stay small: nothing that belongs in a table is kept in it."""


class SessionStore(SessionBase):
    """Database sessions, sealed under the cookie."""

    row: Row | None = None  # as it was when it was read
    _begins: dict[str, Any] | None = None
    _carried: tuple[bytes, dict[str, Any]] | None = None

    def _get_new_session_key(self) -> str:
        return ids.new_token()

    def _validate_session_key(self, key: Any) -> bool:
        return bool(key) and isinstance(key, str) and len(key) == 43

    def _find(self, cookie: str) -> Row | None:
        return Row.objects.filter(key=_row_key(cookie), expires_at__gt=clock.now()).first()

    def load(self) -> dict[str, Any]:
        """Return the content; an unknown, expired or edited row is an empty session."""
        cookie = self.session_key
        row = self._find(cookie) if cookie else None
        if cookie is not None and row is not None:
            try:
                plain = open_box(_data_key(cookie), bytes(row.sealed), context="session")
                self.row = row
                return dict(signing.JSONSerializer().loads(plain))
            except (CannotOpen, ValueError):
                pass
        self._session_key = None
        return {}

    async def aload(self) -> dict[str, Any]:
        """Return the content."""
        return self.load()

    def exists(self, session_key: str) -> bool:
        """Return whether a cookie has a row."""
        return self._find(session_key) is not None

    def create(self) -> None:
        """Take a fresh cookie and store an empty session under it."""
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Store the content. Raises CreateError or UpdateError as Django's own stores do."""
        if self.session_key is None:
            return self.create()
        cookie = self.session_key
        content = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        plain = signing.JSONSerializer().dumps(content)
        if len(plain) > _LARGEST:
            raise TooLarge
        sealed = seal_box(_data_key(cookie), plain, version=1, context="session")
        key = _row_key(cookie)
        fields: dict[str, Any] = {"sealed": sealed, "owner": None}
        if content.get(_PERSON):
            fields["owner"] = owner_mark(str(content.get(_EPOCH)))
            if self._carried and self._carried[0] == fields["owner"]:
                fields |= self._carried[1]
            if self._begins is not None:
                device = _seal_device(self._begins["device"], fields["owner"])
                fields |= {**self._begins, "device": device}
        with transaction.atomic():
            if must_create:
                if Row.objects.filter(key=key).exists():
                    raise CreateError
                Row.objects.create(
                    key=key, **{"expires_at": _hour_after(clock.now() + _NOBODYS), **fields}
                )
            elif not Row.objects.filter(key=key).update(**fields):
                raise UpdateError
        return None

    def cycle_key(self) -> None:
        """Go on under a fresh cookie; until when it lives stays as it is."""
        row = self.row
        super().cycle_key()
        if row is not None and row.owner:
            kept = {"expires_at": row.expires_at, "used_on": row.used_on, "device": row.device}
            self._carried = bytes(row.owner), kept

    def begin(self, *, expires_at: datetime, used_on: date, device: str) -> None:
        """Say until when a session lives that somebody has just begun; saving it writes that."""
        self._begins = {"expires_at": expires_at, "used_on": used_on, "device": device}

    def keep_until(self, *, expires_at: datetime, used_on: date) -> None:
        """Let this session live until then. Does not bring back a row that was ended."""
        if self.session_key is not None:
            rows = Row.objects.filter(key=_row_key(self.session_key))
            rows.update(expires_at=expires_at, used_on=used_on)

    def delete(self, session_key: str | None = None) -> None:
        """Delete a session's row."""
        cookie = session_key or self.session_key
        if cookie is not None:
            Row.objects.filter(key=_row_key(cookie)).delete()

    def get_session_cookie_age(self) -> int:
        """Return the age of the cookie in seconds."""
        return int(settings.SESSION_COOKIE_AGE)

    @classmethod
    def get_model_class(cls) -> type[Row]:
        """Return the table, as Django's own stores do."""
        return Row

    @classmethod
    def clear_expired(cls) -> None:
        """Delete what has expired."""
        forget_expired(now=clock.now())


def _seal_device(device: str, owner: bytes) -> bytes:
    plain = device.encode()[:40].ljust(40)  # as long as every other
    return keyring().seal(plain, purpose="session-device", context=owner.hex())


@dataclass(frozen=True, slots=True)
class Device:
    """One session of somebody, as their own list shows it."""

    handle: str
    name: str
    used_on: date | None
    is_this: bool


def devices(*, epoch: str, cookie: str | None, now: datetime) -> list[Device]:
    """Return the sessions of one person, the one with this cookie first, then by day."""
    owner = owner_mark(epoch)
    mine = _row_key(cookie) if cookie else b""
    found = []
    for row in Row.objects.filter(owner=owner, expires_at__gt=now):
        try:
            sealed = bytes(row.device) if row.device else b""
            name = keyring().open(sealed, purpose="session-device", context=owner.hex())
        except (CannotOpen, ValueError):
            name = b""
        key = bytes(row.key)
        said = name.decode("ascii", "replace").strip()
        found.append(Device(_handle(key), said, row.used_on, key == mine))
    found.sort(key=lambda d: (d.is_this, d.used_on or date.min, d.handle), reverse=True)
    return found


def _handle(key: bytes) -> str:
    return keyring().mac(key, purpose="session-handle").hex()[:32]


@transaction.atomic(durable=True)
def end(*, epoch: str, handle: str) -> bool:
    """End one session of a person, at its next request. Returns whether there was one."""
    rows = Row.objects.filter(owner=owner_mark(epoch)).values_list("key", flat=True)
    ended = [key for key in rows if _handle(bytes(key)) == handle]
    return bool(Row.objects.filter(key__in=ended).delete()[0])


@transaction.atomic(durable=True)
def end_others(*, epoch: str, cookie: str | None) -> int:
    """End all sessions of a person but the one with this cookie; return how many."""
    rows = Row.objects.filter(owner=owner_mark(epoch))
    if cookie:
        rows = rows.exclude(key=_row_key(cookie))
    return rows.delete()[0]


@transaction.atomic(durable=True)
def forget_expired(*, now: datetime) -> int:
    """Delete expired sessions, and write the others anew in the order of their random keys.

    Where a row lies and which transaction wrote it would tell when somebody signed in, to
    whoever has the keyring as well and so knows whose it is. Returns how many were deleted.
    """
    gone = Row.objects.filter(expires_at__lte=now).delete()[0]
    for key in Row.objects.order_by("key").values_list("key", flat=True):
        Row.objects.filter(key=key).update(used_on=F("used_on"))
    if connection.vendor == "sqlite":  # where a row keeps its number however often it is written
        with connection.cursor() as cursor:
            cursor.execute("UPDATE sessions_row SET rowid = abs(random() / 2)")
    return gone
