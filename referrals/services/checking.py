"""Whether everything on the care side is as it must be. Names what is not, and shows nothing."""

from dataclasses import dataclass
from datetime import datetime

from peersupport.core.keyfiles import KeysUnusable
from referrals.models import Counselor, Passkey, PublishedKey, Referral
from referrals.published import is_genuine as is_genuine_key
from referrals.recipients import pinned_root
from referrals.rules import LIVE
from referrals.seals import is_genuine, is_genuine_passkey
from referrals.services import chain, rotation


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked at, how many, and the names of those that are not as they must be."""

    looked_at: str
    count: int
    wrong: tuple[str, ...]


_WORDS = {
    "edited": "is not as it was",
    "missing": "is missing",
    "inserted": "was put in later",
    "broken": "does not follow from the one before",
    "rewritten": "is not the one that was noted on the care host",
    "cut": "was the last, and the chain ends before it",
}


def look(*, now: datetime) -> list[Found]:
    """Return what was looked at: the keys, every referral, the chain, the people."""
    return [_keys(now), _referrals(), _chain(now), _people()]


def _keys(now: datetime) -> Found:
    wrong = []
    rows = list(PublishedKey.objects.order_by("epoch"))
    try:
        root = pinned_root()
    except KeysUnusable as error:
        return Found("published keys", len(rows), (str(error),))
    wrong += [
        f"epoch {row.epoch} was not signed by the root"
        for row in rows
        if not is_genuine_key(row, root)
    ]
    wrong += [f"epoch {number} is {what}" for number, what in rotation.unlike_store()]
    if rotation.is_due(now):
        wrong.append("the epoch is over: run `care_keys rotate`")
    return Found("published keys", len(rows), tuple(wrong))


def _referrals() -> Found:
    """Everything that still has content opens to a whole one, and all that is live has some."""
    rows = list(Referral.objects.select_related("sealed").order_by("code"))
    wrong = []
    for one in rows:
        if not hasattr(one, "sealed"):
            if one.state in LIVE:
                wrong.append(f"{one.code} has no content")
        elif not rotation.is_whole(one):
            wrong.append(f"{one.code} does not open")
    return Found("referrals", len(rows), tuple(wrong))


def _chain(now: datetime) -> Found:
    wrong = [
        f"link {one.number}: {one.thing} {one.row_id or ''} {_WORDS[one.what]}".replace("  ", " ")
        for one in chain.verify(now=now)
    ]
    return Found("links of the chain", chain.length(), tuple(wrong))


def _people() -> Found:
    counselors = list(Counselor.objects.select_related("card"))
    passkeys = list(Passkey.objects.select_related("counselor__card"))
    wrong = [f"{one.card.name} is not genuine" for one in counselors if not is_genuine(one)]
    wrong += [
        f"a passkey of {one.counselor.card.name} is not genuine"
        for one in passkeys
        if not is_genuine_passkey(one)
    ]
    return Found("counselors and passkeys", len(counselors) + len(passkeys), tuple(wrong))
