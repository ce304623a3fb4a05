"""Spreadsheets: what people's programs write is read, what we write comes back, and hostile files are findings."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.documents import sheet as module
from deskweave.documents.sheet import Format, Sheet, read_sheet, write_sheet
from deskweave.errors import DocumentError


def workbook(fill: Callable[[Any], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(sheet: Sheet) -> list[list[str]]:
    return [list(sheet.columns), *(list(row.cells) for row in sheet.rows)]


def rules(raw: bytes) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(DocumentError) as caught:
        read_sheet(raw, "s")
    return [(one.rule, one.place.line, one.place.column) for one in caught.value.findings]


# ------------------------------------------------------------------------------------------------------------------- xlsx
@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        ("智能自助", "General", "智能自助"),
        (7, "General", "7"),
        (0.1 + 0.2, "General", "0.3"),  # as many digits as a spreadsheet shows
        (7, "000", "007"),
        (1234.5, "#,##0.00", "1,234.50"),
        (0.25, "0%", "25%"),
        (True, "General", "TRUE"),
        (date(2026, 11, 22), "yyyy/m/d", "2026-11-22"),  # one spelling, whatever the sheet's
        (datetime(2026, 11, 22, 9, 30), "yyyy-mm-dd hh:mm", "2026-11-22 09:30:00"),
        (time(9, 30), "h:mm", "09:30:00"),
        ("two\nlines", "General", "two\nlines"),
    ],
)
def test_a_cell_is_what_a_person_reads(value: Any, form: str, text: str) -> None:
    def fill(page: Any) -> None:
        page.append(["a"])
        page.append([value])
        page["A2"].number_format = form

    assert table(read_sheet(workbook(fill))) == [["a"], [text]]


def test_merged_cells_are_filled_down_and_across() -> None:
    """A catalog as people keep it: the category stands once, over all its services."""

    def fill(page: Any) -> None:
        for row in (["category", "service", "more"], ["desktop", "install", "x"], [None, "repair", None], [None, "swap", None]):
            page.append(row)
        page.append(["rooms", None, "y"])
        page.merge_cells("A2:A4")
        page.merge_cells("C2:C3")
        page.merge_cells("A5:B5")
        page.merge_cells("A7:A9")  # below the last row: no rows of their own

    assert table(read_sheet(workbook(fill))) == [
        ["category", "service", "more"],
        ["desktop", "install", "x"],
        ["desktop", "repair", "x"],
        ["desktop", "swap", ""],
        ["rooms", "rooms", "y"],
    ]


def test_places_are_those_the_spreadsheet_shows() -> None:
    def fill(page: Any) -> None:
        page["B3"], page["D3"], page["B5"], page["D5"] = "name", "level", "vpn", "5x8"

    sheet = read_sheet(workbook(fill), "catalog.xlsx")
    assert table(sheet) == [["name", "level"], ["vpn", "5x8"]]
    place = sheet.place(sheet.rows[0], "level")
    assert (place.source, place.line, place.column) == ("catalog.xlsx", 5, 4)


def test_a_formula_is_the_value_it_last_showed_and_never_silently_nothing() -> None:
    def fill(page: Any) -> None:
        page.append(["a", "b"])
        page.append([1, "=A2+1"])

    raw = workbook(fill)  # the library writes no values
    assert rules(raw) == [("formula-without-value", 2, 2)]
    calculated = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(calculated, "w") as new:
        for part in old.infolist():
            body = old.read(part)
            new.writestr(part, body.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>"))
    assert table(read_sheet(calculated.getvalue())) == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["a", "a"], ["1", "2"]], [("column-twice", 1, 1), ("column-twice", 1, 2)]),
        ([["a"], ["1", "2"]], [("cell-without-column", 2, 2)]),  # ragged, with something in it
        ([[None]], [("empty-sheet", None, None)]),
    ],
)
def test_a_table_that_could_be_misread_is_told(rows: list[list[str | None]], expected: list[tuple[str, int, int]]) -> None:
    assert rules(workbook(lambda page: [page.append(row) for row in rows])) == expected


def test_an_error_in_a_cell_is_told() -> None:
    def fill(page: Any) -> None:
        page.append(["a"])
        page.append(["#N/A"])
        page["A2"].data_type = "e"

    assert rules(workbook(fill)) == [("cell-error", 2, 1)]


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, body in parts.items():
            file.writestr(name, body)
    return out.getvalue()


def with_sheet(body: bytes) -> bytes:
    good = write_sheet(["a"], [["1"]])
    with zipfile.ZipFile(io.BytesIO(good)) as old:
        parts = {part.filename: old.read(part) for part in old.infolist()}
    return packed({**parts, "xl/worksheets/sheet1.xml": body})


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"PK\x03\x04 and no more", "not-a-table"),
        (packed({"hello.txt": b"a zip of another kind"}), "not-a-table"),
        (write_sheet(["a"], [["1"]])[:-40], "not-a-table"),  # cut off
        (packed({"xl/worksheets/sheet1.xml": b"0" * (module.MAX_UNPACKED + 1)}), "file-too-large"),  # a bomb: 100 KiB on disk
        (packed({f"{n}.xml": b"" for n in range(2001)}), "file-too-large"),
        (with_sheet(b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'), "not-a-table"),
        (with_sheet(b"<worksheet><sheetData><row"), "not-a-table"),
        (with_sheet(b"<c " + b'r="A1" ' * 20_000), "not-a-table"),  # one tag that a parser would read over and over
        (
            with_sheet(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
                b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData></worksheet>'
            ),
            "sheet-too-large",  # a row that claims a number no spreadsheet has
        ),
        (with_sheet(b"<row/>" * 200_001), "sheet-too-large"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not-a-table"),  # .xls, or with a password
        (b"\x80\xff\xff\x80 neither", "not-a-table"),
        (b'a,b\n"1,2\n', "not-a-table"),  # a quotation mark without its other
        (b"a,b\n1,\x002\n", "control-character"),
        (b"", "empty-sheet"),
        (b"a\n" + b"x" * 40_000, "cell-too-long"),
        (b"a\n" + b"1\n" * (module.MAX_ROWS + 1), "sheet-too-large"),
        (b",".join(b"c%d" % n for n in range(300)), "sheet-too-large"),
        (b" " * (module.MAX_BYTES + 1), "file-too-large"),
    ],
    ids=[f"hostile-{number}" for number in range(19)],
)
def test_hostile_files_are_findings(raw: bytes, rule: str) -> None:
    assert rules(raw)[0][0] == rule


@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 300))
def test_no_bytes_end_in_a_traceback(noise: bytes, at: int, cut: int) -> None:
    good = write_sheet(["name", "名称"], [["1", "一"], ["=2", "二"]])
    for raw in (noise, good[:at] + noise + good[at + cut :], b"name,b\n" + noise):
        with contextlib.suppress(DocumentError):
            read_sheet(raw)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        read_sheet(tmp_path / "nothing.csv")


# -------------------------------------------------------------------------------------------------------------------- CSV
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_as_offices_write_it(encoding: str, separator: str) -> None:
    lines = [["服务", "级别"], ["终端，硬件", '他说"好"'], ["", "5x8"]]
    text = "\r\n".join(separator.join(f'"{cell}"'.replace('"好"', '""好""') for cell in line) for line in lines)
    text = text.replace('"服务"', "服务").replace('"级别"', "级别")
    assert table(read_sheet(f"{text}\r\n".encode(encoding))) == lines


def test_a_line_that_names_the_separator_is_obeyed() -> None:
    sheet = read_sheet(b"sep=;\r\na,x;b\r\n1;2\r\n")
    assert (table(sheet), sheet.rows[0].line) == ([["a,x", "b"], ["1", "2"]], 3)


def test_lines_are_those_an_editor_shows() -> None:
    sheet = read_sheet(b'a,b\n"1\n1",2\n\n3,4\n')
    assert [(row.line, row.cells) for row in sheet.rows] == [(2, ("1\n1", "2")), (5, ("3", "4"))]


# ---------------------------------------------------------------------------------------------------------------- writing
cells = st.one_of(
    st.sampled_from(
        ["", "=1+1", "+86 10 5555", "-5", "@SUM(A1)", "'=x", "''=x", "'quoted", "_x0041_", " x ", "0123", "1e5", "<&>"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=12),
    st.sampled_from(["two\nlines", '"', ",;\t", "\n"]),
)
name = st.text(st.sampled_from("ab;,=\"'服务-@"), min_size=1, max_size=6)


@given(st.lists(name, min_size=1, max_size=4, unique=True), st.data(), st.sampled_from(["xlsx", "csv"]))
def test_what_was_written_is_read_again(columns: list[str], data: st.DataObject, form: Format) -> None:
    row = st.lists(cells, min_size=len(columns), max_size=len(columns)).filter(any)
    rows = data.draw(st.lists(row, max_size=4))
    raw = write_sheet(columns, rows, form)
    assert table(read_sheet(raw)) == [columns, *rows]
    assert write_sheet(columns, rows, form) == raw


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", '=HYPERLINK("http://x")'])
def test_no_cell_becomes_a_formula(cell: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_sheet(["a"], [[cell]])))
    assert (book.active["A2"].data_type, book.active["A2"].value) == ("s", cell)
    line = write_sheet(["a"], [[cell]], "csv").decode("utf-8-sig").splitlines()[1].strip('"')
    assert line.startswith("'")


def test_gbk_says_which_cell_it_cannot_hold() -> None:
    assert write_sheet(["名称"], [["电话"]], "csv-gbk") == '"名称"\r\n电话\r\n'.encode("gbk")
    with pytest.raises(DocumentError) as caught:
        write_sheet(["名称", "b"], [["电话", "ok"], ["好", "👍"]], "csv-gbk")
    (told,) = caught.value.findings
    assert (told.rule, told.place.line, told.place.column, told.found) == ("not-gbk", 3, 2, "👍")


@pytest.mark.parametrize(("columns", "rows"), [(["a", "a"], []), ([""], []), (["a"], [["1", "2"]])])
def test_a_table_that_is_none_is_the_callers_mistake(columns: list[str], rows: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="needs a"):
        write_sheet(columns, rows)
