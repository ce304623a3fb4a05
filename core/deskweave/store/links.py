"""Links: what joins one thing on one platform with an inquiry, and what both sides last said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import sqlalchemy as sa

from deskweave.model import FieldId, InquiryId, Json, Value
from deskweave.store.inquiries import chunks
from deskweave.store.many import Many
from deskweave.store.tables import link, snapshot
from deskweave.store.values import decode, decode_all, dumps, encode, encode_all


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a platform said when it was last looked at, in its own view."""

    values: dict[FieldId, Value] = field(default_factory=dict)
    unknown: dict[FieldId, Json] = field(default_factory=dict)
    accounts: dict[FieldId, str] = field(default_factory=dict)  #: whose account stands in a person's field
    at: datetime | None = None
    by: str | None = None
    version: str | None = None  #: of the record then, whether its messages have been read since or not


@dataclass(slots=True, kw_only=True)
class Link:
    """One row of `link` with its snapshot. `base` is what both sides last agreed on, in the platform's view.

    `cross` is the cross-reference text that stands there as far as we know; `frozen` the body of a create, kept until it is
    known; `written` that a message stands there for certain and the answer did not tell its id; `dropped` the values the
    platform answered to with success and did not keep: not sent again until they change; `shaped` what it made of a value of
    ours the moment it was written (upper case, blanks taken off): (ours, its); `missing` the number of the census that missed
    the record and did not find it when it asked for it; `quiet` the moment at which a record that was there before was joined:
    messages from before are not carried to it; `alone` that a person has said it is no other than itself.
    """

    id: str
    conn: str
    collection: str
    corr: str
    kind: str
    state: str
    rid: str | None = None
    role: str = "main"
    inquiry: InquiryId | None = None
    message: str | None = None
    parent: str | None = None
    seen_fp: str | None = None
    seen_version: str | None = None
    dirty: bool = False
    push: bool = False
    inflight: dict[str, list[Json]] = field(default_factory=dict)
    label: str | None = None
    url: str | None = None
    token: int = 0
    attempts: int = 0
    not_before: datetime | None = None
    last_try: datetime | None = None
    parked_reason: str | None = None
    written: bool = False
    base: dict[FieldId, Value] = field(default_factory=dict)
    cross: str | None = None
    frozen: dict[str, Json] | None = None
    seen: Seen = field(default_factory=Seen)
    unreadable: frozenset[FieldId] = frozenset()
    dropped: dict[FieldId, Value] = field(default_factory=dict)
    shaped: dict[FieldId, tuple[Value, Value]] = field(default_factory=dict)
    missing: int | None = None
    quiet: datetime | None = None
    alone: bool = False
    loaded: Any = None  #: what stands in the store, to write only what changed

    def may_have_written(self, name: FieldId) -> list[Value]:
        """Values we may have written to this field, the answer unknown."""
        return [decode(raw) for raw in self.inflight.get(name, ())]

    def would_say(self, projected: Mapping[FieldId, Value]) -> dict[FieldId, Value]:
        """What the platform would say if it agreed, as the mapper knows it and as the platform has shown us since."""
        said = dict(projected)
        for name, (ours, its) in self.shaped.items():
            if name in said and said[name] == ours:
                said[name] = its
        return said


_COLUMNS: Final = [column for column in link.c]
_NAMES: Final = [column.name for column in link.c]
_SCALARS: Final = [name for name in _NAMES if name != "inflight"]
_scalars: Final = attrgetter(*_SCALARS)
_WHOLE: Final = sa.select(*_COLUMNS, snapshot.c.base, snapshot.c.observed, snapshot.c.unreadable).select_from(
    link.outerjoin(snapshot, snapshot.c.link == link.c.id)
)
_BY_ID: Final = _WHOLE.where(link.c.id.in_(sa.bindparam("ids", expanding=True)))
_BY_CORR: Final = _WHOLE.where(link.c.corr.in_(sa.bindparam("corrs", expanding=True)))
_BY_INQUIRY: Final = _WHOLE.where(link.c.inquiry.in_(sa.bindparam("inquiries", expanding=True)), link.c.kind == "inquiry").order_by(
    link.c.id
)
_BY_PARENT: Final = _WHOLE.where(link.c.parent.in_(sa.bindparam("parents", expanding=True)), link.c.kind == "message")
_SCAN: Final = sa.select(
    link.c.rid, link.c.id, link.c.seen_fp, link.c.seen_version, link.c.label, link.c.state, link.c.dirty
).where(
    link.c.conn == sa.bindparam("b_conn"),
    link.c.collection == sa.bindparam("b_collection"),
    link.c.rid.in_(sa.bindparam("rids", expanding=True)),
)


_DUE: Final = _WHOLE.where(
    link.c.conn == sa.bindparam("b_conn"),
    link.c.push == sa.true(),
    link.c.kind.in_(sa.bindparam("kinds", expanding=True)),
    link.c.state.in_(sa.bindparam("states", expanding=True)),
    sa.or_(link.c.not_before.is_(None), link.c.not_before <= sa.bindparam("b_now")),
).order_by(link.c.id)


_UNREAD: Final = _WHOLE.where(
    link.c.conn == sa.bindparam("b_conn"),
    link.c.collection == sa.bindparam("b_collection"),
    link.c.kind == "inquiry",
    link.c.state == "live",
    link.c.rid.is_not(None),
    link.c.seen_version.is_(None),
).order_by(link.c.id)


_ANY_DUE: Final = sa.select(
    sa.exists().where(
        link.c.push == sa.true(),
        link.c.state.in_(["new", "creating", "live"]),
        sa.or_(link.c.not_before.is_(None), link.c.not_before <= sa.bindparam("b_now")),
    )
)


def scan_links(tx: sa.Connection, conn: str, collection: str, rids: Iterable[str]) -> dict[str, Any]:
    """The narrow rows of known remote ids: (rid, id, seen_fp, seen_version, label, state, dirty)."""
    found: dict[str, Any] = {}
    for part in chunks(rids):
        for row in tx.execute(_SCAN, {"b_conn": conn, "b_collection": collection, "rids": part}):
            found[row[0]] = row
    return found


def links_by_corr(tx: sa.Connection, corrs: Iterable[str]) -> dict[str, Link]:
    found: dict[str, Link] = {}
    for part in chunks(corrs):
        for one in _links(tx.execute(_BY_CORR, {"corrs": part})):
            found[one.corr] = one
    return found


def links_by_id(tx: sa.Connection, ids: Iterable[str]) -> dict[str, Link]:
    found: dict[str, Link] = {}
    for part in chunks(ids):
        for one in _links(tx.execute(_BY_ID, {"ids": part})):
            found[one.id] = one
    return found


def links_of(tx: sa.Connection, inquiries: Iterable[InquiryId]) -> dict[InquiryId, list[Link]]:
    """Record links by inquiry, oldest first."""
    found: dict[InquiryId, list[Link]] = {}
    for part in chunks(inquiries):
        for one in _links(tx.execute(_BY_INQUIRY, {"inquiries": part})):
            assert one.inquiry is not None
            found.setdefault(one.inquiry, []).append(one)
    return found


def message_links_of(tx: sa.Connection, parents: Iterable[str]) -> list[Link]:
    """Message links under these record links."""
    found: list[Link] = []
    for part in chunks(parents):
        found.extend(_links(tx.execute(_BY_PARENT, {"parents": part})))
    return found


def due_links(tx: sa.Connection, conn: str, now: datetime, kinds: Sequence[str], states: Sequence[str]) -> list[Link]:
    """Links of a connection with something to write whose moment has come, oldest first."""
    found = tx.execute(_DUE, {"b_conn": conn, "b_now": now, "kinds": list(kinds), "states": list(states)})
    return _links(found)


def anything_due(tx: sa.Connection, now: datetime) -> bool:
    """Whether any connection has something to write whose moment has come."""
    return bool(tx.execute(_ANY_DUE, {"b_now": now}).scalar())


def waiting_links(tx: sa.Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many links wait for a moment to come, and the earliest of these moments."""
    row = tx.execute(_WAITING, {"b_now": now}).one()
    first = row[1]
    return row[0], first if isinstance(first, datetime) or first is None else datetime.fromisoformat(first)


_WAITING: Final = sa.select(sa.func.count(), sa.func.min(link.c.not_before)).where(
    link.c.push == sa.true(), link.c.not_before > sa.bindparam("b_now"), link.c.state.in_(["new", "creating", "live"])
)


def mark_read(tx: sa.Connection, conn: str, collection: str, versions: Mapping[str, str]) -> None:
    """Remember up to which version the messages of these records were read."""
    if versions:
        tx.execute(
            _READ, [{"b_conn": conn, "b_collection": collection, "b_rid": rid, "b_version": v} for rid, v in versions.items()]
        )


def unread_links(tx: sa.Connection, conn: str, collection: str) -> list[Link]:
    """Live records whose messages were not read since they were seen to have changed: `seen_version` is not set."""
    return _links(tx.execute(_UNREAD, {"b_conn": conn, "b_collection": collection}))


_READ: Final = (
    sa.update(link)
    .where(
        link.c.conn == sa.bindparam("b_conn"),
        link.c.collection == sa.bindparam("b_collection"),
        link.c.rid == sa.bindparam("b_rid"),
    )
    .values(seen_version=sa.bindparam("b_version"))
)


def thawing_links(tx: sa.Connection, conn: str) -> list[Link]:
    """Frozen records whose inquiry fulfils its route again: they have to be read before they are live."""
    return _links(tx.execute(_THAWING, {"b_conn": conn}))


_THAWING: Final = _WHOLE.where(link.c.conn == sa.bindparam("b_conn"), link.c.push == sa.true(), link.c.state == "frozen").order_by(
    link.c.id
)


def unanswered_links(tx: sa.Connection, conn: str, collection: str) -> list[Link]:
    """Creates that were begun and of which it is not known whether they took effect."""
    statement = _WHOLE.where(
        link.c.conn == conn,
        link.c.collection == collection,
        link.c.kind == "inquiry",
        link.c.rid.is_(None),
        link.c.state.in_(["creating", "unknown"]),
    )
    return _links(tx.execute(statement.order_by(link.c.id)))


def dirty_inquiries(tx: sa.Connection, conns: Iterable[str]) -> list[InquiryId]:
    """Inquiries that have to be looked at for the sake of a record on one of these connections."""
    return [InquiryId(one) for one in tx.execute(_DIRTY, {"conns": list(conns)}).scalars()]


_DIRTY: Final = (
    sa.select(link.c.inquiry)
    .where(link.c.dirty == sa.true(), link.c.conn.in_(sa.bindparam("conns", expanding=True)), link.c.inquiry.is_not(None))
    .distinct()
)


def inquiries_without(tx: sa.Connection, fields: Iterable[FieldId]) -> list[InquiryId]:
    """Inquiries with a live record that answered to one of these fields with success and did not keep it."""
    wanted = set(fields)
    statement = (
        sa.select(link.c.inquiry, snapshot.c.unreadable)
        .select_from(snapshot.join(link, link.c.id == snapshot.c.link))
        .where(
            link.c.state == "live",
            link.c.inquiry.is_not(None),
            sa.cast(snapshot.c.unreadable, sa.Text).like('%"dropped":{"%'),
        )
    )
    found = [InquiryId(row.inquiry) for row in tx.execute(statement) if wanted & row.unreadable["dropped"].keys()]
    return list(dict.fromkeys(found))


def leave_for_later(tx: sa.Connection, ids: Iterable[str]) -> None:
    """Have these records looked at by the first run that can speak with their connection."""
    for part in chunks(ids):
        tx.execute(sa.update(link).where(link.c.id.in_(part), link.c.dirty == sa.false()).values(dirty=True))


def count_live(tx: sa.Connection, conn: str) -> int:
    return int(tx.execute(_COUNT_LIVE, {"b_conn": conn}).scalar_one())


_COUNT_LIVE: Final = sa.select(sa.func.count()).where(
    link.c.conn == sa.bindparam("b_conn"), link.c.kind == "inquiry", link.c.state == "live"
)


def known_rids(tx: sa.Connection, conn: str, collection: str) -> dict[str, str]:
    """Link by remote id, of records that are joined or set aside."""
    statement = sa.select(link.c.rid, link.c.id).where(
        link.c.conn == conn,
        link.c.collection == collection,
        link.c.kind == "inquiry",
        link.c.rid.is_not(None),
        link.c.state.in_(["live", "parked"]),
    )
    return {row.rid: row.id for row in tx.execute(statement)}


def hush_messages(tx: sa.Connection, parent: str, *, hushed: bool) -> None:
    """Have messages that were not written to a record yet wait no longer, as it is gone; or wait again, as it is back."""
    tx.execute(
        sa.update(link)
        .where(link.c.parent == parent, link.c.kind == "message", link.c.state.in_(["new", "creating"]))
        .values(push=not hushed)
    )


def forget_link(tx: sa.Connection, identifier: str) -> None:
    """Take away a record's link that was never sent, with what hangs on it."""
    tx.execute(sa.delete(snapshot).where(snapshot.c.link == identifier))
    tx.execute(sa.delete(link).where(link.c.parent == identifier))
    tx.execute(sa.delete(link).where(link.c.id == identifier))


def silence_messages(tx: sa.Connection, parents: Iterable[str]) -> None:
    """Take away the messages that were to be said to these records and have not been sent."""
    for part in chunks(parents):
        tx.execute(
            sa.delete(link).where(link.c.parent.in_(part), link.c.kind == "message", link.c.state == "new", link.c.rid.is_(None))
        )


def move_messages(tx: sa.Connection, parents: Iterable[str], inquiry: InquiryId) -> None:
    """Have the messages of these records belong to another inquiry, as the records do."""
    for part in chunks(parents):
        tx.execute(sa.update(link).where(link.c.parent.in_(part)).values(inquiry=inquiry))


def insert_links(tx: sa.Connection, links: Sequence[Link]) -> None:
    if links:
        for one in links:
            one.loaded = _link_row(one), _snapshot_row(one) if one.kind == "inquiry" else None
        _INSERT.write(tx, [one.loaded[0] for one in links])
        _INSERT_SNAPSHOT.write(tx, [one.loaded[1] for one in links if one.loaded[1] is not None])


def save_links(tx: sa.Connection, links: Sequence[Link]) -> int:
    """Write the links that differ from what was loaded; answers with how many rows that were."""
    rows, snapshots = [], []
    for one in links:
        row, said = _link_row(one), _snapshot_row(one) if one.kind == "inquiry" else None
        was, had = one.loaded or (None, None)
        if row != was:
            rows.append({**row, "b_id": one.id})
        if said is not None and (said != had or dumps(said) != dumps(had)):  # True equals 1 here, and nowhere else
            snapshots.append({**said, "b_link": one.id})
        one.loaded = row, said
    _UPDATE.write(tx, rows)
    _UPDATE_SNAPSHOT.write(tx, snapshots)
    return len(rows) + len(snapshots)


_INSERT: Final = Many(link.insert())
_INSERT_SNAPSHOT: Final = Many(snapshot.insert())
_FIXED: Final = ("id", "conn", "corr", "kind", "message", "parent")  #: never change after the insert
_UPDATE: Final = Many(
    sa.update(link)
    .where(link.c.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(name) for name in _NAMES if name not in _FIXED})
)
_UPDATE_SNAPSHOT: Final = Many(
    sa.update(snapshot)
    .where(snapshot.c.link == sa.bindparam("b_link"))
    .values({name: sa.bindparam(name) for name in ("base", "observed", "unreadable")})
)


def _link_row(one: Link) -> dict[str, Any]:
    row = dict(zip(_SCALARS, _scalars(one), strict=True))
    row["inflight"] = {name: list(values) for name, values in one.inflight.items()} or None
    return row


def _snapshot_row(one: Link) -> dict[str, Any]:
    base: dict[str, Any] = {"v": encode_all(one.base)}
    if one.cross is not None:
        base["x"] = one.cross
    if one.frozen is not None:
        base["frozen"] = one.frozen
    if one.quiet is not None:
        base["quiet"] = encode(one.quiet)
    if one.alone:
        base["alone"] = True
    observed: dict[str, Any] = {"v": encode_all(one.seen.values)}
    if one.seen.unknown:
        observed["u"] = dict(one.seen.unknown)
    if one.seen.accounts:
        observed["who"] = dict(one.seen.accounts)
    if one.seen.at is not None:
        observed["at"] = encode(one.seen.at)
    if one.seen.by is not None:
        observed["by"] = one.seen.by
    if one.seen.version is not None:
        observed["ver"] = one.seen.version
    limits: dict[str, Any] | None = None
    if one.unreadable or one.dropped or one.shaped or one.missing is not None:
        limits = {"unreadable": sorted(one.unreadable), "dropped": encode_all(one.dropped)}
        if one.missing is not None:
            limits["missing"] = one.missing
        if one.shaped:
            limits["shaped"] = {name: [encode(ours), encode(its)] for name, (ours, its) in one.shaped.items()}
    return {"link": one.id, "base": base, "observed": observed, "unreadable": limits}


def _links(rows: Iterable[Any]) -> list[Link]:
    found = []
    for *columns, base, observed, limits in rows:
        row = dict(zip(_NAMES, columns, strict=True))
        one = Link(**row)
        one.inflight = dict(one.inflight or {})
        if base is not None:
            one.base, one.cross, one.frozen = decode_all(base["v"]), base.get("x"), base.get("frozen")
            one.alone, quiet = bool(base.get("alone")), decode(base.get("quiet"))
            one.quiet = quiet if isinstance(quiet, datetime) else None
        if observed is not None:
            at = decode(observed.get("at"))
            one.seen = Seen(
                values=decode_all(observed["v"]),
                unknown=observed.get("u", {}),
                accounts=observed.get("who", {}),
                at=at if isinstance(at, datetime) else None,
                by=observed.get("by"),
                version=observed.get("ver"),
            )
        if limits is not None:
            one.unreadable, one.dropped = frozenset(map(FieldId, limits["unreadable"])), decode_all(limits["dropped"])
            one.missing = limits.get("missing")
            one.shaped = {FieldId(name): (decode(pair[0]), decode(pair[1])) for name, pair in limits.get("shaped", {}).items()}
        one.loaded = row, {"link": one.id, "base": base, "observed": observed, "unreadable": limits}
        found.append(one)
    return found
