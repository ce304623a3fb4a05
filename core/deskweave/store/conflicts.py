"""Conflicts: both values of every disagreement, and who won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from deskweave.model import FieldId, InquiryId, Value
from deskweave.store.tables import conflict
from deskweave.store.values import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One field on which a platform and the inquiry moved apart. All values in the platform's view."""

    inquiry: InquiryId
    field: FieldId
    conn: str
    base: Value
    ours: Value
    theirs: Value
    winner: str  #: "ours" or "theirs"
    at: datetime


def record_conflicts(tx: sa.Connection, found: Sequence[Disagreement]) -> list[int]:
    """Keep both values; answers with the conflicts' ids. Values of personal fields stand here too, until the inquiry is erased."""
    ids = []
    for one in found:
        result = tx.execute(
            sa.insert(conflict).values(
                inquiry=one.inquiry,
                field=one.field,
                base=encode(one.base),
                ours=encode(one.ours),
                theirs=encode(one.theirs),
                conn=one.conn,
                winner=one.winner,
                at=one.at,
            )
        )
        key = result.inserted_primary_key
        assert key is not None
        ids.append(int(key[0]))
    return ids


def resolve_conflict(tx: sa.Connection, identifier: int, by: str) -> bool:
    """Say that a person has looked at it; False where there is no such open conflict."""
    changed = tx.execute(
        sa.update(conflict).where(conflict.c.id == identifier, conflict.c.resolved_by.is_(None)).values(resolved_by=by)
    )
    return bool(changed.rowcount)


def last_conflict(tx: sa.Connection) -> int:
    """The largest id; 0: there was none yet."""
    return int(tx.execute(_LAST).scalar_one())


_LAST: Final = sa.select(sa.func.coalesce(sa.func.max(conflict.c.id), 0))
