"""A supporter's words: by a code, sealed to the student's browser, and no way to any referral."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from peersupport.core import ids
from referrals import rules
from referrals.models import Attachment, Referral
from referrals.queries import drafts as reads
from referrals.queries.attached import attached_by
from referrals.queries.drafts import ACCOUNT, Gone, Handle
from referrals.services import attaching, drafts, sending
from referrals.services.attaching import Enough, WrongCode
from tests.people import cast, sign_in
from tests.ways import everything_kept, opened, post, publish_key, whole

pytestmark = [pytest.mark.django_db, pytest.mark.anydb]
SAID = "She asked me to say CANARY-SUPPORTER."


@pytest.fixture
def scene(evening: datetime) -> tuple[dict[str, Any], Handle, str]:
    people = cast(evening)
    handle = drafts.begin(answers=whole(), now=evening)
    return people, handle, drafts.show_code(handle=handle, now=evening).code


def _attach(supporter: Any, code: str, now: datetime, **more: Any) -> None:
    said = {"words": SAID, "request_key": ids.new_id(), "here": None, **more}
    attaching.attach(supporter=supporter, code=code, now=now, **said)


def test_the_student_reads_them_and_sends_them(scene: Any, evening: datetime) -> None:
    people, handle, code = scene
    secrets = publish_key()
    _attach(people["priya"], code.lower().replace("-", " "), evening)

    (word,) = reads.words_for(handle, whole())
    assert (word.by, word.words) == (people["priya"].introduction, SAID)
    sending.send(handle=handle, person=None, now=evening)

    sent = opened(Referral.objects.get(), secrets)
    assert [(one.by, one.words) for one in sent.attached] == [(word.by, SAID)]
    assert attached_by(people["priya"].pk, evening) == ["received"]
    row = Attachment.objects.get()
    assert (row.sealed, row.draft_id) == (None, None)


def test_what_is_taken_out_is_gone_at_once_and_not_sent(scene: Any, evening: datetime) -> None:
    people, handle, code = scene
    secrets = publish_key()
    _attach(people["priya"], code, evening)
    (word,) = reads.words_for(handle, whole())

    attaching.remove(handle=handle, attachment=word.id, now=evening)
    attaching.remove(handle=handle, attachment=word.id, now=evening)

    assert Attachment.objects.get().sealed is None
    sending.send(handle=handle, person=None, now=evening)
    assert opened(Referral.objects.get(), secrets).attached == ()
    assert attached_by(people["priya"].pk, evening) == ["gone"]


def test_nobody_else_takes_them_out(scene: Any, evening: datetime) -> None:
    people, handle, code = scene
    _attach(people["priya"], code, evening)
    other = drafts.begin(answers=whole(), now=evening)
    (word,) = reads.words_for(handle, whole())

    attaching.remove(handle=other, attachment=word.id, now=evening)
    with pytest.raises(Gone):
        attaching.remove(handle=reads.new_handle(), attachment=word.id, now=evening)

    assert len(reads.words_for(handle, whole())) == 1
    assert reads.words_for(other, whole()) == []


def test_wrong_over_and_old_codes_get_one_answer(scene: Any, evening: datetime) -> None:
    people, handle, code = scene
    newer = drafts.show_code(handle=handle, now=evening).code
    late = evening + rules.CODE_LASTS

    for bad, now in ((code, evening), ("", evening), ("\ud800", evening), (newer, late)):
        with pytest.raises(WrongCode):
            _attach(people["priya"], bad, now)
    _attach(people["priya"], newer, late - timedelta(seconds=1))
    assert Attachment.objects.count() == 1


def test_only_supporters_attach(scene: Any, evening: datetime) -> None:
    people, _handle, code = scene

    for name in ("ana", "cora", "ida"):
        with pytest.raises(WrongCode):
            _attach(people[name], code, evening)


def test_sending_the_same_again_changes_nothing(scene: Any, evening: datetime) -> None:
    people, _handle, code = scene
    key = ids.new_id()
    for _ in range(2):
        _attach(people["priya"], code, evening, request_key=key)
    assert Attachment.objects.count() == 1


def test_there_is_room_for_a_few(scene: Any, evening: datetime) -> None:
    people, _handle, code = scene
    for _ in range(reads.MOST_ATTACHED):
        _attach(people["priya"], code, evening)
    with pytest.raises(Enough):
        _attach(people["marcus"], code, evening)


def test_nobody_speaks_for_themselves(evening: datetime) -> None:
    """In the same browser it is refused; from another one, the page of the student omits it."""
    people = cast(evening)
    priya = people["priya"]
    mine = whole(keep=ACCOUNT, person=priya.pk)
    handle = drafts.begin(answers=mine, now=evening)
    code = drafts.show_code(handle=handle, now=evening).code

    with pytest.raises(WrongCode):
        _attach(priya, code, evening, here=handle)
    _attach(priya, code, evening, here=None)
    assert reads.words_for(handle, mine) == []
    _attach(people["marcus"], code, evening, here=None)
    assert len(reads.words_for(handle, mine)) == 1


def test_on_a_handed_over_phone_its_owner_may_speak(evening: datetime) -> None:
    people = cast(evening)
    handle = drafts.begin(answers=whole(is_borrowed=True), now=evening)
    code = drafts.show_code(handle=handle, now=evening).code

    _attach(people["priya"], code, evening, here=handle)

    assert len(reads.words_for(handle, whole(is_borrowed=True))) == 1


def test_nothing_is_kept_in_the_clear_and_nothing_ties_it_together(
    scene: Any, evening: datetime
) -> None:
    people, handle, code = scene
    publish_key()
    _attach(people["priya"], code, evening)
    before = everything_kept()
    sent = sending.send(handle=handle, person=None, now=evening)
    after = everything_kept()

    for kept in (before, after):
        assert "CANARY" not in kept
        assert code not in kept
    row = Attachment.objects.get()
    referral = Referral.objects.get(pk=sent.id)
    assert row.until.minute == row.until.second == row.until.microsecond == 0
    shared = {row.pk, row.request_key} & {referral.pk, referral.request_key}
    assert not shared


def test_it_is_forgotten_after_seven_days(scene: Any, evening: datetime) -> None:
    people, _handle, code = scene
    _attach(people["priya"], code, evening)
    assert attached_by(people["priya"].pk, evening) == ["waiting"]
    assert attached_by(people["priya"].pk, evening + rules.DRAFT_LASTS) == ["gone"]

    drafts.forget_drafts(now=evening + rules.ATTACHED_LASTS)

    assert not Attachment.objects.exists()


@pytest.mark.usefixtures("frozen")
def test_a_supporters_pages_never_lead_to_a_referral(scene: Any, evening: datetime) -> None:
    """T5: after it was sent every page says "received" and nothing more."""
    people, handle, code = scene
    publish_key()
    priya = sign_in(people["priya"])
    form = {"code": code, "words": SAID, "request_key": str(ids.new_id())}
    assert priya.post("/referrals/words/", form).status_code == 302
    sent = sending.send(handle=handle, person=None, now=evening)

    page = priya.get("/referrals/words/").content.decode()
    assert "Received" in page
    for path in ("", "words/", f"one/{sent.id}/", f"danger/{sent.id}/", "check/", "sent/"):
        said = priya.get(f"/referrals/{path}").content.decode()
        for secret in (str(sent.id), sent.code, "CANARY", code):
            assert secret not in said, path
    assert priya.get(f"/referrals/one/{sent.id}/").status_code == 404
    assert priya.post(f"/referrals/one/{sent.id}/take-back/").status_code == 404


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("code", ""),
        ("code", "\0"),
        ("code", "\u202eABC"),
        ("code", "\ud800"),
        ("code", "x" * 13),
        ("words", ""),
        ("words", "a\0b"),
        ("words", "\u202eevil"),
        ("words", "\ud83d"),
        ("words", "x" * 2001),
        ("request_key", ""),
        ("request_key", "1"),
    ],
)
def test_bad_input_keeps_the_rest(scene: Any, field: str, bad: str) -> None:
    people, _handle, code = scene
    form = {"code": code, "words": "Kept words", "request_key": str(ids.new_id()), field: bad}
    answer = post(sign_in(people["priya"]), "/referrals/words/", form)

    assert answer.status_code == 400
    assert "There is a problem" in answer.content.decode()
    assert not Attachment.objects.exists()
    if field != "words":
        assert "Kept words" in answer.content.decode()


@pytest.mark.usefixtures("frozen")
def test_wrong_codes_are_bounded(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    people, _handle, code = scene
    monkeypatch.setattr("referrals.limits.WRONG_CODES", 1)
    priya: Client = sign_in(people["priya"])
    form = {"code": "222-222", "words": SAID, "request_key": str(ids.new_id())}

    assert b"does not work" in priya.post("/referrals/words/", form).content
    assert b"many codes" in priya.post("/referrals/words/", {**form, "code": code}).content
    assert not Attachment.objects.exists()
