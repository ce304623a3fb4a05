"""Where a composed practice says a thing: its path over all documents, its spec as files say it, and the file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from deskweave.findings import Place
from deskweave.model import Field
from deskweave.practice.practice import Practice

Path = tuple[str, ...]


class Places:
    """Paths and specs of one practice's terms."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self._catalog = {path[-1]: path for path in self._items()}
        self._services = {(path[3], path[5]): path[:6] for path in self._catalog.values()}

    def document(self, kind: str, name: str) -> Path:
        """A document of a kind of which there are several."""
        return kind, name

    def head(self) -> Path:
        """The Practice document."""
        return "Practice", self.practice.id

    def term(self, kind: str, key: str, slug: str) -> Path:
        """A term under `key` of whichever document of the kind holds it."""
        for (found, name), body in self.practice.documents.items():
            held = body.get(key)
            if found == kind and isinstance(held, Mapping) and slug in held:
                return found, name, key, slug
        return next(((found, name) for found, name in self.practice.documents if found == kind), (kind,))

    def field(self, record: str, slug: str) -> Path:
        """A field of one kind of record."""
        for (kind, name), body in self.practice.documents.items():
            if kind == "Fields" and body.get("record", "inquiry") == record and slug in (body.get("fields") or {}):
                return kind, name, "fields", slug
        return ("Fields",)

    def item(self, slug: str) -> Path:
        """An item of the catalog."""
        return self._catalog.get(slug, ("Catalog",))

    def service(self, category: str, service: str) -> Path:
        """A service of the catalog."""
        return self._services.get((category, service), ("Catalog",))

    def spec(self, path: Path) -> Mapping[str, Any]:
        """What files say at a path, all layers together; empty where that is no mapping."""
        node: Any = self.practice.documents.get((path[0], path[1])) if len(path) > 1 else None
        for part in path[2:]:
            node = node.get(part) if isinstance(node, Mapping) else None
        return node if isinstance(node, Mapping) else {}

    def was(self, path: Path) -> tuple[str, ...]:
        """Former slugs of what stands there."""
        stated = self.spec(path).get("was", ())
        return tuple(str(one) for one in stated) if isinstance(stated, (list, tuple)) else ()

    def place(self, path: Path, *, key: bool = True) -> Place | None:
        """File, line and column of a path or its nearest parent; None where no file is known (a practice out of a store)."""
        try:
            return self.practice.origin(path, key=key)
        except KeyError:
            return None

    def _items(self) -> list[Path]:
        found: list[Path] = []
        for (kind, name), body in self.practice.documents.items():
            if kind != "Catalog":
                continue
            for category, held in (body.get("categories") or {}).items():
                for service, inner in (held.get("services") or {}).items():
                    found += [
                        (kind, name, "categories", category, "services", service, "items", slug)
                        for slug in inner.get("items") or {}
                    ]
        return found


Find: TypeAlias = Callable[[Places, str], Path]
"""Where the term of a slug stands in a practice."""


def of_document(kind: str) -> Find:
    return lambda places, slug: places.document(kind, slug)


def of_term(kind: str, key: str) -> Find:
    return lambda places, slug: places.term(kind, key, slug)


def of_field(record: str) -> Find:
    return lambda places, slug: places.field(record, slug)


def of_service(places: Places, slug: str) -> Path:
    category, _, service = slug.partition("/")
    return places.service(category, service)


def of_part(kind: str, was: str, now: str, key: str) -> Find:
    """Parts of a document that may be called otherwise in the new practice."""

    def find(places: Places, slug: str) -> Path:
        here = (kind, now) if (kind, now) in places.practice.documents else (kind, was)
        return (*here, key, slug)

    return find


def beneath(was: Path, now: Path, before: Places) -> Find:
    return lambda places, slug: (*(was if places is before else now), slug)


def of_own_choice(record: str, was: str, now: str) -> Find:
    def find(places: Places, slug: str) -> Path:
        path = places.field(record, now)
        return (*(path if len(path) > 1 else places.field(record, was)), "choices", slug)

    return find


def of_shared_choice(was: str, now: str, field: Field) -> Find:
    return of_own_choice("inquiry", was, now)
