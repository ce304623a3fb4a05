"""A table as people keep it, made out: where its heading stands, what its columns mean, which rows say something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from deskweave.documents import problem, shown
from deskweave.documents.sheet import Line
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.practice.tables.columns import Column, normal, recognised

NAMES: Final = ("label", "slug", "key", "name")  #: keys that say which term a row is about
LOOKED_AT: Final = 30  #: rows among which the heading is looked for
_SUMS: Final = frozenset(map(normal, ("合计", "总计", "小计", "共计", "总数", "total", "subtotal", "grand total", "sum")))
Key = tuple[str, str, str | None]
"""Term, key and language of a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row that says something. A column the sheet has and the row leaves empty is there with empty text."""

    line: int
    cells: Mapping[Key, Cell]

    def text(self, term: str, key: str, language: str | None = None) -> str:
        cell = self.cells.get((term, key, language))
        return cell.text if cell is not None else ""

    def words(self, term: str, key: str) -> dict[str, Cell]:
        """What is said in each language, where something is said."""
        return {
            language: cell
            for (of, name, language), cell in self.cells.items()
            if of == term and name == key and language is not None and cell.text
        }

    def place(self, term: str, key: str = "label") -> Place:
        """The cell of a key in any language, or the row's first."""
        fitting = [cell for (of, name, _), cell in self.cells.items() if of == term and name == key]
        filled = [cell for cell in fitting if cell.text]
        return (filled or fitting or list(self.cells.values()))[0].place


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A column or a row that says nothing we know; never dropped without a word."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    source: str
    heading: int  #: its row
    columns: Mapping[int, tuple[Column, str | None]]  #: by number, from 1, with the language of spoken ones
    entries: tuple[Entry, ...]
    columns_left_out: tuple[LeftOut, ...] = ()
    rows_left_out: tuple[LeftOut, ...] = ()
    findings: tuple[Finding, ...] = ()

    def has(self, term: str, key: str) -> bool:
        return any(column.term == term and column.key == key for column, _ in self.columns.values())


Sort = tuple[str, Sequence[Column], str]
"""A sort of table, the columns it may have, and the term its rows are about."""


def sort_of(lines: Sequence[Line], sorts: Iterable[Sort], languages: Sequence[str], source: str) -> str:
    """Which sort of table this is, by its heading.

    Raises:
        DocumentError: no row names columns of any, or the row fits several.
    """
    sorts = list(sorts)
    scores: dict[str, tuple[bool, int]] = {}
    at: dict[str, int] = {}
    for name, columns, term in sorts:
        count, _, number = _heading(lines, columns, languages)
        at[name] = number
        meant = [_meant(" ".join(cell.split()), columns, languages, {}) for cell in lines[number][1]] if count else []
        about = any(one is not None and one[0].term == term and one[0].key in ("label", "name") for one in meant)
        scores[name] = (about, count)
    best = max(scores.values())
    fitting = [name for name, score in scores.items() if score == best]
    if not best[1]:
        raise DocumentError([_no_heading(source, [column for _, columns, _ in sorts for column in columns])])
    if len(fitting) > 1:
        line = lines[at[fitting[0]]][0]
        message = f"the heading fits several tables: {', '.join(fitting)}"
        remedy = f"say which: --kind {fitting[0]}"
        raise DocumentError(
            [problem("heading-ambiguous", Place(source, f"/{line}", line, 1), "", message, allowed=fitting, remedy=remedy)]
        )
    return fitting[0]


def read_table(
    lines: Sequence[Line],
    columns: Sequence[Column],
    languages: Sequence[str],
    source: str,
    *,
    names: str,
    fill: Sequence[str] = (),
    extra: Mapping[str, Column] | None = None,
) -> Table:
    """The entries of a table.

    Args:
        lines: every row of the sheet, with its number.
        columns: what its columns may be.
        languages: of the practice; the first is that of words nothing tells the language of.
        source: the file, for places.
        names: the term without which a row is no entry.
        fill: terms whose cells count for the rows below until the next one is named, outermost first: merged cells in a CSV.
        extra: headings that mean a column of their own, in their normal form (a connection's accounts, a skill).

    Raises:
        DocumentError: no row names the columns.
    """
    extra = extra or {}
    found, _, at = _heading(lines, columns, languages, extra)
    if not found:
        raise DocumentError([_no_heading(source, columns)])
    heading, titles = lines[at]
    known: dict[int, tuple[Column, str | None]] = {}
    left_out: list[LeftOut] = []
    findings: list[Finding] = []
    seen: dict[Key, str] = {}
    for number, raw in enumerate(titles, 1):
        title, place = " ".join(raw.split()), Place(source, f"/{heading}", heading, number)
        if not title:
            continue
        meant = _meant(title, columns, languages, extra)
        if meant is None:
            left_out.append(LeftOut(place=place, text=title))
            continue
        key = (meant[0].term, meant[0].key, meant[1])
        if key in seen:
            message = f"two columns mean the same: {shown(seen[key])!r} and {shown(title)!r}"
            findings.append(problem("column-twice", place, shown(title), message, remedy="take one of them out"))
            continue
        seen[key] = title
        known[number] = meant
    body = lines[at + 1 :]
    for number in range(1, max((len(cells) for _, cells in body), default=0) + 1):
        if number > len(titles) or not titles[number - 1].strip():
            first = next(
                ((line, cells[number - 1]) for line, cells in body if len(cells) >= number and cells[number - 1].strip()), None
            )
            if first is not None:
                place = Place(source, f"/{first[0]}", first[0], number)
                left_out.append(LeftOut(place=place, text=first[1].strip()))
    entries, rows = _entries(body, known, names, fill, source)
    return Table(
        source=source,
        heading=heading,
        columns=known,
        entries=tuple(entries),
        columns_left_out=tuple(left_out),
        rows_left_out=tuple(rows),
        findings=tuple(findings),
    )


def _meant(
    title: str, columns: Sequence[Column], languages: Sequence[str], extra: Mapping[str, Column]
) -> tuple[Column, str | None] | None:
    own = extra.get(normal(title))
    return recognised(title, columns, languages) if own is None else (own, None)


def _heading(
    lines: Sequence[Line], columns: Sequence[Column], languages: Sequence[str], extra: Mapping[str, Column] | None = None
) -> tuple[int, int, int]:
    """Of the row that names most columns: how many, minus those it names that nobody knows, its number in `lines`."""
    best = (0, 0, 0)
    for number, (_, cells) in enumerate(lines[:LOOKED_AT]):
        filled = {" ".join(cell.split()) for cell in cells if cell.strip()}  # a title merged over a row is one
        meant = [one for cell in filled if (one := _meant(cell, columns, languages, extra or {})) is not None]
        if any(column.key in NAMES for column, _ in meant) and len(meant) > best[0]:
            best = (len(meant), len(meant) - len(filled), number)
    return best


def _no_heading(source: str, columns: Iterable[Column]) -> Finding:
    names = tuple(dict.fromkeys(title for column in columns if not column.rare for title in column.title.values()))
    message = f"none of the first {LOOKED_AT} rows names columns that we know"
    remedy = "put the heading above the rows; the table has to be on the first sheet"
    return problem("heading-missing", Place(source, ""), "", message, allowed=names, remedy=remedy)


def _entries(
    body: Sequence[Line], known: Mapping[int, tuple[Column, str | None]], names: str, fill: Sequence[str], source: str
) -> tuple[list[Entry], list[LeftOut]]:
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    opened: list[LeftOut] = []
    above: dict[str, dict[Key, Cell]] = {}
    for line, cells in body:
        first = next((number for number, cell in enumerate(cells, 1) if cell.strip()), 0)
        if not first:
            continue
        row = {
            (column.term, column.key, language): Cell(
                text=cells[number - 1].strip() if number <= len(cells) else "", place=Place(source, f"/{line}", line, number)
            )
            for number, (column, language) in known.items()
        }
        said = LeftOut(place=Place(source, f"/{line}", line, first), text=" ".join(cells[first - 1].split()))
        filled = {key for key, cell in row.items() if cell.text}
        named = any(term == names and key in NAMES for term, key, _ in filled)
        opens = not named and bool(filled) and {term for term, _, _ in filled} <= set(fill)
        if any(normal(cell.strip(" :：")) in _SUMS for cell in cells) or not (named or opens):
            left_out.append(said)
            continue
        row = _filled(row, fill, above)
        if named:
            entries.append(Entry(line=line, cells=row))
        else:
            opened.append(said)
    used = {cell.place.line for entry in entries for cell in entry.cells.values()}
    left_out += [one for one in opened if one.place.line not in used]  # it opened nothing: a remark below the table
    return entries, sorted(left_out, key=lambda one: one.place.line or 0)


def _filled(row: Mapping[Key, Cell], fill: Sequence[str], above: dict[str, dict[Key, Cell]]) -> dict[Key, Cell]:
    """The row with what it takes over from above; a term that is named anew ends what stood under the one before."""
    result = dict(row)
    for number, term in enumerate(fill):
        own = {key: cell for key, cell in row.items() if key[0] == term}
        before = above.get(term, {})
        if any(cell.text and key[1] in ("label", "slug") for key, cell in own.items()):
            said = {(key[1], key[2]): cell.text for key, cell in own.items() if cell.text and key[1] in ("label", "slug")}
            was = {(key[1], key[2]): cell.text for key, cell in before.items() if cell.text}
            if any(was.get(key, text) != text for key, text in said.items()) or not before:
                for inner in fill[number + 1 :]:
                    above.pop(inner, None)
            above[term] = own
        else:
            result |= before
    return result


def several(text: str) -> list[str]:
    """What stands in a cell that names several: one a line, or parted by 、 ， , ； ; or a slash."""
    return [part.strip() for part in re.split(r"[\n、，,；;/／|｜﹑]+", text) if part.strip()]
