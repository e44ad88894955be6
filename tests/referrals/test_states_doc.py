"""docs/referrals.md shows the table of states as it is: this test prints it."""

from pathlib import Path

from referrals import rules

_DOC = Path(rules.__file__).resolve().parents[1] / "docs" / "referrals.md"


def table() -> str:
    """Return the table of states as the document shows it."""
    order = [str(state) for state in rules.State]
    lines = ["| from | verb | to | who |", "|---|---|---|---|"]
    for step in rules.TRANSITIONS.steps:
        sources = ", ".join(sorted(step.sources, key=order.index))
        actors = ", ".join(sorted(step.actors))
        lines.append(f"| {sources} | {step.verb} | {step.target} | {actors} |")
    return "\n".join(lines)


def test_the_document_shows_the_table() -> None:
    assert table() in _DOC.read_text(), f"docs/referrals.md should show:\n\n{table()}\n"


def test_every_verb_is_explained() -> None:
    text = _DOC.read_text()
    for verb in {step.verb for step in rules.TRANSITIONS.steps}:
        assert f"**{verb}**" in text, verb
