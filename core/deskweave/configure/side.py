"""One connection as configuring works with it, and the way from it to its part of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deskweave.configure.lock import Lock, read_lock
from deskweave.connector import Connection
from deskweave.model import ConnectionName, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A connection, its binding and its lock file.

    `may_write` is asked before anything is written anywhere: it raises SafetyStop where access is `read` or the instance is not
    the pinned one. It is the workspace's word, and asked again for every apply.
    """

    name: ConnectionName
    environment: str
    connection: Connection
    document: Mapping[str, Json]  #: body of `bindings/<name>.yaml`
    lock_file: Path
    may_write: Callable[[], None]

    def lock(self) -> Lock:
        """The lock file as it is now.

        Raises:
            DocumentError: it is broken.
        """
        return read_lock(self.lock_file, self.name, self.environment)
