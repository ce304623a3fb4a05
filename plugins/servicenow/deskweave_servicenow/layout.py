"""Which columns of which table are asked for, and which of them are really there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deskweave.errors import PermissionMissing
from deskweave.model import Binding, FieldId
from deskweave_servicenow.client import Client, within
from deskweave_servicenow.mapping import asked

CORRELATION_COLUMN: Final = "u_correlation_id"  #: on tables that are no task and ship without one
COUNTERPARTS_COLUMN: Final = "u_counterparts"  #: correlation_display holds 100 characters: too few for two numbers with links
PARENTS: Final[Mapping[str, str]] = {"incident": "task"}
DEFAULT_CORRELATION: Final[Mapping[str, str]] = {"incident": "correlation_id", "interaction": CORRELATION_COLUMN}
STATUS: Final = FieldId("status")
#: Asked for while no binding has said what matters.
SHIPPED: Final[Mapping[str, tuple[str, ...]]] = {
    "incident": (
        "short_description",
        "description",
        "state",
        "hold_reason",
        "impact",
        "urgency",
        "priority",
        "category",
        "contact_type",
        "caller_id",
        "assigned_to",
        "assignment_group",
        "close_code",
        "close_notes",
        "opened_at",
        "resolved_at",
        "closed_at",
        "correlation_id",
        "correlation_display",
    ),
    "interaction": (
        "short_description",
        "state",
        "type",
        "direction",
        "opened_for",
        "assigned_to",
        "assignment_group",
        "opened_at",
        "closed_at",
    ),
}


class Layout:
    """What the bindings of a connection want to read, and what the instance has. Learned once, forgotten when it is changed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._bound: dict[str, set[str]] = {}
        self._fields: dict[str, dict[str, FieldId]] = {}
        self._statuses: dict[str, dict[str, None]] = {}
        self._correlations: dict[str, str] = {}
        self._columns: dict[str, frozenset[str] | None] = {}
        self._from_dictionary: set[str] = set()

    def bind(self, binding: Binding) -> bool:
        """Remember what a binding reads; several bindings over a process's life add up. Answers whether it asks for more."""
        before = ({name: set(columns) for name, columns in self._bound.items()}, dict(self._correlations))
        for name, collection in binding.collections.items():
            words = {key for spelled in collection.statuses.values() for key in (*spelled.is_, *spelled.sets)}
            self._statuses.setdefault(name, {}).update((key, None) for one in collection.statuses.values() for key in one.is_)
            words |= {key for spelled in collection.statuses.values() for other in spelled.reads for key in other}
            words |= {at.native for at in collection.fields.values()} | set(collection.fixed)
            if collection.cross_reference:
                words.add(collection.cross_reference)
            if collection.correlation:
                words.add(collection.correlation)
                self._correlations[name] = collection.correlation
            self._bound.setdefault(name, set()).update(words)
            ids = self._fields.setdefault(name, {})
            ids |= {key: STATUS for spelled in collection.statuses.values() for key in spelled.is_}
            ids |= {at.native: field for field, at in collection.fields.items() if field != STATUS}
        return before != (self._bound, self._correlations)

    def asked(self, collection: str) -> tuple[str, ...]:
        """The columns every read of a collection names."""
        correlation = self._correlations.get(collection) or DEFAULT_CORRELATION.get(collection, "")
        columns = self._bound.get(collection) or SHIPPED.get(collection, ())
        return asked(sorted({*columns, *((correlation,) if correlation else ())}))

    def field_ids(self, collection: str) -> Mapping[str, FieldId]:
        """Native column -> the practice's field, the status included."""
        return self._fields.get(collection, {})

    def status_columns(self, collection: str) -> tuple[str, ...]:
        """The columns that make up a status, the deciding one first."""
        return tuple(self._statuses.get(collection, ()))

    def bound(self, collection: str) -> frozenset[str]:
        return frozenset(self._bound.get(collection, ()))

    def correlation(self, collection: str) -> str | None:
        """The column our id stands in, where it exists; None: this collection cannot carry one."""
        name = self._correlations.get(collection) or DEFAULT_CORRELATION.get(collection)
        if name is None:
            return None
        columns = self.columns(collection)
        if columns is None:
            return None if name.startswith("u_") else name
        return name if name in columns else None

    def columns(self, table: str) -> frozenset[str] | None:
        """The columns this account can read; None where nothing tells (an empty table and no right to the dictionary)."""
        if table not in self._columns:
            self._columns[table] = self._learn(table)
        return self._columns[table]

    def knows_all(self, table: str) -> bool:
        """Whether `columns` comes from the dictionary, and so names what a field ACL hides as well."""
        self.columns(table)
        return table in self._from_dictionary

    def forget(self) -> None:
        """Columns were made or removed."""
        self._columns.clear()
        self._from_dictionary.clear()

    def _learn(self, table: str) -> frozenset[str] | None:
        names = [table, *([PARENTS[table]] if table in PARENTS else [])]
        try:
            rows = list(self._client.every("sys_dictionary", within("name", names), ("sys_id", "element")))
        except PermissionMissing:
            rows = []
        found = frozenset(str(row["element"]) for row in rows if row.get("element"))
        if found:
            self._from_dictionary.add(table)
            return found
        record = self._client.page(table, "", (), limit=1).rows
        if record:
            return frozenset(record[0])
        meta = self._client.columns(table)
        return frozenset(meta) if meta else None
