"""What a practice builds on: packs of installed plugins and folders beside the client's own, as layers from the bottom up.

`extends` names a pack by its major version (`deskweave:service-desk@1`) or a folder by a path that begins with `./`, `../` or `/`.
A folder's layer is every YAML file in its `practice/` (without `practice/env/`), or, where it has no such folder, those in the
folder itself. It may extend further packs and folders, its paths counted from itself. What is reached twice stands once, where it
was reached first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from deskweave.documents import Document, in_order, problem, read, read_all, shown
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place
from deskweave.practice.practice import Layer, Pack

BUILTIN: Final = "deskweave:service-desk"
SUFFIXES: Final = (".yaml", ".yml")
_WORKSPACE_FILE: Final = "deskweave.yaml"


def builtin_pack() -> Pack:
    """The pack `deskweave:service-desk`, the practice of practice.md as data."""
    return Pack(BUILTIN, "1.0.0", files("deskweave.practice") / "builtin")


def address_of(pack: Pack) -> str:
    """How `extends` names a pack."""
    return f"{pack.name}@{pack.version.split('.')[0]}"


def is_folder(address: str) -> bool:
    """Whether an entry of `extends` means a folder."""
    return address in (".", "..") or address.startswith(("./", "../", "/"))


def practice_files(folder: Path) -> list[Path]:
    """The YAML files under a practice folder, by path, without `env/` and hidden ones. Links to folders are not followed."""
    env = folder / "env"
    return sorted(
        path
        for pattern in ("*.yaml", "*.yml")
        for path in folder.rglob(pattern)
        if env not in path.parents and not path.name.startswith(".")
    )


def resolve(
    documents: Sequence[Document], packs: Iterable[Pack] = (), *, root: Path | None = None, own: Path | None = None
) -> list[Layer]:
    """The layers below a client's documents, in order.

    Args:
        documents: the client's own; `extends` of their Practice documents is followed.
        packs: what installed plugins offer; the built-in one is always there.
        root: the client's folder, which paths in `extends` are counted from. None: there is none, and no folder can be extended.
        own: where the client's own practice files are; by default `practice/` in its folder.

    Raises:
        DocumentError: `extends` names what is not there, a circle, or the client's own files; or a layer's file cannot be read.
    """
    search = _Search(offered=[builtin_pack(), *packs], root=root)
    above = (_Spot(key=_real(root), files=_real(own or root / "practice")),) if root is not None else ()
    search.follow(documents, root, above)
    if search.findings:
        raise DocumentError(in_order(search.findings))
    return list(search.done.values())


@dataclass(frozen=True, slots=True)
class _Spot:
    """What is being followed: a pack by its address, a folder by its real path; and where a folder's files are."""

    key: str
    files: str = ""


class _Search:
    def __init__(self, offered: Sequence[Pack], root: Path | None) -> None:
        self.offered, self.root = offered, root
        self.done: dict[str, Layer] = {}
        self.findings: list[Finding] = []

    def follow(self, documents: Sequence[Document], base: Path | None, above: tuple[_Spot, ...]) -> None:
        """Put the layers under some documents; `base` is the folder their paths are counted from, None in a pack."""
        for document in documents:
            wanted = document.body.get("extends") if document.kind == "Practice" else None
            for number, address in enumerate(wanted if isinstance(wanted, (list, tuple)) else ()):
                place = document.place(("extends", number))
                if isinstance(address, str) and is_folder(address):
                    self.folder(address, place, base, above)
                else:
                    self.pack(str(address), place, above)

    def pack(self, address: str, place: Place, above: tuple[_Spot, ...]) -> None:
        pack = _offered(address, self.offered)
        if pack is None:
            names = sorted({address_of(pack) for pack in self.offered})
            message = "no installed plugin offers that pack"
            self.findings.append(problem("unknown-pack", place, shown(address), message, allowed=names, word=address))
        elif any(spot.key == address for spot in above):
            self.findings.append(problem("extends-circle", place, shown(address), "the packs extend each other in a circle"))
        elif address not in self.done:
            layer = _pack_layer(pack)
            self.follow(layer.documents, None, (*above, _Spot(address)))
            self.done[address] = replace(layer, place=place)

    def folder(self, address: str, place: Place, base: Path | None, above: tuple[_Spot, ...]) -> None:
        if base is None:
            message = "a folder can be extended from a folder only: a pack does not know where it is installed"
            self.findings.append(problem("extends-folder", place, shown(address), message, remedy="extend a pack here"))
            return
        folder = Path(os.path.normpath(base / address))
        if not os.path.isdir(folder):  # no error either for what cannot be a path
            message = f"there is no folder {folder.as_posix()}"
            self.findings.append(problem("folder-missing", place, shown(address), message, remedy="mend the path"))
            return
        key = _real(folder)
        inner = folder / "practice" if (folder / "practice").is_dir() else folder
        where = _real(inner)
        if any(spot.key == key for spot in above):
            message = (
                "a practice cannot extend its own folder" if above[-1].key == key else "the folders extend each other in a circle"
            )
            self.findings.append(problem("extends-circle", place, shown(address), message, remedy="remove this entry"))
        elif any(spot.files and _share(where, inner is not folder, spot.files) for spot in above):
            message = "these files are part of the practice that extends them already"
            remedy = "put the layer beside the practice's own folder, not inside it"
            self.findings.append(problem("extends-itself", place, shown(address), message, remedy=remedy))
        elif key not in self.done:
            layer = self.read(folder, inner, address, place)
            if layer is not None:
                self.follow(layer.documents, folder, (*above, _Spot(key, where)))
                self.done[key] = layer

    def read(self, folder: Path, inner: Path, address: str, place: Place) -> Layer | None:
        """A folder's documents, their files named as seen from the client's folder."""
        paths = (
            practice_files(inner)
            if inner is not folder
            else sorted(
                path
                for path in folder.iterdir()
                if path.name.endswith(SUFFIXES) and path.name != _WORKSPACE_FILE and not path.name.startswith(".")
            )
        )
        named = self.name(folder, address)
        before = len(self.findings)
        self.findings += _links(inner, paths, place, address)
        if not paths:
            message = f"the folder holds no YAML file: {inner.as_posix()}"
            self.findings.append(problem("folder-missing", place, shown(address), message, remedy="mend the path"))
        if len(self.findings) > before:
            return None
        documents = []
        for path in paths:
            try:
                documents += read(path, f"{named}/{path.relative_to(folder).as_posix()}")
            except DocumentError as error:
                self.findings += error.findings
        if len(self.findings) > before:
            return None
        return Layer(name=f"folder:{named}", documents=tuple(documents), address=named, version=_version(documents), place=place)

    def name(self, folder: Path, address: str) -> str:
        """A folder as seen from the client's; the whole path where it was written so."""
        if self.root is None or address.startswith("/"):
            return folder.as_posix()
        try:
            relative = Path(os.path.relpath(folder, self.root)).as_posix()
        except ValueError:  # another drive
            return folder.as_posix()
        return relative if relative.startswith("..") else f"./{relative}"


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _share(where: str, deep: bool, other: str) -> bool:
    """Whether two sets of files overlap: the same folder, or one of them (read with its sub-folders) around the other."""
    return where == other or where.startswith(other + os.sep) or (deep and other.startswith(where + os.sep))


def _links(inner: Path, paths: Iterable[Path], place: Place, address: str) -> Iterator[Finding]:
    """A layer is what its folder holds: links that lead out of it, and linked folders, would make it something else elsewhere."""
    real = _real(inner) + os.sep
    for path in paths:
        if path.is_symlink() and path.exists() and not _real(path).startswith(real):
            message = f"{path.name} is a link that leads out of the folder"
            yield problem("layer-link", place, shown(address), message, remedy="copy the file, or extend its folder")
    for folder, names, _ in os.walk(inner):
        for name in sorted(names):
            if os.path.islink(os.path.join(folder, name)):
                message = f"{name} is a link to a folder; those are not followed"
                yield problem("layer-link", place, shown(address), message, remedy="copy the folder, or extend it")


def _version(documents: Iterable[Document]) -> str:
    stated = [document.body.get("version") for document in documents if document.kind == "Practice"]
    return next((version for version in stated if isinstance(version, str)), "")


def _offered(address: str, offered: Sequence[Pack]) -> Pack | None:
    found = [pack for pack in offered if address_of(pack) == address]
    return max(found, key=lambda pack: [int(part) if part.isdecimal() else 0 for part in pack.version.split(".")], default=None)


def _pack_layer(pack: Pack) -> Layer:
    return _builtin_layer() if pack.name == BUILTIN else read_pack(pack)


@lru_cache(maxsize=1)
def _builtin_layer() -> Layer:
    return read_pack(builtin_pack())


def read_pack(pack: Pack) -> Layer:
    """A pack's documents as a layer.

    Raises:
        DocumentError: the pack has no files, or one cannot be read; all findings at once.
    """
    documents = []
    findings: list[Finding] = []
    try:
        entries = sorted((entry for entry in pack.files.iterdir() if entry.name.endswith(SUFFIXES)), key=lambda entry: entry.name)
    except OSError as error:
        message = f"the pack's files cannot be read: {error.strerror or type(error).__name__}"
        raise DocumentError([problem("pack-unreadable", Place(pack.name, ""), address_of(pack), message)]) from None
    if not entries:
        message = "the pack holds no YAML file"
        raise DocumentError([problem("pack-unreadable", Place(pack.name, ""), address_of(pack), message)])
    for entry in entries:
        try:
            documents += [replace(document, source=f"{pack.name}/{entry.name}") for document in read_all([entry])]
        except DocumentError as error:
            findings += [replace(one, place=replace(one.place, source=f"{pack.name}/{entry.name}")) for one in error.findings]
    if findings:
        raise DocumentError(in_order(findings))
    return Layer(name=f"pack:{address_of(pack)}", documents=tuple(documents), address=address_of(pack), version=pack.version)
