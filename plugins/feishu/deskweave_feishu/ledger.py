"""The ledger: one table of a base, its columns as they are now, and its rows as records.

Feishu keys cells by column NAME and leaves empty cells out. So a renamed or hidden column looks exactly like an empty one. Two
things keep us from taking the one for the other: every search names the columns it wants (a name that is not there is then an
error), and records carry each cell under the column's id as well as under its name, so that a binding with ids from the lock file
outlives a renaming.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from deskweave.connector import Absent, Kit, Page, Ref, RemoteRecord, Stub
from deskweave.errors import ConfigurationError, Rejected
from deskweave.model import CollectionBinding, Json
from deskweave_feishu.cells import AUTO_NUMBER, COMPUTED, TEXT, Column, column_of, empty_cell, read_cell, write_cell
from deskweave_feishu.client import GET_BATCH, REPLICA_LAG, Client, mapping, objects
from deskweave_feishu.errors import NAME_UNKNOWN

LEDGER: Final = "ledger"
CORRELATION: Final = "关联标识"  #: where our id stands unless the binding says otherwise
CROSS_REFERENCE: Final = "互查"
MAX_NAMED: Final = 200  #: columns one search may name
RECENT: Final = 1000
CLOCK_MARGIN: Final = timedelta(minutes=5)  #: how far Feishu's clock may be from ours
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WEB: Final = {"open.feishu.cn": "https://feishu.cn", "open.larksuite.com": "https://larksuite.com"}


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of the table at one moment. `hidden` are listed but not readable by this app."""

    all: tuple[Column, ...]
    hidden: frozenset[str] = frozenset()

    def find(self, native: str) -> Column | None:
        """By id, else by name."""
        for column in self.all:
            if column.id == native:
                return column
        return next((column for column in self.all if column.name == native), None)

    @property
    def readable(self) -> tuple[Column, ...]:
        return tuple(column for column in self.all if column.id not in self.hidden)


class Ledger:
    """One table. Safe for several threads; nothing is read before it is needed."""

    def __init__(self, client: Client, kit: Kit) -> None:
        if client.settings.base is None:
            raise ConfigurationError("there is no ledger without the setting base")
        self.client, self._kit, self._base = client, kit, client.settings.base
        self.writing = threading.Lock()  #: Feishu takes one write at a time per base
        self._lock = threading.RLock()
        self._table: str | None = None
        self._columns: Columns | None = None
        self._bound: frozenset[str] | None = None
        self._recent: dict[str, datetime] = {}
        self.correlation, self.cross_reference = CORRELATION, CROSS_REFERENCE

    # ---------------------------------------------------------------------------------------------------------------- table
    def learn(self, bound: CollectionBinding) -> None:
        """Which columns the binding speaks of: only these are asked for, and these carry correlation and cross reference."""
        words = {at.native for at in bound.fields.values() if at.provisioned} | set(bound.fixed)
        for said in bound.statuses.values():
            words |= {*said.is_, *said.sets, *(key for also in said.reads for key in also)}
        with self._lock:
            self.correlation = bound.correlation or CORRELATION
            self.cross_reference = bound.cross_reference or CROSS_REFERENCE
            self._bound = frozenset(words)
            self._columns = None

    def find_table(self) -> str | None:
        """The table's id, found by id or name; None where the base has no such table."""
        with self._lock:
            if self._table is None:
                self._table = self.table_called(self._base.table)
            return self._table

    def table_called(self, wanted: str) -> str | None:
        """The id of the base's table with this id or name."""
        token: str | None = None
        by_name: str | None = None
        while True:
            data = self.client.tables(token)
            for item in objects(data.get("items")):
                if item.get("table_id") == wanted:
                    return wanted
                if item.get("name") == wanted and by_name is None:
                    by_name = str(item.get("table_id"))
            token = str(data.get("page_token") or "")
            if data.get("has_more") is not True or not token:
                return by_name

    @property
    def table(self) -> str:
        """The table's id.

        Raises:
            ConfigurationError: the base has no such table.
        """
        found = self.find_table()
        if found is None:
            raise ConfigurationError(
                f"the base has no table {self._base.table}; run deskweave apply with an account that may manage the base, "
                "or correct base.table"
            )
        return found

    @property
    def table_name(self) -> str:
        return self._base.table

    def forget(self) -> None:
        """Look again at table and columns before the next use."""
        with self._lock:
            self._table = self._columns = None

    def forget_columns(self) -> None:
        """The columns were changed, and the table is the same: look again at them before the next use."""
        with self._lock:
            self._columns = None

    # -------------------------------------------------------------------------------------------------------------- columns
    def columns(self, *, fresh: bool = False, refused: bool = False) -> Columns:
        """The columns, read once, at the start of each scan (`fresh`), and when something did not fit.

        Which of them this app cannot see is asked the first time, when a search was `refused`, and as long as there are any.
        """
        with self._lock:
            known = self._columns
            if known is None or fresh or refused:
                listed = self.list_columns()
                invisible: frozenset[str] = frozenset()
                if known is None or known.hidden or refused:
                    invisible = self._invisible([column.name for column in self._wanted(Columns(listed))])
                known = Columns(listed, frozenset(column.id for column in listed if column.name in invisible))
                self._columns = known
            return known

    def list_columns(self) -> tuple[Column, ...]:
        found: list[Column] = []
        token: str | None = None
        while True:
            data = self.client.columns(self.table, token)
            found += [column for item in objects(data.get("items")) if (column := column_of(item)) is not None]
            token = str(data.get("page_token") or "")
            if data.get("has_more") is not True or not token:
                return tuple(found)

    def _wanted(self, columns: Columns) -> list[Column]:
        """The columns a search asks for: what the binding names, our own two, and what people call a row by."""
        if self._bound is None:
            return list(columns.readable)[:MAX_NAMED]
        words = self._bound | {self.correlation, self.cross_reference}
        return [
            column
            for column in columns.readable
            if column.id in words or column.name in words or column.primary or column.type == AUTO_NUMBER
        ][:MAX_NAMED]

    def _invisible(self, names: Sequence[str]) -> frozenset[str]:
        """Which of these names a search refuses: found by halving, as the refusal does not say which it was."""
        if not names:
            return frozenset()
        try:
            self.client.search(self.table, names=names, page_size=1)
        except Rejected as error:
            if error.code not in NAME_UNKNOWN:
                raise
        else:
            return frozenset()
        if len(names) == 1:
            return frozenset(names)
        half = len(names) // 2
        return self._invisible(names[:half]) | self._invisible(names[half:])

    # -------------------------------------------------------------------------------------------------------------- reading
    def page(self, page_token: str | None) -> tuple[list[RemoteRecord], str | None, int | None]:
        """One page of rows with the token of the next (None: no more) and the table's own count."""
        columns = self.columns(fresh=page_token is None)
        data = self._search([column.name for column in self._wanted(columns)], page_token=page_token)
        items = objects(data.get("items"))
        if self._surprises(items):
            columns = self.columns(fresh=True)
            data = self._search([column.name for column in self._wanted(columns)], page_token=page_token)
            items = objects(data.get("items"))
        return [record for item in items if (record := self.record(item)) is not None], _next(data), _total(data)

    def stubs(self, page_token: str | None) -> tuple[list[Stub], str | None, int | None]:
        """One page of ids only."""
        primary = next((column.name for column in self.columns(fresh=page_token is None).readable if column.primary), None)
        data = self.client.search(self.table, names=[primary] if primary else None, page_token=page_token)
        stubs = [
            Stub(Ref(LEDGER, str(item["record_id"])), _instant(item.get("last_modified_time")))
            for item in objects(data.get("items"))
            if item.get("record_id")
        ]
        return stubs, _next(data), _total(data)

    def fetch(self, record_ids: Sequence[str]) -> dict[str, RemoteRecord | Absent]:
        """Rows by id, as they are now; for each that did not come, why."""
        found: dict[str, RemoteRecord | Absent] = {}
        for at in range(0, len(record_ids), GET_BATCH):
            asked = list(dict.fromkeys(record_ids[at : at + GET_BATCH]))
            self.columns()
            data = self.client.batch_get(self.table, asked)
            items = objects(data.get("records"))
            if self._surprises(items):
                self.columns(fresh=True)
            found |= {record.ref.rid: record for item in items if (record := self.record(item)) is not None}
            hidden, gone = _texts(data.get("forbidden_record_ids")), _texts(data.get("absent_record_ids"))
            for record_id in asked:
                if record_id not in found:
                    ref = Ref(LEDGER, record_id)
                    fresh = self.is_recent(record_id)  # made a moment ago: this replica may not know it yet
                    why = "hidden" if record_id in hidden else "gone" if record_id in gone and not fresh else "unclear"
                    found[record_id] = Absent(ref, why)  # type: ignore[arg-type]
        return found

    def find(self, corr: str) -> list[RemoteRecord]:
        """Every row that carries our id.

        Raises:
            ConfigurationError: there is no readable column for it.
        """
        name = self._correlation_column().name
        found: list[RemoteRecord] = []
        token: str | None = None
        while True:
            names = [column.name for column in self._wanted(self.columns())]
            data = self._search(names, conditions=[(name, "is", corr)], page_token=token)
            found += [record for item in objects(data.get("items")) if (record := self.record(item)) and record.corr == corr]
            token = _next(data)
            if token is None:
                return found

    def count(self, conditions: Sequence[tuple[str, str, str | None]]) -> int | None:
        """How many rows meet the conditions, by the platform's own count."""
        return _total(self.client.search(self.table, conditions=conditions, page_size=1))

    def _correlation_column(self) -> Column:
        columns = self.columns()
        column = columns.find(self.correlation)
        if column is None or column.id in columns.hidden or column.type != TEXT:
            raise ConfigurationError(
                f"table {self._base.table} has no text column {self.correlation} that this app can read, so nothing created there "
                "could be recognised; run deskweave apply, or add the column"
            )
        return column

    def _search(
        self, names: Sequence[str], *, conditions: Sequence[tuple[str, str, str | None]] = (), page_token: str | None = None
    ) -> Mapping[str, Json]:
        try:
            return self.client.search(self.table, names=names, conditions=conditions, page_token=page_token)
        except Rejected as error:
            if error.code not in NAME_UNKNOWN:
                raise
        names = [column.name for column in self._wanted(self.columns(refused=True))]
        return self.client.search(self.table, names=names, conditions=conditions, page_token=page_token)

    def _surprises(self, items: Sequence[Mapping[str, Json]]) -> bool:
        """Whether rows carry a column that we do not know: one was renamed or added while we looked away."""
        known = {column.name for column in self.columns().all}
        return any(name not in known for item in items for name in mapping(item.get("fields")))

    def record(self, item: Mapping[str, Json]) -> RemoteRecord | None:
        """A row as a record; None for an item without an id. Absent cells ARE empty here, so they are filled in."""
        record_id = item.get("record_id") or item.get("id")
        if not isinstance(record_id, str):
            return None
        columns, cells = self.columns(), mapping(item.get("fields"))
        fields: dict[str, Json] = {}
        content: dict[str, Json] = {}
        label = ""
        for column in self._wanted(columns):
            value = read_cell(column, cells[column.name]) if column.name in cells else empty_cell(column)
            fields[column.id] = fields[column.name] = value
            if column.type not in COMPUTED:
                content[column.id] = value
            if value and (column.type == AUTO_NUMBER or (column.primary and not label)):
                label = str(value)[:120]
        corr_column = columns.find(self.correlation)
        corr = fields.get(corr_column.id) if corr_column is not None else None
        stamp = item.get("last_modified_time")
        digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:12]
        return RemoteRecord(
            ref=Ref(LEDGER, record_id),
            fields=fields,
            corr=corr if isinstance(corr, str) and corr else None,
            updated_at=_instant(stamp),
            version=f"{stamp or 0}-{digest}",
            updated_by=str(mapping(item.get("last_modified_by")).get("id") or "") or None,
            label=label or record_id,
            url=self._url(record_id),
        )

    def _url(self, record_id: str) -> str:
        web = _WEB.get(urlsplit(self.client.settings.address).hostname or "", self.client.settings.address)
        return f"{web}/base/{self._base.app_token}?table={self.table}&record={record_id}"

    # -------------------------------------------------------------------------------------------------------------- writing
    def cells(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        """Cells as a write wants them, keyed by the columns' present names.

        Raises:
            Unwritable: a value does not fit its column.
            Rejected: there is no such column.
        """
        columns = self.columns()
        if any(columns.find(native) is None for native in fields):
            columns = self.columns(fresh=True)
        cells: dict[str, Json] = {}
        for native, raw in fields.items():
            column = columns.find(native)
            if column is None:
                raise Rejected(
                    f"table {self._base.table} has no column {native}; run deskweave apply, or correct `at` in the binding",
                    fields=frozenset({native}),
                )
            if column.id in columns.hidden:
                raise Rejected(
                    f"column {column.name} is hidden from this app by the base's advanced permissions", fields=frozenset({native})
                )
            cells[column.name] = write_cell(column, raw)
        return cells

    def created(self, record_id: str) -> None:
        """Remember a row we made, so that a replica that does not know it yet is not believed."""
        with self._lock:
            self._recent[record_id] = self._kit.now()
            if len(self._recent) > RECENT:
                self._recent.pop(next(iter(self._recent)))

    def is_recent(self, record_id: str) -> bool:
        with self._lock:
            made = self._recent.get(record_id)
        return made is not None and self._kit.now() - made < REPLICA_LAG


def page_of(items: Sequence[RemoteRecord], resume: str | None, covers: datetime, expected: int | None) -> Page[RemoteRecord]:
    """A page of an unordered scan: only the last one covers anything."""
    page = Page(items=items, resume=resume, expected=expected)
    return page if resume is not None else replace(page, covers_until=covers)


def _next(data: Mapping[str, Json]) -> str | None:
    """The next page's token. `has_more` alone decides: a token comes with the last page too."""
    return str(data.get("page_token") or "") or None if data.get("has_more") is True else None


def _total(data: Mapping[str, Json]) -> int | None:
    total = data.get("total")
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _texts(value: Json) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else frozenset()


def _instant(stamp: Json) -> datetime | None:
    if isinstance(stamp, bool) or not isinstance(stamp, int) or stamp <= 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=stamp)
    except OverflowError:
        return None
