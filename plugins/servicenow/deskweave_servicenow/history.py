"""What happened to a record: sys_audit for an admin, the value spans of metric_instance for an agent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal, TypedDict

from deskweave.connector import Page, Ref, RemoteChange
from deskweave.errors import ConfigurationError, Rejected
from deskweave.model import Json
from deskweave_servicenow.client import Client, Row, after, instant, stamp, term, within
from deskweave_servicenow.layout import Layout
from deskweave_servicenow.mapping import JOURNALS, REFERENCES

GROUP: Final = 50  #: records asked about at once: long audit queries are what exhausts an instance's integration pool
#: Metrics watch incident_state, which mirrors the column a binding names.
MIRRORS: Final[Mapping[str, str]] = {"incident_state": "state"}
_AUDIT: Final = (
    "sys_id",
    "documentkey",
    "fieldname",
    "oldvalue",
    "newvalue",
    "user",
    "record_checkpoint",
    "sys_created_on",
)
_SPAN: Final = ("sys_id", "id", "field", "field_value", "start", "sys_created_on")


class _Position(TypedDict):
    """At which group of records, behind which row, and the last values seen of the records still under way."""

    g: int
    t: str
    s: str
    v: dict[str, str]


class History:
    """Pages of history lines. `grade` is set by the probe: full, status, or none."""

    def __init__(self, client: Client, layout: Layout) -> None:
        self._client, self._layout = client, layout
        self.grade: dict[str, Literal["full", "status", "none"]] = {}
        self._people: dict[str, dict[str, Json]] = {}

    def page(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Page[RemoteChange]:
        """One page over these records of one collection or several; a group ends with an empty page."""
        groups = _groups(refs)
        at = _resumed(resume)
        while at["g"] < len(groups):
            collection, ids = groups[at["g"]]
            match self.grade.get(collection, "none"):
                case "full":
                    items, further = self._audit(collection, ids, since, at)
                case "status":
                    items, further = self._spans(collection, ids, since, at)
                case _:
                    items, further = [], None
            at = further if further is not None else _Position(g=at["g"] + 1, t="", s="", v={})
            if items:
                return Page(items=items, resume=json.dumps(at, separators=(",", ":")))
        return Page(items=(), resume=None)

    def _audit(
        self, collection: str, ids: Sequence[str], since: datetime | None, at: _Position
    ) -> tuple[list[RemoteChange], _Position | None]:
        columns = sorted(self._layout.bound(collection) - JOURNALS)
        base = f"{term('tablename', '=', collection)}^{within('documentkey', ids)}"
        if columns:
            base += f"^{within('fieldname', columns)}"
        last = (at["t"], at["s"]) if at["t"] else None
        lowest = "" if since is None else stamp(since)
        rows = self._client.page("sys_audit", after(base, "sys_created_on", lowest, last), _AUDIT).rows
        if not rows:
            return [], None
        key = (str(rows[-1].get("sys_created_on", "")), str(rows[-1].get("sys_id", "")))
        if last is not None and key <= last:
            message = "sys_audit: the instance answered with rows outside the query; its history is not used"
            raise ConfigurationError(message)
        rows, key = _whole_seconds(rows, key)
        self._learn_people(rows)
        changes = [change for row in rows if (change := self._audited(collection, row)) is not None and change.ref.rid in ids]
        changes.sort(key=lambda change: (change.at, change.order, change.change_id))
        known = dict(at["v"])
        return self._joined(collection, changes, known), _Position(g=at["g"], t=key[0], s=key[1], v=known)

    def _joined(self, collection: str, changes: Sequence[RemoteChange], known: dict[str, str]) -> list[RemoteChange]:
        """Lines of the columns that make up a status become one line for each write: state 3 alone does not say who is waited for.

        Args:
            collection: of all lines.
            changes: in order of time.
            known: the last value of each such column by "<record> <column>"; moved on.
        """
        columns = self._layout.status_columns(collection)
        if len(columns) < 2:
            return list(changes)
        writes: dict[tuple[str, str | None, datetime], dict[str, RemoteChange]] = {}
        for change in changes:
            if change.field in columns:
                writes.setdefault((change.ref.rid, change.version, change.at), {})[change.field] = change
                known.setdefault(f"{change.ref.rid} {change.field}", str(change.old))
        found: list[RemoteChange] = []
        for change in changes:
            if change.field not in columns:
                found.append(change)
                continue
            write = writes.pop((change.ref.rid, change.version, change.at), None)
            if write is None:
                continue  # told with the first line of its write
            names = {column: f"{change.ref.rid} {column}" for column in columns}
            before = {column: known[name] for column, name in names.items() if name in known}
            known.update({names[column]: str(line.new) for column, line in write.items()})
            after = {column: known[name] for column, name in names.items() if name in known}
            deciding = write.get(columns[0], change)
            found.append(replace(deciding, field=columns[0], old=_told(columns, before), new=_told(columns, after)))
        return found

    def _audited(self, collection: str, row: Row) -> RemoteChange | None:
        moment, rid = instant(row.get("sys_created_on")), row.get("documentkey")
        if moment is None or not isinstance(rid, str) or not rid:
            return None
        field = str(row.get("fieldname") or "")
        checkpoint = str(row.get("record_checkpoint") or "")
        return RemoteChange(
            change_id=str(row.get("sys_id")),
            ref=Ref(collection, rid),
            field=field,
            old=self._value(field, row.get("oldvalue")),
            new=self._value(field, row.get("newvalue")),
            at=moment,
            order=int(checkpoint) if checkpoint.isdecimal() else 0,
            by=str(row["user"]) if row.get("user") else None,
            version=checkpoint or None,
        )

    def _value(self, field: str, raw: Json) -> Json:
        """A value in the shape a record has it."""
        text = "" if raw is None else str(raw)
        if field not in REFERENCES or not text:
            return text
        return {"value": text, **self._people.get(text, {})}

    def _learn_people(self, rows: Sequence[Row]) -> None:
        wanted: dict[str, set[str]] = {}
        for row in rows:
            field = str(row.get("fieldname") or "")
            if field in REFERENCES:
                for raw in (row.get("oldvalue"), row.get("newvalue")):
                    if isinstance(raw, str) and raw and "," not in raw and "^" not in raw and raw not in self._people:
                        wanted.setdefault(REFERENCES[field][0], set()).add(raw)
        for table, ids in wanted.items():
            words = next(columns for name, columns in REFERENCES.values() if name == table)
            for row in self._client.of_ids(table, "sys_id", sorted(ids), ("sys_id", *words)):
                self._people[str(row["sys_id"])] = {word: row[word] for word in words if row.get(word)}

    def _spans(
        self, collection: str, ids: Sequence[str], since: datetime | None, at: _Position
    ) -> tuple[list[RemoteChange], _Position | None]:
        """Each span's start is a change to its value. Spans before `since` are read for the value that was there before."""
        mirrored = next((name for name, column in MIRRORS.items() if column == "state"), "state")
        base = f"{term('table', '=', collection)}^{within('id', ids)}^{term('field', '=', mirrored)}"
        last = (at["t"], at["s"]) if at["t"] else None
        rows = self._client.page("metric_instance", after(base, "sys_created_on", "", last), _SPAN).rows
        if not rows:
            return [], None
        key = (str(rows[-1].get("sys_created_on", "")), str(rows[-1].get("sys_id", "")))
        if last is not None and key <= last:
            message = "metric_instance: the instance answered with rows outside the query; its history is not used"
            raise ConfigurationError(message)
        before, changes = dict(at["v"]), []
        for row in sorted(rows, key=lambda one: (str(one.get("start")), str(one.get("sys_created_on")))):
            moment, rid, value = instant(row.get("start")), row.get("id"), row.get("field_value")
            if moment is None or not isinstance(rid, str) or rid not in ids or not isinstance(value, str) or not value:
                continue
            old = before.get(rid)
            before[rid] = value
            if since is not None and moment < since:
                continue
            changes.append(
                RemoteChange(
                    change_id=str(row.get("sys_id")),
                    ref=Ref(collection, rid),
                    field=MIRRORS.get(str(row.get("field")), str(row.get("field"))),
                    old=old or "",
                    new=value,
                    at=moment,
                    order=0,
                    by=None,
                )
            )
        return changes, _Position(g=at["g"], t=key[0], s=key[1], v=before)


def _told(columns: Sequence[str], values: Mapping[str, str]) -> Json:
    """Of several columns all that is known; the deciding one alone where the others are empty."""
    if columns[0] in values and not any(values.get(column) for column in columns[1:]):
        return values[columns[0]]
    return dict(values)


def _whole_seconds(rows: Sequence[Row], key: tuple[str, str]) -> tuple[Sequence[Row], tuple[str, str]]:
    """A page without its last second, so that the lines of one write stay together; all of it where it is one second."""
    whole = [row for row in rows if str(row.get("sys_created_on", "")) != key[0]]
    if not whole:
        return rows, key
    return whole, (str(whole[-1].get("sys_created_on", "")), str(whole[-1].get("sys_id", "")))


def _groups(refs: Sequence[Ref]) -> list[tuple[str, Sequence[str]]]:
    found: list[tuple[str, Sequence[str]]] = []
    for collection in dict.fromkeys(ref.collection for ref in refs):
        ids = [ref.rid for ref in refs if ref.collection == collection]
        found += [(collection, ids[start : start + GROUP]) for start in range(0, len(ids), GROUP)]
    return found


def _resumed(resume: str | None) -> _Position:
    if resume is None:
        return _Position(g=0, t="", s="", v={})
    try:
        state = json.loads(resume)
        return _Position(g=int(state["g"]), t=str(state["t"]), s=str(state["s"]), v={str(k): str(v) for k, v in state["v"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "the saved position of a ServiceNow history cannot be read; start it anew"
        raise Rejected(message, code="resume") from None
