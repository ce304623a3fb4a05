"""How wide the columns of a table are, in hundredths of the page, so that no table is wider than the paper.

A browser would find widths by itself, but not the same ones as a word processor, and it lets a long word push the table off the
page. Counted are columns of a terminal: Chinese characters take two, and may be broken anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

from deskweave.practice.handbook.tree import Cell, Table

Density = Literal["normal", "dense"]
ROOM: Final[dict[Density, float]] = {"normal": 104, "dense": 122}  #: characters that fit on a line of the page
_PADDING: Final = 2.8  #: of a cell, in characters
_BOLD: Final = 1.1  #: wider than plain type
_LONGEST: Final = 18  #: of a word that is never broken
_WHOLE: Final = 8  #: of a text that is not broken without need
_ENOUGH: Final = 64  #: beyond that a column gains nothing by being wider


def width(text: str) -> int:
    """Columns a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 0 if unicodedata.combining(one) else 1 for one in text)


def shares(table: Table) -> tuple[Density, list[float]]:
    """How closely a table is set, and the share of each column; they add up to 100."""
    columns = [[line.cells[place] for line in table.rows if not line.group] for place in range(table.columns)]
    heads = table.heads or ("",) * table.columns
    least = [max(_head(heads[place]), *(_words(one) for one in column), 2) + _PADDING for place, column in enumerate(columns)]
    want = []
    for place, column in enumerate(columns):
        sizes = sorted(max(_size(one), 1) for one in column)
        typical = sizes[-1 - len(sizes) // 4] if len(sizes) > 4 else sizes[-1]  # a few long ones may take another line
        want.append(max(least[place], min(max(typical, width(heads[place]) * _BOLD), _ENOUGH) + _PADDING))
    density: Density = "normal" if sum(least) <= ROOM["normal"] and table.columns < 8 else "dense"
    room = ROOM[density]
    if sum(least) >= room:
        parts = least
    elif sum(want) > room:
        spare = (room - sum(least)) / (sum(want) - sum(least))
        parts = [low + (high - low) * spare for low, high in zip(least, want, strict=True)]
    else:  # what is left over goes to the columns with text in them
        matrix = table.first_is_head and bool(table.heads)
        open_ = [0.0 if place in table.centred and not matrix else high for place, high in enumerate(want)]
        spare = (room - sum(want)) / (sum(open_) or 1)
        parts = [high + more * spare for high, more in zip(want, open_, strict=True)]
    whole = sum(parts)
    found = [round(part * 100 / whole, 1) for part in parts]
    found[found.index(max(found))] += round(100 - sum(found), 1)
    return density, [round(one, 1) for one in found]


def _size(cell: Cell) -> int:
    return max((width(line) for line in (*cell.lines, cell.code, *cell.notes)), default=0)


def _words(cell: Cell) -> float:
    lines = max((max(_word(line), _short(line)) for line in (*cell.lines, *cell.notes)), default=0) * (_BOLD if cell.strong else 1)
    return max(lines, max((len(part) for part in re.split(r"(?<=[_/])", cell.code)), default=0))


def _head(text: str) -> float:
    return max(_word(text), _short(text)) * _BOLD


def _short(text: str) -> int:
    """Four Chinese characters are better not broken, though they could be."""
    size = width(text)
    return size if size <= _WHOLE else 0


def _word(text: str) -> int:
    """The longest part that is not broken, up to what is broken after all."""
    return min(
        max((len(run) for part in re.split(r"[\s-]+", text) for run in re.findall(r"[\x21-\u02ff]+", part)), default=2), _LONGEST
    )
