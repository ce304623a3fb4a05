"""Which practice is in force: the store remembers, and a run under another one stops until a person has looked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from deskweave.practice import Practice
from deskweave.store import Store
from deskweave.store.tables import practice_version
from deskweave.workspace.stop import Stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The practice a store was last told to work by."""

    digest: str
    version: str
    adopted_at: datetime
    documents: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindChange:
    """How one kind of document differs: names are `Kind/id/path` of terms, at most as deep as people name them."""

    kind: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def in_force(store: Store) -> InForce | None:
    """What was adopted last; None: nothing yet."""
    statement = sa.select(practice_version).order_by(practice_version.c.adopted_at.desc(), sa.text("rowid DESC")).limit(1)
    with store.read() as tx:
        row = tx.execute(statement).first()
    if row is None:
        return None
    documents = row.documents if isinstance(row.documents, Mapping) else json.loads(row.documents)
    return InForce(digest=row.digest, version=row.version, adopted_at=row.adopted_at, documents=documents)


def adopt(store: Store, practice: Practice) -> None:
    """Put a practice into force. One that was in force before comes back with a new date."""
    documents = _documents(practice)
    with store.lease("practice adopt"), store.write() as tx:
        tx.execute(sa.delete(practice_version).where(practice_version.c.digest == practice.digest))
        tx.execute(
            sa.insert(practice_version).values(
                digest=practice.digest, version=practice.version, documents=documents, adopted_at=store.now()
            )
        )


def require(store: Store, practice: Practice) -> None:
    """Go on only under the practice in force; the first one of a store comes into force by itself.

    Raises:
        Stopped: the files say another practice than the store knows.
    """
    known = in_force(store)
    if known is None:
        adopt(store, practice)
        return
    if known.digest != practice.digest:
        message = (
            f"the practice has changed: {known.version} ({known.digest[:8]}) is in force here, the files say {practice.version} "
            f"({practice.digest[:8]}). Nothing was read or written. Look at what changes, then put it into force."
        )
        values = {"old": f"{known.version} ({known.digest[:8]})", "new": f"{practice.version} ({practice.digest[:8]})"}
        raise Stopped("practice-changed", message, next="deskweave practice adopt", values=values)


def changes(old: Mapping[str, Any], practice: Practice) -> list[KindChange]:
    """What differs between documents in force and a practice, by kind."""
    mine, theirs = _terms(_documents(practice)), _terms(old)
    found = []
    for kind in sorted({name.split("/", 1)[0] for name in (*mine, *theirs)}):
        new = {name: value for name, value in mine.items() if name.split("/", 1)[0] == kind}
        was = {name: value for name, value in theirs.items() if name.split("/", 1)[0] == kind}
        change = KindChange(
            kind=kind,
            added=tuple(sorted(new.keys() - was.keys())),
            removed=tuple(sorted(was.keys() - new.keys())),
            changed=tuple(sorted(name for name in new.keys() & was.keys() if new[name] != was[name])),
        )
        if change.added or change.removed or change.changed:
            found.append(change)
    return found


def _documents(practice: Practice) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(
        json.dumps({f"{kind}/{name}": body for (kind, name), body in practice.documents.items()}, default=str, sort_keys=True)
    )
    return plain


def _terms(documents: Mapping[str, Any]) -> dict[str, Any]:
    """Documents cut into the terms people speak of: a field, a status, an item of the catalog, a clock."""
    found: dict[str, Any] = {}
    for name, body in documents.items():
        rest = {}
        for key, value in body.items():
            if (
                isinstance(value, Mapping)
                and value
                and all(isinstance(part, Mapping) for part in value.values())
                and key != "label"
            ):
                found.update({f"{name}/{key}/{slug}": part for slug, part in value.items()})
            else:
                rest[key] = value
        found[name] = rest
    return found
