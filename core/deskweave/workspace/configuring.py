"""Practice and connections to a Configurator, and what a look at the platforms says about bound fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from deskweave.documents import split
from deskweave.findings import Place
from deskweave.mapping.mapper import digest_of
from deskweave.model import ConnectionName
from deskweave.workspace.binding import Absent
from deskweave.workspace.connecting import Opened, read_only

if TYPE_CHECKING:
    from deskweave.configure import Configurator
    from deskweave.configure.apply import Progress
    from deskweave.practice import Practice
    from deskweave.workspace.workspace import Workspace


def configurator(
    space: Workspace, opened: Mapping[ConnectionName, Opened], progress: Callable[[Progress], None] | None = None
) -> Configurator:
    """The configurator over connections that stand."""
    from deskweave.configure import Configurator, Side, StoreJournal, register_path, removed_paths

    sides = [
        Side(
            name=name,
            environment=space.folder.environment,
            connection=one.connection,
            document=space.binding_documents[name].body,
            lock_file=space.lock_file(name),
            may_write=_may_write(one),
        )
        for name, one in opened.items()
    ]
    return Configurator(
        folder=space.folder.id,
        environment=space.folder.environment,
        practice=space.practice,
        digest=space.practice.digest,
        sides=sides,
        journal=StoreJournal(space.store),
        now=space.now,
        language=space.language,
        removed=removed_paths(space.practice, space.layers),
        register_file=register_path(space.folder.root, space.folder.environment),
        origin=lambda path: origin(space.practice, path),
        wait=space.wait,
        progress=progress,
    )


def _may_write(opened: Opened) -> Callable[[], None]:
    def ask() -> None:
        if opened.entry.access != "write":
            raise read_only(opened.entry)

    return ask


_KINDS: Mapping[str, str] = {"clocks": "Clock", "metrics": "Metric", "calendars": "Calendar"}
_INSIDE: Mapping[str, str] = {"fields": "Fields", "statuses": "StatusModel", "transitions": "StatusModel"}


def origin(practice: Practice, path: str) -> Place | None:
    """File and line of an element's path (`fields/title/choices/x`, `catalog/x`), or None where no file says it."""
    parts = split(path)
    if len(parts) < 2:
        return None
    head, slug = parts[0], parts[1]
    try:
        if head in _KINDS:
            return practice.origin((_KINDS[head], slug), key=True)
        if head == "catalog" and slug in practice.catalog:
            item = practice.catalog[slug]
            for kind, name in practice.documents:
                if kind == "Catalog":
                    return practice.origin(
                        (kind, name, "categories", item.category, "services", item.service, "items", slug), key=True
                    )
        for (kind, name), body in practice.documents.items():
            if kind == _INSIDE.get(head) and slug in (body.get(head) or {}):
                return practice.origin((kind, name, *parts), key=True)
    except KeyError:
        return None
    return None


def acquaint(space: Workspace, opened: Mapping[ConnectionName, Opened]) -> None:
    """Learn which bound fields each platform has; ids it gives them go into the lock file.

    Reads only, and only again after practice, binding or lock file have changed: without it a column that `apply` has not made yet
    would be written to, and refused or silently dropped. Where the account may not read configuration, all are taken to be there.
    """
    from deskweave.configure import Mark, write_lock

    new = {name: one for name, one in opened.items() if one.connection.configuration is not None and _known(space, name) is None}
    if not new:
        return
    for part in configurator(space, new).plan().connections:
        if part.failed is not None:
            continue
        if part.edits:
            write_lock(space.lock_file(part.connection), space.lock(part.connection).having(part.edits))
        absent = sorted(
            [step.key.collection, split(step.key.path)[1]]
            for step in part.steps
            if step.mark is Mark.ADD and step.key.kind == "field"
        )
        path = space.folder.state_folder / "fields.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        seen = {**_seen(space), part.connection: {"for": _stamp(space, part.connection), "absent": absent}}
        path.write_text(json.dumps(seen, indent=1, ensure_ascii=False), encoding="utf-8")


def absent_fields(space: Workspace, name: str) -> Absent:
    """What the last look found missing, as far as that look still holds."""
    return _known(space, name) or frozenset()


def _known(space: Workspace, name: str) -> Absent | None:
    entry = _seen(space).get(name)
    if not isinstance(entry, dict) or entry.get("for") != _stamp(space, name):
        return None
    return frozenset((str(collection), str(field)) for collection, field in entry.get("absent", ()))


def _seen(space: Workspace) -> dict[str, object]:
    try:
        found = json.loads((space.folder.state_folder / "fields.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _stamp(space: Workspace, name: str) -> str:
    path = space.lock_file(name)
    lock = path.read_text(encoding="utf-8") if path.is_file() else ""
    return digest_of([json.dumps(space.binding_documents[name].body, default=str, sort_keys=True), space.practice.digest, lock])
