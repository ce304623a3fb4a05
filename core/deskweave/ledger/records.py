"""The only writer of contacts and answers (practice A7, A14, D2): rows are added, none is ever changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from deskweave.model import Field, FieldId, Grain, Json, Record, Value
from deskweave.store import Store, tables
from deskweave.store.inquiries import chunks, references
from deskweave.store.records import StoredRecord, last_record, records_of
from deskweave.store.values import REFERENCE, encode, reference_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """How many records are new, say something else than before, or are no more; `held`: how many the source has now."""

    added: int
    restated: int
    gone: int
    held: int


def collect(
    tx: sa.Connection,
    store: Store,
    grain: Grain,
    source: str,
    records: Sequence[Record],
    *,
    fields: Mapping[FieldId, Field],
    practice: str,
    gone: Collection[str] = (),
) -> Collected:
    """Write what one source says. What says the same as before is not written again.

    Args:
        tx: a transaction of `Store.write`.
        store: for ids and the clock.
        grain: what the records are.
        source: who tells them.
        records: each key once.
        fields: of these records; values of those marked `personal` stand beside them, as those of events do.
        practice: digest of the practice in force.
        gone: keys that are no more.
    """
    known = {one.record.key: one for one in records_of(tx, grain=grain, source=source)}
    personal: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    added = restated = 0
    number, recorded = last_record(tx), store.now()

    def row(key: str, at: object, doc: Mapping[str, Json] | None) -> None:
        nonlocal number
        number += 1
        rows.append(
            {"n": number, "grain": grain, "source": source, "key": key, "at": at, "recorded_at": recorded, "doc": doc,
             "practice": practice}
        )  # fmt: skip

    for one in records:
        before = known.get(one.key)
        if before is not None and before.record.at == one.at and _same(before, one, fields):
            continue
        if before is None:
            added += 1
        else:
            restated += 1
        raw = {
            str(name): _raw(store, name, value, fields, personal, before)
            for name, value in one.values.items()
            if value is not None
        }  # fmt: skip
        row(one.key, one.at, raw)
    ended = [key for key in gone if key in known]
    for key in ended:
        row(key, known[key].record.at, None)
    if personal:
        tx.execute(tables.personal.insert(), personal)
    if rows:
        tx.execute(tables.record.insert(), rows)
    return Collected(added=added, restated=restated, gone=len(ended), held=len(known) + added - len(ended))


def remove_records(tx: sa.Connection, source: str) -> int:
    """Take out everything one import said, its earlier versions and personal values too; answers with how many records went.

    Raises:
        ValueError: the source is no import.
    """
    if not source.startswith("log:"):
        message = f"{source} is no import: its records stay"
        raise ValueError(message)
    table = tables.record
    count = len(records_of(tx, source=source))
    docs: Sequence[Any] = tx.execute(sa.select(table.c.doc).where(table.c.source == source)).scalars().all()
    personal = dict.fromkeys(one for doc in docs if doc is not None for one in references(doc))
    tx.execute(sa.delete(table).where(table.c.source == source))
    for part in chunks(personal):
        tx.execute(sa.delete(tables.personal).where(tables.personal.c.id.in_(part)))
    return count


def _same(before: StoredRecord, now: Record, fields: Mapping[FieldId, Field]) -> bool:
    """Whether a record says what it said. A value that was erased since is no difference: a file does not bring it back."""
    names = {*before.record.values, *(name for name, value in now.values.items() if value is not None)}
    return all(
        before.record.values.get(name) == now.values.get(name) or _erased(before, name) for name in names
    )  # fmt: skip


def _erased(before: StoredRecord, name: FieldId) -> bool:
    return reference_of(before.raw.get(name)) is not None and before.record.values.get(name) is None


def _raw(
    store: Store,
    name: FieldId,
    value: Value,
    fields: Mapping[FieldId, Field],
    personal: list[dict[str, Any]],
    before: StoredRecord | None,
) -> Json:
    field = fields.get(name)
    if field is None or field.personal is None:
        return encode(value)
    if before is not None and (_erased(before, name) or before.record.values.get(name) == value):
        kept: Json = before.raw.get(name)
        if reference_of(kept) is not None:
            return kept
    identifier = store.new_id()
    personal.append({"id": identifier, "person": None, "value": encode(value)})
    return {REFERENCE: identifier}
