"""One table of the instance: rows, the orders a database index gives, and versions that are not to be seen yet."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from deskweave_servicenow.emulator.dictionary import Column

Stored: TypeAlias = dict[str, str]

ORDERED: Final = ("sys_updated_on", "sys_created_on", "sys_id")
HASHED: Final = ("correlation_id", "element_id", "documentkey", "id", "user_name", "name", "number")


class Table:
    """Rows are sparse: a column that is not stored is empty.

    A read sees the newest version whose time has come: `hold_back` keeps what stood before until a later write of the same
    row, or a slow commit, may be seen.
    """

    def __init__(self, name: str, label: str, columns: Mapping[str, Column], *, parent: str = "") -> None:
        self.name, self.label, self.parent = name, label, parent
        self.columns: dict[str, Column] = dict(columns)
        self.rows: dict[str, Stored] = {}
        self._ordered: dict[str, list[tuple[str, str]]] = {column: [] for column in ORDERED}
        self._hashed: dict[str, dict[str, dict[str, None]]] = {column: {} for column in HASHED if column in columns}
        self._held: dict[str, list[tuple[datetime, Stored | None]]] = {}

    def put(self, row: Stored) -> None:
        """Insert a row, or replace the one of the same sys_id."""
        sys_id = row["sys_id"]
        if sys_id in self.rows:
            self._forget(self.rows[sys_id])
        self.rows[sys_id] = row
        for column, index in self._ordered.items():
            insort(index, (row.get(column, ""), sys_id))
        for column, hashed in self._hashed.items():
            hashed.setdefault(row.get(column, "").casefold(), {})[sys_id] = None

    def drop(self, sys_id: str) -> Stored | None:
        row = self.rows.pop(sys_id, None)
        if row is not None:
            self._forget(row)
        self._held.pop(sys_id, None)
        return row

    def _forget(self, row: Stored) -> None:
        sys_id = row["sys_id"]
        for column, index in self._ordered.items():
            at = bisect_left(index, (row.get(column, ""), sys_id))
            if at < len(index) and index[at] == (row.get(column, ""), sys_id):
                del index[at]
        for column, hashed in self._hashed.items():
            hashed.get(row.get(column, "").casefold(), {}).pop(sys_id, None)

    def hold_back(self, sys_id: str, until: datetime, before: Stored | None) -> None:
        """Until `until` a read still sees `before` (None: nothing) in place of the row's newest version."""
        self._held.setdefault(sys_id, []).append((until, before))

    def settle(self, now: datetime) -> bool:
        """Forget what may be seen by now; whether something is still held back."""
        for sys_id in list(self._held):
            left = [entry for entry in self._held[sys_id] if entry[0] > now]
            if left:
                self._held[sys_id] = left
            else:
                del self._held[sys_id]
        return bool(self._held)

    def visible(self, row: Stored) -> Stored | None:
        held = self._held.get(row["sys_id"])
        return held[0][1] if held else row

    def in_order(self, column: str, lowest: str = "") -> Iterator[Stored]:
        """Rows by (column, sys_id) from the first whose column is at least `lowest`."""
        index = self._ordered[column]
        for _, sys_id in index[bisect_left(index, (lowest, "")) :]:
            yield self.rows[sys_id]

    def among(self, column: str, values: frozenset[str]) -> list[Stored] | None:
        """Rows whose `column` is one of `values` (folded), where an index knows; else None."""
        if column == "sys_id":
            return [self.rows[value] for value in values if value in self.rows]
        if column not in self._hashed:
            return None
        found = self._hashed[column]
        return [self.rows[sys_id] for value in values for sys_id in found.get(value, ())]
