"""The store as a thing to keep: a copy of it, a copy put back, another place for it, and what to do when it is lost."""

from __future__ import annotations

import glob
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskweave.errors import SafetyStop
from deskweave.model import ConnectionName
from deskweave.workspace.stop import Stopped

if TYPE_CHECKING:
    from deskweave.store import Install, Store
    from deskweave.sync import Decisions, Progress, Rebuilt
    from deskweave.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`aside`: where the store that stood there before lies now; None: there was none."""

    install: Install
    aside: Path | None


def backup(space: Workspace, target: Path, *, replace: bool = False) -> Path:
    """Write the store to one file. Others may go on working with it meanwhile.

    Raises:
        Stopped: there is no store, or the file is there already.
    """
    _require_room(space, target, replace=replace, next=f"deskweave store backup {shlex.quote(str(target))} --yes")
    space.store.backup(target)
    return target


def restore(space: Workspace, source: Path) -> Restored:
    """Put a copy in the store's place; its epoch rises, so that platforms tell it from the state it was copied from.

    Raises:
        Stopped: the file is no store of Deskweave's.
        SafetyStop: another process works with the store.
        StoreTooNew: the file was written by a newer deskweave.
    """
    from deskweave.store import Install, Store

    path = space.folder.store_path
    _require_store(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".restoring")
    shutil.copy2(source, part)
    try:
        fresh = Store.open(part, now=space.now)
        try:
            told = fresh.install
            fresh.backup(part.with_name(part.name + ".whole"))
        finally:
            fresh.close()
        epoch = told.epoch
        aside = None
        if space.has_store:
            with space.store.lease("store restore"):
                if space.store.install.id == told.id:
                    epoch = max(epoch, space.store.install.epoch)
                aside = _set_aside(space, "before-restore")
        part.with_name(part.name + ".whole").replace(path)
    finally:
        for rest in path.parent.glob(glob.escape(part.name) + "*"):
            rest.unlink()
    become = Install(told.id, epoch + 1)
    with space.store.lease("store restore"), space.store.write() as tx:
        space.store.become(tx, become)
    return Restored(install=become, aside=aside)


def copy(space: Workspace, target: Path) -> Path:
    """Copy the store to another place, for a folder that moves.

    The epoch of the copy rises: once it has written, the platforms tell the one it was made of from it, and that one stops.

    Raises:
        Stopped: there is no store, or a file is there already.
        SafetyStop: another process works with the store: what it writes meanwhile would be missing there.
    """
    from deskweave.store import Install, Store

    file = target / space.folder.store_path.name if target.is_dir() else target
    part = file.with_name(file.name + ".copying")
    _require_room(space, file)
    with space.store.lease("store copy"):
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            space.store.backup(part)
            fresh = Store.open(part, now=space.now)
            try:
                with fresh.write() as tx:
                    fresh.become(tx, Install(fresh.install.id, fresh.install.epoch + 1))
                fresh.backup(part.with_name(part.name + ".whole"))
            finally:
                fresh.close()
            part.with_name(part.name + ".whole").replace(file)
        finally:
            for rest in part.parent.glob(glob.escape(part.name) + "*"):
                rest.unlink()
    return file


def rebuild(
    space: Workspace, decisions: Decisions, *, store: bool = True, progress: Callable[[Progress], None] | None = None
) -> Rebuilt:
    """Make a lost, emptied or restored store whole from what stands on the platforms. Nothing is written to them.

    A store that has never written anything holds nothing the platforms do not: it is set aside, and a new one begun.

    Raises:
        Stopped: another practice is in force, or a platform is another one than the pinned.
        RemoteError: a platform could not be read; nothing was stored.
        SafetyStop: another process holds the store, or a person holds a connection.
    """
    from deskweave.store.streams import held_connections
    from deskweave.sync import Side
    from deskweave.workspace.adoption import require
    from deskweave.workspace.configuring import acquaint
    from deskweave.workspace.syncing import joined

    space.require_sound()
    if store and space.has_store and _never_wrote(space.store):
        with space.store.lease("store rebuild"):
            _set_aside(space, "before-rebuild")
    require(space.store, space.practice)
    with space.store.read() as tx:
        held = held_connections(tx)
    if held:
        message = f"{', '.join(held)} is held: every platform has to be read. deskweave resume {next(iter(held))}"
        raise SafetyStop(message)
    opened = {
        ConnectionName(name): space.connect(name, marks=False)
        for name in space.folder.connections
        if name in space.binding_documents
    }
    acquaint(space, opened)
    sides = {}
    for name, one in opened.items():
        binding = space.binding(name)
        mapper = one.connection.mapper(binding)
        sides[name] = Side(name=name, connection=one.connection, binding=binding, mapper=mapper, access=one.entry.access)
    return joined(space, sides, progress=progress).rebuild(decisions, store=store, wait=space.wait)


def _never_wrote(store: Store) -> bool:
    """Whether it is the store of a first run: no write to a platform, nothing but what platforms said."""
    from deskweave.store.tables import audit, event, inbox, inquiry, record

    with store.read() as tx:
        if (
            tx.execute(sa.select(sa.exists().where(audit.c.n > 0))).scalar()
            or tx.execute(sa.select(sa.exists().where(record.c.n > 0))).scalar()
            or tx.execute(sa.select(sa.exists().where(inbox.c.conn.is_not(None)))).scalar()  # no platform tells it again
        ):
            return False
        said = sa.select(sa.exists().where(~event.c.source.like("connection:%")))
        some = tx.execute(sa.select(sa.exists().where(inquiry.c.number > 0))).scalar()
        return bool(some) and not tx.execute(said).scalar()


def _set_aside(space: Workspace, why: str) -> Path:
    path, now = space.folder.store_path, space.now()
    aside = path.with_name(f"{path.name}.{why}-{now:%Y%m%dT%H%M%S}")
    space.store.backup(aside)
    space.close_store()
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        file.unlink(missing_ok=True)
    facts = space.folder.state_folder / "facts"
    if facts.is_dir():  # made from the store's events: they are made again
        facts.rename(facts.with_name(f"facts.{why}-{now:%Y%m%dT%H%M%S}"))
    (space.folder.state_folder / "reach.json").unlink(missing_ok=True)
    return aside


def _require_room(space: Workspace, target: Path, *, replace: bool = False, next: str = "") -> None:
    here = str(space.folder.store_path)
    if not space.has_store:
        raise Stopped("no-store", f"there is no store at {here}", values={"file": here})
    if target.exists() and not replace:
        raise Stopped("file-there", f"{target} is there already; nothing was written", values={"file": str(target)}, next=next)


def _require_store(source: Path) -> None:
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as file:
            sound = file.execute("PRAGMA quick_check").fetchone() == ("ok",)
            if sound and file.execute("SELECT count(*) FROM install").fetchone()[0] == 1:
                return
    except (sqlite3.Error, OSError):
        pass
    message = f"{source} is no store of Deskweave's, or it is damaged; nothing was changed"
    raise Stopped("no-such-store", message, values={"file": str(source)})
