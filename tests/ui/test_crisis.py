"""Packs of crisis lines, and what a process shows of them without any database."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.functional import Promise

from peersupport.core.ui import crisis, packs
from peersupport.core.ui.packs import Line, PackUnusable, line_from, pack_of, read_pack

pytestmark = pytest.mark.anydb
_OWN = {
    "id": "oncall",
    "label": "Counselor on call",
    "number": "(555) 010-0199",
    "hours": "day and night",
    "is_everywhere": True,
    "checked_on": "2026-11-01",
    "review_on": "2027-05-01",
}


def _set(**more: Any) -> dict[str, Any]:
    whole = {"pack": "us", "emergency": "911", "lines": [_OWN], "changed_at": "2026-11-23T22:00"}
    return {**whole, **more}


def _new_process() -> None:
    """Forget what this process knows; the file stays."""
    crisis._memory.__init__()  # type: ignore[misc]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    _new_process()


def test_what_the_united_states_fix() -> None:
    pack = pack_of("us")

    assert pack is not None
    assert pack.emergency == "911"
    assert [(line.number, line.text) for line in pack.lines] == [("988", "988")]
    assert pack.lines[0].web == "https://988lifeline.org"


@pytest.mark.parametrize("path", sorted(packs.SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_every_pack_that_ships_can_be_used(path: Path) -> None:
    pack = read_pack(path)

    assert pack.key == path.stem
    for line in (*pack.lines, *pack.offers):
        assert line.href.startswith(("tel:", "sms:", "https://"))


def test_a_pack_of_this_host_is_added_but_takes_no_shipped_ones_place(
    settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "packs").mkdir()
    here = {"key": "xx", "name": "Elsewhere", "emergency": "112", "lines": []}
    (tmp_path / "packs" / "xx.json").write_text(json.dumps(here))
    (tmp_path / "packs" / "us.json").write_text(json.dumps({**here, "key": "us"}))
    (tmp_path / "packs" / "yy.json").write_text("{")

    assert [pack.key for pack in packs.packs()] == ["us", "xx", "none"]
    assert pack_of("us") == packs.default_pack()
    wrong = packs.added()
    assert isinstance(wrong["us"], PackUnusable)
    assert isinstance(wrong["yy"], PackUnusable)


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"label": "x"},
        {"label": "x", "number": 5},
        {"label": "x", "number": "no figures"},
        {"label": "x", "web": "http://plain.example"},
        {"label": "x", "web": "javascript:alert(1)"},
        {"label": "x", "number": "555-0100", "review_on": "soon"},
        "x",
        None,
    ],
)
def test_a_line_that_cannot_be_used_is_refused(kept: Any) -> None:
    with pytest.raises(PackUnusable):
        line_from(kept)


def test_what_a_telephone_understands() -> None:
    line = Line("x", "+1 (555) 010-0199", "741 741")

    assert (line.tel, line.sms) == ("tel:+15550100199", "sms:741741")
    assert replace(line, number="").href == "sms:741741"


def test_until_the_school_says_something_the_installation_does() -> None:
    found = crisis.numbers()

    assert (found.emergency, found.talk) == ("911", "Call or text 988")
    assert [(line.label, line.number) for line in found.own] == [("On-call counselor", "555-0100")]


def test_a_process_that_never_reached_the_database_shows_what_another_was_told() -> None:
    crisis.publish(_set())
    _new_process()

    found = crisis.numbers()

    assert [line.label for line in found.own] == ["Counselor on call"]
    assert found.talk == "Call or text 988"


def test_the_file_says_nothing_of_who_tried_a_line(settings: Any) -> None:
    crisis.publish(_set(lines=[{**_OWN, "checked_by": "Cora"}]))

    assert "Cora" not in Path(settings.CRISIS_FILE).read_text()


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"pack": 5}', "\0", '{"pack": "us"}'])
def test_a_broken_file_takes_no_number_away(settings: Any, broken: str) -> None:
    Path(settings.CRISIS_FILE).write_text(broken)
    assert crisis.numbers().talk == "Call or text 988"  # a process that knows nothing else

    crisis.publish(_set())
    Path(settings.CRISIS_FILE).write_text(broken)

    assert [line.label for line in crisis.numbers().own] == ["Counselor on call"]


def test_one_bad_line_takes_the_others_not_away() -> None:
    crisis.publish(_set(lines=[{"label": ""}, _OWN]))

    assert [line.label for line in crisis.numbers().own] == ["Counselor on call"]


def test_a_pack_whose_file_is_gone_keeps_its_emergency_number() -> None:
    crisis.publish(_set(pack="gone", emergency="112"))

    found = crisis.numbers()
    assert (found.emergency, found.talk) == ("112", "")
    assert found.danger == "In danger of life: call 112."


def test_the_pack_wins_over_a_number_that_was_kept_beside_it() -> None:
    crisis.publish(_set(emergency="000"))

    assert crisis.numbers().emergency == "911"


def test_a_place_that_cannot_be_written_is_borne(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.CRISIS_FILE = tmp_path / "file" / "crisis.json"

    crisis.publish(_set())

    assert [line.label for line in crisis.numbers().own] == ["Counselor on call"]


def test_what_nobody_has_tried_for_long_stands_on_one_page_only() -> None:
    line = Line("x", "555-0100", review_on=date(2026, 11, 1))
    last = date(2026, 11, 1) + crisis.GRACE

    assert not crisis.has_lapsed(line, last)
    assert crisis.has_lapsed(line, last + timedelta(days=1))
    assert not crisis.has_lapsed(replace(line, review_on=None), last + timedelta(days=900))
    assert not isinstance(line.label, Promise)
