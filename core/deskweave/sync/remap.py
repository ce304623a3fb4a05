"""A changed mapping: records are read anew by it, and nothing is written until a person has seen what would be.

A binding, a word of the practice or a connector's code that reads otherwise is nobody's edit. What platforms say by it is taken in
as `practice:<digest>`; what follows from it is shown by `sync --plan` first.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from deskweave.model import ConnectionName
from deskweave.store.inbox import reopen_records
from deskweave.store.streams import Stream, positions_of, save_stream
from deskweave.sync.run import RECORDS, Run, Side
from deskweave.sync.stops import GuardStop, Stop

READ_BY: Final = "mapping"  #: feed whose `resume` is the digest by which a collection's records are read
SEEN: Final = "mapping-seen"  #: the digest whose consequences a person has seen


def begin(run: Run, side: Side) -> None:
    """Have the records of every collection listed from the start whose mapping is another one than they were read by."""
    digest = side.mapper.digest
    with run.store.read() as tx:
        positions = positions_of(tx, side.name)
    for name in side.binding.collections:
        known, seen = (positions.get((name, feed), Stream()).resume for feed in (READ_BY, SEEN))
        if known == seen == digest:
            continue
        run.unseen.add(side.name)
        if known == digest:
            run.remapped.setdefault(side.name, set()).add(name)  # cut off, or not looked at yet: what it did is not known
            continue
        with run.store.write() as tx:
            save_stream(tx, side.name, name, READ_BY, Stream(None, digest))
            if known is None:
                save_stream(tx, side.name, name, SEEN, Stream(None, digest))  # the first look is by no other mapping
            else:
                save_stream(tx, side.name, name, RECORDS, Stream())
                capabilities = side.capabilities(name)
                if capabilities is not None and capabilities.changes == "callback":
                    reopen_records(tx, side.name)  # nothing lists them: what has been delivered is read once more


def require_seen(run: Run) -> None:
    """Stop before the first write that follows from a mapping nobody has looked at; one that changes nothing passes.

    Raises:
        GuardStop: names the connections.
    """
    if run.remapped:
        names = ", ".join(sorted(run.remapped))
        text = f"the mapping of {names} has changed since records were read by it, and values follow from that"
        message = f"stopped before writing: {text}. Look first: deskweave sync --plan. After that deskweave sync goes on"
        raise GuardStop(message, [Stop(kind="mapping", text=text, labels=tuple(sorted(run.remapped)))])


def accept(run: Run, names: AbstractSet[ConnectionName]) -> None:
    """What follows from the mappings in use has been seen, or is nothing."""
    for name in names & run.unseen:
        side = run.sides[name]
        with run.store.write() as tx:
            for collection in side.binding.collections:
                save_stream(tx, name, collection, SEEN, Stream(None, side.mapper.digest))
        run.unseen.discard(name)
