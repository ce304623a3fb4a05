"""A person decides a conflict: one of both values shall stand, and the decision is an event like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deskweave.store import ConflictRow
    from deskweave.workspace.workspace import Workspace


def resolve(space: Workspace, conflict: ConflictRow, *, take: str | None, by: str) -> bool:
    """Close a conflict; the next sync writes the value that was chosen wherever it differs.

    Args:
        space: whose store.
        conflict: an open one.
        take: the connection whose value shall stand: the conflict's own means "theirs", any other name "ours". None: as it stands.
        by: who decided.

    Returns:
        Whether the inquiry's value changed.

    Raises:
        SafetyStop: another process holds the store.
    """
    from deskweave.ledger import Entry, Ledger, Posting
    from deskweave.store.conflicts import resolve_conflict

    chosen = conflict.winner if take is None else "theirs" if take == conflict.connection else "ours"
    with space.store.lease("conflicts"), space.store.write() as tx:
        resolve_conflict(tx, conflict.id, by)
        if chosen == conflict.winner:
            return False
        ledger = Ledger(space.store, fields=space.practice.fields, statuses=space.practice.statuses, practice=space.practice.digest)
        entry = Entry(
            field=conflict.field,
            new=conflict.theirs if chosen == "theirs" else conflict.ours,
            at=space.now(),
            source=f"person:{by}",
            origin_id=space.store.new_id(),
            actor=by,
        )
        ledger.commit(tx, [Posting(inquiry=conflict.inquiry, entries=[entry])])
        return True
