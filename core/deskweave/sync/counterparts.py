"""Where an inquiry's counterpart belongs on a connection. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from deskweave.model import CollectionBinding, FieldId, Value
from deskweave.model.predicate import holds
from deskweave.sync.run import Side


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
