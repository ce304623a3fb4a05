"""Spreadsheets in and out: .xlsx and CSV as columns and rows of text, every cell with its place.

All cells are text: what a person reads in the cell. Formulas count as the value they last showed; dates are YYYY-MM-DD (with
HH:MM:SS where there is a time); of merged cells every one has the value. Empty rows are no rows. Bad input is findings, never a
traceback.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from deskweave.documents.document import in_order, problem, shown
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place

MAX_BYTES: Final = 50 * 1024 * 1024
MAX_UNPACKED: Final = 100 * 1024 * 1024
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 256
MAX_CELL: Final = 32_767  #: characters; Excel's own limit
_LAST_ROW: Final = 1_048_576  #: Excel's own limit
_MAX_PARTS: Final = 2_000
_MAX_FINDINGS: Final = 200
_CUT: Final = "cut it into several files"

Format = Literal["xlsx", "csv", "csv-gbk"]
Line = tuple[int, Sequence[str]]  #: number of a row, from 1, and its cells

_ACTS: Final = re.compile(r"'*[=+\-@\t\r]")  #: how a cell begins that a spreadsheet would take for a formula
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\Z")
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Every repetition has an end: these are held against strangers' files of a hundred megabytes.
_MERGED: Final = re.compile(
    rb"<(?:\w{1,9}:)?mergeCell\s[^<>]{0,200}?ref=\"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})\""
)  # fmt: skip
_UNCALCULATED: Final = re.compile(
    rb"<c\s(?:[^<>]{0,200}?\s)?r=\"([A-Z]{1,3})([0-9]{1,7})\"[^<>]{0,200}>\s{0,9}<f\b"
    rb"(?:[^<>]{0,200}/>|[^<>]{0,200}>[^<>]{0,9000}</f>)\s{0,9}(?:<v\s{0,9}/>|<v></v>)?\s{0,9}</c>"
)
_ENDLESS_TAG: Final = re.compile(rb"<[^<>]{65535}")
_FORMAT: Final = re.compile(r"(#,##)?(0+)(?:\.(0+))?(%)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`cells` stand in the order of the sheet's columns; `line` is the row of a spreadsheet, the line of a CSV file."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a table says. `numbers` are the columns' own numbers, from 1."""

    source: str
    columns: tuple[str, ...]
    numbers: tuple[int, ...]
    rows: tuple[Row, ...]

    def place(self, row: Row, column: str) -> Place:
        """File, row and column of a cell.

        Raises:
            ValueError: there is no such column.
        """
        return Place(self.source, f"/{row.line}/{column}", row.line, self.numbers[self.columns.index(column)])


def read_sheet(what: Path | bytes, source: str | None = None) -> Sheet:
    """The first sheet of an .xlsx file, or a CSV file; its first row that is not empty names the columns.

    CSV may be UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, or GBK (GB18030); its cells are parted by comma, semicolon
    or tab. A cell that we wrote as text because it looks like a formula ('=1+1) comes back as it was.

    Args:
        what: a file or its bytes.
        source: the name in findings; default: the path.

    Raises:
        DocumentError: every finding at once.
    """
    source = _named(what, source)
    findings: list[Finding] = []
    sheet = _sheet(source, read_grid(what, source), findings)
    if findings:
        raise DocumentError(in_order(findings))
    return sheet


def read_grid(what: Path | bytes, source: str | None = None) -> Iterator[Line]:
    """Every row as it stands, before any is taken for the heading: for tables with title rows above it.

    Raises:
        DocumentError: the file cannot be read; also while rows are taken from it.
    """
    source = _named(what, source)
    raw = _bytes_of(what, source)
    return _workbook(raw, source) if raw[:4] == b"PK\x03\x04" else _table(raw, source)


def _named(what: Path | bytes, source: str | None) -> str:
    return source or (str(what) if isinstance(what, Path) else "<sheet>")


def _refuse(rule: str, source: str, message: str, *, remedy: str = "", line: int | None = None) -> DocumentError:
    return DocumentError([problem(rule, Place(source, "", line), "", message, remedy=remedy)])


def _bytes_of(what: Path | bytes, source: str) -> bytes:
    if isinstance(what, bytes):
        raw = what
    else:
        try:
            if not what.is_file():
                raise _refuse("file-unreadable", source, "it is not there, or no file")
            with what.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise _refuse("file-unreadable", source, str(error.strerror or "it cannot be read")) from error
    if len(raw) > MAX_BYTES:
        raise _refuse("file-too-large", source, f"it is larger than {MAX_BYTES // 1024 // 1024} MiB", remedy=_CUT)
    return raw


def _sheet(source: str, lines: Iterable[Line], findings: list[Finding]) -> Sheet:
    names: dict[int, str] = {}
    rows: list[Row] = []
    for line, cells in lines:
        filled = {number: text for number, text in enumerate(cells, 1) if text}
        if not filled:
            continue
        findings.extend(_unfit(source, line, filled))
        if not names:
            names = {number: " ".join(text.split()) for number, text in filled.items() if text.strip()}
            twice = [name for name, count in Counter(names.values()).items() if count > 1]
            for number, name in names.items():
                if name in twice:
                    message = f"two columns are called {shown(name)!r}"
                    findings.append(problem("column-twice", Place(source, f"/{line}", line, number), shown(name), message))
            continue
        for number, text in filled.items():
            if number not in names and text.strip():
                message = "this cell stands in no column: the first row has no name for it"
                place, remedy = Place(source, f"/{line}", line, number), "name the column, or empty the cell"
                findings.append(problem("cell-without-column", place, shown(text), message, remedy=remedy))
        rows.append(Row(line=line, cells=tuple(filled.get(number, "") for number in names)))
        if len(rows) > MAX_ROWS:
            raise _refuse("sheet-too-large", source, f"it has more than {MAX_ROWS} rows", remedy=_CUT)
        if len(findings) > _MAX_FINDINGS:
            break
    if not names:
        findings.append(problem("empty-sheet", Place(source, ""), "", "it has no row that names columns"))
    return Sheet(source=source, columns=tuple(names.values()), numbers=tuple(names), rows=tuple(rows))


def _unfit(source: str, line: int, filled: Mapping[int, str]) -> Iterator[Finding]:
    for number, text in filled.items():
        place = Place(source, f"/{line}", line, number)
        if number > MAX_COLUMNS:
            yield problem("sheet-too-large", place, "", f"it has more than {MAX_COLUMNS} columns")
            return
        if len(text) > MAX_CELL:
            yield problem("cell-too-long", place, "", f"this cell holds more than {MAX_CELL} characters")
        if _UNFIT.search(text):
            message = "this cell holds characters that are no text"
            yield problem("control-character", place, shown(text), message, remedy="type it anew")


# -------------------------------------------------------------------------------------------------------------------- CSV
def _table(raw: bytes, source: str) -> Iterator[Line]:
    text = _decoded(raw, source)
    stated = re.match(r"sep=([,;\t])\r?\n", text)
    separator, skipped = (stated[1], 1) if stated is not None else (_separator(text), 0)
    text = text[stated.end() :] if stated is not None else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins + skipped, [_returned(cell) for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        message = f"it cannot be read as a table: {error}"
        raise _refuse("not-a-table", source, message, line=begins + skipped, remedy="look at the quotation marks there") from error


def _decoded(raw: bytes, source: str) -> str:
    if raw[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _refuse("not-a-table", source, "it is an Excel file of the old kind, or has a password", remedy="save it as .xlsx")
    marked = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    for encoding in next(([name] for mark, name in marked.items() if raw.startswith(mark)), ["utf-8", "gb18030"]):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = "it is neither UTF-8 nor GBK text, nor an .xlsx file"
    raise _refuse("not-a-table", source, message, remedy="save it as .xlsx or as CSV UTF-8")


def _separator(text: str) -> str:
    """The one that stands most often in the first row that is not empty, outside quotation marks."""
    counts, quoted = Counter({",": 0, ";": 0, "\t": 0}), False
    for letter in text[:100_000]:
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in counts:
            counts[letter] += 1
        elif not quoted and letter in "\r\n" and counts.total():
            break
    return counts.most_common(1)[0][0]


def _returned(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _ACTS.match(cell) else cell


# ------------------------------------------------------------------------------------------------------------------- xlsx
def _workbook(raw: bytes, source: str) -> Iterator[Line]:
    openpyxl: Any = import_module("openpyxl")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            _bounded(packed, source)
            with warnings.catch_warnings():  # it has opinions about parts we do not read
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
            page = book.worksheets[0]
            page.reset_dimensions()
            inside = packed.read(page._worksheet_path.lstrip("/"))
        uncalculated = [_at(*found) for found in _UNCALCULATED.findall(inside)]
        if uncalculated:
            message = "this formula has no value yet"
            remedy = "open the file in a spreadsheet program and save it"
            places = [Place(source, f"/{line}", line, column) for line, column in uncalculated[:_MAX_FINDINGS]]
            raise DocumentError([problem("formula-without-value", place, "", message, remedy=remedy) for place in places])
        yield from _filled_down(_cells(page, source), _merged(inside, source))
    except DocumentError:
        raise
    except Exception as error:  # a stranger's file in a stranger's reader
        raise _refuse("not-a-table", source, f"it cannot be read as .xlsx ({type(error).__name__})") from error


def _bounded(packed: zipfile.ZipFile, source: str) -> None:
    """Refuse what would unfold without measure: `zipfile` never unpacks more of a part than its directory says."""
    parts = packed.infolist()
    if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        message = f"it unfolds to more than {MAX_UNPACKED // 1024 // 1024} MiB"
        raise _refuse("file-too-large", source, message, remedy=_CUT)
    for part in parts:
        if part.filename.startswith(("xl/", "_rels/", "docProps/", "[Content_Types]")) and part.filename.endswith(
            (".xml", ".rels")
        ):
            body = packed.read(part)
            if b"<!" in body or _ENDLESS_TAG.search(body):  # entities that multiply, and tags a parser reads over and over
                raise _refuse("not-a-table", source, f"{part.filename} holds what no spreadsheet program writes")
            if body.count(b"<row") > 2 * MAX_ROWS:
                raise _refuse("sheet-too-large", source, f"it has more than {MAX_ROWS} rows", remedy=_CUT)


def _cells(page: Any, source: str) -> Iterator[tuple[int, list[str]]]:
    for line, cells in enumerate(page.iter_rows(), 1):
        if line > _LAST_ROW:  # the reader counts up to whatever number a row claims
            raise _refuse("sheet-too-large", source, f"a row has a number above {_LAST_ROW}")
        texts: list[str] = []
        for cell in cells:
            if cell.data_type == "e":
                message, place = f"this cell shows an error: {cell.value}", Place(source, f"/{line}", line, len(texts) + 1)
                raise DocumentError([problem("cell-error", place, str(cell.value), message)])
            texts.append(_text(cell.value, getattr(cell, "number_format", None) or "General"))
        yield line, texts


def _text(value: object, form: str) -> str:
    """What the cell shows, by the number formats that matter in a table of words; others show the plain number."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime():
            moment = (value + timedelta(microseconds=500_000)).replace(microsecond=0)  # Excel counts in fractions of a day
            return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{value:%Y-%m-%d}"
        case time():
            return f"{value:%H:%M:%S}"
        case timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
        case int() | float():
            found = _FORMAT.match(form)
            if found is None:
                return str(value) if isinstance(value, int) else f"{value:.15g}"
            grouped, whole, decimals, share = found.groups()
            digits = len(decimals or "")
            width = len(whole) + (digits + 1 if digits else 0) + (value < 0)
            text = f"{value * (100 if share else 1):{',' if grouped else ''}.{digits}f}"
            return (text if grouped else text.zfill(width)) + (share or "")
    # openpyxl takes the guard of `_x0041_` off shared texts and leaves it on those that stand in their cell
    return re.sub(r"_x005F_(x[0-9A-Fa-f]{4}_)", r"_\1", str(value)).replace("\r\n", "\n")


def _at(letters: bytes, digits: bytes) -> tuple[int, int]:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(digits), column


def _merged(inside: bytes, source: str) -> dict[int, list[tuple[int, int, int]]]:
    """Merged cells by their first row: last row, first column, last column."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for number, (first, top, last, bottom) in enumerate(_MERGED.findall(inside)):
        (line, left), (end, right) = _at(first, top), _at(last, bottom)
        if number > MAX_ROWS or right - left > MAX_COLUMNS:
            raise _refuse("sheet-too-large", source, "too many cells are merged")
        found.setdefault(line, []).append((end, left, right))
    return found


def _filled_down(lines: Iterable[tuple[int, list[str]]], merged: Mapping[int, list[tuple[int, int, int]]]) -> Iterator[Line]:
    """Every cell of a merged block says what its first one says. A block that lies below the last row adds no rows."""
    blocks: list[tuple[int, int, int, str]] = []
    for line, cells in lines:
        own = any(cells)
        for end, left, right in merged.get(line, ()):
            blocks.append((end, left, right, cells[left - 1] if left <= len(cells) else ""))
        blocks = [block for block in blocks if block[0] >= line]
        if own:
            for _, left, right, text in blocks:
                cells.extend([""] * (right - len(cells)))
                cells[left - 1 : right] = [text] * (right - left + 1)
        yield line, cells


# ---------------------------------------------------------------------------------------------------------------- writing
def write_sheet(columns: Sequence[str], rows: Iterable[Sequence[str]], form: Format = "xlsx") -> bytes:
    """A table as a file: the same words, the same bytes.

    Every cell is text. One that a spreadsheet would take for a formula (it begins with = + - @) is kept from being one: in .xlsx by
    its type, in CSV by an apostrophe before it, which `read_sheet` takes off again. Line breaks in a cell are written as LF.

    Args:
        columns: their names, each once.
        rows: cells in the order of the columns.
        form: .xlsx, CSV in UTF-8 with a byte order mark, or CSV in GBK.

    Raises:
        DocumentError: a cell holds what the format cannot.
        ValueError: a row has another number of cells than there are columns, or a name stands twice or is empty.
    """
    if len(set(columns)) != len(columns) or not all(name and name == " ".join(name.split()) for name in columns):
        raise ValueError("every column needs a name of its own")
    table = [[re.sub(r"\r\n?", "\n", cell) for cell in row] for row in [columns, *rows]]
    if any(len(row) != len(columns) for row in table):
        raise ValueError("every row needs a cell for each column")
    source, findings = f"<{form}>", list[Finding]()
    for line, row in enumerate(table, 1):
        findings.extend(_unfit(source, line, dict(enumerate(row, 1))))
        if form == "csv-gbk":
            findings.extend(_outside_gbk(source, line, row))
    if len(table) > MAX_ROWS:
        raise _refuse("sheet-too-large", source, f"it has more than {MAX_ROWS} rows")
    if findings:
        raise DocumentError(in_order(findings))
    return _xlsx(table) if form == "xlsx" else _csv(table, "gbk" if form == "csv-gbk" else "utf-8-sig")


def _outside_gbk(source: str, line: int, row: Sequence[str]) -> Iterator[Finding]:
    for number, cell in enumerate(row, 1):
        try:
            cell.encode("gbk")
        except UnicodeEncodeError as error:
            found, message = cell[error.start], f"GBK has no {cell[error.start]!r}"
            yield problem("not-gbk", Place(source, "", line, number), found, message, remedy="write CSV UTF-8 or .xlsx instead")


def _csv(table: Sequence[Sequence[str]], encoding: str) -> bytes:
    out = io.StringIO(newline="")
    head, body = csv.writer(out, quoting=csv.QUOTE_ALL), csv.writer(out)  # quoted names cannot be taken for the separator
    for line, row in enumerate(table):
        safe = [f"'{cell}" if _ACTS.match(cell) and not _PLAIN_NUMBER.match(cell) else cell for cell in row]
        (body if line else head).writerow(safe)
    return out.getvalue().encode(encoding)


_NS: Final = "http://schemas.openxmlformats.org"
_TYPE: Final = "application/vnd.openxmlformats-"
_PARTS: Final[Mapping[str, str]] = {
    "[Content_Types].xml": f'<Types xmlns="{_NS}/package/2006/content-types">'
    f'<Default Extension="rels" ContentType="{_TYPE}package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}officedocument.spreadsheetml.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}officedocument.spreadsheetml.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_NS}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_NS}/spreadsheetml/2006/main" xmlns:r="{_NS}/officeDocument/2006/relationships">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_NS}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
    f'Type="{_NS}/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
    # cell styles: 0 nothing; 1 text that stays text when it is edited, with its line breaks; 2 the same, bold
    "xl/styles.xml": f'<styleSheet xmlns="{_NS}/spreadsheetml/2006/main"><fonts count="2">'
    '<font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" applyAlignment="1">'
    '<alignment vertical="top" wrapText="1"/></xf>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _xlsx(table: Sequence[Sequence[str]]) -> bytes:
    """A workbook of one sheet, unpacked and undated: nothing in it depends on when, where or with which library it was made."""
    lines = [
        f'<worksheet xmlns="{_NS}/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
    ]
    for line, row in enumerate(table, 1):
        style = 1 if line > 1 else 2
        cells = (
            f'<c r="{_letters(number)}{line}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{_xml(cell)}</t></is></c>'
            for number, cell in enumerate(row, 1)
            if cell
        )
        lines.append(f'<row r="{line}">{"".join(cells)}</row>')
    lines.append("</sheetData></worksheet>")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, body in {**_PARTS, "xl/worksheets/sheet1.xml": "".join(lines)}.items():
            part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.create_system = 3
            packed.writestr(part, (_DECLARED + body).encode())
    return out.getvalue()


def _xml(text: str) -> str:
    return escape(re.sub(r"_x([0-9A-Fa-f]{4})_", r"_x005F_x\1_", text))  # _x0041_ would be read as the letter A


def _letters(number: int) -> str:
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found
