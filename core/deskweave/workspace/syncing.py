"""Practice, bindings, connections and store to a sync engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deskweave.errors import RemoteError
from deskweave.model import ConnectionName, Inquiry, rating_field
from deskweave.model.desk import Amend, Hold, ObservedChange, PlannedWrite
from deskweave.plugins import Plugins
from deskweave.workspace.adoption import require
from deskweave.workspace.configuring import acquaint
from deskweave.workspace.guarded import SilentConnection

if TYPE_CHECKING:
    from deskweave.sync import Engine, Guard, Hooks, Progress, Side
    from deskweave.workspace.workspace import Failure, Workspace


def engine(
    space: Workspace,
    *,
    only: Sequence[str] | None,
    max_changes: float | int | None,
    max_notices: int | None,
    progress: Callable[[Progress], None] | None,
) -> tuple[Engine, list[ConnectionName], list[Failure]]:
    """See `Workspace.engine`; the names are those that can be worked with."""
    from deskweave.configure.patience import patiently
    from deskweave.store.streams import held_connections
    from deskweave.sync import Side
    from deskweave.workspace.people import directory
    from deskweave.workspace.workspace import Failure

    require(space.store, space.practice)
    people = directory(space)
    with space.store.read() as tx:
        held = held_connections(tx)
    for name in only or ():
        space.entry(name)
    free = [name for name in only or space.folder.connections if name not in held]
    opened, failures = space.connect_all(free) if free else ({}, [])
    acquaint(space, opened)
    sides: dict[ConnectionName, Side] = {}
    for name, one in list(opened.items()):
        binding = space.binding(name)
        mapper, connection, access = one.connection.mapper(binding), one.connection, one.entry.access
        try:
            # a new binding may be probed anew: what it meets with is this connection's trouble and not the run's
            patiently(lambda: connection.capabilities, space.wait)  # noqa: B023  called before it changes
        except RemoteError as error:
            failures.append(Failure(connection=name, error=error))
            sides[name] = Side(
                name=name, connection=SilentConnection(one.inner, error), binding=binding, mapper=mapper, access="read"
            )
            del opened[name]
            continue
        sides[name] = Side(name=name, connection=connection, binding=binding, mapper=mapper, access=access, verify=one.verify)
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
    reach(space, sides)
    rating = rating_field(space.practice.fields, space.practice.feedback.keys())
    made = joined(
        space,
        sides,
        guard=guard(space, max_changes, max_notices),
        hooks=hooks(space.plugins),
        progress=progress,
        people=people,
        rating=None if rating is None else rating.id,
    )
    return made, list(opened), failures


def joined(space: Workspace, sides: Mapping[ConnectionName, Side], **more: Any) -> Engine:
    """An engine over these connections, by the folder's routes and the practice in force."""
    from deskweave.sync import Engine

    return Engine(
        store=space.store,
        sides=sides,
        routes=space.folder.routes,
        fields=space.practice.fields,
        statuses=space.practice.statuses,
        practice_digest=space.practice.digest,
        since=space.since,
        now=space.now,
        **more,
    )


def reach(space: Workspace, sides: Mapping[ConnectionName, Side]) -> None:
    """Have inquiries looked at again that a connection lacks, whenever what may be written where has changed.

    An inquiry gets its counterparts when it is merged. One that was read while a connection was read-only, down or in no route
    would otherwise wait until somebody happens to touch it. After a change of the routes themselves all are looked at: what was
    frozen may be live again, and what was withheld may go.
    """
    import json

    import sqlalchemy as sa

    from deskweave.ledger import mark_dirty
    from deskweave.mapping.mapper import digest_of
    from deskweave.store.tables import inquiry, link

    routes = space.folder.routes
    now = {
        "reach": digest_of(
            [
                [[name, side.access, side.binding.digest, _matching(side)] for name, side in sorted(sides.items())],
                space.since.isoformat(),
            ]
        ),
        "routes": digest_of(
            [
                [
                    [route.id, json.dumps(route.when, sort_keys=True, default=str), list(route.among), route.afterwards],
                    [[name, *sorted(fields)] for name, fields in sorted(route.withhold.items())],
                ]
                for route in routes
            ]
        ),
    }
    path = space.folder.state_folder / "reach.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None
    if known == now:
        return
    rerouted = not isinstance(known, dict) or known.get("routes") != now["routes"]
    wanted = {name for route in routes for name in route.among if name in sides and sides[name].access == "write"}
    if wanted or rerouted:
        home = sa.and_(link.c.inquiry == inquiry.c.id, link.c.kind == "inquiry", link.c.role == "main")
        lacking = [~sa.exists().where(home, link.c.conn == name) for name in sorted(wanted)]
        with space.store.lease("sync"), space.store.write() as tx:
            found = sa.select(inquiry.c.id).where(inquiry.c.erased_at.is_(None), sa.true() if rerouted else sa.or_(*lacking))
            mark_dirty(tx, list(tx.execute(found).scalars()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(now), encoding="utf-8")


def _matching(side: Side) -> list[list[str]]:
    """What decides whether a counterpart is made, besides how records are read."""
    every = sorted(side.binding.collections.items())
    return [[name, *one.match.find_by, one.match.on_none] for name, one in every if one.match is not None]


def guard(space: Workspace, max_changes: float | int | None, max_notices: int | None) -> Guard:
    """How much may be written unasked: the product's defaults, the folder's word over them, the caller's over both."""
    from deskweave.sync import Guard

    made = Guard()
    stated = space.folder.guard("max_changes")
    for verb in ("update", "create", "delete"):
        said: dict[str, Any] = {f"{verb}_{word}": number for word, number in (stated.get(verb) or {}).items()}
        made = replace(made, **said)
    if space.folder.max_notices is not None:
        made = replace(made, max_notices=space.folder.max_notices)
    if max_changes is not None:
        made = made.allowing(max_changes)
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
