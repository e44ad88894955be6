"""Which key files a host of each side has, and which it must not have.

What opens what students sent lies on the care host alone; what says who came to which visit, on
the hosts of the web side alone. A process that finds the other side's key beside its own does not
start: whoever took over this host would have both.
"""

from pathlib import Path

from django.conf import settings

from peersupport.core import crypto, daykey, keyfiles
from referrals import tagkey
from referrals.recipients import pinned_root
from referrals.services import rotation

_OPENS = (
    keyfiles.CARE_ROOT_KEY,
    keyfiles.CARE_EPOCHS,
    keyfiles.CARE_KEY,
    keyfiles.CARE_KEYRING,
)
_KNOWS = (keyfiles.KEYRING, keyfiles.DAYKEY, tagkey.FILE)


def foreign(plane: str, directory: Path) -> list[str]:
    """Return the key files in a directory that a host of this plane must not have."""
    not_here = {"web": _OPENS, "worker": _OPENS, "care": _KNOWS}.get(plane, ())
    return [name for name in not_here if (directory / name).exists()]


def fault_of_place() -> str:
    """Return why nothing may start beside the key files that lie here; empty if it may."""
    found = foreign(settings.PLANE, Path(settings.KEYS_DIR))
    if found:
        side = "web side's" if settings.PLANE == "care" else "care side's"
        return (
            f"Key files of the {side} hosts lie here, on one of PLANE={settings.PLANE}: "
            f"{', '.join(found)}. Move them there and delete them here."
        )
    return ""


def check_own() -> None:
    """Raise KeysUnusable for a key that this side needs and cannot use."""
    crypto.keyring()
    if settings.PLANE != "care":
        daykey.ratchet()
        tagkey.check()
    if settings.PLANE in ("care", "all"):
        rotation.check_store()
        pinned_root()
