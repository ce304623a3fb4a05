"""practice.lock: what `extends` meant when this practice was last accepted, so that `pip install -U` changes nobody's figures.

For every layer of packs and folders the file keeps address, version and a digest of its documents, and of each document a short
one, so that a change can be named where the old content is gone. It is sorted and holds no times: writing what it says already
changes no byte. It is committed. What the documents said is kept beside it in `.deskweave/packs/`, which is not: where that copy is
there, `practice upgrade` tells the difference in words.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deskweave.documents import Document, in_order, problem, read_value, shown
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.practice.practice import Layer

LOCK_FILE: Final = "practice.lock"
KEPT: Final = ".deskweave/packs"
UPGRADE: Final = "deskweave practice upgrade"
_HEAD: Final = (
    "# Written by deskweave: the packs and folders this practice builds on, as they were accepted.\n"
    f"# Commit it; do not edit it. To accept what is there now: {UPGRADE}\n"
)
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedLayer:
    """One layer as it was accepted. `documents`: `Kind/id` to a short digest."""

    address: str
    version: str
    digest: str
    documents: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Version and the digest's beginning, as people compare them."""
        return f"{self.version} ({self.digest[:8]})".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChange:
    """How a layer differs from what was accepted. `old` None: it is new; `new` None: nothing extends it any more."""

    address: str
    old: LockedLayer | None
    new: LockedLayer | None

    def documents(self) -> dict[str, tuple[str, ...]]:
        """`Kind/id` of the documents `added`, `changed` and `removed`."""
        was = self.old.documents if self.old else {}
        now = self.new.documents if self.new else {}
        return {
            "added": tuple(sorted(now.keys() - was.keys())),
            "changed": tuple(sorted(name for name in now.keys() & was.keys() if now[name] != was[name])),
            "removed": tuple(sorted(was.keys() - now.keys())),
        }


_READ_ONCE: Final[dict[int, tuple[tuple[Document, ...], LockedLayer]]] = {}
_PACKS_KNOWN: Final = 4


def locked(layer: Layer) -> LockedLayer:
    """A layer as the lock file would say it. A pack is read once a process and never changes: what it says is known."""
    found = _READ_ONCE.get(id(layer.documents))
    if found is not None and found[0] is layer.documents and found[1].address == layer.address:
        return found[1]
    said = _said(layer)
    if layer.name.startswith("pack:") and isinstance(layer.documents, tuple):
        if len(_READ_ONCE) >= _PACKS_KNOWN:
            _READ_ONCE.pop(next(iter(_READ_ONCE)))
        _READ_ONCE[id(layer.documents)] = (layer.documents, said)
    return said


def _said(layer: Layer) -> LockedLayer:
    texts: dict[str, list[str]] = {}
    for document in layer.documents:
        texts.setdefault(document.name, []).append(_canonical(document.body))
    documents = {name: _digest(sorted(bodies)) for name, bodies in sorted(texts.items())}
    return LockedLayer(
        address=layer.address,
        version=layer.version,
        digest=_digest([f"{name} {digest}" for name, digest in documents.items()]),
        documents={name: digest[:12] for name, digest in documents.items()},
    )


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


# --------------------------------------------------------------------------------------------------------------------- file
def read_lock(root: Path) -> dict[str, LockedLayer] | None:
    """The lock file of a folder by address. None: there is none.

    Raises:
        DocumentError: it is there and cannot be read.
    """
    path = root / LOCK_FILE
    if not os.path.lexists(path):
        return None
    value, spot = read_value(path, LOCK_FILE)
    layers = value.get("layers") if isinstance(value, dict) and value.get("format") == _FORMAT else None
    if not isinstance(layers, dict):
        message = "this is no lock file of this version of deskweave"
        raise DocumentError([problem("lock-unreadable", Place(LOCK_FILE, "", spot.line), "", message, remedy=_MEND)])
    found = {}
    findings = []
    for address, entry in layers.items():
        words = entry if isinstance(entry, dict) else {}
        version, digest, documents = words.get("version"), words.get("digest"), words.get("documents")
        if isinstance(version, str) and isinstance(digest, str) and isinstance(documents, dict):
            names = {name: str(short) for name, short in documents.items()}
            found[address] = LockedLayer(address=address, version=version, digest=digest, documents=names)
        else:
            at = spot.part("layers")
            line, column = (at.keys.get(address, (at.line, at.column))) if at else (1, 1)
            message = "an entry says version, digest and documents"
            place = Place(LOCK_FILE, f"/layers/{address.replace('~', '~0').replace('/', '~1')}", line, column)
            findings.append(problem("lock-unreadable", place, shown(address), message, remedy=_MEND))
    if findings:
        raise DocumentError(in_order(findings))
    return found


_MEND: Final = f"take it from version control, or remove it and run {UPGRADE}"


def write_lock(root: Path, layers: Sequence[Layer]) -> bool:
    """Accept layers as they are: the lock file says them, and a copy of what they say is kept.

    Args:
        root: the client's folder.
        layers: what `resolve` answers for its documents.

    Returns:
        Whether the lock file's bytes have changed.

    Raises:
        OSError: it cannot be written.
    """
    entries = [locked(layer) for layer in layers]
    for layer, entry in zip(layers, entries, strict=True):
        _keep(root, layer, entry.digest)
    text = lock_text(sorted(entries, key=lambda entry: entry.address))
    path = root / LOCK_FILE
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except (OSError, UnicodeDecodeError):
        pass  # it is not there, or not as it should be
    _put(path, text)
    return True


def lock_text(entries: Iterable[LockedLayer]) -> str:
    """The file's text for layers in the order given."""
    lines = [f"format: {_FORMAT}", "layers:"]
    for entry in entries:
        lines += [f"  {json.dumps(entry.address, ensure_ascii=False)}:", f"    version: {json.dumps(entry.version)}"]
        lines += [f'    digest: "{entry.digest}"', "    documents:" if entry.documents else "    documents: {}"]
        lines += [f'      {json.dumps(name, ensure_ascii=False)}: "{digest}"' for name, digest in sorted(entry.documents.items())]
    if len(lines) == 2:
        lines[1] = "layers: {}"
    return _HEAD + "\n".join(lines) + "\n"


def _put(path: Path, text: str) -> None:
    """All of a file or nothing of it."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    fresh.replace(path)


# ------------------------------------------------------------------------------------------------------------------- copies
def _keep(root: Path, layer: Layer, digest: str) -> None:
    path = root / KEPT / f"{digest}.json"
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    said = [{"kind": one.kind, "id": one.id, "source": one.source, "body": one.body} for one in layer.documents]
    lines = (json.dumps(one, ensure_ascii=False, default=str) for one in said)  # with indent json is ten times as slow
    _put(path, "[\n" + ",\n".join(lines) + "\n]\n")


def accepted(root: Path, entry: LockedLayer, layer: Layer) -> Layer | None:
    """A layer as it was accepted: as it is where nothing has changed, else from its copy. None: the copy is gone."""
    return layer if locked(layer).digest == entry.digest else kept(root, entry, layer)


def kept(root: Path, entry: LockedLayer, like: Layer | None = None) -> Layer | None:
    """A layer as it was accepted, from its copy. None: there is no copy, or it is not what was accepted."""
    try:
        said = json.loads((root / KEPT / f"{entry.digest}.json").read_text(encoding="utf-8"))
        documents = tuple(Document(kind=one["kind"], id=one["id"], body=one["body"], source=one["source"]) for one in said)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    name = like.name if like is not None else ("folder:" if entry.address[0] in "./" else "pack:") + entry.address
    layer = Layer(name=name, documents=documents, address=entry.address, version=entry.version)
    return layer if locked(layer).digest == entry.digest else None


# ------------------------------------------------------------------------------------------------------------------- checks
def changes(lock: Mapping[str, LockedLayer], layers: Iterable[Layer]) -> list[LayerChange]:
    """What differs between accepted and present layers, by address."""
    now = {layer.address: locked(layer) for layer in layers}
    return [
        LayerChange(address=address, old=lock.get(address), new=now.get(address))
        for address in sorted({*lock, *now})
        if address not in lock or address not in now or lock[address].digest != now[address].digest
    ]


def check_lock(lock: Mapping[str, LockedLayer], layers: Iterable[Layer]) -> list[Finding]:
    """pack-changed: a pack or folder says something else than what was accepted. Those nothing was accepted of are left to lint."""
    findings = []
    for layer in layers:
        old = lock.get(layer.address)
        if old is None:
            continue
        new = locked(layer)
        if new.digest != old.digest:
            what = "there is" if layer.name.startswith("folder:") else "installed is"
            message = f"{layer.address} is not what this practice was accepted on: locked is {old.words}, {what} {new.words}"
            place = layer.place or Place(LOCK_FILE, "")
            values = {"layer": layer.address, "old": old.words}
            findings.append(problem("pack-changed", place, shown(new.words), message, remedy=UPGRADE, values=values))
    return findings


def check_locked(lock: Mapping[str, LockedLayer] | None, layers: Sequence[Layer]) -> list[Finding]:
    """not-locked: nothing holds this layer to what it says today, so an update of a pack would change figures unasked."""
    return [
        Finding(
            rule="not-locked",
            severity=Severity.WARNING,
            place=layer.place or Place(LOCK_FILE, ""),
            found=shown(layer.address),
            message=f"{layer.address} is not in {LOCK_FILE}: whatever it says tomorrow counts at once",
            remedy=UPGRADE,
        )
        for layer in layers
        if lock is None or layer.address not in lock
    ]
