"""The handbook as a tree: sections, and in them paragraphs, lists, tables, messages and one drawing. It knows no format.

Every text in it is plain: whoever writes HTML or Markdown escapes it, whoever wrote it in the first place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What stands in a table's cell, or after a bullet.

    Attributes:
        lines: one under the other.
        code: a slug as files spell it, under the first line.
        notes: smaller, below all.
        strong: set it off.
    """

    lines: tuple[str, ...] = ()
    code: str = ""
    notes: tuple[str, ...] = ()
    strong: bool = False

    @property
    def is_empty(self) -> bool:
        return not (any(self.lines) or self.code or any(self.notes))


Said: TypeAlias = "str | Cell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table; one with `group` is a heading over those that follow, across all columns."""

    cells: tuple[Cell, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`heads` is empty where the first column names what the second says; `number` columns are set narrow and centred."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    centred: frozenset[int] = frozenset()
    first_is_head: bool = False  #: the first column is a heading too (a matrix)
    family: str = ""  #: tables of one family have columns of the same widths

    @property
    def columns(self) -> int:
        return len(self.heads) or max((len(row.cells) for row in self.rows), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    text: str
    kind: Literal["body", "note"] = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    items: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message's text as it is sent, line ends kept."""

    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    name: str
    label: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One way to `target`, from each of `sources`."""

    sources: tuple[str, ...]
    target: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Boxes and the ways between them; `initial` is where everything starts."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    initial: str
    title: str


Block: TypeAlias = "Paragraph | Points | Table | Message | Drawing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A chapter (level 1) or a part of one. `key` is its anchor, `number` is given by `numbered`."""

    key: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    number: str = ""
    level: int = 1

    @property
    def is_empty(self) -> bool:
        return not self.blocks and not self.sections

    def walk(self) -> Iterator[Section]:
        """This section and all below it, as they are read."""
        yield self
        for one in self.sections:
            yield from one.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    party: str
    lines: tuple[str, ...]  #: what is to be filled in: name, role, date, signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    client: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    agreement: str
    signatories: tuple[Signatory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The whole document."""

    language: str
    title: str
    running: str  #: at the foot of every page
    cover: Cover
    revisions_title: str
    revisions: tuple[Block, ...]
    contents_title: str
    chapters: tuple[Section, ...] = field(default=())

    def walk(self) -> Iterator[Section]:
        for chapter in self.chapters:
            yield from chapter.walk()


def cell(said: Said | Sequence[str] | None, *, code: str = "", notes: Iterable[str] = (), strong: bool = False) -> Cell:
    """A cell of a text, or of several lines; empty parts are dropped."""
    if isinstance(said, Cell):
        return said
    lines = (said,) if isinstance(said, str) else tuple(said or ())
    return Cell(
        lines=tuple(line for line in lines if line),
        code=code,
        notes=tuple(note for note in notes if note),
        strong=strong,
    )


def row(*said: Said | Sequence[str] | None) -> Row:
    return Row(cells=tuple(cell(one) for one in said))


def group(title: str) -> Row:
    return Row(group=title)


def table(
    heads: Sequence[str],
    rows: Iterable[Row],
    *,
    keep: Iterable[int] | None = None,
    centred: Iterable[int] = (),
    matrix: bool = False,
    family: str = "",
) -> Table | None:
    """A table, or None where it has no line. A column in which nobody says anything is left out.

    Args:
        heads: of the columns.
        rows: as many cells each; groups have none.
        keep: columns that stay even when they are empty; None: those of a matrix all do, of other tables the first.
        centred: columns set in the middle.
        matrix: the first column is a heading too, and no column is left out.
        family: tables of one family have columns of the same widths.
    """
    made = tuple(rows)
    lines = [one for one in made if not one.group]
    if not lines:
        return None
    kept = set(range(len(heads))) if matrix else {0} | set(keep or ())
    kept |= {place for place in range(len(heads)) if any(not one.cells[place].is_empty for one in lines)}
    order = sorted(kept)
    return Table(
        heads=tuple(heads[place] for place in order),
        rows=tuple(one if one.group else Row(cells=tuple(one.cells[place] for place in order)) for one in made),
        centred=frozenset(order.index(place) for place in centred if place in kept),
        first_is_head=matrix,
        family=family,
    )


def facts(pairs: Iterable[tuple[str, Said | Sequence[str] | None]], family: str = "") -> Table | None:
    """What is called so is that: two columns without a head; pairs that say nothing are left out."""
    made = [(name, cell(said)) for name, said in pairs]
    rows = tuple(Row(cells=(cell(name, strong=True), said)) for name, said in made if not said.is_empty)
    return Table(heads=(), rows=rows, first_is_head=True, family=family) if rows else None


def points(items: Iterable[Said]) -> Points | None:
    made = tuple(one for one in (cell(item) for item in items) if not one.is_empty)
    return Points(items=made) if made else None


def say(text: str, kind: Literal["body", "note"] = "body") -> Paragraph | None:
    return Paragraph(text=text, kind=kind) if text else None


def section(key: str, title: str, blocks: Iterable[Block | None] = (), sections: Iterable[Section | None] = ()) -> Section | None:
    """A section of what there is; None where there is nothing."""
    made = Section(
        key=key,
        title=title,
        blocks=tuple(block for block in blocks if block is not None),
        sections=tuple(one for one in sections if one is not None and not one.is_empty),
    )
    return None if made.is_empty else made


def numbered(sections: Iterable[Section | None], above: str = "", level: int = 1) -> tuple[Section, ...]:
    """Sections with their numbers (`3.2`) and levels; those that say nothing are left out, and leave no gap."""
    live = [one for one in sections if one is not None and not one.is_empty]
    return tuple(
        replace(
            one, number=f"{above}{place}", level=level, sections=numbered(one.sections, above=f"{above}{place}.", level=level + 1)
        )
        for place, one in enumerate(live, 1)
    )
