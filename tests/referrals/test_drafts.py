"""Drafts: only the browser that began one can open it, for two hours at most."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from peersupport.core import ids
from referrals import rules
from referrals.content import Reach
from referrals.envelope import BLOCK, TooLong
from referrals.models import Attachment, Draft
from referrals.queries import drafts as reads
from referrals.queries.drafts import Answers, Gone, Handle
from referrals.services import attaching, drafts
from tests.people import cast
from tests.ways import WORDS, everything_kept, whole

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]


def test_what_is_answered_is_read_again(evening: datetime) -> None:
    answers = whole(not_by=(ids.new_id(),), person=ids.new_id(), voicemail=True)
    handle = drafts.begin(answers=answers, now=evening)

    assert reads.read(handle, evening) == answers
    assert reads.read(Handle(handle.secret), evening) == answers


def test_a_change_leaves_the_other_answers(evening: datetime) -> None:
    """As from two tabs: each sends its own question alone."""
    handle = drafts.begin(answers=whole(), now=evening)

    drafts.change(handle=handle, now=evening, name="Sam")
    drafts.change(handle=handle, now=evening, urgency="soon")

    assert reads.read(handle, evening) == whole(name="Sam", urgency="soon")


def test_another_browser_reads_nothing(evening: datetime) -> None:
    handle = drafts.begin(answers=whole(), now=evening)
    other = Handle(bytes(32))

    for stranger in (other, reads.new_handle()):
        with pytest.raises(Gone):
            reads.read(stranger, evening)
        with pytest.raises(Gone):
            drafts.change(handle=stranger, now=evening, words="mine now")
    assert reads.read(handle, evening).words == WORDS


def test_a_row_moved_to_another_browsers_draft_does_not_open(evening: datetime) -> None:
    first = drafts.begin(answers=whole(), now=evening)
    second = drafts.begin(answers=whole(words="other"), now=evening)
    sealed = Draft.objects.get(pk=first.id).sealed
    Draft.objects.filter(pk=second.id).update(sealed=sealed)

    with pytest.raises(Gone):
        reads.read(second, evening)


def test_after_two_hours_it_is_gone_whether_or_not_a_job_ran(evening: datetime) -> None:
    handle = drafts.begin(answers=whole(), now=evening)
    late = evening + rules.DRAFT_LASTS

    assert reads.read(handle, late - timedelta(seconds=1)).words == WORDS
    with pytest.raises(Gone):
        reads.read(handle, late)
    assert Draft.objects.exists()
    drafts.forget_drafts(now=late)
    assert not Draft.objects.exists()


def test_nothing_of_it_is_in_the_database_in_the_clear(evening: datetime) -> None:
    handle = drafts.begin(answers=whole(), now=evening)
    drafts.show_code(handle=handle, now=evening)
    code = reads.read(handle, evening).code
    kept = everything_kept()

    assert code
    for canary in ("CANARY", "canary.example", code, handle.secret.decode("latin-1")):
        assert canary not in kept


def test_the_length_says_little(evening: datetime) -> None:
    lengths = {
        len(reads.seal_answers(reads.new_handle(), whole(words="x" * count)))
        for count in (1, 500, rules.LONGEST_WORDS)
    }

    assert len(lengths) == 1
    assert lengths.pop() > BLOCK


def test_more_than_fits_is_refused_and_nothing_is_lost(evening: datetime) -> None:
    handle = drafts.begin(answers=whole(), now=evening)

    with pytest.raises(TooLong):
        drafts.change(handle=handle, now=evening, words="\U0001f600" * 20_000)
    assert reads.read(handle, evening).words == WORDS


def test_printing_shows_nothing() -> None:
    handle = reads.new_handle()
    shown = repr((whole(person=ids.new_id()), handle, Reach("text", "555")))

    for canary in ("CANARY", "555-0142", str(handle.secret)):
        assert canary not in shown
    assert "555" not in repr(replace(Answers(), reach=(Reach("text", "555"),)))


def test_thrown_away_it_takes_the_words_that_wait_along(evening: datetime) -> None:
    people = cast(evening)
    handle = drafts.begin(answers=whole(), now=evening)
    code = drafts.show_code(handle=handle, now=evening).code
    _attach(people["priya"], code, evening)

    drafts.discard(handle=handle)
    drafts.discard(handle=handle)

    assert not Draft.objects.exists()
    row = Attachment.objects.get()
    assert (row.state, row.sealed, row.draft_id) == ("gone", None, None)


def _attach(supporter: Any, code: str, now: datetime) -> None:
    attaching.attach(
        supporter=supporter,
        code=code,
        words="CANARY-SUPPORTER",
        request_key=ids.new_id(),
        here=None,
        now=now,
    )
