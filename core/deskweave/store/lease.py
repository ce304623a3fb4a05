"""One writer at a time: a lock beside the store, held by the kernel, so that a killed process holds nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import orjson

from deskweave.errors import SafetyStop


class Lease:
    """The right to write to one store. Taken again by its holder it only counts.

    The lock lies on a file of its own (`<store>.lock`): SQLite's own locks come and go with each transaction and name nobody.
    """

    def __init__(self, store: Path | None) -> None:
        self._path = None if store is None else store.with_name(store.name + ".lock")
        self._depth = 0

    @contextmanager
    def hold(self, purpose: str, at: datetime) -> Iterator[None]:
        """Hold the store while the block runs.

        Raises:
            SafetyStop: another process holds it; the message names its process id, its purpose and since when.
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
            if not _lock(descriptor):
                raise SafetyStop(_held(self._path, descriptor))
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, orjson.dumps({"pid": os.getpid(), "purpose": purpose, "since": at.isoformat()}))
            self._depth = 1
            try:
                yield
            finally:
                self._depth = 0
        finally:
            os.close(descriptor)  # releases the lock


def _held(path: Path, descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = orjson.loads(os.read(descriptor, 4096))
        who = f"process {holder['pid']} ({holder['purpose']}) since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    return (
        f"the store {path.with_suffix('')} is in use by {who}. Only one process may write to it. "
        "Wait until it has finished, or stop it; reading commands (status, show, explain) work meanwhile."
    )


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
