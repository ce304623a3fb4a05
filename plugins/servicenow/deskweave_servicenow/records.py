"""Records read: listed by keyset, fetched by id, found by our mark, counted."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypedDict

from deskweave.connector import Absent, Page, Ref, RemoteChange, RemoteRecord, Stub
from deskweave.errors import ConfigurationError, PermissionMissing, Rejected
from deskweave_servicenow.client import Client, Listing, Row, after, instant, is_safe, stamp, term
from deskweave_servicenow.history import History
from deskweave_servicenow.layout import Layout
from deskweave_servicenow.mapping import read_record

#: A row is stamped when its transaction writes and seen when that commits: up to the 60 s a transaction may take.
COMMIT_WINDOW: Final = timedelta(seconds=60)
SKIPS: Final = 20  #: pages of hidden rows that are passed over in one call
MEMORY: Final = 2_000
MEMORY_LASTS: Final = timedelta(minutes=10)


class Answers:
    """What the platform answered to our own writes, for as long as a lagging replica may still show what was before.

    A read that is older than such an answer is replaced by it: our own write must never look like somebody's edit back.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._kept: OrderedDict[Ref, tuple[datetime, RemoteRecord]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, record: RemoteRecord) -> None:
        with self._lock:
            self._kept[record.ref] = (self._now(), record)
            self._kept.move_to_end(record.ref)
            while len(self._kept) > MEMORY:
                self._kept.popitem(last=False)

    def newest(self, record: RemoteRecord) -> RemoteRecord:
        """`record`, or what the platform told us of it since."""
        with self._lock:
            kept = self._kept.get(record.ref)
            if kept is None:
                return record
            at, ours = kept
            if self._now() - at <= MEMORY_LASTS and _number(record.version) < _number(ours.version):
                return ours
            del self._kept[record.ref]
            return record

    def of(self, ref: Ref) -> RemoteRecord | None:
        with self._lock:
            kept = self._kept.get(ref)
            return kept[1] if kept is not None and self._now() - kept[0] <= MEMORY_LASTS else None


def _number(version: str | None) -> int:
    return int(version) if version is not None and version.isdecimal() else 0


def keyset_page(
    client: Client,
    table: str,
    base: str,
    fields: Sequence[str],
    *,
    column: str,
    since: datetime | None,
    resume: str | None,
) -> tuple[Listing, str | None, datetime | None, int | None]:
    """One page of a listing in the order of (`column`, sys_id): rows, resume, covers_until, expected.

    The listing ends with an empty page; a short one is not the end, because row ACLs are applied after the limit. Where rows are
    missing at the end by the instance's own count, they are passed over by offset, so that a page of hidden rows does not end it.

    covers_until stays behind the server's own clock by the longest a transaction may take: a row carries the stamp of its write
    and appears with its commit. On a page that is not the last it also stays behind the newest second delivered, of which more
    may come.

    Raises:
        ConfigurationError: the instance did not honour the query, so nothing of the page may move a cursor.
    """
    state = _resumed(resume)
    last = (state["t"], state["s"]) if state else None
    lowest = "" if since is None else stamp(since)
    query = after(base, column, lowest, last)
    listing = client.page(table, query, fields, count=state is None)
    expected = listing.total if state is None else state["x"]
    seen = 0 if state is None else state["n"]
    ended = True
    if not listing.rows and (listing.blank or (expected is not None and seen < expected)):
        listing, ended = _past_hidden(client, table, query, fields, listing)
    until = None if listing.at is None else listing.at - COMMIT_WINDOW
    if not listing.rows:
        return listing, None, until if ended and not listing.blank else None, expected
    keys = [(str(row.get(column) or ""), str(row.get("sys_id") or "")) for row in listing.rows]
    usable = [key for key in keys if key[0] and key[1]]
    first_ones = [key[0].casefold() for key in usable]
    floor = last[0] if last else lowest
    if first_ones != sorted(first_ones) or (usable and first_ones[0] < floor.casefold()) or last in usable:
        message = (
            f"{table}: the instance answered with rows out of order or outside the query, so a term of it was not honoured. "
            f"Does the account have query_range on {column}? Nothing of this page is used"
        )
        raise ConfigurationError(message)
    if not usable:
        message = f"{table}: {column} or sys_id is hidden from this account; give it a read right on both"
        raise PermissionMissing(message)
    newest = instant(usable[-1][0])
    covers = None if newest is None else newest if until is None else min(newest, until)
    token: _Position = {
        "t": usable[-1][0],
        "s": usable[-1][1],
        "n": seen + len(listing.rows) + listing.blank,
        "x": expected,
    }
    return listing, json.dumps(token, separators=(",", ":")), covers, expected


def _past_hidden(client: Client, table: str, query: str, fields: Sequence[str], empty: Listing) -> tuple[Listing, bool]:
    """The next page with something to see, by offset; and whether the rows were looked through to their end."""
    size = client.page_size
    counted = client.page(table, query, fields, count=True)
    if counted.rows or not counted.total:
        return (counted if counted.rows else empty), True
    for offset in range(size, min(counted.total, size * (SKIPS + 1)), size):
        found = client.page(table, query, fields, offset=offset)
        if found.rows:
            return found, True
    return empty, counted.total <= size * (SKIPS + 1)


class _Position(TypedDict):
    """Where a listing stands: last key delivered, rows so far, rows by the instance's own count."""

    t: str
    s: str
    n: int
    x: int | None


def _resumed(resume: str | None) -> _Position | None:
    if resume is None:
        return None
    try:
        state = json.loads(resume)
        expected = state["x"]
        return _Position(t=str(state["t"]), s=str(state["s"]), n=int(state["n"]), x=expected if isinstance(expected, int) else None)
    except (ValueError, KeyError, TypeError):
        message = "the saved position of a ServiceNow listing cannot be read; start the listing anew"
        raise Rejected(message, code="resume") from None


class Records:
    """`connector.RecordSource`."""

    def __init__(self, client: Client, layout: Layout, answers: Answers, history: History) -> None:
        self._client, self._layout, self._answers, self._history = client, layout, answers, history
        self._sees_deletions: bool | None = None

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        listing, further, covers, expected = keyset_page(
            self._client, collection, "", self._layout.asked(collection), column="sys_updated_on", since=since, resume=resume
        )
        records = [record for row in listing.rows if (record := self._record(collection, row)) is not None]
        items = [self._answers.newest(record) for record in records]
        return Page(items=items, resume=further, covers_until=covers, expected=expected)

    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord | Absent]:
        found: dict[Ref, RemoteRecord] = {}
        for collection in dict.fromkeys(ref.collection for ref in refs):
            # an id that cannot stand in a query is nobody's id there, and must not hide the others
            ids = [ref.rid for ref in refs if ref.collection == collection and is_safe(ref.rid) and "," not in ref.rid]
            for row in self._client.of_ids(collection, "sys_id", ids, self._layout.asked(collection)):
                record = self._record(collection, row)
                if record is not None:
                    found[record.ref] = self._answers.newest(record)
        for ref in refs:
            if ref not in found and (ours := self._answers.of(ref)) is not None:
                found[ref] = ours  # made a moment ago and not listed yet
        missing = [ref for ref in refs if ref not in found]
        gone = self._deleted(missing) if missing else frozenset()
        return [found[ref] if ref in found else Absent(ref, "gone" if ref.rid in gone else "unclear") for ref in refs]

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        column = self._layout.correlation(collection)
        if column is None:
            message = f"{collection} has no column for our mark; `deskweave apply` with an admin account can add one"
            raise ConfigurationError(message)
        pair = None if is_safe(corr) else (column, corr)
        query = "" if pair else f"{term(column, '=', corr)}^ORDERBYsys_created_on^ORDERBYsys_id"
        listing = self._client.page(collection, query, self._layout.asked(collection), limit=10, pair=pair)
        records = [self._record(collection, row) for row in listing.rows]
        # a term the instance does not understand is dropped and the whole table answers: look again
        return [self._answers.newest(record) for record in records if record is not None and record.corr == corr]

    def census(self, collection: str, resume: str | None) -> Page[Stub]:
        fields = ("sys_id", "sys_updated_on")
        listing, further, _, expected = keyset_page(
            self._client, collection, "", fields, column="sys_id", since=None, resume=resume
        )
        rows = [row for row in listing.rows if row.get("sys_id")]
        stubs = [Stub(Ref(collection, str(row["sys_id"])), instant(row.get("sys_updated_on"))) for row in rows]
        return Page(items=stubs, resume=further, covers_until=None, expected=expected)

    def history(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Page[RemoteChange]:
        return self._history.page(refs, since, resume)

    def _record(self, collection: str, row: Row) -> RemoteRecord | None:
        correlation = self._layout.correlation(collection)
        return read_record(collection, row, correlation=correlation, address=self._client.address)

    def _deleted(self, refs: Sequence[Ref]) -> frozenset[str]:
        """Those of `refs` that the instance's own list of deletions names; it is for admins."""
        if self._sees_deletions is False:
            return frozenset()
        fields = ("documentkey", "tablename", "sys_id")
        try:
            ids = [ref.rid for ref in refs if is_safe(ref.rid) and "," not in ref.rid]
            rows = list(self._client.of_ids("sys_audit_delete", "documentkey", ids, fields))
        except (PermissionMissing, ConfigurationError):
            self._sees_deletions = False
            return frozenset()
        tables = {ref.rid: ref.collection for ref in refs}
        return frozenset(str(row["documentkey"]) for row in rows if tables.get(str(row.get("documentkey"))) == row.get("tablename"))
