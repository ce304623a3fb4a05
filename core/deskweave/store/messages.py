"""Messages as they are kept: bodies stand among the personal values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from deskweave.model import InquiryId, InternalMessage, PublicMessage, Visibility
from deskweave.store.inquiries import chunks, personal_values
from deskweave.store.tables import event, message


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message with its visibility as a type; `erased` ones have no body and are carried nowhere."""

    id: str
    inquiry: InquiryId
    message: PublicMessage | InternalMessage
    author: str | None
    source: str
    erased: bool
    edits: str | None = None  #: the message it says anew


_WHOLE: Final = (
    sa.select(message, event.c.source, event.c.old)
    .select_from(
        message.outerjoin(
            event,
            sa.and_(
                event.c.inquiry == message.c.inquiry,
                event.c.field == "message_log",
                event.c.new == '"' + message.c.id + '"',
            ),
        )
    )
    .order_by(message.c.at, message.c.id)
)
_OF: Final = _WHOLE.where(message.c.inquiry.in_(sa.bindparam("ids", expanding=True)))
_BY_ID: Final = _WHOLE.where(message.c.id.in_(sa.bindparam("ids", expanding=True)))


def messages_of(tx: sa.Connection, inquiries: Iterable[InquiryId]) -> list[StoredMessage]:
    """Messages of these inquiries, oldest first."""
    return [one for part in chunks(inquiries) for one in _load(tx, _OF, part)]


def messages_by_id(tx: sa.Connection, ids: Iterable[str]) -> dict[str, StoredMessage]:
    return {one.id: one for part in chunks(ids) for one in _load(tx, _BY_ID, part)}


def count_edits(tx: sa.Connection, inquiry: InquiryId, since: datetime) -> int:
    """How many messages of an inquiry were told to have been rewritten since."""
    return int(tx.execute(_EDITS, {"b_inquiry": inquiry, "b_since": since}).scalar_one())


_EDITS: Final = sa.select(sa.func.count()).where(
    event.c.inquiry == sa.bindparam("b_inquiry"),
    event.c.field == "message_log",
    event.c.old.is_not(None),
    event.c.recorded_at >= sa.bindparam("b_since"),
)


def _load(tx: sa.Connection, statement: sa.Select[Any], ids: Sequence[str]) -> list[StoredMessage]:
    rows = tx.execute(statement, {"ids": ids}).all()
    bodies = personal_values(tx, (row.body for row in rows))
    found = []
    for row in rows:
        body = bodies.get(row.body)
        kind = PublicMessage if row.visibility == Visibility.PUBLIC else InternalMessage
        found.append(
            StoredMessage(
                id=row.id,
                inquiry=InquiryId(row.inquiry),
                message=kind(body=str(body or ""), author=None, at=row.at),
                author=row.author,
                source=row.source or "",
                erased=body is None,
                edits=row.old if isinstance(row.old, str) else None,
            )
        )
    return found
