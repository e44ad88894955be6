"""The session store of this project (SESSION_ENGINE).

The row's key is a MAC of the cookie and its data is sealed under a key derived from the cookie
and the keyring: whoever steals the table, even with the keyring, holds neither cookies nor
content; whoever steals a cookie's row cannot tell whose it is. Expiry is rounded up to the hour,
so that rows do not tell when somebody signed in.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.core import signing
from django.db import transaction

from peersupport.core import clock, ids
from peersupport.core.crypto import CannotOpen, derive, keyring, open_box, seal_box
from peersupport.core.sessions.models import Row

_LARGEST = 16 * 1024


def _row_key(cookie: str) -> bytes:
    return keyring().mac(cookie.encode("utf-8", "surrogatepass"), purpose="session-row")


def _data_key(cookie: str) -> bytes:
    secret = keyring().mac(cookie.encode("utf-8", "surrogatepass"), purpose="session-data")
    return derive(hashlib.sha256(cookie.encode("utf-8", "surrogatepass") + secret).digest(), "s")


def _hour_after(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class TooLarge(Exception):
    """A session must stay small: nothing that belongs in a table is kept in it."""


class SessionStore(SessionBase):
    """Database sessions, sealed under the cookie."""

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
        expires_at = _hour_after(self.get_expiry_date())
        with transaction.atomic():
            if must_create:
                if Row.objects.filter(key=key).exists():
                    raise CreateError
                Row.objects.create(key=key, sealed=sealed, expires_at=expires_at)
            elif not Row.objects.filter(key=key).update(sealed=sealed, expires_at=expires_at):
                raise UpdateError
        return None

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


@transaction.atomic(durable=True)
def forget_expired(*, now: datetime) -> int:
    """Delete expired sessions; return how many."""
    return Row.objects.filter(expires_at__lte=now).delete()[0]
