"""Tables as people send them: every way of saving is read, nonsense is named with its line."""

import csv
import io

import pytest

from peersupport.core import sheets

COLUMNS = {"name": ("what",), "first day": ("start", "date"), "class": ("cohort",)}
TABLE = "Name;First Day;Class\r\nÉcrit;2027-01-04;M1\r\n\r\nZoë’s block;2027-02-01;M2\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_however_it_was_saved(encoding: str, ends: str, delimiter: str) -> None:
    text = TABLE.replace("\r\n", ends).replace(";", delimiter)
    found = sheets.read(text.encode(encoding), COLUMNS)
    assert [dict(line.cells) for line in found.lines] == [
        {"name": "Écrit", "first day": "2027-01-04", "class": "M1"},
        {"name": "Zoë’s block", "first day": "2027-02-01", "class": "M2"},
    ]
    assert [line.number for line in found.lines] == [2, 4]


def test_an_old_spreadsheet() -> None:
    found = sheets.read("name,class\nCafé – “block”,M1\n".encode("cp1252"), COLUMNS)
    assert found.lines[0].cells["name"] == "Café – “block”"


def test_headings_in_any_order_and_case_and_those_nobody_knows() -> None:
    found = sheets.read(b"COHORT, Notes ,what\nM1,x,Exam\n", COLUMNS)
    assert dict(found.lines[0].cells) == {"class": "M1", "name": "Exam"}
    assert found.unknown == ("Notes",)


def test_a_quoted_line_break_counts_its_lines() -> None:
    found = sheets.read(b'name,class\n"Anatomy\npractical",M1\nNext,M2\n', COLUMNS)
    assert [(line.number, line.cells["name"]) for line in found.lines] == [
        (2, "Anatomy practical"),
        (4, "Next"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"a,b\n1,2\n", "headings"),
        (b"name,what\nx,y\n", "Two columns"),
        (b"name\nx,y\n", "Line 2 has more cells"),
        (b'name\n"never closed\n', "quotation"),
        (b"name\nok\nx\x00y\n", "Line 3"),
        ("name\n\u202eevil\n".encode(), "Line 2"),
        (b"name\n" + b"x" * 600 + b"\n", "Line 2"),
        (b"PK\x03\x04whatever", "Save as CSV"),
        (b"name\n" + b"x\n" * 5001, "At most 5000"),
        (b"x" * (1024 * 1024 + 1), "1 MB"),
    ],
)
def test_what_is_no_table_is_said_plainly(content: bytes, said: str) -> None:
    with pytest.raises(sheets.Unreadable, match=said):
        sheets.read(content, COLUMNS)


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\x00=1", "＝1", "－1", "＠x"],
)
def test_no_cell_is_run_as_a_formula(cell: str) -> None:
    assert sheets.safe_cell(cell).startswith("'")
    text = sheets.write(["name"], [[cell]]).decode("utf-8-sig")
    assert next(iter(list(csv.reader(io.StringIO(text, newline="")))[1])) == f"'{cell}"


def test_ordinary_cells_stay_as_they_are() -> None:
    text = sheets.write(["name", "n"], [['say "hi", all', 3]]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == ['say "hi", all', "3"]
