"""What a run would write, said before it is written."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from deskweave.model import FieldId, PublicMessage, Value
from deskweave.store.inquiries import load_documents, numbers_of
from deskweave.store.links import due_links, links_by_id
from deskweave.store.messages import messages_by_id
from deskweave.sync.guards import whom
from deskweave.sync.merge import EMPTY
from deskweave.sync.report import PlannedField, PlannedRecord
from deskweave.sync.rows import Rows
from deskweave.sync.run import Run, Side


def planned(run: Run, side: Side) -> list[PlannedRecord]:
    """Everything that is to be written to one connection, also what has to wait for its moment."""
    if side.access != "write":
        return []
    found: list[PlannedRecord] = []
    horizon = run.now() + run.timing.backoff_most * 1000
    with run.store.read() as tx:
        due = due_links(tx, side.name, horizon, ["inquiry"], ["live", "new", "creating"])
        rows = Rows(run, tx)
        rows.load(one.inquiry for one in due if one.inquiry is not None)
        for one in due:
            if one.inquiry is None or one.id in run.waits:
                continue
            capabilities = side.capabilities(one.collection)
            link = rows.link(one.inquiry, one.id)
            if link.state == "live":
                values = rows.want(one.inquiry, link)
                there = link.base
            else:
                projected = side.mapper.project(link.collection, rows.stated(one.inquiry, link)[0]).values
                values = {name: value for name, value in projected.items() if value not in EMPTY}
                there = {}
            cross = rows.cross_reference(one.inquiry, link)
            tells = capabilities is not None and capabilities.notifies and link.state != "live"
            found.append(
                PlannedRecord(
                    connection=side.name,
                    collection=link.collection,
                    verb="update" if link.state == "live" else "create",
                    inquiry=one.inquiry,
                    number=rows.documents[one.inquiry].number,
                    label=link.label,
                    fields=tuple(PlannedField(field=name, there=there.get(name), wanted=value) for name, value in values.items()),
                    notifies=tells,
                    person=_number(run, rows.values[one.inquiry], one.id) if tells else None,
                    cross_reference=cross if cross != link.cross else None,
                    waits_until=link.not_before if link.not_before is not None and link.not_before > run.now() else None,
                )
            )
        found += _deleted(run, tx, side)
        said = due_links(tx, side.name, horizon, ["message"], ["new", "creating"])
        parents = links_by_id(tx, [str(one.parent) for one in said])
        messages = messages_by_id(tx, [str(one.message) for one in said])
        documents = load_documents(tx, [one.inquiry for one in said if one.inquiry is not None])
        for one in said:
            if one.inquiry is None:
                continue
            parent = parents[str(one.parent)]
            public = isinstance(messages[str(one.message)].message, PublicMessage)
            capabilities = side.capabilities(parent.collection)
            tells = public and capabilities is not None and capabilities.notifies
            found.append(
                PlannedRecord(
                    connection=side.name,
                    collection=parent.collection,
                    verb="say" if public else "note",
                    inquiry=one.inquiry,
                    number=documents[one.inquiry].number,
                    label=parent.label,
                    notifies=tells,
                    person=_number(run, documents[one.inquiry].values, one.id) if tells else None,
                    waits_until=one.not_before if one.not_before is not None and one.not_before > run.now() else None,
                )
            )
    return found


def _number(run: Run, values: Mapping[FieldId, Value], link: str) -> int:
    """A number for whom the platform would write to, so that a plan names nobody."""
    return run.persons.setdefault(whom(values, link), len(run.persons) + 1)


def _deleted(run: Run, tx: sa.Connection, side: Side) -> list[PlannedRecord]:
    """Records whose counterpart was deleted, where the binding has them follow."""
    listed = {key: moment for key, (conn, moment) in {**run.doomed, **run.waiting_deletions}.items() if conn == side.name}
    links = links_by_id(tx, listed)
    numbers = numbers_of(tx, [one.inquiry for one in links.values() if one.inquiry is not None])
    return [
        PlannedRecord(
            connection=side.name,
            collection=link.collection,
            verb="delete",
            inquiry=link.inquiry,
            number=numbers[link.inquiry],
            label=link.label,
            waits_until=moment if (moment := listed[key]) > run.now() else None,
        )
        for key, link in links.items()
        if link.inquiry is not None
    ]
