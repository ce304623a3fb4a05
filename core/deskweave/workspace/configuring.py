"""Practice and connections to a Configurator: what plans and applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from deskweave.model import ConnectionName
from deskweave.workspace.connecting import Opened, read_only

if TYPE_CHECKING:
    from deskweave.configure import Configurator
    from deskweave.workspace.workspace import Workspace


def configurator(space: Workspace, opened: Mapping[ConnectionName, Opened]) -> Configurator:
    """The configurator over connections that stand."""
    from deskweave.configure import Configurator, Side, StoreJournal, register_path

    sides = [
        Side(
            name=name,
            environment=space.folder.environment,
            connection=one.connection,
            document=space.binding_documents[name].body,
            lock_file=space.lock_file(name),
            may_write=_may_write(one),
        )
        for name, one in opened.items()
    ]
    return Configurator(
        folder=space.folder.id,
        environment=space.folder.environment,
        practice=space.practice,
        digest=space.practice.digest,
        sides=sides,
        journal=StoreJournal(space.store),
        now=space.now,
        register_file=register_path(space.folder.root, space.folder.environment),
        language=space.language,
    )


def _may_write(opened: Opened) -> Callable[[], None]:
    def ask() -> None:
        if opened.entry.access != "write":
            raise read_only(opened.entry)

    return ask
