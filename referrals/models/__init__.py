"""Tables of referrals. No relation leads from any of them to a person of the web side.

Who may read and write which is in one map, `peersupport/portal/grants.py`: what the web side sends
it can only add; what the care side keeps for itself the web side cannot even see.
"""

from referrals.models.cases import Referral, Sealed, Told, Withdrawal, Wrap
from referrals.models.drafts import Attachment, Draft
from referrals.models.duty import Clock, DaysAway, PublishedKey, Reading, Timers
from referrals.models.emergency import EmergencyContact
from referrals.models.people import Asked, Card, CareSession, Counselor, Passkey, RecoveryCode
from referrals.models.records import Counter, Link, Opening, Ring, Taken
from referrals.models.routing import Exclusion, Routed

__all__ = [
    "Asked",
    "Attachment",
    "Card",
    "CareSession",
    "Clock",
    "Counselor",
    "Counter",
    "DaysAway",
    "Draft",
    "EmergencyContact",
    "Exclusion",
    "Link",
    "Opening",
    "Passkey",
    "PublishedKey",
    "Reading",
    "RecoveryCode",
    "Referral",
    "Ring",
    "Routed",
    "Sealed",
    "Taken",
    "Timers",
    "Told",
    "Withdrawal",
    "Wrap",
]
