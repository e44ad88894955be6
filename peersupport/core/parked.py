"""What was read travels sealed with the page on which it is confirmed: nothing is kept here."""

import base64
import json
import zlib
from datetime import datetime, timedelta
from typing import Any

from peersupport.core.crypto import CannotOpen, keyring

# How long it travels before it must be sent again.
TRAVELS = timedelta(hours=2)


def park(said: Any, *, purpose: str, whose: str, now: datetime) -> str:
    """Return something as sealed text for a hidden field; days and times become ISO text."""
    bag = {"until": (now + TRAVELS).timestamp(), "said": said}
    plain = zlib.compress(json.dumps(bag, default=lambda one: one.isoformat()).encode(), 9)
    return base64.b64encode(keyring().seal(plain, purpose=purpose, context=whose)).decode()


def unpark(text: str, *, purpose: str, whose: str, now: datetime) -> Any:
    """Return what the same person parked for the same purpose not long ago, else None."""
    try:
        sealed = base64.b64decode(text, validate=True)
        plain = keyring().open(sealed, purpose=purpose, context=whose)
    except (CannotOpen, ValueError):
        return None
    bag: dict[str, Any] = json.loads(zlib.decompress(plain))
    return None if bag["until"] < now.timestamp() else bag["said"]
