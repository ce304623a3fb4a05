"""Practice and connections to a Configurator, and what a look at the platforms says about bound fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from deskweave.documents import nearest, problem, split
from deskweave.errors import DocumentError
from deskweave.findings import Place
from deskweave.mapping.mapper import digest_of
from deskweave.model import ConnectionName
from deskweave.workspace.binding import Absent
from deskweave.workspace.connecting import Opened, read_only

if TYPE_CHECKING:
    from deskweave.configure import ApplyReport, Configurator, Plan, Step
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
            may_write=_may_write(space, one),
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


def apply(space: Workspace, plan: Plan, progress: Callable[[Progress], None] | None) -> ApplyReport:
    """See `Workspace.apply`."""
    names = [part.connection for part in plan.connections if part.steps or part.edits]
    for name in {step.connection for step in plan.writing}:
        if space.entry(name).access != "write":
            raise read_only(space.entry(name))
    made, failures = space.configurator(names or None, progress)
    if failures:
        raise failures[0].error
    return made.apply(plan)


def require_known(space: Workspace, words: Iterable[str], among: Iterable[Step] = ()) -> None:
    """Refuse words of `--only` and `--ours` that name no element: of the bindings, the lock files or a plan's steps.

    Raises:
        DocumentError: every such word, with the nearest path there is.
    """
    from deskweave.configure import wanted_elements
    from deskweave.configure.key import ElementKey

    words = tuple(words)
    if not words:
        return
    keys = {step.key for step in among}
    for name, document in space.binding_documents.items():
        wanted = wanted_elements(space.practice, document.body, language=space.language)
        keys |= {ElementKey.of(element) for element in wanted.elements} | set(space.lock(name).elements)
    paths = sorted({key.path for key in keys})
    above = tuple(dict.fromkeys("/".join(path.split("/")[:2]) for path in paths))
    findings = []
    for word in words:
        if not any(key.is_called(word) for key in keys):
            message = f"{word!r} is no element of this folder"
            head = word.split("/")[0].rstrip("s")
            near = tuple(path for path in above if path.split("/")[0].rstrip("s") == head) or above
            found = problem("unknown-element", Place("--only", ""), word, message, allowed=near)
            findings.append(replace(found, nearest=nearest(word, above) or nearest(word, paths)))
    if findings:
        raise DocumentError(findings)


def narrowed(plan: Plan, words: Sequence[str], connections: Sequence[str]) -> Plan:
    """A plan with only these elements and connections in it; a known element that needs nothing leaves nothing of it."""
    if not words and not connections:
        return plan
    live = [word for word in words if any(step.key.is_called(word) for step in plan.steps)]
    names = [name for name in connections if any(part.connection == name for part in plan.connections)]
    if (words and not live) or (connections and not names):
        return replace(plan, connections=tuple(replace(part, steps=(), edits={}) for part in plan.connections))
    return plan.only(elements=live, connections=names)


def _may_write(space: Workspace, opened: Opened) -> Callable[[], None]:
    from deskweave.configure.patience import patiently

    def ask() -> None:
        if opened.entry.access != "write":
            raise read_only(opened.entry)
        patiently(opened.verify, space.wait)

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
