"""Which key files belong on which side's hosts. A host with another side's keys starts nothing.

The sides stand apart only as long as no host can do what the other does. So a secret of the care
side on a web host is refused, whatever the program would have done with it, and the other way.
"""

from pathlib import Path

from peersupport.core import keyfiles

_WEB = (keyfiles.KEYRING, keyfiles.DAYKEY)
_CARE = (
    keyfiles.CARE_KEYRING,
    keyfiles.CARE_ROOT_KEY,
    keyfiles.CARE_EPOCHS,
    keyfiles.CARE_KEY,
)
# Of the web side too, but made later than the others: `tagkey.json` names open referrals' owners.
_WEB_ALSO = ("tagkey.json",)


def fault_of(plane: str, directory: Path) -> str:
    """Return in one sentence which key file must not be here, or is missing; empty if all is well.

    `all` is the demo, where everything lies in one place. A web side without the public keys of
    the care side starts: what needs them says that it cannot be taken now.
    """
    if plane == "all":
        return ""
    own, foreign = (_CARE, (*_WEB, *_WEB_ALSO)) if plane == "care" else (_WEB, _CARE)
    found = sorted(name for name in foreign if (directory / name).exists())
    if found:
        side, other = ("care", "web") if plane == "care" else ("web", "care")
        return (
            f"KEYS_DIR holds {', '.join(found)}: the {other} side's keys must not lie on a host "
            f"of the {side} side. Move them where they belong, and delete them here."
        )
    missing = sorted(name for name in own if not (directory / name).exists())
    if plane == "care" and missing:
        return f"Key file {missing[0]} is missing: `manage.py init_care_keys` makes it, once."
    return ""
