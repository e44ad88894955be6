"""A supporter's words for a student who began: sealed to the student's browser."""

import json
import uuid
from datetime import datetime

from django.db import transaction
from nacl.public import PublicKey, SealedBox

from accounts.models import Person
from accounts.rules import Role
from referrals import rules, tagkey
from referrals.models import Attachment, Draft
from referrals.queries.drafts import ACCOUNT, MOST_ATTACHED, Gone, Handle, read
from referrals.services.drafts import code_mark, hold
from referrals.services.hours import by_the_hour

_BLOCK = 4096


class WrongCode(Exception):
    """The code is wrong, is over, or is one's own: the same answer for each."""


class Enough(Exception):
    """So many words of supporters are attached that there is no room for more."""


def _sealed(draft: Draft, supporter: Person, words: str) -> bytes:
    said = {"by": supporter.introduction, "words": words, "person": supporter.pk.hex}
    plain = json.dumps(said, ensure_ascii=False).encode()
    plain += b" " * (-len(plain) % _BLOCK)
    return bytes(SealedBox(PublicKey(bytes(draft.public))).encrypt(plain))


def _is_own(here: Handle | None, draft: Draft, supporter: Person, now: datetime) -> bool:
    """Return whether this browser itself began the draft, and not on a borrowed phone."""
    if here is None or here.id != draft.pk:
        return False
    try:
        answers = read(here, now)
    except Gone:
        return False
    return not answers.is_borrowed or (answers.keep == ACCOUNT and answers.person == supporter.pk)


@transaction.atomic(durable=True)
def attach(
    *,
    supporter: Person,
    code: str,
    words: str,
    request_key: uuid.UUID,
    here: Handle | None,
    now: datetime,
) -> None:
    """Attach words to what a student began. Sending the same `request_key` again changes nothing.

    `here` is what the supporter's own browser may have begun: nobody speaks for themselves.
    Raises WrongCode and Enough. Writes no audit row: it would tie the two together.
    """
    if not supporter.has_role(Role.SUPPORTER):
        raise WrongCode
    mine = tagkey.tags_for(supporter.pk, now, tagkey.SUPPORTER)
    if Attachment.objects.filter(request_key=request_key, tag__in=mine).exists():
        return
    mark = code_mark(code)
    # Once to know which, and once more when nobody else writes into it.
    key = Draft.objects.filter(code=mark).values_list("pk", flat=True).first()
    if key is not None:
        hold(key.bytes)
    draft = Draft.objects.filter(code=mark, code_until__gt=now, until__gt=now).first()
    if draft is None or _is_own(here, draft, supporter, now):
        raise WrongCode
    waiting = Attachment.objects.filter(draft=draft, state=Attachment.State.WAITING)
    if waiting.count() >= MOST_ATTACHED:
        raise Enough
    row = Attachment(
        draft=draft,
        tag=tagkey.tag_for(supporter.pk, now, tagkey.SUPPORTER),
        sealed=_sealed(draft, supporter, words),
        request_key=request_key,
        until=by_the_hour(now) + rules.ATTACHED_LASTS,
    )
    Attachment.objects.bulk_create([row], ignore_conflicts=True)


@transaction.atomic(durable=True)
def remove(*, handle: Handle, attachment: uuid.UUID, now: datetime) -> None:
    """Take a supporter's words out of one's own draft; they are gone at once. Raises Gone."""
    hold(handle.id.bytes)
    read(handle, now)
    Attachment.objects.filter(
        pk=attachment, draft=handle.id, state=Attachment.State.WAITING
    ).update(state=Attachment.State.GONE, sealed=None)
