"""Contacts and answers as they were written. Only `deskweave.ledger` writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from deskweave.model import Grain, Record
from deskweave.store.inquiries import chunks, personal_values, references, resolve
from deskweave.store.tables import link, record


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """The last row of a key: what is meant, and what is stored (personal values as references)."""

    record: Record
    raw: Mapping[str, Any]


def last_record(tx: sa.Connection, grain: Grain | None = None) -> int:
    """The `n` of the last row, of one kind of record or of all; 0: there is none."""
    asked = sa.select(sa.func.coalesce(sa.func.max(record.c.n), 0))
    return int(tx.execute(asked if grain is None else asked.where(record.c.grain == grain)).scalar_one())


def records_stamp(tx: sa.Connection, grain: Grain) -> str:
    """Changes when records of a kind do, or what inquiries are called."""
    rows = sa.select(sa.func.max(record.c.n), sa.func.count(), sa.func.max(record.c.recorded_at)).where(record.c.grain == grain)
    names = sa.select(sa.func.max(link.c.id), sa.func.count(link.c.label)).where(link.c.kind == "inquiry")
    return repr([tuple(tx.execute(rows).one()), tuple(tx.execute(names).one())])


def records_of(
    tx: sa.Connection, *, grain: Grain | None = None, source: str | None = None, as_of: datetime | None = None
) -> list[StoredRecord]:
    """Records as they stand, or as they stood at a moment; personal values resolved, erased ones None.

    Args:
        tx: a transaction.
        grain: only of this kind.
        source: only of this source.
        as_of: aware; None: now.
    """
    asked = sa.select(record).order_by(record.c.n)
    if grain is not None:
        asked = asked.where(record.c.grain == grain)
    if source is not None:
        asked = asked.where(record.c.source == source)
    if as_of is not None:
        asked = asked.where(record.c.recorded_at <= as_of)
    last: dict[tuple[str, str], Any] = {}
    for row in tx.execute(asked):
        last[row.source, row.key] = row
    rows = [row for row in last.values() if row.doc is not None]
    plain = personal_values(tx, (one for row in rows for one in references(row.doc)))
    return [
        StoredRecord(
            record=Record(
                grain=cast(Grain, row.grain), source=row.source, key=row.key, at=row.at, values=resolve(row.doc, plain), n=row.n
            ),
            raw=row.doc,
        )
        for row in rows
    ]


def keys_elsewhere(tx: sa.Connection, grain: Grain, source: str, keys: Collection[str]) -> dict[str, str]:
    """Which of these keys another source has, with its name."""
    found: dict[str, str] = {}
    for part in chunks(keys):
        asked = (
            sa.select(record.c.source, record.c.key, record.c.doc)
            .where(record.c.grain == grain, record.c.source != source, record.c.key.in_(part))
            .order_by(record.c.n)
        )
        for row in tx.execute(asked):
            if row.doc is not None:
                found[row.key] = row.source
            elif found.get(row.key) == row.source:
                del found[row.key]
    return found
