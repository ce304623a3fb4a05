"""Tables into a folder: what a spreadsheet says otherwise goes into the YAML file where it stands, comments and order kept.

Two steps, so that a person can look in between: `plan_import` composes the practice as it would be, without writing anything;
`carry_out` writes, and takes everything back if the files then say anything else than what was shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from deskweave.documents import Document, amend, in_order, pointer, read
from deskweave.documents.sheet import Format, read_grid, write_sheet
from deskweave.errors import DocumentError, SafetyStop
from deskweave.findings import Finding
from deskweave.model import Json
from deskweave.people.register import FILE, ListedPerson, Register, file_rows, people_rows, read_people
from deskweave.plugins import Plugins
from deskweave.practice import Layer, Practice, compose_layers
from deskweave.practice.tables import TABLES, Difference, RowChange, Share, read_rows, rows_of, sort_of
from deskweave.practice.tables.share import Path as TermPath
from deskweave.practice.tables.share import at_path
from deskweave.workspace.folder import Folder
from deskweave.workspace.loading import compose_practice

OWN: Final = ("files", "environment")  #: layers that stand in the folder
_FILES: Final = {"Catalog": "catalog.yaml", "Routing": "routing.yaml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is written into one document of one file."""

    file: str  #: from the folder's root
    document: tuple[str, str]
    put: Mapping[str, Json]  #: JSON pointer -> value
    take: tuple[str, ...]  #: JSON pointers
    made: bool = False  #: the document has to be begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An import before it happens."""

    sort: str
    share: Share
    before: Practice
    after: Practice
    edits: tuple[Edit, ...]
    removed: bool  #: what no row names is taken away

    @property
    def findings(self) -> list[Finding]:
        return self.share.findings


def sort_of_file(what: Path, practice: Practice) -> str:
    """Which table a file holds, by its heading.

    Raises:
        DocumentError: it cannot be read, or no row names columns.
    """
    return sort_of(list(read_grid(what, what.name)), TABLES, practice.languages, what.name)


def plan_import(
    practice: Practice, what: Path, *, sort: str, reader: str, remove: bool = False, add_classifications: bool = False
) -> Planned:
    """What a spreadsheet would change. Nothing is written.

    Args:
        practice: as it is composed now.
        what: an .xlsx or CSV file.
        sort: one of `deskweave.practice.tables.SORTS`.
        reader: the language of findings' words.
        remove: take away what no row names.
        add_classifications: a classification nobody knows becomes a new one.

    Raises:
        DocumentError: every finding at once, by row and column of the spreadsheet.
    """
    lines = list(read_grid(what, what.name))
    share = read_rows(sort, lines, practice, reader, what.name, add_classifications=add_classifications)
    if share.findings:
        raise DocumentError(in_order(share.findings))
    taken = [*share.taken, *(share.gone if remove else ())]
    try:
        after = compose_layers([*practice.layers, Layer(name="table", documents=tuple(_documents(share, taken)))])
    except DocumentError as error:
        raise DocumentError(list(_explained(error.findings, share, what.name))) from None
    edits = _edits(practice, share, taken)
    return Planned(sort=sort, share=share, before=practice, after=after, edits=tuple(edits), removed=remove)


def _explained(findings: Iterable[Finding], share: Share, file: str) -> Iterator[Finding]:
    """Rules that still name a term without a row: what to do about it is not in the rule's own remedy."""
    gone = {change.path[-1] for change in share.changes if change.mark == "gone"}
    for one in findings:
        if one.found in gone and one.rule.startswith("unknown-"):
            remedy = f"{one.found} has no row in {file}: keep the row, leave --remove out, or change what names it here first"
            yield replace(one, remedy=remedy, allowed=(), nearest=None)
        else:
            yield one


def _documents(share: Share, taken: Sequence[TermPath]) -> list[Document]:
    """The share as documents of a layer on top, with what it takes away."""
    documents = {(one.kind, one.id): one for one in share.documents()}
    for path in taken:
        key = (path[0], path[1])
        one = documents.get(key) or Document(kind=key[0], id=key[1], body={"kind": key[0], "id": key[1]}, source=share.table.source)
        gone = [*(one.body.get("remove") or ()), "/".join(path[2:])]  # type: ignore[misc]  # a list of ours
        documents[key] = Document(kind=one.kind, id=one.id, body={**one.body, "remove": gone}, source=one.source, spot=one.spot)
    return list(documents.values())


# ------------------------------------------------------------------------------------------------------------- into files
@dataclass(slots=True)
class _Target:
    document: Document
    put: dict[str, Json] = field(default_factory=dict)
    take: list[str] = field(default_factory=list)
    made: bool = False


def _edits(practice: Practice, share: Share, taken: Sequence[TermPath]) -> Iterable[Edit]:
    own = [document for layer in practice.layers if layer.name in OWN for document in layer.documents]
    targets: dict[tuple[str, str, str], _Target] = {}

    def target(document: Document, *, made: bool = False) -> _Target:
        return targets.setdefault((document.source, document.kind, document.id), _Target(document, made=made))

    def default(path: TermPath) -> _Target:
        there = next((one for one in own if (one.kind, one.id) == (path[0], path[1])), None)
        if there is not None:
            return target(there)
        source = f"{_folder(own)}{_FILES.get(path[0], path[0].lower() + '.yaml')}"
        return target(Document(kind=path[0], id=path[1], body={}, source=source), made=True)

    for path, (value, _) in share.values.items():
        owner = practice.origins.get(path) or _owner(practice, path)
        held = target(owner) if owner is not None and any(owner is one for one in own) else default(path)
        held.put[pointer(path[2:])] = value
    below = _below(practice)
    for path in taken:
        for document in own:
            if (document.kind, document.id) == (path[0], path[1]) and _stands(document.body, path[2:]) and path not in share.values:
                target(document).take.append(pointer(path[2:]))
        if at_path(below, path) is not None:
            held = default(path)
            stated = held.put.get("/remove", held.document.body.get("remove") or [])
            assert isinstance(stated, list)
            entry = "/".join(path[2:])
            if entry not in stated:
                held.put["/remove"] = [*stated, entry]
    for (source, kind, name), one in targets.items():
        if one.put or one.take:
            yield Edit(file=source, document=(kind, name), put=one.put, take=tuple(one.take), made=one.made)


def _owner(practice: Practice, path: TermPath) -> Document | None:
    """The document that made the nearest thing above a value that is not there yet."""
    for length in range(len(path) - 1, 4, -1):  # a term at least: the whole document, or all its terms, belong to nobody alone
        if (document := practice.origins.get(path[:length])) is not None:
            return document
    return None


def _folder(own: Sequence[Document]) -> str:
    """The folder of the practice's files, as their names begin."""
    return next((one.source.rpartition("/")[0] + "/" for one in own if one.kind == "Practice" and "/" in one.source), "practice/")


def _stands(body: Mapping[str, Any], path: Sequence[str]) -> bool:
    here: Any = body
    for part in path:
        if not isinstance(here, Mapping) or part not in here:
            return False
        here = here[part]
    return True


def _below(practice: Practice) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """The documents of the practice without the folder's own: what only `remove:` takes away."""
    layers = [layer for layer in practice.layers if layer.name not in OWN]
    if not layers:
        return {}
    try:
        return compose_layers(layers).documents
    except DocumentError:  # parts of a practice that are whole only together: ask each for itself
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for layer in layers:
            for document in layer.documents:
                _over(found.setdefault((document.kind, document.id), {}), document.body)
        return found


def _over(target: dict[str, Any], body: Mapping[str, Any]) -> None:
    for key, value in body.items():
        if isinstance(value, Mapping):
            inner = target.setdefault(key, {})
            if isinstance(inner, dict):
                _over(inner, value)
                continue
        target[key] = value


def carry_out(planned: Planned, folder: Folder, plugins: Plugins) -> list[str]:
    """Write a planned import; answers the files that changed.

    Raises:
        DocumentError: a file cannot be written into.
        SafetyStop: the files would say something else than what was planned. Everything is as it was.
    """
    before: dict[Path, bytes | None] = {}
    changed: list[str] = []
    try:
        for edit in planned.edits:
            path = folder.root / edit.file
            before.setdefault(path, path.read_bytes() if path.exists() else None)
            if edit.made:
                _begin(path, edit.document)
            if amend(path, edit.put, document=edit.document, remove=edit.take) or edit.made:
                changed.append(edit.file)
        said, _ = compose_practice(folder, plugins)
        if said.digest != planned.after.digest:
            message = "the files do not say what was planned; they are as they were before"
            raise SafetyStop(message)
    except BaseException:
        for path, data in before.items():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(data)
        raise
    return list(dict.fromkeys(changed))


def _begin(path: Path, document: tuple[str, str]) -> None:
    """Put a document without content at the end of a file, or into a new one."""
    kind, name = document
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text.strip() and read(path):
        text = text.rstrip("\n") + f"\n---\nkind: {kind}\nid: {name}\n"
    else:
        text = (text.rstrip("\n") + "\n" if text.strip() else "") + f"apiVersion: deskweave/v1\nkind: {kind}\nid: {name}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


# ---------------------------------------------------------------------------------------------------------------- export
@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A table as a file."""

    data: bytes
    rows: int
    empty: tuple[str, ...] = ()  #: categories and services without an item: they have no row


def export(
    folder: Folder, practice: Practice, sort: str, *, reader: str, file: Path, gbk: bool = False, per_system: bool = False
) -> Exported:
    """A part of the composed practice, or the folder's people, as a spreadsheet.

    Args:
        folder: whose people.csv it may be.
        practice: as it is composed.
        sort: one of `deskweave.practice.tables.SORTS`, or `people`.
        reader: the language of headings and of names that refer to something.
        file: its name says which form it has: .xlsx or .csv.
        gbk: CSV in GBK instead of UTF-8.
        per_system: a row for each business system of the items whose form asks for one (B6).

    Raises:
        DocumentError: the form cannot hold a character, each with its cell; or people.csv cannot be read.
    """
    if sort == "people":
        heading, rows = people_rows(listed_people(folder, practice, reader), practice, folder.connections, reader)
    else:
        heading, rows = rows_of(sort, practice, reader, per_system=per_system)
    form: Format = "xlsx" if file.suffix.lower() == ".xlsx" else "csv-gbk" if gbk else "csv"
    try:
        data = write_sheet(heading, rows, form)
    except DocumentError as error:
        named = [replace(one, place=replace(one.place, source=file.name)) for one in error.findings]
        raise DocumentError(named) from None
    return Exported(data=data, rows=len(rows), empty=tuple(_empty(practice)) if sort == "catalog" else ())


def _empty(practice: Practice) -> Iterable[str]:
    for (kind, _), body in practice.documents.items():
        for category, held in body.get("categories", {}).items() if kind == "Catalog" else ():
            services = held.get("services", {})
            if not any(inner.get("items") for inner in services.values()):
                yield category
            else:
                yield from (f"{category}/{service}" for service, inner in services.items() if not inner.get("items"))


# ------------------------------------------------------------------------------------------------------------------- people
@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPeople:
    """An import into people.csv before it happens."""

    register: Register
    old: tuple[ListedPerson, ...]
    new: tuple[ListedPerson, ...]
    changes: tuple[RowChange, ...]
    path: Path
    data: bytes

    @property
    def changed(self) -> bool:
        return not self.path.exists() or self.path.read_bytes() != self.data


def listed_people(folder: Folder, practice: Practice, reader: str) -> tuple[ListedPerson, ...]:
    """The people of people.csv; nobody where there is no such file.

    Raises:
        DocumentError: every finding at once.
    """
    path = folder.root / FILE
    if not path.exists():
        return ()
    register = read_people(list(read_grid(path, FILE)), practice, folder.connections, reader, FILE)
    if register.findings:
        raise DocumentError(in_order(register.findings))
    return register.people


def plan_people(folder: Folder, practice: Practice, what: Path, *, reader: str, remove: bool = False) -> PlannedPeople:
    """What a list of people, or a skill matrix, would change in people.csv. Nothing is written.

    Columns the list does not have leave what is there; an empty cell empties it.

    Raises:
        DocumentError: every finding at once, by row and column.
    """
    old = {one.key: one for one in listed_people(folder, practice, reader)}
    lines = list(read_grid(what, what.name))
    register = read_people(lines, practice, folder.connections, reader, what.name, known=tuple(old.values()))
    if register.findings:
        raise DocumentError(in_order(register.findings))
    named = {one.key: one for one in register.people}
    changes: list[RowChange] = []
    new: list[ListedPerson] = []
    for key, there in old.items():
        if key in named:
            new.append(_joined(there, named[key], register.said))
        elif remove:
            changes.append(_person_gone(there))
        else:
            changes.append(_person_gone(there))
            new.append(there)
    new += [replace(one, beside={}) for key, one in named.items() if key not in old]
    for one in new:
        before = old.get(one.key)
        differences = tuple(_person_differences(before or ListedPerson(key=one.key), one))
        if before is None or differences:
            changes.append(
                RowChange(
                    mark="changed" if before else "added",
                    term="person",
                    path=("people", one.key),
                    label={"en": one.name or one.key},
                    place=named[one.key].place if one.key in named else None,
                    differences=differences,
                )
            )
    data = write_sheet(*file_rows(new, folder.connections), "csv")
    return PlannedPeople(
        register=register, old=tuple(old.values()), new=tuple(new), changes=tuple(changes), path=folder.root / FILE, data=data
    )


def _person_gone(one: ListedPerson) -> RowChange:
    return RowChange(mark="gone", term="person", path=("people", one.key), label={"en": one.name or one.key})


def _joined(old: ListedPerson, new: ListedPerson, said: frozenset[str]) -> ListedPerson:
    accounts = {**old.accounts}
    for key in said:
        if key.startswith("account:"):
            accounts.pop(name := key.removeprefix("account:"), None)
            accounts |= {name: new.accounts[name]} if name in new.accounts else {}
    return ListedPerson(
        key=old.key,
        name=new.name if "name" in said else old.name,
        email=new.email if "email" in said else old.email,
        accounts=accounts,
        groups=new.groups if "groups" in said else old.groups,
        skills=new.skills if "skills" in said else old.skills,
        beside=old.beside,
    )


def _person_differences(old: ListedPerson, new: ListedPerson) -> Iterable[Difference]:
    for key in ("name", "email", "groups", "skills"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            values = [list(one) if isinstance(one, tuple) else one or None for one in (before, after)]
            yield Difference(key=key, language=None, old=values[0], new=values[1])
    for name in sorted({*old.accounts, *new.accounts}):
        if old.accounts.get(name) != new.accounts.get(name):
            yield Difference(key=f"account {name}", language=None, old=old.accounts.get(name), new=new.accounts.get(name))


def carry_out_people(planned: PlannedPeople) -> bool:
    """Write people.csv in one step; answers whether its bytes have changed."""
    if not planned.changed:
        return False
    beside = planned.path.with_name(f".{planned.path.name}.new")
    beside.write_bytes(planned.data)
    os.replace(beside, planned.path)
    return True
