"""Both sides served as for a school, and attacked: what `make confidence` prints, with few people.

One world for all of it: the code that runs on the web host, the database users, a superuser of the
database, every address by everybody, and the rest of the table, each attack with its control.
"""

from pathlib import Path

import pytest

from tests.confidence.__main__ import main, parts, run
from tests.confidence.table import HELD, LIMIT, NOT_HELD, drawn, judged

pytestmark = pytest.mark.process
_WEB_HOST = "The web side in an attacker's hands"


def test_every_attack_is_held_or_a_known_limit(tmp_path: Path) -> None:
    """One test for all of it: two hosts take long to start, and each part goes on with them."""
    found = dict(run(tmp_path / "world", students=10, referrals=8))
    lines = [one for several in found.values() for one in several]

    assert [f"{one.what}: {one.came}" for one in lines if one.verdict == NOT_HELD] == []
    assert list(found) == [title for title, _attack in parts(is_small=True)]
    assert all(one.times > 0 for one in lines)
    assert len(lines) >= 28
    # Code on the web host reads nothing that was sent before, and makes nobody a counselor.
    there = [one.verdict for one in found[_WEB_HOST]]
    assert (there.count(HELD), there.count(LIMIT)) == (6, 3)
    assert LIMIT not in {one.verdict for part in found.keys() - {_WEB_HOST} for one in found[part]}


def test_control_an_attack_that_gets_through_or_finds_nothing_is_not_held(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    through = judged("An attack", 3, ["a word"], "nothing", control=True)
    blind = judged("An attack", 3, [], "nothing", control=False)
    untried = judged("An attack", 0, [], "nothing", control=True)
    held = judged("An attack", 3, [], "nothing", control=True)

    assert [one.verdict for one in (through, blind, untried)] == [NOT_HELD] * 3
    assert held.verdict == HELD
    for line, status in ((through, 1), (held, 0)):
        told = [("x", [line])]
        monkeypatch.setattr("tests.confidence.__main__.run", lambda *_, _t=told, **__: _t)
        assert main([]) == status
        assert line.verdict in capsys.readouterr().out
    assert "1 got through: a word" in " ".join(drawn("x", [through]).split())
