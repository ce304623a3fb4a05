"""Practice, bindings, connections and store to a sync engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from deskweave.errors import RemoteError
from deskweave.model import ConnectionName, Inquiry
from deskweave.model.desk import Amend, Hold, ObservedChange, PlannedWrite
from deskweave.plugins import Plugins
from deskweave.workspace.adoption import require
from deskweave.workspace.configuring import acquaint
from deskweave.workspace.guarded import SilentConnection

if TYPE_CHECKING:
    from deskweave.sync import Engine, Guard, Hooks, Progress
    from deskweave.workspace.workspace import Failure, Workspace


def engine(
    space: Workspace,
    *,
    only: Sequence[str] | None,
    max_changes: float | None,
    max_notices: int | None,
    progress: Callable[[Progress], None] | None,
) -> tuple[Engine, list[ConnectionName], list[Failure]]:
    """See `Workspace.engine`; the names are those that can be worked with."""
    from deskweave.sync import Engine, Side

    require(space.store, space.practice)
    opened, failures = space.connect_all(only)
    acquaint(space, opened)
    sides = {}
    for name, one in opened.items():
        binding = space.binding(name)
        sides[name] = Side(
            name=name,
            connection=one.connection,
            binding=binding,
            mapper=one.connection.mapper(binding),
            access=one.entry.access,
        )
    for failure in failures:
        inner = space.silent.get(failure.connection)
        if inner is not None and isinstance(failure.error, RemoteError):
            binding = space.binding(failure.connection)
            sides[failure.connection] = Side(
                name=failure.connection,
                connection=SilentConnection(inner, failure.error),
                binding=binding,
                mapper=inner.mapper(binding),
                access="read",
            )
    made = Engine(
        store=space.store,
        sides=sides,
        routes=space.folder.routes,
        fields=space.practice.fields,
        statuses=space.practice.statuses,
        practice_digest=space.practice.digest,
        since=space.since,
        now=space.now,
        guard=guard(space, max_changes, max_notices),
        hooks=hooks(space.plugins),
        progress=progress,
    )
    return made, list(opened), failures


def guard(space: Workspace, max_changes: float | None, max_notices: int | None) -> Guard:
    """How much may be written unasked: the product's defaults, the folder's word over them, the caller's over both."""
    from deskweave.sync import Guard

    made = Guard()
    stated = space.folder.guard("max_changes")
    update, delete = stated.get("update") or {}, stated.get("delete") or {}
    if "share" in update:
        made = replace(made, update_share=float(update["share"]))
    if "records" in update:
        made = replace(made, update_records=int(update["records"]))
    if "share" in delete:
        made = replace(made, delete_share=float(delete["share"]))
    if space.folder.max_notices is not None:
        made = replace(made, max_notices=space.folder.max_notices)
    if max_changes is not None:
        made = replace(made, update_share=max_changes)
    if max_notices is not None:
        made = replace(made, max_notices=max_notices)
    return made


def hooks(plugins: Plugins) -> Hooks:
    """The two gates. Every answer counts; the guard around each plugin has turned what it raised into a Hold."""
    from deskweave.sync import Hooks

    def incoming(inquiry: Inquiry | None, change: ObservedChange) -> list[Amend | Hold | None]:
        return [answer for _, answer in plugins.each("deskweave_incoming", inquiry=inquiry, change=change)]

    def outgoing(inquiry: Inquiry, write: PlannedWrite) -> list[Amend | Hold | None]:
        return [answer for _, answer in plugins.each("deskweave_outgoing", inquiry=inquiry, write=write)]

    used = {hook for plugin in plugins.loaded for hook in plugin.hooks}
    made = Hooks()
    if "deskweave_incoming" in used:
        made = replace(made, incoming=incoming)
    if "deskweave_outgoing" in used:
        made = replace(made, outgoing=outgoing)
    return made
