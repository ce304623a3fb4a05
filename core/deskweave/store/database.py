"""Opening a store: connections, transactions, migrations, and who this installation is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from deskweave.errors import DeskweaveError
from deskweave.store import tables
from deskweave.store.lease import Lease
from deskweave.store.values import new_ulid

HERE: Final = Path(__file__).parent
MEMORY: Final = ":memory:"


class StoreTooNew(DeskweaveError):
    """The store was written by a newer deskweave: this one does not know its tables, and reads nothing rather than half of it."""

    def __init__(self, path: str, revision: str, known: str) -> None:
        super().__init__(
            f"the store {path} was written by a newer deskweave (tables {revision}; this program knows up to {known}). "
            "Nothing was read or changed. Install the newer one: pip install -U deskweave, or open a copy made before the upgrade "
            "(*.before-* beside the store)."
        )
        self.path, self.revision, self.known = path, revision, known


@dataclass(frozen=True, slots=True)
class Install:
    """This store's name to the world. Every mark we leave on a platform begins with `id`; `epoch` rises with every restore."""

    id: str
    epoch: int


class Store:
    """A store on SQLite. `write()` is one transaction that holds the write lock from its first statement; `read()` sees one state.

    The functions beside this class take the transaction they work in, so that a caller decides what belongs together.
    """

    def __init__(
        self, engine: sa.Engine, path: Path | None, *, now: Callable[[], datetime], entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        self.engine, self.path, self.now = engine, path, now
        self._entropy = entropy
        self._lease = Lease(path)
        self._install: Install | None = None
        self._last_id = ""
        self._closed = False

    # ------------------------------------------------------------------------------------------------------------ opening
    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        now: Callable[[], datetime],
        install: Install | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> Store:
        """Open the store at `path`, made where there is none, brought up to date where it is old.

        Args:
            path: file name, or ":memory:".
            now: the clock, aware UTC; stamps rows and ids.
            install: who a new store shall be (`store restore`); default: a random id, epoch 1.
            entropy: random bytes for ids; tests pass a seeded one.

        Raises:
            StoreTooNew: a newer deskweave has written it; nothing is changed.
            SafetyStop: it needs a migration while another process holds it.
        """
        memory = str(path) == MEMORY
        where = None if memory else Path(path)
        if where is not None:
            where.parent.mkdir(parents=True, exist_ok=True)
        store = cls(_engine(MEMORY if memory else str(where)), where, now=now, entropy=entropy)
        try:
            store._bring_up_to_date(install)
            store._install = store._read_install()
        except BaseException:
            store.close()
            raise
        return store

    def _bring_up_to_date(self, install: Install | None) -> None:
        from deskweave.store.migrations import HEAD, migrate, revision_of, revisions, stamp

        with self.read() as tx:
            have = revision_of(tx)
        if have is not None and have not in revisions():
            raise StoreTooNew(str(self.path or MEMORY), have, HEAD)
        if have == HEAD:
            return
        with self._lease.hold(self, "migrate", rows=False):
            if have is None:
                with self.write() as tx:
                    if revision_of(tx) is None:
                        for statement in _statements():
                            tx.exec_driver_sql(statement)
                        stamp(tx)
                        row = install or Install(self.new_id(), 1)
                        tx.execute(tables.install.insert().values(id=row.id, epoch=row.epoch, created_at=self.now()))
                return
            if self.path is not None:
                self.copy_aside(f"before-{HEAD}")
            with self.write() as tx:
                migrate(tx)

    def backup(self, target: Path) -> None:
        """Write the store as it is now to one file, everything committed included; others may go on writing meanwhile.

        The file is whole or not there at all.
        """
        import sqlite3
        from contextlib import closing

        half = target.with_name(target.name + ".part")
        half.unlink(missing_ok=True)
        try:
            with self.engine.connect() as connection, closing(sqlite3.connect(half)) as copy:
                _raw(connection).backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            os.replace(half, target)
        finally:
            half.unlink(missing_ok=True)

    def copy_aside(self, name: str) -> Path:
        """Copy the store beside itself as `<file>.<name>`, everything committed included; answers with the copy's path."""
        if self.path is None:
            message = "a store in memory has no file to copy"
            raise DeskweaveError(message)
        with self.engine.connect() as connection:
            _raw(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            target = self.path.with_name(f"{self.path.name}.{name}")
            shutil.copy2(self.path, target)
        return target

    # ------------------------------------------------------------------------------------------------------- transactions
    def write(self) -> AbstractContextManager[sa.Connection]:
        """One transaction that may write; commits at the end of the block, rolls back when it raises.

        Raises:
            LeaseLost: we held the store, and another process has taken it over since.
        """
        return self._begin("BEGIN IMMEDIATE")

    def read(self) -> AbstractContextManager[sa.Connection]:
        """One transaction that sees one state and writes nothing."""
        return self._begin("BEGIN")

    @contextmanager
    def _begin(self, how: str) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection, connection.begin():
            _raw(connection).execute(how)  # past SQLAlchemy's cursors and events: a transaction costs half as much
            until = None if how == "BEGIN" else self._lease.require(connection, self.now())
            yield connection
        if until is not None:
            self._lease.kept(until)

    def lease(self, purpose: str, length: timedelta | None = None) -> AbstractContextManager[None]:
        """Hold the store against other processes; taken again by the same `Store` it only counts.

        Args:
            purpose: what others are told.
            length: after so long without `keep_lease` another process may take over, and nothing of ours is committed any more;
                None: as long as this process lives.

        Raises:
            SafetyStop: another process holds it (names process id and since when).
        """
        return self._lease.hold(self, purpose, length)

    def keep_lease(self) -> None:
        """Before anything that may take its time, or goes out of the house: make sure that at least half of the lease lies ahead.

        Raises:
            LeaseLost: another process has taken the store over.
        """
        self._lease.keep(self)

    # -------------------------------------------------------------------------------------------------------------- small
    @property
    def install(self) -> Install:
        if self._install is None:
            self._install = self._read_install()
        return self._install

    def _read_install(self) -> Install:
        with self.read() as tx:
            row = tx.execute(sa.select(tables.install.c.id, tables.install.c.epoch)).one()
        return Install(row.id, row.epoch)

    def new_id(self, at: datetime | None = None) -> str:
        """A fresh ULID, of now or of another moment.

        Larger than the one before where both are of one millisecond: what is made in order sorts in order.
        """
        self._last_id = new_ulid(at or self.now(), self._entropy, self._last_id)
        return self._last_id

    def become(self, tx: sa.Connection, install: Install, created_at: datetime | None = None) -> None:
        """Take over who we are: after a restore, or from marks that a lost store has left."""
        said = {"id": install.id, "epoch": install.epoch, **({} if created_at is None else {"created_at": created_at})}
        tx.execute(sa.update(tables.install).values(**said))
        self._install = install

    def forget_install(self) -> None:
        """Read who we are anew: the transaction in which we became somebody else was rolled back."""
        self._install = None

    def close(self) -> None:
        """Let go of the file; closed again, it does nothing."""
        if self._closed:
            return
        self._closed = True
        self.engine.dispose()
        if self.path is None:
            _IDLE.append(self.engine)


_IDLE: Final[list[sa.Engine]] = []
"""Engines of stores in memory that were closed, without their data: they know every statement that they have compiled."""


@lru_cache(maxsize=1)
def _statements() -> Sequence[str]:
    """What makes every table and index, compiled once a process."""
    made: list[str] = []
    for table in tables.metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made.append(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        made += [str(CreateIndex(one).compile(dialect=sqlite.dialect())) for one in indexes]
    return made


def _raw(connection: sa.Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.dbapi_connection


def _engine(path: str) -> sa.Engine:
    if path == MEMORY and _IDLE:
        return _IDLE.pop()
    if path == MEMORY:
        engine = sa.create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
        )
    else:
        engine = sa.create_engine(f"sqlite:///{path}", hide_parameters=True)  # errors go into crash files, people's words do not

    @sa_event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # SQLAlchemy begins, not the driver: the driver's BEGIN would come too late and be deferred
        cursor = raw.cursor()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # an intent is on the disk before its request is sent
            "foreign_keys = ON",
            "busy_timeout = 10000",  # milliseconds
            "wal_autocheckpoint = 20000",  # pages; random keys would otherwise checkpoint the same pages again and again
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
