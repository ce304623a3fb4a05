"""One writer at a time: a lock held by the kernel, so that a killed process holds nothing, and a token that fences a stale one.

A process that stands still (a laptop asleep, a debugger, a call that never returns) keeps its kernel lock. A lease that is taken
for a length of time passes all the same: then another process takes the store over with a higher token, and the first one, awake
again, cannot commit anything any more. Other leases last as long as their process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from deskweave.errors import SafetyStop
from deskweave.store.tables import lease

if TYPE_CHECKING:
    from deskweave.store.database import Store

ROW: Final = "store"
_ROW: Final = sa.select(lease.c.token, lease.c.holder, lease.c.until, lease.c.locked).where(lease.c.name == ROW)
_TOKEN: Final = sa.select(lease.c.token).where(lease.c.name == ROW)
_KEEP: Final = sa.update(lease).where(lease.c.name == ROW).values(until=sa.bindparam("b_until"))
_GIVE_BACK: Final = _KEEP.where(lease.c.token == sa.bindparam("b_token"))
Note = dict[str, Any]


class LeaseLost(SafetyStop):
    """Another process has taken the store over since this one stood still: what this one still wanted to write is not written."""

    rule = "lease-lost"

    def __init__(self, store: Path, holder: str) -> None:
        super().__init__(
            f"the store {store} was taken over by {holder} while this process stood still for longer than its lease. Nothing more "
            "was written by this one; the other goes on with what was begun."
        )
        self.values = {"store": str(store), "holder": holder}


class InUse(SafetyStop):
    """Another process holds the lease. `by`: which one, as far as it has said so."""

    def __init__(self, store: Path | None, note: Note | None) -> None:
        self.by = _called(note)
        super().__init__(
            f"the store {store} is in use by {self.by}. Only one process may write to it. "
            "Wait until it has finished, or stop it; reading commands (status, show, explain) work meanwhile."
        )
        told = {name: str((note or {}).get(name, "?")) for name in ("pid", "purpose", "since")}
        self.rule, self.values = "store-in-use", {"store": str(store), **told}


class Lease:
    """The right to write to one store. Taken again by its holder it only counts.

    The lock lies on a file of its own (`<store>.lock`): SQLite's own locks come and go with each transaction and name nobody. A
    store in memory has no other process to be kept from.
    """

    def __init__(self, path: Path | None) -> None:
        self._store = path
        self._path = None if path is None else path.with_name(path.name + ".lock")
        self._depth = 0
        self._token: int | None = None
        self._until: datetime | None = None
        self._length: timedelta | None = None

    @contextmanager
    def hold(self, store: Store, purpose: str, length: timedelta | None = None, *, rows: bool = True) -> Iterator[None]:
        """Hold the store while the block runs.

        Args:
            store: whose lease this is.
            purpose: what others are told.
            length: for how long without a word of ours (`keep`); None: as long as the process lives.
            rows: False where the tables are not there yet.

        Raises:
            InUse: another process holds it; the message names its process id, its purpose and since when.
        """
        if self._path is None or self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            locked = _lock(descriptor)
            if not locked and (length is None or not rows):
                raise InUse(self._store, _read(descriptor))
            note = {"pid": os.getpid(), "purpose": purpose, "since": store.now().isoformat()}
            if locked:
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, orjson.dumps(note))
            if rows:
                self._take(store, note, length, None if locked else (_read(descriptor) or {}))
            self._depth = 1
            try:
                yield
            finally:
                self._depth, token, self._token, self._until = 0, self._token, None, None
                if not locked:  # nobody sees from the kernel's lock that we are done
                    with store.write() as tx:
                        tx.execute(_GIVE_BACK, {"b_token": token, "b_until": store.now()})
        finally:
            os.close(descriptor)  # releases the lock

    def _take(self, store: Store, note: Note, length: timedelta | None, other: Note | None) -> None:
        """Write down who holds the store, under a higher token. `other`: who has the kernel's lock; None: we have."""
        now = store.now()
        until = None if length is None else now + length
        with store.write() as tx:
            row = tx.execute(_ROW).first()
            timed = row is not None and row.until is not None and row.until > now
            if other is None:  # whoever had the lock has let go of it, or is dead; only one that took over never had it
                free = row is None or not timed or row.locked == row.holder
            else:  # a holder without a time, or a migration, does not pass
                free = row is not None and row.until is not None and not timed and row.locked == other
            if not free:
                raise InUse(self._store, row.holder if row is not None and timed else other)
            token = 1 if row is None else row.token + 1
            values = {"token": token, "holder": note, "until": until, "locked": other or note}
            statement = sa.insert(lease).values(name=ROW) if row is None else sa.update(lease).where(lease.c.name == ROW)
            tx.execute(statement.values(**values))
        self._token, self._until, self._length = token, until, length

    def keep(self, store: Store) -> None:
        """Say that we are still there, when half of the lease has passed: after this, at least half of it lies ahead.

        Raises:
            LeaseLost: another process has taken over.
        """
        if self._longer(store.now()) is not None:
            with store.write():
                pass  # every commit of ours says so, see `require`

    def _longer(self, now: datetime) -> datetime | None:
        """Until when the lease would be kept now; None: less than half of it has passed, or it has no time."""
        if self._until is None or self._length is None or self._until - now >= self._length / 2:
            return None
        return now + self._length

    def require(self, tx: sa.Connection, now: datetime) -> datetime | None:
        """See to it that a transaction that writes is its holder's. Answers with the moment until which its commit keeps the lease.

        Raises:
            LeaseLost: another process has taken over.
        """
        if self._token is None:
            return None
        if tx.execute(_TOKEN).scalar() != self._token:
            row = tx.execute(_ROW).first()
            assert self._store is not None
            raise LeaseLost(self._store, _called(None if row is None else row.holder))
        until = self._longer(now)
        if until is not None:
            tx.execute(_KEEP, {"b_until": until})
        return until

    def kept(self, until: datetime) -> None:
        """That commit is done."""
        self._until = until


def _read(descriptor: int) -> Note | None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        found = orjson.loads(os.read(descriptor, 4096))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _called(note: Note | None) -> str:
    try:
        return "another process" if note is None else f"process {note['pid']} ({note['purpose']}) since {note['since']}"
    except KeyError:
        return "another process"


if sys.platform == "win32":
    import msvcrt

    #: Far past the text, so that the holder's note stays readable for others.
    _REGION = 1 << 20

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _REGION, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
