"""The columns of a fact row: a closed list made from the practice. Names of columns come from here and from nowhere else.

What a row is, its grain, is an inquiry, or one of the other records that a practice describes: a contact, a response, a channel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from deskweave.findings import Finding, Place, Severity
from deskweave.measure.sources import Rulebook
from deskweave.model import Field, FieldId, Grain
from deskweave.practice.succession import succession


class Kind(StrEnum):
    """What a column holds, by its SQL type in DuckDB; PostgreSQL has the same under its own names."""

    TEXT = "VARCHAR"
    NUMBER = "DOUBLE"
    INTEGER = "BIGINT"
    SECONDS = "BIGINT "  #: a duration; the blank keeps the member apart from INTEGER and means nothing to SQL
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    INSTANT = "TIMESTAMP"  #: UTC, without a zone, so that no engine needs one
    SLUGS = "VARCHAR[]"
    INSTANTS = "TIMESTAMP[]"


KINDS_IN_WORDS: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "text or a slug",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number",
    Kind.SECONDS: "a duration such as PT5M",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: 'a date such as "2026-11-20"',
    Kind.INSTANT: 'an instant with its offset such as "2026-11-20T09:00:00+08:00"',
    Kind.SLUGS: "a slug",
}
_KINDS: Final[Mapping[str, Kind]] = {
    "text": Kind.TEXT,
    "email": Kind.TEXT,
    "phone": Kind.TEXT,
    "person": Kind.TEXT,
    "choice": Kind.TEXT,
    "catalog_item": Kind.TEXT,
    "status": Kind.TEXT,
    "choices": Kind.SLUGS,
    "number": Kind.NUMBER,
    "integer": Kind.INTEGER,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "datetime": Kind.INSTANT,
    "duration": Kind.SECONDS,
}
#: Text that says who someone is or what they wrote is never copied into facts: erasing a person must not leave it there.
_WORDS: Final = frozenset({"text", "email", "phone"})
#: Of what is not kept, whether there is anything can still be asked. Messages are an exchange, never a value.
_FILLED: Final = frozenset({*_WORDS, "long_text", "link"})
OPEN: Final = "open_turns"  #: when an inquiry was opened and ended by turns: `clock.turns`
#: Columns about the row itself.
SYSTEM: Final[Mapping[str, Kind]] = {
    "_position": Kind.INTEGER,
    "_practice": Kind.TEXT,
    "_calendars": Kind.TEXT,
    "_problems": Kind.TEXT,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `of` is the field, clock or status it was made from."""

    name: str
    kind: Kind
    of: str


def kept(field: Field) -> bool:
    """Whether a field's value stands in facts."""
    return field.type in _KINDS and not (field.type in _WORDS and field.personal is not None)


def told(field: Field) -> bool:
    """Whether facts say of a field that is not kept whether it holds anything."""
    return field.type in _FILLED and not kept(field)


def fields_of(practice: Rulebook, grain: str) -> Mapping[FieldId, Field]:
    """The fields of one record."""
    return practice.fields if grain == "inquiry" else practice.records.get(grain, {})


class Columns:
    """Every column of the facts of one practice about one kind of record."""

    def __init__(self, practice: Rulebook, grain: Grain = "inquiry") -> None:
        """Clocks and statuses are an inquiry's alone; `_key` is what a contact or an answer is called."""
        self.all: dict[str, Column] = {}
        self._succession = succession(practice)
        self.collisions: list[Finding] = []
        self.grain = grain
        if grain == "inquiry":
            self._add("inquiry", Kind.TEXT, "inquiry")
        for field in fields_of(practice, grain).values():
            self._field(field, practice)
        if grain == "inquiry":
            self._derived(practice)
        elif grain != "channel":
            self._add("_key", Kind.TEXT, "_key")
        for name, kind in SYSTEM.items():
            self._add(name, kind, name)

    def _field(self, field: Field, practice: Rulebook) -> None:
        name: str = field.id
        if told(field):
            self._add(f"{name}_filled", Kind.BOOLEAN, name)
        if not kept(field):
            return
        self._add(name, _KINDS[field.type], name)
        if field.type == "datetime":
            self._add(f"{name}_day", Kind.DATE, name)
        if any(choice.code is not None for choice in field.choices.values()) or is_feedback(field, practice):
            self._add(f"{name}_code", Kind.INTEGER, name)

    def _derived(self, practice: Rulebook) -> None:
        if "phase" not in practice.fields:
            self._add("phase", Kind.TEXT, "status")
        self._add(OPEN, Kind.INSTANTS, "status")
        for clock in practice.clocks:
            self._add(f"{clock}_took", Kind.SECONDS, clock)
            self._add(f"{clock}_goal", Kind.SECONDS, clock)
            self._add(f"{clock}_met", Kind.BOOLEAN, clock)
        for status in practice.statuses.statuses:
            self._add(f"spent_{status}", Kind.SECONDS, status)
        for name in practice.clocks.keys() & practice.fields.keys():
            self._collide(name, f"/clocks/{name}", "both a field and a clock: a metric could mean either")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.all.values())

    def __getitem__(self, name: str) -> Column:
        return self.all[name]

    def get(self, name: str) -> Column | None:
        """The column called `name`, if there is one."""
        return self.all.get(name)

    @property
    def digest(self) -> str:
        """Changes when rows written before no longer fit: other columns, or words that are called otherwise now."""
        shape: list[object] = [(column.name, column.kind.value) for column in self]
        if self._succession:
            shape.append(
                (sorted(self._succession.fields.items()), [(k, sorted(v.items())) for k, v in self._succession.values.items()])
            )
        return hashlib.sha256(repr(shape).encode()).hexdigest()[:16]

    @property
    def types(self) -> dict[str, str]:
        """SQL type by column, for DuckDB."""
        return {column.name: column.kind.value.strip() for column in self}

    def _add(self, name: str, kind: Kind, of: str) -> None:
        if name in self.all:
            self._collide(name, f"/fields/{name}", f"the name of two columns of the facts, for {self.all[name].of} and for {of}")
            return
        self.all[name] = Column(name, kind, of)

    def _collide(self, name: str, path: str, message: str) -> None:
        self.collisions.append(
            Finding(
                rule="ambiguous-name",
                severity=Severity.ERROR,
                place=Place("practice", path),
                found=name,
                message=message,
                remedy="Rename one of them; `was:` keeps its history.",
            )
        )


def is_feedback(field: Field, practice: Rulebook) -> bool:
    """Whether a field's choices are steps of the feedback scale (D1), whose codes are then its numbers."""
    return field.type == "choice" and bool(field.choices) and field.choices.keys() <= practice.feedback.keys()


def codes(field: Field, practice: Rulebook) -> dict[str, int]:
    """The number of each choice: its own, else that of the feedback scale."""
    found = {slug: choice.code for slug, choice in field.choices.items() if choice.code is not None}
    if is_feedback(field, practice):
        found = {slug: rating.code for slug, rating in practice.feedback.items()} | found
    return found
