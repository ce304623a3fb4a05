"""What inquiries and records say in the fields by which a binding matches them (`match:`), kept as an index in the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from deskweave.model import CollectionBinding, FieldId, InquiryId, Match, Value
from deskweave.store.likeness import JOINED_INTO, forget_keys, keys_of, linked_inquiries, save_keys
from deskweave.store.links import Link
from deskweave.store.streams import Stream, read_stream, save_stream
from deskweave.store.values import encode
from deskweave.sync.merge import EMPTY
from deskweave.sync.run import Run, Side

if TYPE_CHECKING:
    from deskweave.sync.reconcile import Reconciliation

FEED: Final = "match"  #: `resume` is what the index was made by, `watermark` when the collection had been listed to its end
TOGETHER: Final = 200


def source_of(match: Match) -> str:
    """What an event says that a join brought about: `match:external_number`."""
    return f"match:{','.join(match.find_by)}"


def key_of(match: Match, values: Mapping[FieldId, Value]) -> str | None:
    """What the fields of `find_by` say, digested; None where one of them is empty or cannot be read."""
    said = []
    for name in match.find_by:
        value = values.get(name)
        if (value in EMPTY and not isinstance(value, bool)) or (isinstance(value, str) and not value.strip()):
            return None
        said.append(encode(int(value) if isinstance(value, float) and value.is_integer() else value))
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()


def places(run: Run) -> list[tuple[Side, CollectionBinding, Match]]:
    """Every collection whose records are matched."""
    return [
        (side, collection, collection.match)
        for side in run.sides.values()
        for collection in side.binding.collections.values()
        if collection.match is not None
    ]


def is_open(link: Link) -> bool:
    """Whether a counterpart is due there of which nothing was ever sent: a record that is there already takes its place."""
    return link.rid is None and link.frozen is None and link.state in ("new", "parked")


def begin(run: Run) -> None:
    """Make the index of a collection anew whose fields are matched by others than before, or are read by another mapping."""
    from deskweave.sync.reconcile import Reconciliation

    for side, collection, match in places(run):
        digest = f"{side.mapper.digest}:{source_of(match)}"
        with run.store.read() as tx:
            stream = read_stream(tx, side.name, collection.name, FEED)
        if stream.resume == digest:
            continue
        with run.store.write() as tx:
            forget_keys(tx, side.name, collection.name)
            for part in linked_inquiries(tx, TOGETHER):
                rows = Reconciliation(run, tx)
                rows.load(part)
                index(rows)
            save_stream(tx, side.name, collection.name, FEED, Stream(stream.watermark, digest))


def index(rows: Reconciliation) -> None:
    """Keep what the inquiries at hand say where records are matched."""
    where = places(rows.run)
    inquiries = [one for one in rows.documents if where and rows.links.get(one)]
    wanted: dict[tuple[str, str, InquiryId], str | None] = {}
    for side, collection, match in where:
        for inquiry in inquiries:
            ended = rows.documents[inquiry].erased_at is not None or JOINED_INTO in rows.values[inquiry]
            ended |= any(one.alone for one in rows.links[inquiry])
            there = [one for one in rows.links[inquiry] if (one.conn, one.collection) == (side.name, collection.name)]
            said = next((one.seen.values for one in there if one.rid is not None), None)
            values = {} if ended else said or side.mapper.project(collection.name, rows.values[inquiry]).values
            wanted[side.name, collection.name, inquiry] = key_of(match, values)
    if inquiries:
        save_keys(rows.tx, wanted, keys_of(rows.tx, inquiries))
