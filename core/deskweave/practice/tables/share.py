"""What a table says otherwise than the practice: a share of documents whose every value has its cell, and what is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from deskweave.documents import Document, Spot
from deskweave.documents.document import COLUMNS, packed
from deskweave.findings import Finding, Place
from deskweave.model import Json, Label
from deskweave.practice.tables.table import Table

Path = tuple[str, ...]
"""Kind, id, and the way down to a value."""


Mark = Literal["added", "changed", "moved", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value of a term: None where there is none."""

    key: str
    language: str | None
    old: Json
    new: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """What a row changes, or a term that no row names any more.

    Attributes:
        mark: `added`, `changed`, `moved` or `gone`.
        term: the sort of term, `item` or `system` for instance.
        path: of the term in the practice.
        label: its name.
        place: the cell that names it; None where no row does.
        differences: of a term that is changed, value by value.
    """

    mark: Mark
    term: str
    path: Path
    label: Label
    place: Place | None = None
    differences: tuple[Difference, ...] = ()


@dataclass(slots=True, kw_only=True)
class Share:
    """What a table would change. `values` says nothing that the practice says already."""

    table: Table
    values: dict[Path, tuple[Json, Place]] = field(default_factory=dict)
    named: dict[Path, Place] = field(default_factory=dict)  #: the cells that name terms
    taken: list[Path] = field(default_factory=list)  #: values and terms that are taken away whatever happens to the others
    gone: list[Path] = field(default_factory=list)  #: terms that no row names: taken away when somebody says so
    changes: list[RowChange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def put(self, path: Path, value: Json, place: Place) -> None:
        self.values[path] = (value, place)

    def documents(self) -> list[Document]:
        """The values as documents over everything else, placed in the table."""
        found: dict[tuple[str, str], _Branch] = {}
        for path, (value, place) in self.values.items():
            here = found.setdefault((path[0], path[1]), _Branch(place))
            for depth, part in enumerate(path[2:-1], 3):
                named = self.named.get(path[:depth], place)
                here = here.inner.setdefault(part, _Branch(named))  # type: ignore[assignment]  # a term is no value
                assert isinstance(here, _Branch)
            here.inner[path[-1]] = _Leaf(value, place)
        documents = []
        for (kind, name), branch in found.items():
            body, spot = branch.built()
            documents.append(
                Document(kind=kind, id=name, body={"kind": kind, "id": name, **body}, source=self.table.source, spot=spot)
            )
        return documents


@dataclass(slots=True)
class _Leaf:
    value: Json
    place: Place


class _Branch:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.inner: dict[str, _Branch | _Leaf] = {}

    def built(self) -> tuple[dict[str, Any], Spot]:
        body: dict[str, Any] = {}
        marks: dict[str, int] = {}
        spots: dict[str, int | Spot] = {}
        for name, one in self.inner.items():
            marks[name] = _at(one.place)
            if isinstance(one, _Leaf):
                body[name] = one.value
                spots[name] = _spot(one.value, _at(one.place))
            else:
                body[name], spots[name] = one.built()
        return body, Spot.of(_at(self.place), marks, spots)


def _spot(value: Json, at: int) -> int | Spot:
    if isinstance(value, (list, tuple)):
        return Spot.of(at, {}, [at] * len(value))
    return at


def _at(place: Place) -> int:
    return packed(place.line or 1, min(place.column or 1, COLUMNS - 1))


def at_path(documents: Mapping[tuple[str, str], Mapping[str, Any]], path: Sequence[str]) -> Any:
    """The value at a path; None where there is none."""
    here: Any = documents.get((path[0], path[1]))
    for part in path[2:]:
        here = here.get(part) if isinstance(here, Mapping) else None
    return here


def same_words(old: Any, new: str) -> bool:
    """Whether a cell says what is said already: blanks around it and the sort of line ends are lost in spreadsheets."""
    return isinstance(old, str) and old.replace("\r\n", "\n").strip() == new
