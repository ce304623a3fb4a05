"""What a platform's change becomes in the ledger: a line of its history, a sight of ours, or how a value began. Pure."""

from __future__ import annotations

from datetime import datetime

from deskweave.connector import Change, RemoteRecord
from deskweave.ledger import Entry
from deskweave.model import FieldId, Value
from deskweave.store.links import Link
from deskweave.store.values import encode
from deskweave.sync.history import origin_of


def told(link: Link, line: Change, refines: int | None = None, old: Value = None) -> Entry:
    """A line of the platform's own history, with its own time and author."""
    by = line.source.by
    return Entry(
        field=line.field,
        new=line.new,
        at=line.source.at,
        order=line.source.order,
        source=f"connection:{link.conn}",
        origin_id=origin_of(line),
        actor=None if by is None else f"{link.conn}:{by}",
        history=True,
        refines=refines,
        old=old,
    )


def sighted(link: Link, record: RemoteRecord, name: FieldId, value: Value, now: datetime) -> Entry:
    """What we saw, where no history tells it: it became so at the latest when the record was changed, or now."""
    return Entry(
        field=name,
        new=value,
        at=record.updated_at or now,
        source=f"connection:{link.conn}",
        # "@": a version must not be taken for the id of a change, both are small numbers on some platforms
        origin_id=f"{record.ref.collection}/{record.ref.rid}/@{version_of(record)}/{name}",
        actor=None if record.updated_by is None else f"{link.conn}:{record.updated_by}",
        precise=False,
    )


def begun_as(link: Link, record: RemoteRecord, name: FieldId, first: Change, begun: datetime) -> Entry:
    """The value that stood before the first line of a history."""
    return Entry(
        field=name,
        new=first.old,
        at=min(begun, first.source.at),
        order=-1,
        source=f"connection:{link.conn}",
        origin_id=f"{record.ref.collection}/{record.ref.rid}/first/{name}",
        precise=False,
    )


def version_of(record: RemoteRecord) -> str:
    """What tells one state of a record from the next: its version, else when it was changed."""
    if record.version is not None:
        return record.version
    return "" if record.updated_at is None else str(encode(record.updated_at)["$t"])  # type: ignore[call-overload, index]


def follows(before: str | None, after: str | None) -> bool:
    """Whether exactly one change lies between two versions that are numbers."""
    try:
        return before is not None and after is not None and int(after) == int(before) + 1
    except ValueError:
        return False


def precedes(one: str | None, other: str | None) -> bool:
    """Whether a version surely came before another: both are numbers."""
    try:
        return one is not None and other is not None and int(one) < int(other)
    except ValueError:
        return False
