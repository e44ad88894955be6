"""What the documentation cites is there: a test that is named as proof must exist."""

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PAGES = sorted([_ROOT / "README.md", *(_ROOT / "docs").rglob("*.md"), *_ROOT.glob("deploy/*.md")])
_CITED = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.py)(?:::(\w+))?`")
_FOLDER = re.compile(r"`((?:[\w.-]+/)+)`")


def missing(text: str) -> list[str]:
    """Return what a page cites of the tree and is not there.

    A bare `test_more.py` is one in the folder of the path cited before it.
    """
    found, folder = [], ""
    for path, name in _CITED.findall(text):
        if "/" in path:
            folder = path.rpartition("/")[0]
        places = [_ROOT / path, _ROOT / folder / path]
        # A module of an app may be cited without its app, where the page is about one app.
        there = [place for place in places if place.is_file()] or list(_ROOT.glob(f"*/{path}"))
        if not there:
            found.append(path)
        elif name and not re.search(rf"^def {name}\(", there[0].read_text(), re.M):
            found.append(f"{path}::{name}")
    found += [path for path in _FOLDER.findall(text) if not _is_folder(path)]
    return found


def _is_folder(path: str) -> bool:
    # Addresses of pages are written the same way, with a slash before them.
    return (_ROOT / path).is_dir() or not (_ROOT / path.split("/", maxsplit=1)[0]).is_dir()


@pytest.mark.parametrize("page", [str(page.relative_to(_ROOT)) for page in _PAGES])
def test_what_a_page_cites_is_there(page: str) -> None:
    assert missing((_ROOT / page).read_text()) == []


def test_what_is_not_there_is_seen() -> None:
    """The control."""
    gone = "`tests/accounts/test_nothing.py` and `tests/guards/test_docs.py::test_nothing`"

    assert missing(gone) == [
        "tests/accounts/test_nothing.py",
        "tests/guards/test_docs.py::test_nothing",
    ]
    assert missing("`tests/guards/test_docs.py`, `test_words.py`, `tests/guards/`") == []
    assert missing("`tests/guards/test_docs.py`, `test_sign_in.py`") == ["test_sign_in.py"]
    assert missing("`tests/nowhere/`") == ["tests/nowhere/"]


def test_each_of_the_forty_attacks_has_a_row() -> None:
    table = (_ROOT / "docs" / "security.md").read_text().split("## The forty attacks")[1]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.M)

    assert [int(number) for row in rows for number in row.split(",")] == list(range(1, 41))
