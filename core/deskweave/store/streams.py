"""How far each feed of a connection has been read; connections, their pauses and heartbeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from deskweave.model import Json
from deskweave.store.tables import connection, stream


@dataclass(frozen=True, slots=True)
class Stream:
    """`watermark`: every change stamped before it is in the store. `resume`: where a listing that was cut off goes on."""

    watermark: datetime | None = None
    resume: str | None = None


#: Statements that every run executes are built once.
_HELD: Final = sa.select(connection.c.name, connection.c.held_by, connection.c.held_at, connection.c.held_why).where(
    connection.c.held_by.is_not(None)
)
_STREAMS: Final = sa.select(stream.c.collection, stream.c.feed, stream.c.watermark, stream.c.resume).where(
    stream.c.conn == sa.bindparam("b_conn")
)
_CONNECTION: Final = sa.select(connection).where(connection.c.name == sa.bindparam("b_name"))
_KEY: Final = (
    stream.c.conn == sa.bindparam("b_conn"),
    stream.c.collection == sa.bindparam("b_collection"),
    stream.c.feed == sa.bindparam("b_feed"),
)
_STREAM: Final = sa.select(stream.c.watermark, stream.c.resume).where(*_KEY)
_MOVE: Final = sa.update(stream).where(*_KEY).values(watermark=sa.bindparam("b_watermark"), resume=sa.bindparam("b_resume"))
_BEGIN: Final = sa.insert(stream)
_BEAT: Final = sa.update(connection).where(connection.c.name == sa.bindparam("b_name")).values(heartbeat=sa.bindparam("b_at"))


def read_stream(tx: sa.Connection, conn: str, collection: str, feed: str) -> Stream:
    row = tx.execute(_STREAM, {"b_conn": conn, "b_collection": collection, "b_feed": feed}).first()
    return Stream() if row is None else Stream(row.watermark, row.resume)


def positions_of(tx: sa.Connection, conn: str) -> dict[tuple[str, str], Stream]:
    """Every feed of a connection, by collection and feed."""
    return {(row.collection, row.feed): Stream(row.watermark, row.resume) for row in tx.execute(_STREAMS, {"b_conn": conn})}


def save_stream(tx: sa.Connection, conn: str, collection: str, feed: str, to: Stream) -> None:
    row = {"conn": conn, "collection": collection, "feed": feed, "watermark": to.watermark, "resume": to.resume}
    if tx.execute(_MOVE, {f"b_{name}": value for name, value in row.items()}).rowcount == 0:
        tx.execute(_BEGIN, row)


@dataclass(frozen=True, slots=True)
class ConnectionState:
    name: str
    plugin: str
    identity: Json
    paused_until: datetime | None
    pause_reason: str | None
    heartbeat: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A person holds a connection: it is neither read nor written until one lets it go on."""

    by: str
    at: datetime
    why: str | None


def hold_connection(tx: sa.Connection, name: str, held: Held | None) -> None:
    """Hold a connection, or with None let it go on. Its row is made where there is none."""
    register_connection(tx, name)
    by, at, why = (None, None, None) if held is None else (held.by, held.at, held.why)
    tx.execute(sa.update(connection).where(connection.c.name == name).values(held_by=by, held_at=at, held_why=why))


def held_connections(tx: sa.Connection) -> dict[str, Held]:
    """What people hold, by connection."""
    return {row.name: Held(row.held_by, row.held_at, row.held_why) for row in tx.execute(_HELD)}


def read_connection(tx: sa.Connection, name: str) -> ConnectionState | None:
    row = tx.execute(_CONNECTION, {"b_name": name}).first()
    if row is None:
        return None
    return ConnectionState(row.name, row.plugin, row.identity, row.paused_until, row.pause_reason, row.heartbeat)


def register_connection(tx: sa.Connection, name: str, plugin: str = "") -> None:
    """Make the row of a connection where there is none; write down its plugin where that is known."""
    found = read_connection(tx, name)
    if found is None:
        tx.execute(sa.insert(connection).values(name=name, plugin=plugin))
    elif plugin and found.plugin != plugin:
        tx.execute(sa.update(connection).where(connection.c.name == name).values(plugin=plugin))


def pause_connection(tx: sa.Connection, name: str, reason: str | None, until: datetime | None) -> None:
    """Stop working with a connection until a moment, or until a person acts; a reason of None lets it go on."""
    tx.execute(sa.update(connection).where(connection.c.name == name).values(paused_until=until, pause_reason=reason))


def beat(tx: sa.Connection, name: str, at: datetime) -> None:
    """The one write of a quiet run."""
    tx.execute(_BEAT, {"b_name": name, "b_at": at})
