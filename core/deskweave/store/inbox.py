"""What platforms sent by themselves, kept word for word: saved before it is answered, worked on later, to be worked on again.

A delivery is known by the platform's own id of it, so that one sent twice is one row. What the connector read from it stands beside
the raw request; a request that it could not read stands there unread, and is not lost. Raw requests are personal data: they are
nowhere logged, and go a month after they were worked on.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from deskweave.connector import Answer, Delivery, Hint, RawRequest, Ref, RemoteMessage, RemoteRecord
from deskweave.model import Visibility
from deskweave.store.database import Store
from deskweave.store.inquiries import chunks
from deskweave.store.tables import inbox, link
from deskweave.store.values import dumps, instant_text

KEPT: Final = timedelta(days=30)  #: so long a delivery stays after it came, where it has been worked on
UNREAD: Final = "unread:"  #: begins the id of a delivery that the connector could not read: it stands for the platform's own

State: TypeAlias = Literal["waiting", "unread", "parked", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a connector read from a delivery."""

    hints: Sequence[Hint] = ()
    answers: Sequence[Answer] = ()
    records: Sequence[RemoteRecord] = ()
    messages: Sequence[RemoteMessage] = ()

    @classmethod
    def of(cls, delivery: Delivery) -> Content:
        return cls(hints=delivery.hints, answers=delivery.answers, records=delivery.records, messages=delivery.messages)

    def __bool__(self) -> bool:
        return bool(self.hints or self.answers or self.records or self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A delivery as it stands in the inbox. `content` None: it has not been read; `parked`: why nothing can be made of it."""

    connection: str
    id: str
    received_at: datetime
    content: Content | None
    parked: str | None
    done: bool
    size: int  #: bytes of the raw request

    @property
    def state(self) -> State:
        if self.done:
            return "done"
        if self.parked is not None:
            return "parked"
        return "unread" if self.content is None else "waiting"


# ------------------------------------------------------------------------------------------------------------------ receiving
def save_delivery(tx: sa.Connection, connection: str, identifier: str, request: RawRequest, content: Content | None) -> bool:
    """Keep a delivery; False: it is there already.

    Raises:
        Exception: what the connector read is not of the shape it promised.
    """
    row = {
        "conn": connection,
        "delivery_id": _word(identifier),
        "received_at": request.received_at,
        "raw": _sealed(request),
        **_columns(content),
    }
    return bool(tx.execute(insert(inbox).values(**row).on_conflict_do_nothing()).rowcount)


def unread_id(request: RawRequest) -> str:
    """What a delivery is called whose own id could not be read: the same body is the same delivery, whenever it is repeated."""
    told = f"{request.method} {request.query}\n".encode() + request.body
    return UNREAD + hashlib.blake2b(told, digest_size=16).hexdigest()


def content_id(request: RawRequest) -> str:
    """The same of a delivery that was read and has no id of its own."""
    return "body:" + unread_id(request).removeprefix(UNREAD)


def unread_load(tx: sa.Connection, connection: str) -> tuple[int, int]:
    """How many deliveries of a connection wait unread, and their bytes: nobody knows yet whether they are genuine."""
    unread = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.length(inbox.c.raw)), 0))
    row = tx.execute(unread.where(inbox.c.conn == connection, inbox.c.done == sa.false(), inbox.c.hints.is_(None))).one()
    return int(row[0]), int(row[1])


# --------------------------------------------------------------------------------------------------------------------- work
def waiting_connections(tx: sa.Connection) -> frozenset[str]:
    """Connections of which deliveries wait to be worked on."""
    return frozenset(tx.execute(_WAITING).scalars())


def count_open(tx: sa.Connection) -> tuple[int, int]:
    """Deliveries that were not worked on, of all connections, and how many of these are parked."""
    row = tx.execute(sa.select(sa.func.count(), sa.func.count(inbox.c.parked_reason)).where(inbox.c.done == sa.false())).one()
    return int(row[0]), int(row[1])


_OPEN: Final = sa.and_(inbox.c.done == sa.false(), inbox.c.parked_reason.is_(None))
_WAITING: Final = sa.select(inbox.c.conn).where(_OPEN).distinct()
_FIELDS: Final = [column for column in inbox.c if column.name != "raw"] + [sa.func.length(inbox.c.raw).label("size")]


def waiting_deliveries(tx: sa.Connection, connection: str, most: int, after: Kept | None = None) -> list[Kept]:
    """Deliveries to work on, as they came in; `after` one that was among them."""
    statement = sa.select(*_FIELDS).where(inbox.c.conn == connection, _OPEN)
    if after is not None:
        place = sa.tuple_(inbox.c.received_at, inbox.c.delivery_id)
        statement = statement.where(place > sa.tuple_(sa.literal(after.received_at, inbox.c.received_at.type), after.id))
    return [_kept(row) for row in tx.execute(statement.order_by(inbox.c.received_at, inbox.c.delivery_id).limit(most))]


def request_of(tx: sa.Connection, connection: str, identifier: str) -> RawRequest:
    """The request as it came in, byte for byte."""
    row = tx.execute(
        sa.select(inbox.c.raw, inbox.c.received_at).where(inbox.c.conn == connection, inbox.c.delivery_id == identifier)
    ).one()
    return _opened(row.raw, row.received_at)


def keep_content(tx: sa.Connection, connection: str, identifier: str, content: Content) -> None:
    """Put beside a delivery what the connector has now read from it."""
    _update(tx, connection, [identifier], **_columns(content))


def finish(tx: sa.Connection, connection: str, identifiers: Sequence[str]) -> None:
    """They have been worked on."""
    _update(tx, connection, identifiers, done=True, parked_reason=None)


def park(tx: sa.Connection, connection: str, identifier: str, reason: str) -> None:
    """Nothing can be made of it until a person has looked."""
    _update(tx, connection, [identifier], parked_reason=reason)


def _update(tx: sa.Connection, connection: str, identifiers: Sequence[str], **values: Any) -> None:
    for part in chunks(identifiers):
        tx.execute(sa.update(inbox).where(inbox.c.conn == connection, inbox.c.delivery_id.in_(part)).values(**values))


# -------------------------------------------------------------------------------------------------------------------- again
def reopen(tx: sa.Connection, connection: str, identifiers: Sequence[str]) -> int:
    """Have these worked on again by the next run: what they said is in the ledger once all the same."""
    again = 0
    for part in chunks(identifiers):
        fresh = sa.update(inbox).where(inbox.c.conn == connection, inbox.c.delivery_id.in_(part))
        again += tx.execute(fresh.values(done=False, parked_reason=None)).rowcount
    return again


def reopen_records(tx: sa.Connection, connection: str, refs: Iterable[Ref] | None = None) -> int:
    """The same for all that told of these records (None: of any), or of messages on them: nothing lists them once more."""
    wanted = None if refs is None else set(refs)
    told = sa.select(*_FIELDS).where(
        inbox.c.conn == connection,
        sa.or_(inbox.c.done == sa.true(), inbox.c.parked_reason.is_not(None)),
        sa.or_(inbox.c.records.is_not(None), inbox.c.messages.is_not(None)),
    )
    found = [one for one in map(_kept, tx.execute(told)) if wanted is None or _tells(one, wanted)]
    return reopen(tx, connection, [one.id for one in found]) if found else 0


def _tells(one: Kept, refs: set[Ref]) -> bool:
    content = one.content or Content()
    return any(record.ref in refs for record in content.records) or any(said.parent in refs for said in content.messages)


def purge(tx: sa.Connection, before: datetime) -> int:
    """Forget deliveries that were worked on and came before an instant, but for those of a record that was set aside or frozen."""
    old = tx.execute(sa.select(*_FIELDS).where(inbox.c.done == sa.true(), inbox.c.received_at < before))
    gone = 0
    for one in map(_kept, old):
        content = one.content or Content()
        refs = [record.ref for record in content.records] + [said.parent for said in content.messages]
        if not any(_aside(tx, one.connection, part) for part in chunks(refs, 200)):
            tx.execute(sa.delete(inbox).where(inbox.c.conn == one.connection, inbox.c.delivery_id == one.id))
            gone += 1
    return gone


def _aside(tx: sa.Connection, connection: str, refs: Sequence[Ref]) -> bool:
    """Whether one of these records was set aside or is frozen."""
    named = sa.or_(*(sa.and_(link.c.collection == one.collection, link.c.rid == one.rid) for one in refs))
    asked = sa.exists().where(link.c.conn == connection, link.c.state.in_(["parked", "frozen"]), named)
    return bool(tx.execute(sa.select(asked)).scalar())


def anything_old(tx: sa.Connection, before: datetime) -> bool:
    """Whether there is anything to `purge`."""
    return bool(tx.execute(_OLD, {"b_before": before}).scalar())


_OLD: Final = sa.select(
    sa.exists().where(inbox.c.done == sa.true(), inbox.c.received_at < sa.bindparam("b_before", type_=inbox.c.received_at.type))
)


def list_deliveries(
    store: Store,
    *,
    connection: str | None = None,
    identifier: str | None = None,
    since: datetime | None = None,
    states: frozenset[State] | None = None,
) -> list[Kept]:
    """Deliveries as they stand, oldest first.

    Args:
        store: where.
        connection: of this one.
        identifier: of this id.
        since: received at or after it.
        states: in one of these.
    """
    statement = sa.select(*_FIELDS).order_by(inbox.c.received_at, inbox.c.delivery_id)
    if connection is not None:
        statement = statement.where(inbox.c.conn == connection)
    if identifier is not None:
        statement = statement.where(inbox.c.delivery_id == identifier)
    if since is not None:
        statement = statement.where(inbox.c.received_at >= since)
    if states is not None and "done" not in states:
        statement = statement.where(inbox.c.done == sa.false())
    with store.read() as tx:
        found = [_kept(row) for row in tx.execute(statement)]
    return [one for one in found if states is None or one.state in states]


# -------------------------------------------------------------------------------------------------------------------- shapes
def _sealed(request: RawRequest) -> bytes:
    head = {"method": request.method, "path": request.path, "query": request.query, "headers": dict(request.headers)}
    return orjson.dumps({**head, "body": base64.b64encode(request.body).decode()})


def _opened(raw: bytes, received_at: datetime) -> RawRequest:
    told = orjson.loads(raw)
    return RawRequest(
        method=told["method"],
        path=told["path"],
        query=told["query"],
        headers=told["headers"],
        body=base64.b64decode(told["body"]),
        received_at=received_at,
    )


def _columns(content: Content | None) -> dict[str, Any]:
    """The columns of what was read; where nothing was, all of them are empty."""
    if content is None:
        return dict.fromkeys(("hints", "answers", "records", "messages"))
    columns = {
        "hints": [[_word(one.collection), _word(one.rid, empty=True)] for one in content.hints],
        "answers": [
            [_word(one.corr), _word(one.kind), one.value, _word(one.account), instant_text(one.at)] for one in content.answers
        ]
        or None,
        "records": [_record_row(one) for one in content.records] or None,
        "messages": [_message_row(one) for one in content.messages] or None,
    }
    dumps(columns)  # raises here, and not inside a statement, whatever a connector has put into it
    return columns


def _record_row(one: RemoteRecord) -> dict[str, Any]:
    return {
        "ref": _pair(one.ref),
        "fields": dict(one.fields),
        "corr": _word(one.corr, empty=True),
        "at": _text(one.updated_at),
        "version": _word(one.version, empty=True),
        "by": _word(one.updated_by, empty=True),
        "label": _word(one.label),
        "url": _word(one.url, empty=True),
        "parent": None if one.parent is None else _pair(one.parent),
    }


def _message_row(one: RemoteMessage) -> dict[str, Any]:
    return {
        "ref": _pair(one.ref),
        "parent": _pair(one.parent),
        "visibility": Visibility(one.visibility).value,
        "body": _word(one.body),
        "author": _word(one.author, empty=True),
        "side": _word(one.author_side),
        "at": instant_text(one.at),
        "edited_at": _text(one.edited_at),
        "corr": _word(one.corr, empty=True),
    }


def _word(value: object, *, empty: bool = False) -> str | None:
    if isinstance(value, str) or (empty and value is None):
        return value
    message = f"{type(value).__name__} where text was promised"
    raise TypeError(message)


def _kept(row: Any) -> Kept:
    content = None
    if row.hints is not None:
        content = Content(
            hints=[Hint(*pair) for pair in row.hints],
            answers=[
                Answer(corr=corr, kind=kind, value=value, account=account, at=datetime.fromisoformat(at))
                for corr, kind, value, account, at in row.answers or ()
            ],
            records=[_record(told) for told in row.records or ()],
            messages=[_message(told) for told in row.messages or ()],
        )
    return Kept(
        connection=row.conn,
        id=row.delivery_id,
        received_at=row.received_at,
        content=content,
        parked=row.parked_reason,
        done=row.done,
        size=row.size or 0,
    )


def _record(told: Mapping[str, Any]) -> RemoteRecord:
    return RemoteRecord(
        ref=Ref(*told["ref"]),
        fields=told["fields"],
        corr=told["corr"],
        updated_at=_instant(told["at"]),
        version=told["version"],
        updated_by=told["by"],
        label=told["label"],
        url=told["url"],
        parent=None if told["parent"] is None else Ref(*told["parent"]),
    )


def _message(told: Mapping[str, Any]) -> RemoteMessage:
    return RemoteMessage(
        ref=Ref(*told["ref"]),
        parent=Ref(*told["parent"]),
        visibility=Visibility(told["visibility"]),
        body=told["body"],
        author=told["author"],
        author_side=told["side"],
        at=datetime.fromisoformat(told["at"]),
        edited_at=_instant(told["edited_at"]),
        corr=told["corr"],
    )


def _pair(ref: Ref) -> list[str]:
    return [str(_word(ref.collection)), str(_word(ref.rid))]


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
