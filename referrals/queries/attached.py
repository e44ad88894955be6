"""What became of the words a supporter attached: three words, and no way to any referral."""

import uuid
from datetime import datetime

from referrals import tagkey
from referrals.models import Attachment


def attached_by(supporter: uuid.UUID, now: datetime) -> list[str]:
    """Return the state of each of a supporter's words of the last days, the latest first.

    Words that wait in a draft whose time is over count as gone, whether or not a job has run.
    """
    mine = Attachment.objects.filter(
        tag__in=tagkey.tags_for(supporter, now, tagkey.SUPPORTER), until__gt=now
    )
    rows = mine.order_by("-until", "pk").values_list("state", "draft__until")
    waiting = Attachment.State.WAITING
    return [
        str(Attachment.State.GONE)
        if state == waiting and (until is None or until <= now)
        else str(state)
        for state, until in rows
    ]
