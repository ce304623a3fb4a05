"""What was written to platforms: a row per record and call, chained by hashes, so that erasing a value breaks nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from deskweave.model import FieldId, Value
from deskweave.store.inquiries import chunks
from deskweave.store.many import Many
from deskweave.store.tables import audit
from deskweave.store.values import dumps, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    at: datetime
    conn: str
    ref: str  #: "<collection>/<rid>"; for a create "<collection>/<corr>"
    verb: str
    outcome: str  #: "yes", "no", "maybe"
    digest: Mapping[str, str] = field(default_factory=dict)  #: {field: digest of the value}
    cause_seq: int | None = None


_INSERT: Final = Many(audit.insert())
_LAST: Final = sa.select(audit.c.n, audit.c.hash).order_by(audit.c.n.desc()).limit(1)
_DIGESTS: Final = sa.select(audit.c.ref, audit.c.digest).where(
    audit.c.conn == sa.bindparam("b_conn"), audit.c.ref.in_(sa.bindparam("refs", expanding=True))
)


def digest_value(value: Value) -> str:
    """A short digest of one value: tells whether two are equal, not what they are."""
    return hashlib.blake2b(dumps(encode(value)).encode(), digest_size=12).hexdigest()


def record_writes(tx: sa.Connection, written: Sequence[Written]) -> None:
    if not written:
        return
    last = tx.execute(_LAST).first()
    number, previous = (0, "") if last is None else (last.n, last.hash)
    rows: list[dict[str, Any]] = []
    for one in written:
        number += 1
        body = dumps([number, one.at.isoformat(), one.conn, one.ref, one.verb, dict(one.digest), one.cause_seq, one.outcome])
        chained = hashlib.sha256(f"{previous}{body}".encode()).hexdigest()
        rows.append(
            {
                "n": number,
                "at": one.at,
                "conn": one.conn,
                "ref": one.ref,
                "verb": one.verb,
                "digest": dict(one.digest),
                "cause_seq": one.cause_seq,
                "outcome": one.outcome,
                "previous": previous,
                "hash": chained,
            }
        )
        previous = chained
    _INSERT.write(tx, rows)


def own_digests(tx: sa.Connection, conn: str, refs: Iterable[str]) -> dict[tuple[str, FieldId], set[str]]:
    """Digests of what we wrote, by (ref, field): a line of history that restates one is an echo."""
    found: dict[tuple[str, FieldId], set[str]] = {}
    for part in chunks(refs):
        for row in tx.execute(_DIGESTS, {"b_conn": conn, "refs": part}):
            for name, digest in (row.digest or {}).items():
                found.setdefault((row.ref, FieldId(name)), set()).add(digest)
    return found


def writes_since(tx: sa.Connection, conn: str, refs: Iterable[str], since: datetime) -> dict[tuple[str, FieldId], int]:
    """How often we wrote a field of these records since a moment, by (ref, field)."""
    found: dict[tuple[str, FieldId], int] = {}
    for part in chunks(refs):
        for row in tx.execute(_DIGESTS.where(audit.c.at >= since, audit.c.verb == "update"), {"b_conn": conn, "refs": part}):
            for name in row.digest or ():
                found[row.ref, FieldId(name)] = found.get((row.ref, FieldId(name)), 0) + 1
    return found


def verify_audit(tx: sa.Connection) -> int | None:
    """The number of the first row whose hash does not follow from the one before; None where the chain is whole."""
    previous = ""
    for row in tx.execute(sa.select(audit).order_by(audit.c.n)):
        body = dumps([row.n, row.at.isoformat(), row.conn, row.ref, row.verb, row.digest, row.cause_seq, row.outcome])
        if row.previous != previous or row.hash != hashlib.sha256(f"{previous}{body}".encode()).hexdigest():
            return int(row.n)
        previous = row.hash
    return None


def created_refs(tx: sa.Connection, conn: str) -> set[str]:
    """`<collection>/<rid>` of what we have created there, and `<collection>/<corr>` where the answer did not tell."""
    statement = sa.select(audit.c.ref).where(audit.c.conn == conn, audit.c.verb == "create", audit.c.outcome != "no")
    return set(tx.execute(statement).scalars())
