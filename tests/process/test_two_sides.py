"""Both sides served as for a school, and attacked: what `make confidence` prints, with few people.

One world for all of it: the code that runs on the web host, the database users, a superuser of the
database, every address by everybody, and the rest of the table, each attack with its control.
"""

import pytest

from tests.confidence.__main__ import main, parts, run
from tests.confidence.table import HELD, LIMIT, NOT_HELD, Line, drawn, judged

pytestmark = pytest.mark.process
Parts = dict[str, list[Line]]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """Seed, run and attack both sides; return every part of the table."""
    home = tmp_path_factory.mktemp("confidence") / "world"
    return dict(run(home, students=10, referrals=8))


def _verdicts(lines: list[Line]) -> list[str]:
    return [f"{one.verdict}: {one.what}: {one.came}" for one in lines if one.verdict == NOT_HELD]


@pytest.mark.parametrize("title", [title for title, _attack in parts(is_small=True)])
def test_each_attack_is_held_or_known(attacked: Parts, title: str) -> None:
    assert attacked[title]
    assert _verdicts(attacked[title]) == []
    assert all(one.times > 0 for one in attacked[title])


def test_code_on_the_web_host_reads_nothing_that_was_sent_and_is_no_counselor(
    attacked: Parts,
) -> None:
    lines = attacked["The web side in an attacker's hands"]

    assert [one.verdict for one in lines].count(HELD) == 6
    assert [one.verdict for one in lines].count(LIMIT) == 3


def test_known_limits_are_there_and_nowhere_else(attacked: Parts) -> None:
    limits = {part for part, lines in attacked.items() if LIMIT in {one.verdict for one in lines}}

    assert limits == {"The web side in an attacker's hands"}


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
