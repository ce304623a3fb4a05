"""Practices to compare: this folder's, another folder's, a pack, what is in force, this folder at a git revision."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from deskweave.documents import Document, problem, shown
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.workspace.adoption import in_force
from deskweave.workspace.folder import Folder, read_folder
from deskweave.workspace.git import GitRefused, NoGit, git
from deskweave.workspace.loading import compose_practice, read_sources

if TYPE_CHECKING:
    from deskweave.practice import Practice
    from deskweave.workspace.workspace import Workspace

_COMMAND: Final = "practice diff"
HERE: Final = "."
IN_FORCE: Final = "in-force"
_PACK: Final = re.compile(r"[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*@\d+\Z")
_TAKEN: Final = (".yaml", ".yml", "practice.lock")  #: what a practice is made of
_LARGEST: Final = 5 << 20  #: bytes of one file: more the reader refuses anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One practice of a comparison.

    Attributes:
        practice: composed and checked.
        address: as a person would type it again.
        kind: folder, pack, in-force, extends (what the folder builds on, where nothing is in force) or revision.
    """

    practice: Practice
    address: str
    kind: str


def practice_at(space: Workspace, address: str | None, open_files: ExitStack) -> Side:
    """The practice an address names.

    Args:
        space: the folder the command works on, and its environment.
        address: `.`; `in-force`; a pack as `deskweave:service-desk@1`; `REV:` or `git:REV`, this folder at a git revision; else a
            folder. None: what is in force, or what the folder builds on where nothing is.
        open_files: closed by the caller when it is done; files of a revision live so long.

    Raises:
        DocumentError: no such thing, or its files are wrong.
    """
    if address is None:
        found = _in_force(space)
        return found or _extended(space)
    if address == HERE:
        return Side(practice=space.practice, address=HERE, kind="folder")
    if address == IN_FORCE:
        found = _in_force(space)
        if found is None:
            message = "no practice is in force here yet, or an older program stored it in a form this one cannot read"
            raise _refused("not-in-force", address, message, remedy="deskweave practice adopt")
        return found
    if address.startswith("git:") or address.endswith(":"):
        revision = address.removeprefix("git:").removesuffix(":")
        with _found_at(f"{revision}:"):
            return Side(practice=_at_revision(space, revision, open_files), address=address, kind="revision")
    if _PACK.match(address):
        return Side(practice=_pack(space, address), address=address, kind="pack")
    folder = Path(address)
    if not os.path.isdir(folder):
        allowed = (HERE, IN_FORCE, "deskweave:service-desk@1", "HEAD:")
        message = "there is no such folder, and it is neither a pack nor a git revision"
        raise _refused("no-such-practice", address, message, allowed=allowed)
    with _found_at(folder.as_posix().rstrip("/") + "/"):
        return Side(practice=compose_practice(_read(space, folder), space.plugins)[0], address=address, kind="folder")


@contextmanager
def _found_at(where: str) -> Iterator[None]:
    """What is wrong in the files of another side is not looked for in the files that are here."""
    try:
        yield
    except DocumentError as error:
        own = [one.place.source == _COMMAND or ":" in one.place.source.split("/")[0] for one in error.findings]
        raise DocumentError(
            [
                one if mine else replace(one, place=replace(one.place, source=where + one.place.source))
                for one, mine in zip(error.findings, own, strict=True)
            ]
        ) from error


def _in_force(space: Workspace) -> Side | None:
    known = in_force(space.store) if space.has_store else None
    practice = known.practice() if known is not None else None
    return None if practice is None else Side(practice=practice, address=IN_FORCE, kind="in-force")


def _extended(space: Workspace) -> Side:
    """What the folder builds on."""
    from deskweave.practice import compose_layers

    below = read_sources(space.folder, space.plugins).below
    if not below:
        message = "nothing is in force here, and the practice extends nothing: there is no other side"
        raise _refused("nothing-to-compare", IN_FORCE, message, remedy="name the practice to compare with, as HEAD:")
    address = below[-1].name.removeprefix("pack:")
    return Side(practice=compose_layers(below), address=address, kind="extends")


def _read(space: Workspace, folder: Path) -> Folder:
    """Another folder, in the environment of this one where it has that too."""
    found = read_folder(folder)
    return read_folder(folder, space.folder.environment) if space.folder.environment in found.environments else found


def _pack(space: Workspace, address: str) -> Practice:
    from deskweave.practice import compose_layers, resolve

    packs = [pack for _, answered in space.plugins.each("deskweave_practice_packs") for pack in answered]
    asking = Document(kind="Practice", id="comparison", body={"extends": [address]}, source=address)
    return compose_layers(resolve([asking], packs))


# -------------------------------------------------------------------------------------------------------------------- git
def _at_revision(space: Workspace, revision: str, open_files: ExitStack) -> Practice:
    """This folder's practice as a git revision has it. What the folder builds on outside of it comes from the same revision."""
    root = space.folder.root.resolve()
    if revision.startswith("-") or not revision:
        raise _refused("no-such-revision", revision, "that is no git revision", remedy="name one, as HEAD: or v1.2:")
    try:
        top = Path(git(root, "rev-parse", "--show-toplevel").decode("utf-8", "replace").strip()).resolve()
        tree = git(root, "rev-parse", "--verify", f"{revision}^{{tree}}").decode().strip()
        target = Path(open_files.enter_context(tempfile.TemporaryDirectory(prefix="deskweave-")))
        _take_out(top, tree, target)
    except NoGit as missing:
        message = "git is not installed, or not on the path: a revision cannot be read without it"
        raise _refused("no-git", "git", message, remedy="install git, or compare with a folder") from missing
    except GitRefused as refused:
        said = str(refused)
        if "not a git repository" in said:
            message = "this folder is in no git repository"
            raise _refused("no-repository", str(root), message, remedy="compare with in-force") from refused
        message = f"git cannot read that revision: {said[:200]}"
        raise _refused("no-such-revision", revision, message, remedy="git log --oneline shows those there are") from refused
    there = target / root.relative_to(top)
    if not (there / "deskweave.yaml").is_file():
        message = "the folder was not there at that revision, or had no deskweave.yaml"
        raise _refused("no-such-revision", revision, message, remedy="name a later revision")
    return _as_it_was(space, there, revision)


def _as_it_was(space: Workspace, there: Path, revision: str) -> Practice:
    """The practice of an earlier revision over the packs it was accepted on: what is installed today may say something else."""
    from deskweave.practice.lock import accepted, locked, read_lock

    wanted = _read(space, there)
    sources = read_sources(wanted, space.plugins)
    lock = read_lock(wanted.root) or {}
    below = []
    for layer in sources.below:
        entry = lock.get(layer.address)
        if entry is None:
            below.append(layer)
            continue
        found = accepted(space.folder.root, entry, layer)
        if found is None:
            message = f"it was written for {layer.address} {entry.words}; here is {locked(layer).words}, and no copy was kept"
            raise _refused(
                "no-such-revision", revision, message, remedy="compare with in-force, or install the version of that time"
            )
        below.append(found)
    return sources.compose(below).practice


def _take_out(top: Path, tree: str, target: Path) -> None:
    """Write the files of a tree that practices are made of to `target`. Links and submodules are left out."""
    wanted: list[tuple[str, PurePosixPath]] = []
    for row in git(top, "ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0"):
        about, _, name = row.partition(b"\t")
        mode, kind, blob = [*about.decode().split(), "", "", ""][:3]
        path = PurePosixPath(name.decode("utf-8", "replace"))
        if kind == "blob" and mode != "120000" and path.name.endswith(_TAKEN) and not path.is_absolute() and ".." not in path.parts:
            wanted.append((blob, path))
    answer = git(top, "cat-file", "--batch", told="".join(f"{blob}\n" for blob, _ in wanted).encode())
    for (_, path), content in zip(wanted, _blobs(answer), strict=True):
        if len(content) <= _LARGEST:
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


def _blobs(answer: bytes) -> Iterator[bytes]:
    """What `git cat-file --batch` answers: a line with the size, the content, a line's end."""
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[-1])
        yield answer[end + 1 : end + 1 + size]
        at = end + 2 + size


def _refused(rule: str, found: str, message: str, *, remedy: str = "", allowed: tuple[str, ...] = ()) -> DocumentError:
    place = Place(_COMMAND, "")
    if allowed:
        return DocumentError([problem(rule, place, shown(found), message, allowed=allowed, word=found, remedy=remedy)])
    finding = Finding(rule=rule, severity=Severity.ERROR, place=place, found=shown(found), message=message, remedy=remedy)
    return DocumentError([finding])
