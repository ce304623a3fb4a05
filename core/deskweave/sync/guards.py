"""What a run may not exceed unasked, counted from the plan before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from deskweave.model import ConnectionName, FieldId, PublicMessage, Value
from deskweave.model.predicate import holds
from deskweave.store.audit import created_refs
from deskweave.store.events import last_seq, read_position, write_position
from deskweave.store.inquiries import load_documents
from deskweave.store.links import Link, count_live, due_links, links_by_id
from deskweave.store.messages import messages_by_id
from deskweave.sync.merge import EMPTY
from deskweave.sync.rows import Rows
from deskweave.sync.run import Run
from deskweave.sync.stops import GuardStop, Stop, go_ahead, in_english, likely

ROUTE: Final = "route:"
REQUESTER: Final = (FieldId("email"), FieldId("user"))  #: what tells whom a platform writes to, the surer first


def stops_of(run: Run) -> list[Stop]:
    """What stops this run before its next write; nothing where the guards let it go on.

    What was written earlier counts too, in this run and in others of the same engine. Records that only get a cross-reference do
    not: they follow creates, which are free until a route has had its first complete pass.
    """
    foreign = _foreign(run)
    if foreign:
        return foreign
    parts: list[Stop] = []
    told = set(run.told)
    with run.store.read() as tx:
        complete = _complete(run, tx)
        for name, side in run.sides.items():
            if side.access != "write" or not run.works(side):
                continue
            records = due_links(tx, name, run.now(), ["inquiry"], ["live", "new", "creating"])
            records = [one for one in records if one.id not in run.waits]
            wants = _with_values(run, tx, records)
            updates = wants.keys() | run.written.get((name, "update"), set())
            updates -= _first_pass(run, tx, name, updates, complete)
            created = {one.id for one in records if one.state == "new" and _counts(run, tx, one, complete)}
            live = count_live(tx, name)
            limit, apart = run.guard.updates(live), run.guard.creates(live)
            changes = updates | (created if apart is None else set())
            if len(changes) > limit:
                cause = likely(tx, [found for key, found in wants.items() if key in updates])
                text = (
                    f"{len(changes)} records of {name} would change ({len(updates)} updated, {len(changes - updates)} created); "
                    f"the limit is {limit} (the larger of {run.guard.update_records} records and "
                    f"{run.guard.update_share:.0%} of {live})"
                )
                parts.append(
                    Stop(
                        kind="changes",
                        text=text if cause is None else f"{text}; {in_english(cause)}",
                        connection=name,
                        count=len(changes),
                        limit=limit,
                        of=live,
                        updated=len(updates),
                        created=len(changes - updates),
                        likely=cause,
                    )
                )
            if apart is not None and len(created) > apart:
                text = f"{len(created)} records would be created on {name}; the limit is {apart}"
                parts.append(Stop(kind="creates", text=text, connection=name, count=len(created), limit=apart, of=live))
            doomed = {key for key, (conn, _) in run.doomed.items() if conn == name} | run.written.get((name, "delete"), set())
            if len(doomed) > run.guard.deletes(live):
                most = run.guard.deletes(live)
                text = f"{len(doomed)} records of {name} would be deleted; the limit is {most}"
                parts.append(Stop(kind="deletes", text=text, connection=name, count=len(doomed), limit=most, of=live))
            told |= {one.id for one in records if one.state == "new" and notifies(run, name, one)}
            told |= _public(run, tx, name)
        people = 0 if len(told) <= run.guard.max_notices else _people(tx, told)
    if people > run.guard.max_notices:
        text = (
            f"platforms would write up to {len(told)} mails to {people} people (new records and public messages); "
            f"the limit is {run.guard.max_notices} people"
        )
        parts.append(Stop(kind="notices", text=text, count=people, mails=len(told), limit=run.guard.max_notices))
    return parts


def _people(tx: sa.Connection, told: Collection[str]) -> int:
    """How many people these links' inquiries belong to."""
    links = links_by_id(tx, told)
    found = load_documents(tx, [one.inquiry for one in links.values() if one.inquiry is not None])
    every = {key: None if (link := links.get(key)) is None or link.inquiry is None else found[link.inquiry].values for key in told}
    return len({whom(values or {}, key) for key, values in every.items()})


def whom(values: Mapping[FieldId, Value], link: str) -> str:
    """Who is written to about an inquiry. Where that is not known, each time counts as somebody else."""
    said = next((f"{name} {str(values[name]).strip().casefold()}" for name in REQUESTER if values.get(name) not in EMPTY), None)
    return said or f"link {link}"


def sentence(stops: Sequence[Stop]) -> str | None:
    """All of it in one English sentence; None: nothing stops."""
    return "; ".join(one.text for one in stops) or None


def check(run: Run) -> None:
    """Stop before the first write that would go too far.

    Raises:
        GuardStop: with the counts and the options that allow it.
    """
    check_marks(run)
    stops = stops_of(run)
    if stops:
        onward = f"Look first: deskweave sync --plan. Go ahead: deskweave sync {go_ahead(stops)}"
        raise GuardStop(f"stopped before writing: {sentence(stops)}. {onward}", stops)


def check_marks(run: Run) -> None:
    """Stop where records carry the marks of another store, also where nothing is to be written.

    Raises:
        GuardStop: with the records.
    """
    stops = _foreign(run)
    if stops:
        raise GuardStop(f"stopped before writing: {sentence(stops)}", stops)


def complete_routes(run: Run) -> None:
    """A route all of whose counterparts are there and finished has had its first complete pass: from now on creates count too."""
    with run.store.read() as tx:
        done = _complete(run, tx)
        open_routes = [route for route in run.routes if route.id not in done]
        waiting: list[Link] = []
        for name in run.sides if open_routes else ():
            due = due_links(tx, name, run.now() + run.timing.backoff_most * 1000, ["inquiry"], ["live", "new", "creating"])
            begun = _first_pass(run, tx, name, [one.id for one in due if one.state == "live"], done)
            waiting += [one for one in due if one.state != "live" or one.id in begun]
        values = {key: found.values for key, found in load_documents(tx, [w.inquiry for w in waiting if w.inquiry]).items()}
    finished = [
        route
        for route in open_routes
        if not any(
            one.inquiry is not None and one.conn in route.among and holds(route.when, values[one.inquiry]) for one in waiting
        )
    ]
    if finished:
        with run.store.write() as tx:
            for route in finished:
                write_position(tx, f"{ROUTE}{route.id}", last_seq(tx))


def _foreign(run: Run) -> list[Stop]:
    return [
        Stop(
            kind="marks",
            text=(
                f"records carry marks this store does not know: {len(labels)} on {name} ({', '.join(labels[:3])}). The store was "
                "lost, restored or is another one, or these records belong to another installation. Writing now would double them. "
                "Make the store whole with deskweave store rebuild, restore it from a backup, or open the right one"
            ),
            connection=name,
            count=len(labels),
            labels=tuple(labels[:3]),
        )
        for name, labels in sorted(run.foreign.items())
    ]


def _complete(run: Run, tx: sa.Connection) -> set[str]:
    return {route.id for route in run.routes if read_position(tx, f"{ROUTE}{route.id}") is not None}


def _with_values(run: Run, tx: sa.Connection, records: list[Link]) -> dict[str, tuple[Link, Mapping[FieldId, Value]]]:
    """Records to which values are to be written, with these, by link."""
    live = [one for one in records if one.state == "live" and one.inquiry is not None]
    rows = Rows(run, tx)
    rows.load(one.inquiry for one in live if one.inquiry is not None)
    wants = {one.id: (one, rows.want(one.inquiry, rows.link(one.inquiry, one.id))) for one in live if one.inquiry is not None}
    return {key: found for key, found in wants.items() if found[1]}


def _first_pass(run: Run, tx: sa.Connection, name: ConnectionName, ids: Collection[str], complete: set[str]) -> set[str]:
    """Links whose record we have created for a route that is not complete yet.

    What is written to them still belongs to the create: a status that is walked to, a value that came with another counterpart.
    """
    routes = [route for route in run.routes if name in route.among and route.id not in complete]
    if not routes or not ids:
        return set()
    made = created_refs(tx, name)
    links = {
        key: one
        for key, one in links_by_id(tx, list(ids)).items()
        if {f"{one.collection}/{one.rid}", f"{one.collection}/{one.corr}"} & made
    }
    found = load_documents(tx, [one.inquiry for one in links.values() if one.inquiry is not None])
    return {
        key
        for key, one in links.items()
        if one.inquiry is not None and any(holds(route.when, found[one.inquiry].values) for route in routes)
    }


def _counts(run: Run, tx: sa.Connection, link: Link, complete: set[str]) -> bool:
    if link.inquiry is None or not complete:
        return False
    values = load_documents(tx, [link.inquiry])[link.inquiry].values
    routes = [route for route in run.routes if link.conn in route.among and holds(route.when, values)]
    return bool(routes) and all(route.id in complete for route in routes)


def notifies(run: Run, name: ConnectionName, link: Link) -> bool:
    """Whether the platform may write to people itself when this is written."""
    capabilities = run.sides[name].capabilities(link.collection)
    return capabilities is not None and capabilities.notifies


def _public(run: Run, tx: sa.Connection, name: ConnectionName) -> set[str]:
    due = due_links(tx, name, run.now(), ["message"], ["new"])
    told = [one for one in due if one.message is not None and notifies(run, name, one)]
    messages = messages_by_id(tx, [str(one.message) for one in told])
    public: Mapping[str, bool] = {key: isinstance(one.message, PublicMessage) for key, one in messages.items()}
    return {one.id for one in told if public.get(str(one.message))}
