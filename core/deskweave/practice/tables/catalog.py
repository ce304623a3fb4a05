"""The catalog in: a row for each service item, or for each item and business system (practice B1, B6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deskweave.documents import problem, shown
from deskweave.documents.sheet import Line
from deskweave.findings import Place
from deskweave.model import CatalogItem, Json, Label
from deskweave.practice.practice import Practice
from deskweave.practice.tables.catalog_rows import LEVELS, items_of, system_field
from deskweave.practice.tables.columns import CATALOG, normal
from deskweave.practice.tables.share import Difference, Mark, Path, RowChange, Share, at_path, same_words
from deskweave.practice.tables.slugs import new_slug
from deskweave.practice.tables.table import Cell, Entry, Table, read_table
from deskweave.practice.tables.words import Words, tree, truth

REQUIRED: Final = ("served", "channels")  #: an empty cell of these leaves what is there


def read_catalog(
    lines: Sequence[Line], practice: Practice, reader: str, source: str, *, add_classifications: bool = False
) -> Share:
    """What a table of the catalog says otherwise than the practice.

    Args:
        lines: every row of the sheet.
        practice: as it is composed now.
        reader: the language of findings' words.
        source: the file, for places.
        add_classifications: a classification nobody knows becomes a new one.

    Raises:
        DocumentError: no row names the columns. Everything else that is wrong stands in the answer.
    """
    table = read_table(lines, CATALOG, practice.languages, source, names="item", fill=("category", "service"))
    return _Reading(table, practice, Words(practice, reader), add_classifications).share()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item stands: document, category, service, and its slug."""

    document: str
    category: str
    service: str
    item: str

    @property
    def path(self) -> Path:
        return ("Catalog", self.document, "categories", self.category, "services", self.service, "items", self.item)


class _Reading:
    def __init__(self, table: Table, practice: Practice, words: Words, add_classifications: bool) -> None:
        self.practice, self.words, self.add = practice, words, add_classifications
        self.found = Share(table=table)
        self.found.findings += table.findings
        self.documents = practice.documents
        self.there: dict[str, _Place] = {path[4]: _Place(path[1], path[2], path[3], path[4]) for path, _ in items_of(practice)}
        self.taken = set(self.there)
        self.made: dict[tuple[str, ...], str] = {}
        self.default = next((name for kind, name in self.documents if kind == "Catalog"), "services")
        self.new_classifications: dict[str, str] = {}
        self.told: dict[Path, RowChange] = {}

    def share(self) -> Share:
        rows = [(entry, *self._service(entry)) for entry in self._one_row_each(self.found.table.entries)]
        places = self._items(rows)
        seen: dict[str, Entry] = {}
        for (entry, document, category, service), slug in zip(rows, places, strict=True):
            if slug in seen:
                cell = entry.place("item")
                message = f"the item {shown(slug)!r} stands in row {seen[slug].line} already"
                self.found.findings.append(problem("row-twice", cell, shown(slug), message, remedy="keep one of the rows"))
                continue
            seen[slug] = entry
            self._item(entry, _Place(document, category, service, slug))
        self._gone(set(seen), rows)
        return self.found

    # ------------------------------------------------------------------------------------------------- items by systems
    def _one_row_each(self, entries: Sequence[Entry]) -> list[Entry]:
        """Rows of the same item for several systems as one, whose form asks for the system; systems are told by themselves."""
        if not any(self._identity(entry, "system") for entry in entries):
            return list(entries)
        groups: dict[tuple[str, ...], list[Entry]] = {}
        for entry in entries:
            groups.setdefault(tuple(self._identity(entry, term) for term in LEVELS), []).append(entry)
        systems: dict[str, tuple[str, Entry]] = {}  # normal name -> slug, row that names it first
        held: dict[tuple[str, ...], dict[str, Entry]] = {}
        for who, rows in groups.items():
            for entry in rows:
                name = self._identity(entry, "system")
                if not name:
                    continue
                if name not in systems:
                    systems[name] = (self._system(entry), entry)
                if name in held.setdefault(who, {}):
                    cell = entry.place("system")
                    message = f"this item and system stand in row {held[who][name].line} already"
                    self.found.findings.append(problem("row-twice", cell, shown(name), message, remedy="keep one of the rows"))
                held[who][name] = entry
        result = []
        for who, rows in groups.items():
            if who not in held:
                result += rows
                continue
            self._alike(rows)
            missing = [slug for name, (slug, _) in systems.items() if name not in held[who]]
            if missing:
                cell = rows[0].place("item")
                message = f"no row offers this item for {', '.join(missing[:8])}: an item is offered for every system or for none"
                remedy = "add the rows, or give these systems an item of their own"
                self.found.findings.append(problem("system-without-row", cell, ", ".join(missing[:8]), message, remedy=remedy))
            result.append(self._asking(rows[0]))
        self._systems_gone({slug for slug, _ in systems.values()})
        return result

    def _identity(self, entry: Entry, term: str) -> str:
        slug = entry.text(term, "slug")
        words = entry.words(term, "label")
        return slug or "|".join(normal(words[language].text) for language in sorted(words))

    def _alike(self, rows: Sequence[Entry]) -> None:
        """Rows of one item say the same of it, whatever the system: an item has one level, and one set of channels."""
        first = rows[0]
        for entry in rows[1:]:
            for key, cell in entry.cells.items():
                if key[0] != "system" and normal(cell.text) != normal(first.cells[key].text):
                    message = f"row {first.line} says {shown(first.cells[key].text)!r} of the same item"
                    remedy = "say the same for every system, or name the item otherwise"
                    self.found.findings.append(problem("differs-by-system", cell.place, shown(cell.text), message, remedy=remedy))

    def _system(self, entry: Entry) -> str:
        words = entry.words("system", "label")
        terms = {slug: one.label for slug, one in self.practice.systems.items()}
        slug = entry.text("system", "slug") or _by_label(words, terms)
        label = {language: cell.text for language, cell in words.items()}
        if slug is None:
            slug = new_slug(label, "system", {*terms, *self.made.values()})
        self.made["system", slug] = slug
        path = ("Catalog", self.default, "systems", slug)
        for (kind, name), body in self.documents.items():
            if kind == "Catalog" and slug in body.get("systems", {}):
                path = (kind, name, "systems", slug)
        self._spoken(path, "system", words, "label")
        return slug

    def _systems_gone(self, named: set[str]) -> None:
        for (kind, name), body in self.documents.items():
            for slug, spec in body.get("systems", {}).items() if kind == "Catalog" else ():
                if slug not in named:
                    self.found.gone.append((kind, name, "systems", slug))
                    self.found.changes.append(
                        RowChange(mark="gone", term="system", path=(kind, name, "systems", slug), label=spec.get("label", {}))
                    )

    def _asking(self, entry: Entry) -> Entry:
        """The row, with the field for the system among those its form asks."""
        field = system_field(self.practice)
        key = ("item", "asks", None)
        if field is None:
            return entry
        cell = entry.cells.get(key)
        if cell is None:
            stated = self._current(entry, "asks")
            text = ", ".join([*(stated or ()), *([] if field in (stated or ()) else [field])])
            return Entry(line=entry.line, cells={**entry.cells, key: Cell(text=text, place=entry.place("system"))})
        if field in self.words.many("field", cell.text, cell.place, []):
            return entry
        text = ", ".join(part for part in (cell.text, field) if part)
        return Entry(line=entry.line, cells={**entry.cells, key: Cell(text=text, place=cell.place)})

    def _current(self, entry: Entry, key: str) -> Any:
        _, category, service = self._service(entry)
        slug = entry.text("item", "slug") or self._known_item(entry, category, service) or ""
        there = self.there.get(slug)
        return None if there is None else at_path(self.documents, (*there.path, key))

    # ---------------------------------------------------------------------------------------------------------- places
    def _service(self, entry: Entry) -> tuple[str, str, str]:
        """Document, category and service a row stands under, with new ones where nobody knows them."""
        document, category = self._branch(entry, "category", self.default, ())
        _, service = self._branch(entry, "service", document, (category,))
        return document, category, service

    def _branch(self, entry: Entry, term: str, document: str, above: tuple[str, ...]) -> tuple[str, str]:
        words, stated = entry.words(term, "label"), entry.text(term, "slug")
        label = {language: cell.text for language, cell in words.items()}
        spelled = (term, *above, stated or "|".join(f"{language}:{normal(text)}" for language, text in sorted(label.items())))
        if spelled in self.made:
            return self._document_of(term, above, self.made[spelled], document), self.made[spelled]
        there: dict[str, tuple[str, Label]] = {}
        for (kind, name), body in self.documents.items():
            if kind == "Catalog":
                held = body.get("categories", {})
                held = held.get(above[0], {}).get("services", {}) if above else held
                there |= {slug: (name, spec.get("label", {})) for slug, spec in held.items()}
        slug = stated or _by_label(words, {slug: names for slug, (_, names) in there.items()})
        if slug is None and not label:
            place = entry.place(term)
            message = f"the row does not say its {'service category' if term == 'category' else 'service name'}"
            self.found.findings.append(problem("missing-value", place, "", message, remedy="fill in the cell, or the one above it"))
            slug = "missing"
        if slug is None:
            slug = new_slug(
                label, term, {*there, *(made for key, made in self.made.items() if key[: len(above) + 1] == (term, *above))}
            )
        self.made[spelled] = slug
        document = there[slug][0] if slug in there else document
        way: Path = ("categories", above[0], "services", slug) if above else ("categories", slug)
        path = ("Catalog", document, *way)
        self.found.named[path] = entry.place(term, "slug") if stated else entry.place(term)
        self._beside(entry, path, term)
        return document, slug

    def _document_of(self, term: str, above: tuple[str, ...], slug: str, default: str) -> str:
        way: Path = ("categories", above[0], "services", slug) if above else ("categories", slug)
        for kind, name in self.documents:
            if kind == "Catalog" and at_path(self.documents, (kind, name, *way)) is not None:
                return name
        return default

    def _known_item(self, entry: Entry, category: str, service: str) -> str | None:
        terms = {
            slug: self.practice.catalog[slug].label
            for slug, at in self.there.items()
            if (at.category, at.service) == (category, service)
        }
        return _by_label(entry.words("item", "label"), terms)

    def _items(self, rows: Sequence[tuple[Entry, str, str, str]]) -> list[str]:
        """The slug of every row's item: the one it states, that of the item of its name, or a new one."""
        found = [entry.text("item", "slug") or self._known_item(entry, category, service) for entry, _, category, service in rows]
        free = {slug: self.practice.catalog[slug].label for slug in self.there if slug not in found}
        for number, (entry, *_) in enumerate(rows):
            if found[number] is None:  # an item of this name elsewhere, that no other row is about, has moved here
                moved = _by_label(entry.words("item", "label"), free)
                if moved is not None:
                    found[number] = moved
                    free.pop(moved)
        result: list[str] = []
        known = {*self.taken, *(slug for slug in found if slug)}
        names: dict[tuple[str, str, str], str] = {}
        for slug, (entry, _, category, service) in zip(found, rows, strict=True):
            if slug is None:
                label = {language: cell.text for language, cell in entry.words("item", "label").items()}
                who = (category, service, self._identity(entry, "item"))
                slug = names.get(who) or new_slug(label, "item", known)
                names[who] = slug
                known.add(slug)
            result.append(slug)
        return result

    # ---------------------------------------------------------------------------------------------------------- values
    def _item(self, entry: Entry, at: _Place) -> None:
        there = self.there.get(at.item)
        old: Mapping[str, Any] = at_path(self.documents, there.path) if there is not None else {}
        new = self._values(entry, at, old, fresh=there is None)
        label = {**old.get("label", {}), **{language: cell.text for language, cell in entry.words("item", "label").items()}}
        place = entry.place("item")
        self.found.named[at.path] = entry.place("item", "slug") if entry.text("item", "slug") else place
        differences = tuple(_differences(old, new))
        moved = there is not None and there != at
        if moved:
            assert there is not None
            self.found.taken.append(there.path)
            self._write(at.path, {**old, **{key: value for key, (value, _) in new.items()}}, {}, new, place)
        else:
            self._write(at.path, {key: value for key, (value, _) in new.items()}, old, new, place)
        if there is None or moved or differences:
            mark: Mark = "added" if there is None else "moved" if moved else "changed"
            self.found.changes.append(
                RowChange(mark=mark, term="item", path=at.path, label=label, place=place, differences=differences)
            )

    def _write(
        self, path: Path, body: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, tuple[Any, Place]], place: Place
    ) -> None:
        for key, value in body.items():
            cell = new[key][1] if key in new else place
            if isinstance(value, Mapping) and key in ("label", "description", "remarks"):
                for language, text in value.items():
                    if text is None:
                        self.found.taken.append((*path, key, language))
                    elif not same_words(old.get(key, {}).get(language), text):
                        self.found.put((*path, key, language), text, cell)
            elif value is None:
                if key in old:
                    self.found.taken.append((*path, key))
            else:
                if isinstance(value, Mapping) and isinstance(old.get(key), Mapping):
                    self.found.taken.append((*path, key))  # a condition is replaced, never merged with the one before
                self.found.put((*path, key), value, cell)

    def _values(self, entry: Entry, at: _Place, old: Mapping[str, Any], *, fresh: bool) -> dict[str, tuple[Any, Place]]:
        """What the row says of the item otherwise than the practice, with cells; None takes a value away."""
        new: dict[str, tuple[Any, Place]] = {}
        for (term, key, language), cell in entry.cells.items():
            if term != "item" or key == "slug":
                continue
            if language is not None:
                said = old.get(key, {}).get(language)
                if cell.text and not same_words(said, cell.text):
                    new[key] = ({**new.get(key, ({},))[0], language: cell.text}, cell.place)
                elif not cell.text and said is not None and key != "label":
                    new[key] = ({**new.get(key, ({},))[0], language: None}, cell.place)
                continue
            value = self._parsed(key, cell) if cell.text else None
            if cell.text and value is None:
                continue  # told already
            if value is None and (key in REQUIRED or key not in old):
                continue
            if value in (False, []) and key not in old:
                continue
            if value != old.get(key):
                new[key] = (value, cell.place)
        if fresh:
            self._needed(entry, new)
        return new

    def _needed(self, entry: Entry, new: dict[str, tuple[Any, Place]]) -> None:
        """What a new item cannot be without: whom it serves (the user, as in the sources), and its channels."""
        if "served" not in new and not entry.text("item", "served") and "user" in self.practice.roles:
            new["served"] = ("user", entry.place("item"))
        for key in REQUIRED:
            if key not in new and not entry.text("item", key):
                what = "served party" if key == "served" else "channels"
                message = f"a new item says its {what}, and this row does not"
                self.found.findings.append(
                    problem(
                        "missing-value", entry.place("item", key if self.found.table.has("item", key) else "label"), "", message
                    )
                )
        if not entry.words("item", "label"):
            message = "a new item needs a name"
            self.found.findings.append(problem("missing-value", entry.place("item"), "", message))

    def _parsed(self, key: str, cell: Cell) -> Json:
        column = next(one for one in CATALOG if one.term == "item" and one.key == key)
        findings = self.found.findings
        if key == "classification" and self.add and self.words.slug("classification", cell.text) is None:
            return self._classification(cell)
        if column.what and column.many:
            before = len(findings)
            slugs = self.words.many(column.what, cell.text, cell.place, findings)
            return slugs if len(findings) == before else None
        if column.what:
            return self.words.one(column.what, cell.text, cell.place, findings)
        if key in ("stock", "ours"):
            return truth(cell.text, cell.place, findings)
        if key == "entitled":
            return tree(cell.text, cell.place, findings)  # type: ignore[no-any-return]
        return [part.strip() for part in cell.text.split(",") if part.strip()]  # was

    def _classification(self, cell: Cell) -> str:
        name = normal(cell.text)
        if name not in self.new_classifications:
            language = "zh" if any("\u4e00" <= sign <= "\u9fff" for sign in cell.text) else "en"
            slug = new_slug(
                {language: cell.text}, "classification", {*self.practice.classifications, *self.new_classifications.values()}
            )
            self.new_classifications[name] = slug
            path = ("Catalog", self.default, "classifications", slug)
            self.found.put((*path, "label", language), cell.text, cell.place)
            self.found.changes.append(
                RowChange(mark="added", term="classification", path=path, label={language: cell.text}, place=cell.place)
            )
        return self.new_classifications[name]

    def _beside(self, entry: Entry, path: Path, term: str) -> None:
        """Name, description and the like of a category or service, told once for all its rows."""
        for key in ("label", "description"):
            self._spoken(path, term, entry.words(term, key), key)
        for key in ("was", "ours"):
            cell = entry.cells.get((term, key, None))
            if cell is None or not cell.text:
                continue
            value: Any = truth(cell.text, cell.place, self.found.findings) if key == "ours" else None
            if key == "was":
                value = [part.strip() for part in cell.text.split(",") if part.strip()]
            old = at_path(self.documents, (*path, key))
            if value is not None and value != old and not (value is False and old is None):
                self.found.put((*path, key), value, cell.place)
                self._tell(path, term, Difference(key=key, language=None, old=old, new=value), cell.place)

    def _spoken(self, path: Path, term: str, words: Mapping[str, Cell], key: str) -> None:
        for language, cell in words.items():
            old = at_path(self.documents, (*path, key, language))
            if not same_words(old, cell.text):
                self.found.put((*path, key, language), cell.text, cell.place)
                self._tell(path, term, Difference(key=key, language=language, old=old, new=cell.text), cell.place)

    def _tell(self, path: Path, term: str, difference: Difference, place: Place) -> None:
        there = at_path(self.documents, path)
        label = dict((there or {}).get("label", {}))
        before = self.told.get(path)
        if before is not None:
            label = dict(before.label)
        if difference.key == "label" and difference.language is not None:
            label[difference.language] = str(difference.new)
        change = RowChange(
            mark="changed" if there else "added",
            term=term,
            path=path,
            label=label,
            place=before.place if before else place,
            differences=(*(before.differences if before else ()), difference),
        )
        if before is not None:
            self.found.changes[self.found.changes.index(before)] = change
        else:
            self.found.changes.append(change)
        self.told[path] = change

    # ------------------------------------------------------------------------------------------------------------ gone
    def _gone(self, seen: set[str], rows: Sequence[tuple[Entry, str, str, str]]) -> None:
        """Items no row names; a service or category goes with the last of its items."""
        kept = {(document, category, service) for _, document, category, service in rows}
        whole: set[Path] = set()
        for slug, at in self.there.items():
            if slug in seen:
                continue
            path = at.path
            if not any((document, category) == (at.document, at.category) for document, category, _ in kept):
                path = path[:4]
            elif (at.document, at.category, at.service) not in kept:
                path = path[:6]
            if path not in whole:
                self.found.gone.append(path)
                whole.add(path)
            item: CatalogItem = self.practice.catalog[slug]
            self.found.changes.append(RowChange(mark="gone", term="item", path=at.path, label=item.label))


def _differences(old: Mapping[str, Any], new: Mapping[str, tuple[Any, Place]]) -> Iterator[Difference]:
    for key, (value, _) in new.items():
        if key in ("label", "description", "remarks"):
            for language, text in value.items():
                yield Difference(key=key, language=language, old=old.get(key, {}).get(language), new=text)
        else:
            yield Difference(key=key, language=None, old=old.get(key), new=value)


def _by_label(words: Mapping[str, Cell], terms: Mapping[str, Label]) -> str | None:
    """The one term of this name: first in the language it is written in, then in any."""
    for language, cell in words.items():
        found = [slug for slug, label in terms.items() if normal(label.get(language, "")) == normal(cell.text)]
        if len(found) == 1:
            return found[0]
    said = {normal(cell.text) for cell in words.values()}
    found = [slug for slug, label in terms.items() if said & {normal(text) for text in label.values()}]
    return found[0] if len(found) == 1 else None
