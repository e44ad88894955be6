"""The pages of the desk: who gets what answer, and what is on them."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from peersupport.core import ids
from program.queries import facts
from referrals import rules
from referrals.models import (
    CareSession,
    Counselor,
    Opening,
    Referral,
    Taken,
)
from referrals.queries import desk as reads_of
from referrals.rules import Kind, Urgency
from referrals.services import desk
from tests.care import care_cast, counselor, sit_down
from tests.referrals.cases import SAID, break_blob, reads, sent, take_back
from tests.roles import acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.anydb,
    pytest.mark.plane("care"),
    pytest.mark.usefixtures("care_plane", "frozen", "wound"),
]
S = rules.State


def _people(now: datetime) -> dict[str, Counselor]:
    return {**care_cast(now), "fay": counselor("Fay", now), "gil": counselor("Gil", now)}


# As the page asks by itself; "refresh" is somebody who came back to it.
_POLL = {"HX-Request": "true", "HX-Trigger": "desk"}


def _text(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


# -- opening ---


def test_open_records_first_and_shows_everything(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, not_by=(cast["fay"].pk,))
    eli = sit_down(cast["eli"], evening)

    page = eli.post(f"/care/case/{row.pk}/open/")

    shown = _text(page)
    for said in (SAID.name, SAID.words, SAID.times, "555-0142", "Sol", "Leave no message"):
        assert said in shown
    assert 'href="tel:555-0142"' in page.content.decode()
    assert "Fay" not in shown  # whom the student left out stays theirs
    assert page["Cache-Control"] == "no-store"
    opened = Opening.objects.get(what="case")
    assert (opened.referral_id, opened.counselor_id, opened.name) == (row.pk, eli_key(cast), "Eli")
    # Reloading is opening again.
    eli.post(f"/care/case/{row.pk}/open/")
    assert Opening.objects.filter(what="case").count() == 2


def eli_key(cast: dict[str, Counselor]) -> Any:
    """Return Eli's key."""
    return cast["eli"].pk


@pytest.mark.parametrize("page", ["open", "chart"])
def test_without_a_passkey_nothing_is_opened(evening: datetime, page: str) -> None:
    """T20: also by a direct POST, and with a proof that is five minutes old."""
    cast = _people(evening)
    row = sent(evening)
    unproved = sit_down(cast["eli"], evening, has_proved=False)
    old = sit_down(cast["eli"], evening)
    for client, moment in ((unproved, evening), (old, evening + rules.PROVED_LASTS)):
        with time_machine.travel(moment, tick=False):
            got = client.post(f"/care/case/{row.pk}/{page}/", headers={"HX-Request": "true"})
            assert got.status_code == 302
            assert got["Location"].startswith("/care/prove/")
            shown = client.get(f"/care/case/{row.pk}/")
            assert f"/care/prove/?next=/care/case/{row.pk}/" in shown.content.decode()
            assert f"/{page}/" not in shown.content.decode()
    assert not Opening.objects.exclude(what="routing").exists()


def test_what_does_not_open_shows_its_code_alone(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    break_blob(row)

    page = sit_down(cast["eli"], evening).post(f"/care/case/{row.pk}/open/")

    assert page.status_code == 409
    assert f"{row.code} does not open" in _text(page)
    assert SAID.words not in _text(page)
    kinds = Opening.objects.filter(counselor_id__isnull=False)
    assert sorted(kinds.values_list("what", flat=True)) == ["case", "refused"]


def test_copy_to_the_chart_is_plain_text_and_recorded(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)

    page = sit_down(cast["eli"], evening).post(f"/care/case/{row.pk}/chart/")

    area = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.content.decode(), re.S)
    assert area is not None
    assert SAID.words in area[1]
    assert Opening.objects.filter(what="chart").count() == 1


def test_hostile_content_stays_text(evening: datetime) -> None:
    from dataclasses import replace

    from referrals.content import Reach

    cast = _people(evening)
    bad = '</textarea><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    said = replace(
        SAID, name=bad, words=bad, times=bad, reach=(Reach("phone", "javascript:alert(1)"),)
    )
    row = sent(evening, said=said)
    eli = sit_down(cast["eli"], evening)
    for page in ("open", "chart"):
        body = eli.post(f"/care/case/{row.pk}/{page}/").content.decode()
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert (
            "javascript:alert"
            not in re.sub(r">[^<]*<", "><", body).replace("javascript:alert(1)\n", "")
            or 'href="javascript' not in body
        )


# -- the list ---


def test_the_list_says_how_long_and_how_much_is_left(evening: datetime) -> None:
    cast = _people(evening)
    reads(cast["eli"].card, 0, 1, 2, 3, 4)
    row = sent(evening)
    with time_machine.travel(evening + timedelta(hours=18), tick=False):  # Tuesday, 11:10am
        page = sit_down(cast["eli"], evening + timedelta(hours=18)).get("/care/")
    shown = _text(page)
    assert row.code in shown
    assert "Waiting since yesterday" in shown
    assert "1 hour 45 minutes of reading time left" in shown
    assert "These are reading hours" in shown


def test_each_case_lies_in_one_place(evening: datetime) -> None:
    cast = _people(evening)
    urgent = sent(evening, urgency=Urgency.URGENT)
    waiting, mine, handed, other = (sent(evening) for _ in range(4))
    routine = sent(evening, urgency=Urgency.ROUTINE)
    danger = sent(evening, kind=Kind.DANGER)
    eli, fay = cast["eli"], cast["fay"]
    desk.acknowledge(referral=mine.pk, by=eli, now=evening)
    desk.acknowledge(referral=handed.pk, by=fay, now=evening)
    desk.transfer(referral=handed.pk, to=eli.pk, by=fay, now=evening)
    desk.acknowledge(referral=other.pk, by=fay, now=evening)

    found = reads_of.desk(eli, evening, facts().zone)

    def codes(cases: Any) -> list[str]:
        return [one.code for one in cases]

    assert codes(found.danger) == [danger.code]
    assert codes(found.waiting) == [urgent.code, waiting.code, routine.code]
    assert codes(found.mine) == [mine.code]
    assert codes(found.handed) == [handed.code]
    assert codes(found.others) == []
    lead = reads_of.desk(cast["dee"], evening, facts().zone)
    assert sorted(codes(lead.others)) == sorted([mine.code, handed.code, other.code])
    shown = _text(sit_down(eli, evening).get("/care/"))
    assert shown.index("In danger") < shown.index("Handed to you") < shown.index("Waits for")
    assert "Not confirmed yet" in shown


def test_danger_that_nobody_has_confirmed_stays_on_top_for_the_lead(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, kind=Kind.DANGER)
    desk.acknowledge(referral=row.pk, by=cast["eli"], now=evening)

    assert [c.code for c in reads_of.desk(cast["dee"], evening, facts().zone).danger] == [row.code]
    desk.confirm(referral=row.pk, by=cast["dee"], now=evening)
    assert reads_of.desk(cast["dee"], evening, facts().zone).danger == ()


def test_what_was_taken_back_is_gone_at_once(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    eli = sit_down(cast["eli"], evening)
    assert row.code in _text(eli.get("/care/"))

    take_back(row, evening)

    assert row.code not in _text(eli.get("/care/"))
    assert eli.post(f"/care/case/{row.pk}/open/").status_code == 404


def test_new_ones_are_routed_when_somebody_looks(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, routed=False)

    assert row.code in _text(sit_down(cast["eli"], evening).get("/care/"))


def test_an_empty_desk_says_what_it_is_for(evening: datetime) -> None:
    cast = _people(evening)
    assert "Nobody waits." in _text(sit_down(cast["eli"], evening).get("/care/"))


def test_the_poll_answers_only_when_something_changed(evening: datetime) -> None:
    cast = _people(evening)
    eli = sit_down(cast["eli"], evening)
    page = eli.get("/care/").content.decode()
    version = re.search(r"/care/list/\?v=([0-9a-f]+)", page)
    assert version is not None
    address = f"/care/list/?v={version[1]}"
    assert eli.get(address, headers=_POLL).status_code == 204

    row = sent(evening)

    got = eli.get(address, headers=_POLL)
    assert (got.status_code, row.code in got.content.decode()) == (200, True)
    assert "<html" not in got.content.decode()


def test_the_poll_keeps_no_desk_open(evening: datetime) -> None:
    """T23: looking by itself is no use of the desk."""
    cast = _people(evening)
    eli = sit_down(cast["eli"], evening)
    used = CareSession.objects.get().used_at
    with time_machine.travel(evening + timedelta(minutes=9), tick=False):
        assert eli.get("/care/list/", headers=_POLL).status_code == 200
        assert CareSession.objects.get().used_at == used
    with time_machine.travel(evening + rules.IDLE, tick=False):
        assert eli.get("/care/list/", headers=_POLL).status_code == 302


def test_whoever_is_second_reads_who_has_it(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    desk.acknowledge(referral=row.pk, by=cast["dee"], now=evening)

    page = sit_down(cast["eli"], evening).post(f"/care/case/{row.pk}/acknowledge/")

    assert page.status_code == 409
    assert "Dee has it" in _text(page)


def test_pressing_twice_changes_nothing(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening)
    eli = sit_down(cast["eli"], evening)
    assert eli.post(f"/care/case/{row.pk}/acknowledge/").status_code == 302
    assert eli.post(f"/care/case/{row.pk}/acknowledge/").status_code == 302
    assert Taken.objects.filter(referral=row).count() == 1


@pytest.mark.parametrize("who", ["eli", "dee"])
def test_the_list_asks_as_much_for_500_as_for_5(
    evening: datetime,
    who: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    cast = _people(evening)
    for one in cast.values():
        reads(one.card, 0, 1, 2, 3, 4)
    zone = facts().zone
    counts = []
    for number in (5, 500):
        _many(evening, cast, number)
        with django_assert_max_num_queries(9) as seen:
            found = reads_of.desk(cast[who], evening, zone)
        counts.append(len(seen))
        assert sum(map(len, (found.waiting, found.mine, found.others))) >= number * 3 // 5
    assert counts[0] == counts[1]


def _many(now: datetime, cast: dict[str, Counselor], number: int) -> None:
    from referrals.models import Routed

    rows = []
    for count in range(number):
        has = count % 3 == 0
        rows.append(
            Referral(
                code=f"{number}-{count}",
                kind="student",
                urgency=["routine", "soon", "urgent"][count % 3],
                state="acknowledged" if has else "received",
                owner=cast["eli"].card if has else None,
                request_key=ids.new_id(),
                received_at=now,
                acknowledge_by=now + timedelta(hours=count % 50),
                contact_by=now + timedelta(hours=20) if has else None,
            )
        )
    with acting_as("web"):
        Referral.objects.bulk_create(rows)
    Routed.objects.bulk_create([Routed(referral=row) for row in rows])


# -- the log ---


def test_the_log_shows_ones_own_and_the_lead_everybodys(evening: datetime) -> None:
    cast = _people(evening)
    row, hidden = sent(evening), sent(evening, not_by=(cast["dee"].pk,))
    sit_down(cast["eli"], evening).post(f"/care/case/{row.pk}/open/")
    sit_down(cast["fay"], evening).post(f"/care/case/{hidden.pk}/open/")

    eli = _text(sit_down(cast["eli"], evening).get("/care/log/"))
    assert row.code in eli
    assert hidden.code not in eli
    dee = _text(sit_down(cast["dee"], evening).get("/care/log/"))
    assert row.code in dee
    assert hidden.code not in dee  # the lead is left out of it: its code stays away too
    assert "The record is whole" in dee
    assert "The record is whole" not in eli


def test_the_lead_gives_back_what_nobody_may_open(evening: datetime) -> None:
    cast = _people(evening)
    row = sent(evening, not_by=tuple(one.pk for one in cast.values()))
    bad = sent(evening, routed=False)
    break_blob(bad)
    dee = sit_down(cast["dee"], evening)
    shown = _text(dee.get("/care/"))
    assert "Nobody may open these" in shown
    assert "These cannot be opened" in shown
    assert "These cannot be opened" not in _text(sit_down(cast["eli"], evening).get("/care/"))
    assert "It still does not open" in _text(dee.post("/care/again/", follow=True))

    for one in (row, bad):
        assert dee.get(f"/care/case/{one.pk}/give-back/").status_code == 200
        assert dee.post(f"/care/case/{one.pk}/give-back/").status_code == 302
        assert Referral.objects.get(pk=one.pk).state == S.REDIRECTED
