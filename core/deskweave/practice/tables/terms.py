"""Lists of terms as tables: business systems, skills, classifications (practice B5, B6, J4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deskweave.documents import problem, shown
from deskweave.documents.sheet import Line
from deskweave.model import Json
from deskweave.practice.practice import Practice
from deskweave.practice.tables.columns import CLASSIFICATIONS, SKILLS, SYSTEMS, Column, normal
from deskweave.practice.tables.share import Difference, Path, RowChange, Share, same_words
from deskweave.practice.tables.slugs import new_slug
from deskweave.practice.tables.table import Entry, read_table
from deskweave.practice.tables.words import truth

LISTS: Final[Mapping[str, tuple[str, str, Sequence[Column]]]] = {
    "systems": ("Catalog", "systems", SYSTEMS),
    "classifications": ("Catalog", "classifications", CLASSIFICATIONS),
    "skills": ("Routing", "skills", SKILLS),
}
"""Sort of list -> kind and key where its terms stand, and its columns."""


def list_rows(sort: str, practice: Practice, reader: str) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of a list of terms; names stand in every language of the practice."""
    _, _, columns = LISTS[sort]
    terms = {path[-1]: body for path, body in _terms(sort, practice)}
    said = {language for body in terms.values() for key in ("label", "description") for language in body.get(key, {})}
    languages = tuple(
        dict.fromkeys([*([reader] if reader in {*practice.languages, *said} else []), *practice.languages, *sorted(said)])
    )
    spread = [(column, language) for column in columns for language in (languages if column.spoken else (None,))]
    rows = [[_cell(slug, body, column, language, reader) for column, language in spread] for slug, body in terms.items()]
    kept = [number for number, (column, _) in enumerate(spread) if not column.rare or any(row[number] for row in rows)]
    heading = [column.heading(reader, language) for column, language in spread]
    return [heading[number] for number in kept], [[row[number] for number in kept] for row in rows]


def _cell(slug: str, body: Mapping[str, Any], column: Column, language: str | None, reader: str) -> str:
    if column.key == "slug":
        return slug
    value = body.get(column.key)
    if column.spoken:
        return str((value or {}).get(language, ""))
    if value is True:
        return {"zh": "是"}.get(reader, "yes")
    return ", ".join(value) if isinstance(value, (list, tuple)) else ""


def _terms(sort: str, practice: Practice) -> list[tuple[Path, Mapping[str, Any]]]:
    kind, key, _ = LISTS[sort]
    return [
        ((kind, name, key, slug), spec or {})
        for (of, name), body in practice.documents.items()
        if of == kind
        for slug, spec in body.get(key, {}).items()
    ]


def read_list(sort: str, lines: Sequence[Line], practice: Practice, source: str) -> Share:
    """What a list of terms says otherwise than the practice.

    Raises:
        DocumentError: no row names the columns. Everything else that is wrong stands in the answer.
    """
    kind, key, columns = LISTS[sort]
    term = columns[0].term
    table = read_table(lines, columns, practice.languages, source, names=term)
    share = Share(table=table, findings=list(table.findings))
    there = {path[-1]: (path, body) for path, body in _terms(sort, practice)}
    document = next((name for of, name in practice.documents if of == kind), {"Catalog": "services"}.get(kind, key))
    slugs: dict[str, Entry] = {}
    for entry in table.entries:
        words = entry.words(term, "label")
        label = {language: cell.text for language, cell in words.items()}
        slug = entry.text(term, "slug") or _named(label, there)
        if slug is None:
            slug = new_slug(label, term, {*there, *slugs})
        if slug in slugs:
            message = f"{shown(slug)!r} stands in row {slugs[slug].line} already"
            place = entry.place(term)
            share.findings.append(problem("row-twice", place, shown(slug), message, remedy="keep one of the rows"))
            continue
        slugs[slug] = entry
        path, old = there.get(slug, ((kind, document, key, slug), {}))
        if not label and slug not in there:
            share.findings.append(problem("missing-value", entry.place(term), "", "a new term needs a name"))
        share.named[path] = entry.place(term, "slug") if entry.text(term, "slug") else entry.place(term)
        _read_row(share, entry, term, path, old, known=slug in there)
    for slug, (path, body) in there.items():
        if slug not in slugs:
            share.gone.append(path)
            share.changes.append(RowChange(mark="gone", term=term, path=path, label=body.get("label", {})))
    return share


def _named(label: Mapping[str, str], there: Mapping[str, tuple[Path, Mapping[str, Any]]]) -> str | None:
    said = {normal(text) for text in label.values()}
    found = [slug for slug, (_, body) in there.items() if said & {normal(text) for text in body.get("label", {}).values()}]
    return found[0] if len(found) == 1 else None


def _read_row(share: Share, entry: Entry, term: str, path: Path, old: Mapping[str, Any], *, known: bool) -> None:
    differences: list[Difference] = []
    for (_, key, language), cell in entry.cells.items():
        if key == "slug":
            continue
        if language is not None:
            said = old.get(key, {}).get(language)
            if cell.text and not same_words(said, cell.text):
                share.put((*path, key, language), cell.text, cell.place)
            elif not cell.text and said is not None and key != "label":
                share.taken.append((*path, key, language))
            else:
                continue
            differences.append(Difference(key=key, language=language, old=said, new=cell.text or None))
            continue
        value: Json = None
        if cell.text:
            value = truth(cell.text, cell.place, share.findings) if key == "ours" else [one.strip() for one in cell.text.split(",")]
        if value == old.get(key) or (value is False and key not in old):
            continue
        if value is None:
            share.taken.append((*path, key))
        else:
            share.put((*path, key), value, cell.place)
        differences.append(Difference(key=key, language=None, old=old.get(key), new=value))
    if differences or not known:
        label = {**old.get("label", {}), **{language: cell.text for language, cell in entry.words(term, "label").items()}}
        share.changes.append(
            RowChange(
                mark="changed" if known else "added",
                term=term,
                path=path,
                label=label,
                place=entry.place(term),
                differences=tuple(differences),
            )
        )
