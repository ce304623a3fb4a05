"""What the command line asks of a store: an inquiry by any name people use, its links, events, conflicts, and what is parked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal

import sqlalchemy as sa

from deskweave.model import Event, FieldId, Inquiry, InquiryId, Json, Value
from deskweave.store.events import events_of, last_seq
from deskweave.store.inquiries import load_documents, personal_values
from deskweave.store.likeness import JOINED_INTO
from deskweave.store.tables import conflict, connection, event, inquiry, link, message, practice_version
from deskweave.store.values import decode

if TYPE_CHECKING:
    from deskweave.store.database import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One thing on one platform that is joined with an inquiry. `label` is what people call it there."""

    id: str
    connection: str
    collection: str
    rid: str | None
    role: str
    inquiry: InquiryId | None
    kind: Literal["inquiry", "message", "attachment"]
    state: Literal["new", "creating", "live", "frozen", "unknown", "tombstone", "parked"]
    label: str | None
    url: str | None
    attempts: int
    not_before: datetime | None
    parked_reason: str | None
    corr: str

    def called(self, label: str | None) -> LinkRow:
        """The same under another name."""
        return replace(self, label=label)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    id: str
    visibility: Literal["public", "internal"]
    author: str | None
    at: datetime
    body: str | None  #: None: erased
    connections: tuple[str, ...]  #: where it stands
    edits: str | None = None  #: the message it says anew, rewritten where it was said


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryRow:
    """An inquiry with everything that is joined to it; personal values are resolved (None once erased)."""

    id: InquiryId
    number: int
    inquiry: Inquiry
    seq: int
    links: tuple[LinkRow, ...]  #: kind inquiry only
    messages: int
    closed_at: datetime | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRow:
    id: int  #: shown as C-<id>
    inquiry: InquiryId
    number: int
    field: FieldId
    base: Value
    ours: Value
    theirs: Value
    connection: str
    winner: Literal["ours", "theirs"]
    at: datetime
    resolved_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    name: str
    plugin: str
    heartbeat: datetime | None  #: end of the last run that read all of it
    paused_until: datetime | None
    pause_reason: str | None
    held_by: str | None  #: a person holds it until somebody resumes it
    held_at: datetime | None
    held_why: str | None
    live: int  #: records joined
    waiting: int  #: links with something to write
    parked: int
    unknown: int  #: creates whose answer was lost where a machine must not repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    install: str
    epoch: int
    inquiries: int
    open_conflicts: int
    events: int
    connections: tuple[ConnectionStatus, ...]
    practice: str | None  #: digest adopted last


@dataclass(frozen=True, slots=True)
class Nearest:
    """A key nobody knows, with at most three known ones that look like it."""

    key: str
    nearest: tuple[str, ...]


def find_inquiry(store: Store, key: str) -> InquiryRow | Nearest:
    """The inquiry that `key` names: INQ-42, 42, a platform's label, its id there, or its address (or the tail of it), or its
    number in an imported log. One that turned out to be another is that other one.
    """
    wanted = key.strip()
    with store.read() as tx:
        found = _named(tx, wanted)
        if found is None:
            return Nearest(wanted, _nearest(tx, wanted))
        document = load_documents(tx, [found])[found]
        while (into := document.values.get(JOINED_INTO)) is not None:
            found = InquiryId(str(into))
            document = load_documents(tx, [found])[found]
        links = tuple(link_row(row) for row in tx.execute(LINKS.where(link.c.inquiry == found, link.c.kind == "inquiry")))
        count = tx.execute(sa.select(sa.func.count()).where(message.c.inquiry == found)).scalar_one()
        return InquiryRow(
            id=found,
            number=document.number,
            inquiry=document.inquiry(),
            seq=document.seq,
            links=links,
            messages=count,
            closed_at=document.closed_at,
            erased_at=document.erased_at,
        )


def _named(tx: sa.Connection, key: str) -> InquiryId | None:
    digits = key[4:] if key[:4].upper() == "INQ-" else key
    if digits.isascii() and digits.isdigit() and len(digits) < 15:
        found = tx.execute(sa.select(inquiry.c.id).where(inquiry.c.number == int(digits))).scalar()
        if found is not None:
            return InquiryId(found)
    if not key:
        return None
    records = sa.select(link.c.inquiry).where(link.c.kind == "inquiry", link.c.inquiry.is_not(None)).order_by(link.c.id)
    tail = key.rstrip("/").rsplit("/", 1)[-1]
    for test in (
        link.c.label == key,
        sa.func.lower(link.c.label) == key.lower(),
        link.c.rid == key,
        link.c.url == key,
        sa.or_(link.c.label == tail, link.c.rid == tail),
        link.c.url.endswith("/" + tail, autoescape=True),
    ):
        found = tx.execute(records.where(test).limit(1)).scalar()
        if found is not None:
            return InquiryId(found)
    by_id = tx.execute(sa.select(inquiry.c.id).where(inquiry.c.id == key)).scalar()
    if by_id is not None:
        return InquiryId(by_id)
    told = sa.select(event.c.inquiry, event.c.new).where(event.c.field == _NUMBER_FIELD).order_by(event.c.seq.desc())
    return next((InquiryId(row.inquiry) for row in tx.execute(told) if _is_called(row.new, key)), None)


_NUMBER_FIELD = "number"  #: what an inquiry is called where it comes from; imported ones are called nothing else


def _is_called(number: Any, key: str) -> bool:
    return isinstance(number, str) and number.casefold() == key.casefold()


def inquiries_called(tx: sa.Connection, names: Collection[str]) -> dict[str, InquiryId]:
    """Inquiries by any of the names people use for them, many at once: INQ-42, a platform's label or id, the number in an imported
    log. Capitals do not count, 42 alone is no INQ-42, and what nobody is called is left out.
    """
    wanted: dict[str, list[str]] = {}
    for name in names:
        wanted.setdefault(name.strip().casefold(), []).append(name)
    found: dict[str, InquiryId] = {}

    def take(key: object, identifier: str | None) -> None:
        for name in wanted.get(str(key).casefold(), ()) if key is not None and identifier is not None else ():
            found.setdefault(name, InquiryId(str(identifier)))

    for row in tx.execute(
        sa.select(link.c.inquiry, link.c.label, link.c.rid).where(link.c.kind == "inquiry").order_by(link.c.id)
    ):  # fmt: skip
        take(row.label, row.inquiry)
        take(row.rid, row.inquiry)
    told = sa.select(event.c.inquiry, event.c.new).where(event.c.field == _NUMBER_FIELD).order_by(event.c.seq.desc())
    for one in tx.execute(told):
        take(one.new, one.inquiry)
    for identifier, number in tx.execute(sa.select(inquiry.c.id, inquiry.c.number)).all():
        take(f"INQ-{number}", identifier)
    return found


def _nearest(tx: sa.Connection, key: str) -> tuple[str, ...]:
    """At most three known names that look like `key`: the same beginning first, then the same shape."""
    known: dict[str, None] = {}
    prefix = key[: max(3, len(key) - 2)]
    labels = sa.select(link.c.label).where(link.c.kind == "inquiry", link.c.label.is_not(None))
    for row in tx.execute(labels.where(link.c.label.startswith(prefix, autoescape=True)).limit(500)):
        known[row.label] = None
    for row in tx.execute(labels.order_by(link.c.id.desc()).limit(2000)):
        known[row.label] = None
    for row in tx.execute(sa.select(inquiry.c.number).order_by(inquiry.c.number.desc()).limit(2000)):
        known[f"INQ-{row.number}"] = None
    for number in tx.execute(
        sa.select(event.c.new).where(event.c.field == _NUMBER_FIELD).order_by(event.c.seq.desc()).limit(2000)
    ).scalars():
        known[str(number)] = None
    return tuple(get_close_matches(key.upper(), list(known), n=3, cutoff=0.5))


LINKS: Final = sa.select(
    link.c.id,
    link.c.conn,
    link.c.collection,
    link.c.rid,
    link.c.role,
    link.c.inquiry,
    link.c.kind,
    link.c.state,
    link.c.label,
    link.c.url,
    link.c.attempts,
    link.c.not_before,
    link.c.parked_reason,
    link.c.corr,
).order_by(link.c.id)


def link_row(row: Any) -> LinkRow:
    """A row of `link` as plain data."""
    return LinkRow(
        id=row.id,
        connection=row.conn,
        collection=row.collection,
        rid=row.rid,
        role=row.role,
        inquiry=None if row.inquiry is None else InquiryId(row.inquiry),
        kind=row.kind,
        state=row.state,
        label=row.label,
        url=row.url,
        attempts=row.attempts,
        not_before=row.not_before,
        parked_reason=row.parked_reason,
        corr=row.corr,
    )


def inquiry_messages(store: Store, inquiry: InquiryId) -> tuple[MessageRow, ...]:
    """Messages of an inquiry, oldest first."""
    with store.read() as tx:
        rows = tx.execute(sa.select(message).where(message.c.inquiry == inquiry).order_by(message.c.at, message.c.id)).all()
        bodies = personal_values(tx, (row.body for row in rows))
        places: dict[str, list[str]] = {}
        for row in tx.execute(
            sa.select(link.c.message, link.c.conn).where(link.c.message.in_([row.id for row in rows]), link.c.state == "live")
        ):
            places.setdefault(row.message, []).append(row.conn)
        told = sa.select(event.c.new, event.c.old).where(event.c.inquiry == inquiry, event.c.field == "message_log")
        edits = {row.new: row.old for row in tx.execute(told)}
    return tuple(
        MessageRow(
            id=row.id,
            visibility=row.visibility,
            author=row.author,
            at=row.at,
            body=None if (body := bodies.get(row.body)) is None else str(body),
            connections=tuple(sorted(places.get(row.id, ()))),
            edits=edits.get(row.id),
        )
        for row in rows
    )


def explain(store: Store, inquiry: InquiryId, field: FieldId | None = None) -> tuple[Event, ...]:
    """Events of one inquiry (of one field), in the order we learned them; personal values are resolved."""
    with store.read() as tx:
        return tuple(events_of(tx, inquiry, field))


def list_conflicts(
    store: Store, *, inquiry: InquiryId | None = None, unresolved: bool = True, after: int = 0
) -> tuple[ConflictRow, ...]:
    """Conflicts, newest first; `after`: those with a larger id."""
    statement = (
        sa.select(conflict, _NUMBER)
        .join_from(conflict, _INQUIRY, _INQUIRY.c.id == conflict.c.inquiry)
        .where(conflict.c.id > after)
        .order_by(conflict.c.id.desc())
    )
    if inquiry is not None:
        statement = statement.where(conflict.c.inquiry == inquiry)
    if unresolved:
        statement = statement.where(conflict.c.resolved_by.is_(None))
    with store.read() as tx:
        rows = tx.execute(statement).all()
    return tuple(
        ConflictRow(
            id=row.id,
            inquiry=InquiryId(row.inquiry),
            number=row.number,
            field=FieldId(row.field),
            base=decode(row.base),
            ours=decode(row.ours),
            theirs=decode(row.theirs),
            connection=row.conn,
            winner=row.winner,
            at=row.at,
            resolved_by=row.resolved_by,
        )
        for row in rows
    )


_INQUIRY = inquiry.alias("home")
_NUMBER = _INQUIRY.c.number


def store_status(store: Store) -> StoreStatus:
    """Counts for `deskweave status`."""
    install = store.install
    with store.read() as tx:
        counts: dict[tuple[str, str], int] = {}
        for row in tx.execute(
            sa.select(link.c.conn, link.c.state, sa.func.count().label("n"))
            .where(link.c.kind == "inquiry")
            .group_by(link.c.conn, link.c.state)
        ):
            counts[row.conn, row.state] = row.n
        waiting = {
            row.conn: row.n
            for row in tx.execute(
                sa.select(link.c.conn, sa.func.count().label("n")).where(link.c.push == sa.true()).group_by(link.c.conn)
            )
        }
        connections = tuple(
            ConnectionStatus(
                name=row.name,
                plugin=row.plugin,
                heartbeat=row.heartbeat,
                paused_until=row.paused_until,
                pause_reason=row.pause_reason,
                held_by=row.held_by,
                held_at=row.held_at,
                held_why=row.held_why,
                live=counts.get((row.name, "live"), 0),
                waiting=waiting.get(row.name, 0),
                parked=counts.get((row.name, "parked"), 0),
                unknown=counts.get((row.name, "unknown"), 0),
            )
            for row in tx.execute(sa.select(connection).order_by(connection.c.name))
        )
        return StoreStatus(
            install=install.id,
            epoch=install.epoch,
            inquiries=tx.execute(sa.select(sa.func.count()).select_from(inquiry)).scalar_one(),
            open_conflicts=tx.execute(
                sa.select(sa.func.count()).select_from(conflict).where(conflict.c.resolved_by.is_(None))
            ).scalar_one(),
            events=last_seq(tx),
            connections=connections,
            practice=tx.execute(
                sa.select(practice_version.c.digest).order_by(practice_version.c.adopted_at.desc()).limit(1)
            ).scalar(),
        )


def unknown_values(store: Store) -> Mapping[str, Mapping[InquiryId, Json]]:
    """Raw values without a word, by "connection/field"."""
    found: dict[str, dict[InquiryId, Json]] = {}
    with store.read() as tx:
        for row in tx.execute(
            sa.select(inquiry.c.id, inquiry.c.doc).where(sa.type_coerce(inquiry.c.doc, sa.Text).like('%"unknown"%'))
        ):
            for key, raw in row.doc.get("unknown", {}).items():
                found.setdefault(key, {})[InquiryId(row.id)] = raw
    return found
