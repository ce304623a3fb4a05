"""Where an inquiry's record belongs on a connection, and the link it begins with."""

from __future__ import annotations

from collections.abc import Mapping

from deskweave.model import CollectionBinding, FieldId, InquiryId, Value
from deskweave.model.predicate import holds
from deskweave.store.links import Link
from deskweave.sync.run import Run, Side


def home_of(side: Side, values: Mapping[FieldId, Value]) -> CollectionBinding | None:
    """The collection in which an inquiry with such values is created; None where it cannot be."""
    for collection in side.binding.collections.values():
        capabilities = side.capabilities(collection.name)
        if (
            collection.role == "main"
            and collection.creates
            and capabilities is not None
            and capabilities.creates is not None
            and side.connection.sink is not None
            and holds(collection.holds, values)
        ):
            return collection
    return None


def record_link(run: Run, side: Side, collection: str, inquiry: InquiryId | None = None, *, rid: str | None = None) -> Link:
    """The link of a record with the mark it is known by: there already, or to be created (`rid` None)."""
    link = Link(
        id=run.store.new_id(),
        conn=side.name,
        collection=collection,
        corr="",
        kind="inquiry",
        state="new" if rid is None else "live",
        rid=rid,
        role=side.binding.collections[collection].role,
        inquiry=inquiry,
        push=rid is None,
    )
    link.corr = f"{run.store.install.id}:{link.id}"
    return link
