"""The folder's documents to a practice and bindings: packs, plugins' overlays, the client's files, one environment's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deskweave.documents import Document, check, check_complete, in_order, problem, read_all
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.model import Json
from deskweave.plugins import Plugins
from deskweave.workspace.folder import FILE, Folder

if TYPE_CHECKING:
    from deskweave.practice import Layer, Overlay, Pack, Practice
    from deskweave.practice.lock import LayerChange, LockedLayer

_LOCK_SUFFIX: Final = ".lock.yaml"


def practice_files(folder: Folder) -> tuple[list[Path], list[Path]]:
    """The client's practice files by path, and those of the environment (`practice/env/<environment>.yaml`)."""
    from deskweave.practice import practice_files as files_in

    root = folder.practice_folder
    own = [root / "env" / f"{folder.environment}{suffix}" for suffix in (".yaml", ".yml")]
    return files_in(root), [path for path in own if path.is_file()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The practice of a folder and environment, and what it was made of."""

    practice: Practice
    below: Sequence[Layer]  #: packs and folders of `extends`, lowest first
    bodies: list[Mapping[str, Json]]  #: of the documents of every layer


def compose_practice(folder: Folder, plugins: Plugins) -> tuple[Practice, list[Mapping[str, Json]]]:
    """The practice of this folder and environment, and the bodies of the documents of every layer it was made of.

    Raises:
        DocumentError: with every finding of every file at once; also where a pack or folder is not what practice.lock says.
    """
    from deskweave.practice.lock import check_lock, read_lock

    sources = read_sources(folder, plugins)
    lock = read_lock(folder.root)
    findings = check_lock(lock, sources.below) if lock is not None else []
    if findings:
        try:
            sources.compose(sources.below)
        except DocumentError as error:  # `practice upgrade` would stop at it
            findings += error.findings
        raise DocumentError(in_order(findings))
    loaded = sources.compose(sources.below)
    return loaded.practice, loaded.bodies


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What there is to compose, read and not yet composed."""

    documents: list[Document]
    environment: list[Document]
    below: list[Layer]
    plugins: Plugins

    def compose(self, below: Sequence[Layer]) -> Loaded:
        """The practice over these layers of `extends`: those there are, or those that were accepted.

        Raises:
            DocumentError: with every finding at once.
        """
        from deskweave.practice import OVERLAY_KINDS, compose

        added: list[Overlay] = []
        # the practice below is composed for plugins to look at: only where one asks for it
        asked = any(hook in OVERLAY_KINDS for plugin in self.plugins.loaded for hook in plugin.hooks)

        def overlays(practice: Practice) -> list[Overlay]:
            added[:] = _overlays(practice, self.plugins)
            return added

        practice = compose(self.documents, overlays=overlays if asked else (), environment=self.environment, below=below)
        bodies = [document.body for layer in below for document in layer.documents]
        bodies += [body for overlay in added for body in overlay.documents]
        bodies += [document.body for document in (*self.documents, *self.environment)]
        return Loaded(practice=practice, below=below, bodies=bodies)


def read_sources(folder: Folder, plugins: Plugins) -> Sources:
    """Read the client's practice and what it extends; practice.lock is not asked.

    Raises:
        DocumentError: there is no practice, or files cannot be read; all findings at once.
    """
    from deskweave.practice import resolve

    files, own = practice_files(folder)
    if not files:
        place = folder.document.place("/practice") if "practice" in folder.document.body else Place(FILE, "/practice")
        name = folder.practice_folder.name + "/"
        message = f"there is no practice: {name} holds no YAML file"
        remedy = "deskweave init writes one that extends deskweave:service-desk@1"
        raise DocumentError([problem("no-practice", place, name, message, remedy=remedy)])
    documents = read_all(files, root=folder.root)
    environment = read_all(own, root=folder.root)
    below = resolve(documents, list(_packs(plugins)), root=folder.root, own=folder.practice_folder)
    return Sources(documents=documents, environment=environment, below=below, plugins=plugins)


def lock_practice(folder: Folder, plugins: Plugins) -> bool:
    """Write practice.lock for what the folder's practice extends today; answers whether its bytes have changed.

    Raises:
        DocumentError: the files cannot be read.
        OSError: the lock file cannot be written.
    """
    from deskweave.practice.lock import write_lock

    return write_lock(folder.root, read_sources(folder, plugins).below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What accepting the packs and folders that are there would change."""

    new: Practice
    old: Practice | None  #: the practice as it was accepted; None where the copies of what the layers said are gone
    changes: list[LayerChange]
    below: Sequence[Layer]
    locked: bool  #: there is a lock file


def read_upgrade(folder: Folder, plugins: Plugins) -> Upgrade:
    """The practice over what is there, beside the one over what was accepted.

    Raises:
        DocumentError: the practice cannot be composed over what is there; all findings at once.
    """
    from deskweave.practice.lock import changes, read_lock

    sources = read_sources(folder, plugins)
    lock = read_lock(folder.root)
    changed = changes(lock or {}, sources.below)
    new = sources.compose(sources.below).practice
    below = _accepted(folder, lock or {}, sources.below)
    old = None
    if below is not None:
        try:
            old = sources.compose(below).practice
        except DocumentError:
            old = None  # the client's files are written for what is there already
    return Upgrade(new=new, old=old, changes=changed, below=sources.below, locked=lock is not None)


def _accepted(folder: Folder, lock: Mapping[str, LockedLayer], below: Sequence[Layer]) -> list[Layer] | None:
    """The layers as they were accepted; None where the copy of one is gone, or one is no longer extended."""
    from deskweave.practice.lock import accepted

    if lock.keys() - {layer.address for layer in below}:
        return None
    found: list[Layer] = []
    for layer in below:
        entry = lock.get(layer.address)
        if entry is None:
            continue  # new in `extends`
        old = accepted(folder.root, entry, layer)
        if old is None:
            return None
        found.append(old)
    return found


def _packs(plugins: Plugins) -> Iterator[Pack]:
    for _, answered in plugins.each("deskweave_practice_packs"):
        yield from answered


def _overlays(below: Practice, plugins: Plugins) -> Iterator[Overlay]:
    from deskweave.practice import OVERLAY_KINDS, Overlay

    for hook, kinds in OVERLAY_KINDS.items():
        for name, overlay in plugins.each(hook, practice=below):
            if not isinstance(overlay, Overlay):
                message = f"{hook} answers with an Overlay, not with {type(overlay).__name__}"
                raise DocumentError([problem("overlay-shape", Place(f"plugin:{name}", hook), type(overlay).__name__, message)])
            for number, document in enumerate(overlay.documents):
                kind = str(document.get("kind"))
                if kind not in kinds:
                    message = f"{hook} may not add documents of kind {kind}"
                    place = Place(f"plugin:{name}", f"{hook}/{number}/kind")
                    raise DocumentError([problem("overlay-kind", place, kind, message, allowed=sorted(kinds), word=kind)])
            yield replace(overlay, origin=name)


def binding_documents(folder: Folder, practice: Practice) -> dict[str, Document]:
    """Binding documents by connection, checked against schema and practice. A connection without one cannot be synced.

    Raises:
        DocumentError: all findings of all bindings at once.
    """
    from deskweave.practice import check_binding

    found: dict[str, Document] = {}
    findings: list[Finding] = []
    for document in read_all(_binding_files(folder), root=folder.root):
        if document.kind != "Binding":
            message = f"a {document.kind} document has no place in bindings/"
            findings.append(problem("kind-out-of-place", document.place("/kind"), document.kind, message, allowed=("Binding",)))
            continue
        wrong = check(document) or check_complete(document.kind, document.body, _locate(document))
        findings += wrong or check_binding(document, practice)
        if document.id not in folder.connections:
            known = tuple(folder.connections)
            message = f"{document.id!r} is no connection of {FILE}"
            findings.append(
                problem("unknown-connection", document.place("/id"), document.id, message, allowed=known, word=document.id)
            )
        elif document.id in found:
            message = f"connection {document.id!r} is bound in {found[document.id].source} already"
            findings.append(problem("bound-twice", document.place("/id"), document.id, message))
        else:
            found[document.id] = document
    if findings:
        raise DocumentError(in_order(findings))
    return found


def files_of(folder: Folder) -> list[Path]:
    """Every file of the folder that people write and that is read: deskweave.yaml, practice, environment, bindings."""
    files, own = practice_files(folder)
    return [folder.root / FILE, *files, *own, *_binding_files(folder)]


def _binding_files(folder: Folder) -> list[Path]:
    """The files of bindings/ that people write, by path."""
    files = folder.bindings_folder.glob("*.yaml")
    return sorted(path for path in files if not path.name.endswith(_LOCK_SUFFIX) and not path.name.startswith("."))


def shapes(folder: Folder) -> list[Finding]:
    """What each file alone shows, file by file: where one cannot be read, the others are looked at all the same."""
    findings: list[Finding] = []
    for path in files_of(folder)[1:]:
        try:
            for document in read_all([path], root=folder.root):
                findings += check(document)
        except DocumentError as error:
            findings += error.findings
    return findings


def _locate(document: Document) -> Callable[[Sequence[str | int], bool], Place]:
    return lambda path, key: document.place(path, key=key)


def _stated_bindings(folder: Folder) -> set[str]:
    """Connections that have a binding, be it full of errors: those are told by themselves."""
    found: set[str] = set()
    for path in _binding_files(folder):
        stated = re.findall(r"(?m)^id:[ \t]*[\"']?([a-z][a-z0-9_]*)", path.read_text(encoding="utf-8", errors="replace"))
        found |= {path.stem, *stated}
    return found


def lint(folder: Folder, practice: Practice, bindings: Iterable[Document], plugins: Plugins | None) -> list[Finding]:
    """References of the workspace, what is allowed and yet makes little sense, and what plugins' checks say (None: not asked)."""
    from deskweave.practice import check_workspace
    from deskweave.practice.lock import check_locked, read_lock
    from deskweave.workspace.binding import doubtful_policies, overlaps, spelled_twice
    from deskweave.workspace.proving import owners, status_findings

    faults = plugins.faults if plugins is not None else []
    before = len(faults)
    findings: list[Finding] = []
    if plugins is not None:
        findings += [finding for _, answered in plugins.each("deskweave_lint", practice=practice) for finding in answered]
    for fault in faults[before:]:
        findings.append(
            Finding(
                rule="check-did-not-run",
                severity=Severity.ERROR,
                place=Place(f"plugin:{fault.plugin}", fault.hook),
                found=fault.plugin,
                message=f"a check did not run: {fault}",
                remedy=f"mend or remove the plugin, or leave it out: DESKWEAVE_BLOCK={fault.plugin}",
            )
        )
    findings += check_workspace(folder.document, practice)
    findings += check_locked(read_lock(folder.root), [layer for layer in practice.layers if layer.address])
    bound, language = list(bindings), practice.languages[0] if practice.languages else "en"
    for document in bound:
        findings += overlaps(document)
        findings += doubtful_policies(document, practice)
        findings += spelled_twice(document, practice, language)
    findings += status_findings(bound, practice, folder.routes, language)
    findings += owners(bound, folder.routes)
    there = {document.id for document in bound} | _stated_bindings(folder)
    for name, entry in folder.connections.items():
        if name not in there:
            named = name if name == entry.plugin else f"{name}:{entry.plugin}"
            findings.append(
                Finding(
                    rule="not-bound",
                    severity=Severity.WARNING,
                    place=entry.place,
                    found=name,
                    message=f"connection {name!r} has no binding: nothing is read from it or written to it",
                    remedy=f"deskweave init --connection {named}",
                )
            )
    return in_order(findings)
