"""Parts of a practice as tables: catalog, business systems, classifications, skills, in and out of rows.

`rows_of` says what the composed practice says. `read_rows` answers a `Share`: only what a table says otherwise, each value with its
cell, so that it composes over everything else like any document and is complained about by row and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from deskweave.documents.sheet import Line
from deskweave.practice.practice import Practice
from deskweave.practice.tables.catalog import read_catalog
from deskweave.practice.tables.catalog_rows import catalog_rows, system_field
from deskweave.practice.tables.columns import CATALOG, PEOPLE, Column, normal
from deskweave.practice.tables.share import Difference, RowChange, Share
from deskweave.practice.tables.table import Cell, Entry, LeftOut, Table, read_table, sort_of
from deskweave.practice.tables.terms import LISTS, list_rows, read_list
from deskweave.practice.tables.words import Words

SORTS: Final = ("catalog", *LISTS)
"""Tables of the practice. People stand beside it: `deskweave.people.register`."""

TABLES: Final = (
    ("catalog", CATALOG, "item"),
    *((sort, columns, columns[0].term) for sort, (_, _, columns) in LISTS.items()),
    ("people", PEOPLE, "person"),
)
"""Every sort of table, its columns, and the term a row is about."""

COLUMNS: Final = {sort: columns for sort, columns, _ in TABLES}

__all__ = [
    "CATALOG",
    "COLUMNS",
    "PEOPLE",
    "SORTS",
    "TABLES",
    "Cell",
    "Column",
    "Difference",
    "Entry",
    "LeftOut",
    "RowChange",
    "Share",
    "Table",
    "Words",
    "normal",
    "read_rows",
    "read_table",
    "rows_of",
    "sort_of",
    "system_field",
]


def rows_of(sort: str, practice: Practice, reader: str, *, per_system: bool = False) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of one sort of table, headings in the reader's language."""
    return catalog_rows(practice, reader, per_system=per_system) if sort == "catalog" else list_rows(sort, practice, reader)


def read_rows(
    sort: str, lines: Sequence[Line], practice: Practice, reader: str, source: str, *, add_classifications: bool = False
) -> Share:
    """What a table says otherwise than the practice.

    Raises:
        DocumentError: no row names the columns. Everything else that is wrong stands in the answer.
    """
    if sort == "catalog":
        return read_catalog(lines, practice, reader, source, add_classifications=add_classifications)
    return read_list(sort, lines, practice, source)
