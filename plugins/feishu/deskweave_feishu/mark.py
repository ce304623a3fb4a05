"""Our mark in the base: which install of Deskweave writes here, so that a copy or a restored store is noticed.

It is one row in a small table of its own. An account that may only edit rows can renew the mark once the table is there; making the
table takes the account that `apply` uses.
"""

from __future__ import annotations

from typing import Final

from deskweave.errors import Missing, PermissionMissing, Rejected
from deskweave_feishu.client import Client, mapping, objects, uuid4_of
from deskweave_feishu.ledger import Ledger

TABLE: Final = "deskweave"
INSTALL: Final = "install"
EPOCH: Final = "epoch"


class Mark:
    """The row that names us."""

    def __init__(self, client: Client, ledger: Ledger) -> None:
        self._client, self._ledger = client, ledger
        self._table: str | None = None

    @property
    def table(self) -> str | None:
        if self._table is None:
            self._table = self._ledger.table_called(TABLE)
        return self._table

    def read(self) -> tuple[str, str] | None:
        """Install and epoch as planted here last; None where there is no mark."""
        row = self._row()
        return (row[1], row[2]) if row else None

    def prepare(self) -> None:
        """Make the table if it is not there."""
        if self.table is None:
            columns = [{"field_name": name, "type": 1, "ui_type": "Text"} for name in (INSTALL, EPOCH)]
            self._client.create_table(TABLE, columns)
            self._table = None

    def plant(self, install: str, epoch: str) -> bool:
        """Write the mark. False: there is no place for it, and this account may not make one."""
        with self._ledger.writing:
            try:
                self.prepare()
            except (PermissionMissing, Rejected):
                return False
            table, row = self.table, self._row()
            if table is None:
                return False
            cells = {INSTALL: install, EPOCH: epoch}
            if row is None:
                self._client.create_record(table, cells, uuid4_of(f"mark/{install}/{epoch}"))
            elif (row[1], row[2]) != (install, epoch):
                self._client.batch_update(table, [(row[0], cells)])
        return True

    def _row(self) -> tuple[str, str, str] | None:
        if self.table is None:
            return None
        try:
            data = self._client.search(self.table, page_size=20)
        except Missing:
            self._table = None
            return None
        for item in objects(data.get("items")):
            cells = mapping(item.get("fields"))
            install, epoch = (_text(cells.get(name)) for name in (INSTALL, EPOCH))
            if install and isinstance(item.get("record_id"), str):
                return str(item["record_id"]), install, epoch
        return None


def _text(cell: object) -> str:
    if isinstance(cell, list):
        return "".join(str(part.get("text") or "") for part in cell if isinstance(part, dict))
    return str(cell or "")
