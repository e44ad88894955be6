"""Identifiers that say nothing: 128 random bits, no time, no order, no machine."""

import secrets
import uuid

# Letters and figures that cannot be mistaken for one another when read aloud.
_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> uuid.UUID:
    """Return a fresh identifier of 128 random bits (a version 4 UUID has only 122)."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


def parse(text: str) -> uuid.UUID | None:
    """Return the identifier written in a text, or None if there is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def new_token() -> str:
    """Return a fresh URL-safe token of 256 random bits."""
    return secrets.token_urlsafe(32)


def new_reference() -> str:
    """Return a short code a person may read aloud, such as "7KQ-4MX". It authorizes nothing."""
    letters = [secrets.choice(_READABLE) for _ in range(6)]
    return f"{''.join(letters[:3])}-{''.join(letters[3:])}"
