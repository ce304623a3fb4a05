"""The catalog out: heading and rows, names in every language of the practice (practice B1, B6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from deskweave.practice.practice import Practice
from deskweave.practice.tables.columns import CATALOG, Column
from deskweave.practice.tables.share import Path
from deskweave.practice.tables.words import Words

LEVELS: Final = ("category", "service", "item")


def catalog_rows(practice: Practice, reader: str, *, per_system: bool = False) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of the catalog as it is composed.

    Args:
        practice: whose catalog.
        reader: the language of headings and references; names stand in every language of the practice.
        per_system: a row for each business system of the items whose form asks for one.
    """
    words, languages = Words(practice, reader), _languages(practice, reader)
    rows = [_row(path, body, practice) for path, body in items_of(practice)]
    if per_system:
        field = system_field(practice)
        rows = [
            row | extra
            for row in rows
            for extra in (_systems(practice) if field is not None and field in (row.get(("item", "asks")) or ()) else [{}])
        ]
    columns = [
        (column, language)
        for column in CATALOG
        for language in (languages if column.spoken else (None,))
        if not (column.rare or (column.spoken and column.key != "label" and language != reader))
        or any(_value(row, column, language) not in (None, "", [], False) for row in rows)
    ]
    heading = [column.heading(reader, language) for column, language in columns]
    return heading, [[_text(_value(row, column, language), column, words) for column, language in columns] for row in rows]


def _languages(practice: Practice, reader: str) -> tuple[str, ...]:
    """Languages of the practice, the reader's first, and every other one in which something of the catalog has a name."""
    said = {
        language
        for _, body in items_of(practice)
        for level in body
        for key in ("label", "description", "remarks")
        for language in level.get(key, {})
    }
    said |= {language for system in practice.systems.values() for language in system.label}
    own = [reader, *practice.languages] if reader in (*practice.languages, *said) else list(practice.languages)
    return tuple(dict.fromkeys([*own, *sorted(said)]))


def items_of(practice: Practice) -> Iterator[tuple[Path, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]]:
    """Document and slugs of category, service and item, with their bodies, in the order of the catalog."""
    for (kind, name), body in practice.documents.items():
        if kind != "Catalog":
            continue
        for category, held in body.get("categories", {}).items():
            for service, inner in held.get("services", {}).items():
                for item, spec in inner.get("items", {}).items():
                    yield (kind, name, category, service, item), (held, inner, spec)


def _row(path: Path, bodies: Sequence[Mapping[str, Any]], practice: Practice) -> dict[tuple[str, str], Any]:
    row: dict[tuple[str, str], Any] = {}
    for term, slug, body in zip(LEVELS, path[2:], bodies, strict=True):
        row |= {(term, key): value for key, value in body.items() if key not in ("services", "items")}
        row[term, "slug"] = slug
    return row


def _systems(practice: Practice) -> list[dict[tuple[str, str], Any]]:
    return [{("system", "slug"): slug, ("system", "label"): one.label} for slug, one in practice.systems.items()] or [{}]


def _value(row: Mapping[tuple[str, str], Any], column: Column, language: str | None) -> Any:
    value = row.get((column.term, column.key))
    return (value or {}).get(language) if column.spoken else value


def _text(value: Any, column: Column, words: Words) -> str:
    if value is None or value is False:
        return ""
    if column.what:
        return words.joined(column.what, value if column.many else [value])
    if value is True:
        return {"zh": "是"}.get(words.reader, "yes")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def system_field(practice: Practice) -> str | None:
    """The field by which a form asks for a business system (B6)."""
    for (kind, _), body in practice.documents.items():
        if kind == "Fields" and body.get("record", "inquiry") == "inquiry":
            for name, spec in body.get("fields", {}).items():
                if spec.get("choices_of") == "systems":
                    return str(name)
    return None
