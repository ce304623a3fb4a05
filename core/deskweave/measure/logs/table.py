"""A log as a table, whatever it came in: XES, CSV (UTF-8, UTF-16, GBK) or .xlsx, gzipped or not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal, cast

from deskweave.documents import problem
from deskweave.documents.sheet import MAX_BYTES, Line, read_grid
from deskweave.errors import DocumentError
from deskweave.findings import Place

MAX_LOG_ROWS: Final = 5_000_000
_HEADING_WITHIN: Final = 10  #: rows from the top among which the heading stands: exports put a title above it
_CUT: Final = "cut it into several files"

Form = Literal["xes", "table"]


@dataclass(frozen=True, slots=True)
class LogRow:
    """`line` is the row of a spreadsheet, the line of a text file. Cells that are missing at the end are empty."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTable:
    """What a file says: its columns and rows, every cell as text."""

    source: str
    form: Form
    columns: tuple[str, ...]
    rows: tuple[LogRow, ...]

    def texts(self, column: str) -> list[str]:
        """Every cell of a column, in the order of the rows.

        Raises:
            ValueError: there is no such column.
        """
        at = self.columns.index(column)
        return [row.cells[at] if at < len(row.cells) else "" for row in self.rows]


def read_table(path: Path, source: str | None = None) -> LogTable:
    """Read a log.

    Args:
        path: .xes, .csv or .xlsx; each may be gzipped (.gz). What it is, its first bytes say, not its name.
        source: the name in findings; default: the file's name.

    Raises:
        DocumentError: it cannot be read; the finding says why.
    """
    source = source or path.name
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with path.open("rb") as plain:
            return _table(cast(IO[bytes], gzip.GzipFile(fileobj=plain)) if packed else plain, source)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refused("not-a-table", source, "it is packed, and the packing is broken") from error
    except OSError as error:
        raise refused("file-unreadable", source, str(error.strerror or "it cannot be read")) from error


def _table(file: IO[bytes], source: str) -> LogTable:
    head = file.read(512)
    file.seek(0)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        from deskweave.measure.logs.xes import read_xes

        return read_xes(file, source)
    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise refused("file-too-large", source, f"it is larger than {MAX_BYTES // 1024 // 1024} MiB", remedy=_CUT)
    return _of_grid(read_grid(raw, source), source)


def _of_grid(lines: Iterable[Line], source: str) -> LogTable:
    """Of the first rows, the heading is the one with the most words over columns that are filled below it."""
    kept: list[LogRow] = []
    words: dict[str, str] = {}  # a log says the same few words a million times
    for line, cells in lines:
        if any(cell.strip() for cell in cells):
            kept.append(LogRow(line, tuple(words.setdefault(cell, cell) for cell in cells)))
        if len(kept) > MAX_LOG_ROWS:
            raise refused("sheet-too-large", source, f"it has more than {MAX_LOG_ROWS} rows", remedy=_CUT)
    if not kept:
        raise refused("empty-sheet", source, "it has no row that names columns")
    widest = max(sum(bool(cell.strip()) for cell in row.cells) for row in kept[:_HEADING_WITHIN])
    heading = next(row for row in kept if sum(bool(cell.strip()) for cell in row.cells) * 2 > widest)
    names: list[str] = []
    for number, cell in enumerate(heading.cells, 1):
        name = " ".join(cell.split()) or f"column {number}"
        twice = sum(one == name or one.startswith(f"{name} (") for one in names)
        names.append(f"{name} ({twice + 1})" if twice else name)
    return LogTable(source=source, form="table", columns=tuple(names), rows=tuple(kept[kept.index(heading) + 1 :]))


def refused(rule: str, source: str, message: str, *, line: int | None = None, remedy: str = "") -> DocumentError:
    """Why a file cannot be read, as an error that is raised."""
    return DocumentError([problem(rule, Place(source, "", line), "", message, remedy=remedy)])
