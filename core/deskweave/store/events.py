"""Events as they were written. Only `deskweave.ledger` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from deskweave.model import Event, FieldId, InquiryId
from deskweave.store.inquiries import chunks, personal_values
from deskweave.store.tables import event, position
from deskweave.store.values import decode, reference_of

_ORIGINS: Final = sa.select(event.c.origin_id).where(
    event.c.source == sa.bindparam("b_source"), event.c.origin_id.in_(sa.bindparam("ids", expanding=True))
)
_OF_ALL: Final = (
    sa.select(event).where(event.c.inquiry.in_(sa.bindparam("ids", expanding=True))).order_by(event.c.inquiry, event.c.seq)
)
_LAST: Final = sa.select(sa.func.coalesce(sa.func.max(event.c.seq), 0))
_FIRST: Final = sa.select(sa.func.min(event.c.at)).where(event.c.inquiry == sa.bindparam("b_inquiry"))
_POSITION: Final = sa.select(position.c.seq).where(position.c.reader == sa.bindparam("b_reader"))
_finer: Final = event.alias("finer")
_ended: Final = event.alias("ended")
_ENDS: Final = _ended.c.field == sa.literal_column("'joined_into'")  #: spelled out: only then its partial index is used
_COARSE: Final = (
    sa.select(event)
    .where(
        event.c.source == sa.bindparam("b_source"),
        event.c.precise == sa.false(),
        event.c.old.is_not(None),
        event.c.recorded_at >= sa.bindparam("b_since"),
        ~sa.exists().where(_finer.c.refines == event.c.seq, _finer.c.inquiry == event.c.inquiry),
    )
    .order_by(event.c.seq)
)


def known_origins(tx: sa.Connection, source: str, origin_ids: Iterable[str]) -> set[str]:
    """Which of these changes are events already."""
    found: set[str] = set()
    for part in chunks(origin_ids):
        found.update(tx.execute(_ORIGINS, {"b_source": source, "ids": part}).scalars())
    return found


def events_of(tx: sa.Connection, inquiry: InquiryId, field: FieldId | None = None) -> list[Event]:
    """Events of one inquiry in the order we learned them, personal values resolved."""
    statement = sa.select(event).where(event.c.inquiry == inquiry).order_by(event.c.seq)
    if field is not None:
        statement = statement.where(event.c.field == field)
    return _events(tx, tx.execute(statement).all())


def events_of_all(tx: sa.Connection, inquiries: Sequence[InquiryId]) -> list[Event]:
    """Events of some inquiries, each inquiry's in the order we learned them. As many as one IN list takes: see `chunks`."""
    return _events(tx, tx.execute(_OF_ALL, {"ids": list(inquiries)}).all())


def events_after(tx: sa.Connection, seq: int, limit: int) -> list[Event]:
    """The next `limit` events after `seq`, personal values resolved: for readers that keep a position.

    An inquiry that turned out to be another one is left out: what it was is told by that one, and would count twice.
    """
    asked = sa.select(event).where(event.c.seq > seq, ~sa.exists().where(_ended.c.inquiry == event.c.inquiry, _ENDS))
    return _events(tx, tx.execute(asked.order_by(event.c.seq).limit(limit)).all())


def ended_after(tx: sa.Connection, seq: int) -> list[InquiryId]:
    """Inquiries of which it became known after `seq` that they are another one."""
    asked = sa.select(_ended.c.inquiry).where(_ENDS, _ended.c.seq > seq)
    return [InquiryId(one) for one in tx.execute(asked.order_by(_ended.c.seq)).scalars()]


def last_sources(tx: sa.Connection, inquiries: Sequence[InquiryId], field: FieldId) -> dict[InquiryId, str]:
    """Whose word a field of these inquiries is now, by inquiry."""
    found: dict[InquiryId, str] = {}
    for part in chunks(inquiries):
        asked = sa.select(event.c.inquiry, event.c.source).where(
            event.c.inquiry.in_(part), event.c.field == field, event.c.refines.is_(None)
        )
        for row in tx.execute(asked.order_by(event.c.seq)):
            found[InquiryId(row.inquiry)] = row.source
    return found


def coarse_events(tx: sa.Connection, source: str, since: datetime) -> list[Event]:
    """Imprecise changes of `source` recorded since then that no history line explains yet (first values of a field left out)."""
    return _events(tx, tx.execute(_COARSE, {"b_source": source, "b_since": since}).all())


def last_seq(tx: sa.Connection) -> int:
    return int(tx.execute(_LAST).scalar_one())


def first_at(tx: sa.Connection, inquiry: InquiryId) -> datetime | None:
    """The earliest moment any event of the inquiry speaks of."""
    found = tx.execute(_FIRST, {"b_inquiry": inquiry}).scalar()
    return found if isinstance(found, datetime) or found is None else datetime.fromisoformat(found)


def read_position(tx: sa.Connection, reader: str) -> int | None:
    """How far `reader` has come; None: it never read."""
    return tx.execute(_POSITION, {"b_reader": reader}).scalar()


def write_position(tx: sa.Connection, reader: str, seq: int) -> None:
    if tx.execute(sa.update(position).where(position.c.reader == reader).values(seq=seq)).rowcount == 0:
        tx.execute(sa.insert(position).values(reader=reader, seq=seq))


def _events(tx: sa.Connection, rows: Sequence[Any]) -> list[Event]:
    wanted = [reference for row in rows for raw in (row.old, row.new) if (reference := reference_of(raw)) is not None]
    plain = personal_values(tx, wanted)

    def value(raw: Any) -> Any:
        reference = reference_of(raw)
        return decode(raw) if reference is None else plain.get(reference)

    return [
        Event(
            seq=row.seq,
            inquiry=InquiryId(row.inquiry),
            field=FieldId(row.field),
            old=value(row.old),
            new=value(row.new),
            at=row.at,
            order=row.ord,
            recorded_at=row.recorded_at,
            actor=row.actor,
            source=row.source,
            origin_id=row.origin_id,
            precise=row.precise,
            refines=row.refines,
            cause=row.cause,
            practice=row.practice,
        )
        for row in rows
    ]
