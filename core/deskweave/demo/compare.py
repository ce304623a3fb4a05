"""The proof at the end: every record of every platform is read anew and held against the inquiries, value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from deskweave.connector import Connection, Mapper, RemoteMessage, RemoteRecord
from deskweave.errors import TransientError
from deskweave.model import Binding, CollectionBinding, FieldId, Policy, Value, Visibility
from deskweave.store import Store, inquiry_messages
from deskweave.store.joined import list_inquiries

T = TypeVar("T")
_THEIRS = (Policy.READ_ONLY, Policy.WRITE_IF_EMPTY)  #: what stands there is that platform's own affair


@dataclass(slots=True)
class Comparison:
    """What is not as it should be; all empty is the goal. Lines name the record, never its content."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)  #: internal notes that a requester could read
    records: int = 0
    values: int = 0


def compare(store: Store, sides: Mapping[str, tuple[Connection, Binding, Mapper]], wait: Callable[[datetime], None]) -> Comparison:
    """Read everything from the platforms and hold it against the store.

    Args:
        store: inquiries and their links.
        sides: by connection: where to read, its binding, its mapper.
        wait: waits until an instant that a platform's quota names.
    """
    found = Comparison()
    inquiries = list_inquiries(store)
    internal = {
        message.body
        for row in inquiries
        for message in inquiry_messages(store, row.id)
        if message.visibility == "internal" and message.body
    }
    for name, (connection, binding, mapper) in sides.items():
        assert connection.records is not None
        linked = {(link.collection, link.rid): row for row in inquiries for link in row.links if link.connection == name}
        for row in inquiries:
            if not any(link.connection == name and link.state == "live" and link.role == "main" for link in row.links):
                found.missing.append(f"INQ-{row.number} on {name}")
        marks: Counter[str] = Counter()
        for collection in binding.collections.values():
            for record in _listing(connection, collection.name, wait):
                found.records += 1
                if record.corr:
                    marks[record.corr] += 1
                inquiry = linked.get((collection.name, record.ref.rid))
                if inquiry is None:
                    found.doubled.append(f"{name} {record.label}: joined with no inquiry")
                    continue
                if collection.creates:  # what is only read there says what it likes
                    _values(found, name, collection, record, mapper, inquiry.inquiry.values)
                if connection.messages is not None and collection.messages:
                    for message in _messages(connection, record, wait):
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
        at = collection.fields.get(field_id)
        if field_id not in want.values or (at is not None and at.policy in _THEIRS):
            continue
        found.values += 1
        if value != want.values[field_id]:
            found.different.append(f"{name} {record.label}: {field_id}")


def _patiently(read: Callable[[], T], wait: Callable[[datetime], None]) -> T:
    while True:
        try:
            return read()
        except TransientError as error:
            if error.retry_at is None:
                raise
            wait(error.retry_at)


def _listing(connection: Connection, collection: str, wait: Callable[[datetime], None]) -> Iterator[RemoteRecord]:
    records = connection.records
    assert records is not None
    resume: str | None = None
    seen: set[str] = set()
    while True:
        at = resume
        page = _patiently(lambda: records.changes(collection, None, at), wait)  # noqa: B023  called at once
        for record in page.items:
            if record.ref.rid not in seen:
                seen.add(record.ref.rid)
                yield record
        resume = page.resume
        if resume is None:
            return


def _messages(connection: Connection, record: RemoteRecord, wait: Callable[[datetime], None]) -> Iterator[RemoteMessage]:
    messages = connection.messages
    assert messages is not None
    resume: str | None = None
    while True:
        at = resume
        page = _patiently(lambda: messages.of(record.ref, at), wait)  # noqa: B023  called at once
        yield from page.items
        resume = page.resume
        if resume is None:
            return
