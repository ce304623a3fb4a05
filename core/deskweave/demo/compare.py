"""The proof at the end: every record of every platform is read anew and held against the inquiries, value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deskweave.connector import Connection, Mapper, RemoteMessage, RemoteRecord
from deskweave.model import Binding, CollectionBinding, FieldId, Value, Visibility
from deskweave.store import Store, inquiry_messages
from deskweave.store.joined import list_inquiries


@dataclass(slots=True)
class Comparison:
    """What is not as it should be; all empty is the goal. Lines name the record, never its content."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)  #: internal notes that a requester could read
    records: int = 0
    values: int = 0


def compare(store: Store, sides: Mapping[str, tuple[Connection, Binding, Mapper]]) -> Comparison:
    """Read everything from the platforms and hold it against the store.

    Args:
        store: inquiries and their links.
        sides: by connection: where to read, its binding, its mapper.
    """
    found = Comparison()
    inquiries = list_inquiries(store)
    internal = {
        message.body
        for row in inquiries
        for message in inquiry_messages(store, row.id)
        if message.visibility == Visibility.INTERNAL and message.body
    }
    for name, (connection, binding, mapper) in sides.items():
        assert connection.records is not None
        linked = {(link.collection, link.rid): row for row in inquiries for link in row.links if link.connection == name}
        for row in inquiries:
            if not any(link.connection == name and link.state == "live" and link.role == "main" for link in row.links):
                found.missing.append(f"INQ-{row.number} on {name}")
        marks: Counter[str] = Counter()
        for collection in binding.collections.values():
            for record in _listing(connection, collection.name):
                found.records += 1
                if record.corr:
                    marks[record.corr] += 1
                inquiry = linked.get((collection.name, record.ref.rid))
                if inquiry is None:
                    found.doubled.append(f"{name} {record.label}: joined with no inquiry")
                    continue
                _values(found, name, collection, record, mapper, inquiry.inquiry.values)
                if connection.messages is not None and collection.messages:
                    for message in _messages(connection, record):
                        if message.visibility is Visibility.PUBLIC and any(body in message.body for body in internal):
                            found.leaked.append(f"{name} {record.label}")
        found.doubled += [f"{name}: {count} records carry one mark" for count in marks.values() if count > 1]
    return found


def _values(
    found: Comparison,
    name: str,
    collection: CollectionBinding,
    record: RemoteRecord,
    mapper: Mapper,
    document: Mapping[FieldId, Value],
) -> None:
    seen, want = mapper.read(record), mapper.project(collection.name, document)
    for field_id, value in seen.values.items():
        if field_id not in want.values:
            continue
        found.values += 1
        if value != want.values[field_id]:
            found.different.append(f"{name} {record.label}: {field_id}")


def _listing(connection: Connection, collection: str) -> Iterator[RemoteRecord]:
    assert connection.records is not None
    resume: str | None = None
    seen: set[str] = set()
    while True:
        page = connection.records.changes(collection, None, resume)
        for record in page.items:
            if record.ref.rid not in seen:
                seen.add(record.ref.rid)
                yield record
        resume = page.resume
        if resume is None:
            return


def _messages(connection: Connection, record: RemoteRecord) -> Iterator[RemoteMessage]:
    assert connection.messages is not None
    resume: str | None = None
    while True:
        page = connection.messages.of(record.ref, resume)
        yield from page.items
        resume = page.resume
        if resume is None:
            return
