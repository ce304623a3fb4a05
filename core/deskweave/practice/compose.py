"""Layers of documents to one practice.

Order: what `extends` names left to right, each with its own; plugins' overlays by name; the client's files by path; the
environment. Maps merge key by key, scalars and lists replace, and two documents of one layer may not set the same value. A layer
first takes away what its `remove` names, then carries over what its terms' `was` renames, then sets its own keys. `satisfies` is
collected. All that is wrong is said at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from deskweave.documents import API_VERSION, KINDS, Document, check, check_complete, in_order, is_map, problem, shown, split
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.model import Json
from deskweave.practice.build import build
from deskweave.practice.packs import builtin_pack, read_pack, resolve
from deskweave.practice.practice import DocumentKey, Layer, Overlay, Pack, Practice, locate, part_of
from deskweave.practice.references import check_references
from deskweave.practice.renames import Renames, forget

Path = tuple[str, ...]
Overlays = Sequence[Overlay] | Callable[[Practice], Iterable[Overlay]]

PRACTICE_KINDS: Final = tuple(kind for kind in KINDS if kind not in ("Binding", "Log", "Workspace"))
_SINGLE: Final = "practice"
"""Every layer's Practice document is the same one, whatever its id: the topmost names the result."""


@lru_cache(maxsize=1)
def builtin() -> Practice:
    """The built-in practice alone, composed."""
    return compose_layers([read_pack(builtin_pack())])


def compose(
    documents: Sequence[Document],
    *,
    packs: Iterable[Pack] = (),
    overlays: Overlays = (),
    environment: Sequence[Document] = (),
    below: Sequence[Layer] | None = None,
) -> Practice:
    """A client's files, with everything they build on, to a practice.

    Args:
        documents: the client's own documents; `extends` of their Practice document names the packs.
        packs: packs plugins offer; the built-in one is always there.
        overlays: what plugins add (sorted by `origin` here), or a function that is given the practice as composed from the packs
            alone and answers them.
        environment: documents of one environment, over everything else.
        below: the layers of `extends`, where they have been resolved already (folders can only be resolved from a folder).

    Raises:
        DocumentError: with every finding at once.
    """
    below = list(resolve(documents, packs) if below is None else below)
    misplaced = [_misplaced(document) for document in environment if "extends" in document.body]
    if misplaced:
        raise DocumentError(misplaced)
    if callable(overlays):
        overlays = list(overlays(compose_layers(below))) if below else []
    layers = [*below, *overlay_layers(overlays), Layer(name="files", documents=tuple(documents))]
    if environment:
        layers.append(Layer(name="environment", documents=tuple(environment)))
    return compose_layers(layers)


def _misplaced(document: Document) -> Finding:
    message, remedy = "an environment extends nothing: it stands on top", "move `extends` to the practice's own files"
    return problem("extends-misplaced", document.place("extends", key=True), "extends", message, remedy=remedy)


def overlay_layers(overlays: Iterable[Overlay]) -> list[Layer]:
    """What plugins add, one layer for each plugin, by name."""
    layers = []
    by_origin: dict[str, list[Document]] = {}
    findings: list[Finding] = []
    for overlay in overlays:
        source = f"plugin:{overlay.origin}"
        found = by_origin.setdefault(source, [])
        for raw in overlay.documents:
            body = {key: value for key, value in raw.items() if key != "apiVersion"}
            kind, name, version = body.get("kind"), body.get("id"), raw.get("apiVersion", API_VERSION)
            if version != API_VERSION:
                place = Place(source, "/apiVersion")
                findings.append(
                    problem("api-version", place, shown(version), "no such format", allowed=(API_VERSION,), word=version)
                )
            elif not isinstance(kind, str) or kind not in PRACTICE_KINDS:
                findings.append(
                    problem(
                        "unknown-kind",
                        Place(source, "/kind"),
                        shown(kind),
                        "no such kind of document",
                        allowed=PRACTICE_KINDS,
                        word=kind,
                    )
                )
            elif not isinstance(name, str):
                findings.append(problem("document-id", Place(source, "/id"), shown(name), "a document states its id"))
            else:
                found.append(Document(kind=kind, id=name, body=body, source=source))
    if findings:
        raise DocumentError(in_order(findings))
    for source in sorted(by_origin):
        layers.append(Layer(name=source, documents=tuple(by_origin[source])))
    return layers


def compose_layers(layers: Iterable[Layer]) -> Practice:
    """Layers, lowest first, to a practice.

    Raises:
        DocumentError: with every finding at once.
    """
    composed = Composed()
    stacked = tuple(layers)
    for layer in stacked:
        composed.add(layer)
    composed.check()
    if composed.findings:
        raise DocumentError(in_order(composed.findings))
    return replace(build(composed.documents(), composed.origins, composed.digest()), layers=stacked)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A pack, read once a process and never changed: its shapes were right. `bodies` and `origins`: of one that was the lowest.

    Most of its documents come out of every composition as they went in. They are lent to it, and what was found out about such a
    body alone is remembered: that it is sound, and what it says in the digest.
    """

    documents: tuple[Document, ...]
    bodies: Mapping[DocumentKey, dict[str, Any]] | None = None
    origins: Mapping[Path, Document] = field(default_factory=dict)
    sound: set[DocumentKey] = field(default_factory=set)
    texts: dict[DocumentKey, str] = field(default_factory=dict)


_BEGUN: Final[dict[int, _Begun]] = {}
_PACKS_KNOWN: Final = 4


def _copied(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body whose maps are its own; lists and scalars are never changed in place."""
    return {name: _copied(value) if type(value) is dict else value for name, value in body.items()}


class Composed:
    """The documents so far: values, and for every value the document that set it."""

    def __init__(self) -> None:
        self.bodies: dict[DocumentKey, dict[str, Any]] = {}
        self.origins: dict[Path, Document] = {}
        self.findings: list[Finding] = []
        self._misshapen: set[DocumentKey] = set()
        self._renamed = Renames()
        self._layers = 0
        self._layer_of: dict[str, int] = {}  #: a file's layer, lowest first
        self._begun: _Begun | None = None  #: the lowest layer, where it was known
        self._lent: set[DocumentKey] = set()  #: whose bodies are still its own

    # ----------------------------------------------------------------------------------------------------------- merge
    def add(self, layer: Layer) -> None:
        """Put a layer over those before: its shapes are checked, its removals done, its values set."""
        begun = _BEGUN.get(id(layer.documents))
        known = begun is not None and begun.documents is layer.documents
        lowest = self._layers == 0
        if known and begun is not None and begun.bodies is not None and lowest:
            self.bodies, self.origins = dict(begun.bodies), dict(begun.origins)
            self._begun, self._lent = begun, set(begun.bodies)
            self._layer_of = {document.source: 0 for document in layer.documents}
            self._layers = 1
            return
        own = [document for document in layer.documents if self._belongs(document)]
        self._layer_of |= {document.source: self._layers for document in own}
        self._layers += 1
        for document in () if known else own:
            found = check(document)
            if found:
                self._misshapen.add(self._key(document))
            self.findings += found
        for document in own:
            self._own(self._key(document))
            self._remove(document)
        self._renamed.carry([(document, self._key(document)) for document in own], self.bodies, self.origins)
        taken: dict[Path, Document] = {}
        for document in own:
            key = self._key(document)
            if key not in self.bodies:
                self.bodies[key] = {}
                self.origins[key] = document
            body = {name: value for name, value in document.body.items() if name not in _OWN_KEYS}
            if document.kind == "Practice":
                body["id"] = document.id
            self._merge(self.bodies[key], body, key, document, taken)
            self._satisfies(document, key)
        if layer.name.startswith("pack:") and not self.findings and (lowest or not known):
            if len(_BEGUN) >= _PACKS_KNOWN:
                _BEGUN.pop(next(iter(_BEGUN)))
            whole = {key: _copied(body) for key, body in self.bodies.items()} if lowest else None
            _BEGUN[id(layer.documents)] = _Begun(layer.documents, whole, dict(self.origins) if lowest else {})

    def _own(self, key: DocumentKey) -> None:
        """Make a body that was lent one that may be changed."""
        if key in self._lent:
            self._lent.discard(key)
            self.bodies[key] = _copied(self.bodies[key])

    def _belongs(self, document: Document) -> bool:
        if document.kind in PRACTICE_KINDS:
            return True
        message = f"a {document.kind} document is no part of a practice"
        remedy = "bindings stand in bindings/, the workspace in deskweave.yaml"
        self.findings.append(
            problem("kind-out-of-place", document.place("/kind"), document.kind, message, allowed=PRACTICE_KINDS, remedy=remedy)
        )
        return False

    @staticmethod
    def _key(document: Document) -> DocumentKey:
        return document.kind, _SINGLE if document.kind == "Practice" else document.id

    def _merge(
        self, target: dict[str, Any], values: Mapping[str, Json], path: Path, document: Document, taken: dict[Path, Document]
    ) -> None:
        key = self._key(document)
        for name, value in values.items():
            here = (*path, name)
            old = target.get(name)
            first = taken.get(here)
            if is_map(value):
                if first is not None and not isinstance(old, dict):
                    self._twice(document, here, first)
                    continue
                if not isinstance(old, dict):
                    old = target[name] = {}
                    self.origins[here] = document
                taken.setdefault(here, document)
                self._merge(old, value, here, document, taken)
                continue
            if first is not None:
                self._twice(document, here, first)
                continue
            if isinstance(old, dict):
                if key in self._misshapen:
                    continue  # told by its shape; taking the terms away would make everything that names them wrong as well
                self._forget(here)
            target[name] = value
            self.origins[here] = taken[here] = document

    def _twice(self, document: Document, path: Path, first: Document) -> None:
        where = first.place(path[2:], key=True)
        spot = f"{where.source}:{where.line}:{where.column}" if where.line else where.source
        message = f"set here and at {spot}; files of one layer may not set the same value"
        self.findings.append(problem("set-twice", document.place(path[2:], key=True), path[-1], message, remedy="keep one of them"))

    def _satisfies(self, document: Document, key: DocumentKey) -> None:
        numbers = document.body.get("satisfies")
        if isinstance(numbers, (list, tuple)):
            self.origins.setdefault((*key, "satisfies"), document)
            self.bodies[key]["satisfies"] = sorted({*self.bodies[key].get("satisfies", ()), *map(str, numbers)}, key=_by_number)

    def _remove(self, document: Document) -> None:
        paths = document.body.get("remove")
        for number, entry in enumerate(paths if isinstance(paths, (list, tuple)) else ()):
            parts = split(str(entry))
            path = parts if document.kind == "Practice" else (*self._key(document), *parts)
            problem_at = self._take_away(path)
            if problem_at is not None:
                present, word = problem_at
                place = document.place(("remove", number))
                message = "there is nothing at that path in the layers below"
                self.findings.append(problem("remove-nothing", place, shown(entry), message, allowed=present[:20], word=word))

    def _take_away(self, path: Path) -> tuple[list[str], str] | None:
        """Remove what stands at a path; else the words that stand there, and the one that does not."""
        if len(path) < 2 or (path[0], path[1]) not in self.bodies:
            return [f"{kind}/{name}" for kind, name in self.bodies], "/".join(path[:2])
        key = (path[0], path[1])
        self._own(key)
        target = self.bodies[key]
        if len(path) == 2:
            del self.bodies[key]
        else:
            for part in path[2:-1]:
                inner = target.get(part)
                if not isinstance(inner, dict):
                    return ([] if part in target else list(target)), part
                target = inner
            if path[-1] not in target or path[2] in ("kind", "id"):
                return list(target), path[-1]
            del target[path[-1]]
        self._forget(path)
        return None

    def _forget(self, path: Path) -> None:
        forget(self.origins, path)

    # ---------------------------------------------------------------------------------------------------------- result
    def place(self, *path: str | int, key: bool = False) -> Place:
        return locate(self.origins, tuple(str(part) for part in path), key=key)

    def _locate(self, kind: str, name: str) -> Callable[[Sequence[str | int], bool], Place]:
        return lambda path, key: self.place(kind, name, *path, key=key)

    def _below(self, source: str, other: str) -> bool:
        return self._layer_of.get(source, 0) < self._layer_of.get(other, 0)

    def documents(self) -> dict[DocumentKey, dict[str, Any]]:
        """Every composed document with its kind and id, the Practice under its final id."""
        return dict(self._document(key) for key in self.bodies)

    def _document(self, key: DocumentKey) -> tuple[DocumentKey, dict[str, Any]]:
        (kind, name), body = key, self.bodies[key]
        final = body.get("id", name) if kind == "Practice" else name
        return (kind, str(final)), {"kind": kind, **body, "id": final}

    def digest(self) -> str:
        texts = dict(self._text(key) for key in self.bodies)
        return hashlib.sha256(f"[{','.join(text for _, text in sorted(texts.items()))}]".encode()).hexdigest()

    def _text(self, key: DocumentKey) -> tuple[DocumentKey, str]:
        known = self._begun.texts if self._begun is not None and key in self._lent else {}
        final, document = self._document(key)
        if key not in known:
            known[key] = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return final, known[key]

    def check(self) -> None:
        """What is missing or leads nowhere, now that every layer has spoken."""
        if self._renamed.done:
            for key in tuple(self._lent):
                self._own(key)  # what they say of a renamed term is said anew
        sound = self._begun.sound & self._lent if self._begun is not None else frozenset()
        fresh = {key: body for key, body in self.bodies.items() if key not in sound}
        for (kind, name), body in fresh.items():
            if (kind, name) not in self._misshapen:
                self.findings += check_complete(kind, body, self._locate(kind, name))
        self.findings += self._renamed.kept(fresh, self.place)
        if self._begun is not None and not self.findings:
            self._begun.sound.update(self._lent)
        said: dict[Place, Path] = {}

        def place(*path: str | int, key: bool = False) -> Place:
            found = self.place(*path, key=key)
            said[found] = tuple(str(part) for part in path)
            return found

        while self._renamed.done and self._renamed.follow(
            check_references(self.bodies, place), lambda spot: said.get(spot, ()), self.bodies, self.origins, self._below
        ):
            said.clear()
        crowded = {(one.place.source, one.place.path) for one in self.findings if one.rule == "one-key"}
        self.findings += (
            replace(one, values={**one.values, **part_of(said.get(one.place, ()))})
            for one in self._renamed.explained(check_references(self.bodies, place))
            # two keys that one file writes side by side have been told; what is left are those that layers bring together
            if one.rule != "condition-twice" or (one.place.source, one.place.path.rpartition("/")[0]) not in crowded
        )


_OWN_KEYS: Final = frozenset(("kind", "id", "apiVersion", "remove", "satisfies", "extends"))


def _by_number(number: str) -> tuple[str, int]:
    return number[:1], int(number[1:]) if number[1:].isdecimal() else 0
