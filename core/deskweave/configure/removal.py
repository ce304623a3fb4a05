"""Which elements were taken out of the practice by `remove:`, as opposed to having just gone missing from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from deskweave.configure.elements import PracticeTerms
from deskweave.model import Json


def removed_paths(practice: PracticeTerms, documents: Iterable[Mapping[str, Json]]) -> frozenset[str]:
    """Element paths that `remove:` of any layer takes out and that the composed practice no longer has.

    A removed catalog item or status takes its option out of every field that is chosen from the catalog or the statuses; a
    removed category or service takes its items, as far as the documents given still say what they were.

    Args:
        practice: composed.
        documents: bodies (with `kind`) of all documents of all layers, packs included.
    """
    bodies = list(documents)
    found: set[str] = set()
    for body in bodies:
        stated = body.get("remove")
        for entry in stated if isinstance(stated, Sequence) and not isinstance(stated, str) else ():
            path = str(entry).strip("/")
            if body.get("kind") == "Fields":
                found.add(path)
            elif body.get("kind") == "StatusModel":
                found.add(path)
                head, _, slug = path.partition("/")
                if head == "statuses" and slug and "/" not in slug:
                    found |= _options(practice, "status", slug)
            elif body.get("kind") == "Catalog":
                for slug in _items(path, bodies):
                    if slug not in practice.catalog:
                        found.add(f"catalog/{slug}")
                        found |= _options(practice, "catalog_item", slug)
    return frozenset(path for path in found if not _still_there(practice, path))


def _options(practice: PracticeTerms, type_: str, slug: str) -> set[str]:
    return {f"fields/{term.id}/choices/{slug}" for term in practice.fields.values() if term.type == type_}


def _items(path: str, bodies: Sequence[Mapping[str, Json]]) -> set[str]:
    """Slugs of the catalog items at or below a path of a Catalog document."""
    parts = path.split("/")
    if len(parts) == 6:
        return {parts[5]}
    found: set[str] = set()
    for body in bodies:
        if body.get("kind") != "Catalog":
            continue
        node: Json = body
        for part in parts:
            node = node.get(part) if isinstance(node, Mapping) else None
        found |= _below(node, len(parts))
    return found


def _below(node: Json, depth: int) -> set[str]:
    """Items in a node of the catalog: below `categories/<c>` (2), `categories/<c>/services/<s>` (4)."""
    if not isinstance(node, Mapping):
        return set()
    if depth == 4:
        items = node.get("items")
        return {str(slug) for slug in items} if isinstance(items, Mapping) else set()
    services = node.get("services") if depth == 2 else None
    return set().union(*(_below(service, 4) for service in services.values())) if isinstance(services, Mapping) else set()


def _still_there(practice: PracticeTerms, path: str) -> bool:
    """A layer above may have put it in again."""
    parts = path.split("/")
    if parts[0] == "fields":
        term = next((term for term in practice.fields.values() if term.id == parts[1]), None) if len(parts) > 1 else None
        if term is None:
            return False
        if len(parts) == 2:
            return True
        if parts[2:3] != ["choices"] or len(parts) < 4:
            return True  # a part of a field, such as its description, is no element
        if term.type == "catalog_item":
            return parts[3] in practice.catalog
        if term.type == "status":
            return practice.statuses is not None and parts[3] in practice.statuses.statuses
        return parts[3] in term.choices
    if parts[0] == "statuses" and len(parts) > 1:
        return practice.statuses is not None and parts[1] in practice.statuses.statuses
    if parts[0] == "catalog" and len(parts) > 1:
        return parts[1] in practice.catalog
    return False
