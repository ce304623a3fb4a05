"""The Table API, and the smaller APIs beside it: aggregates, batch, the form's metadata."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

from deskweave.emulation import Call, Reply
from deskweave.model import Json
from deskweave_servicenow.emulator import dictionary
from deskweave_servicenow.emulator.gate import Gate, failure
from deskweave_servicenow.emulator.instance import STAMP, Account, Instance, Refused
from deskweave_servicenow.emulator.query import Row
from deskweave_servicenow.emulator.rules import Write, choices_of, insert, remove, update
from deskweave_servicenow.emulator.table import Stored, Table

_NOT_FOUND: Final = ("No Record found", "Record doesn't exist or ACL restricts the record retrieval")
_DISPLAY: Final = ("name", "number", "label", "user_name")


class TableApi:
    """Routes of /api/now over one instance."""

    def __init__(self, instance: Instance, gate: Gate) -> None:
        self._instance, self._gate = instance, gate
        add = instance.router.add
        for version in ("", "/v1", "/v2"):
            base = f"/api/now{version}/table/{{table}}"
            for method in ("GET", "HEAD"):
                add(method, base, gate.serve(self._list if version != "/v1" else self._list_v1))
                add(method, base + "/{sys_id}", gate.serve(self._read))
            add("POST", base, gate.serve(self._create), writes=True)
            for method in ("PATCH", "PUT"):
                add(method, base + "/{sys_id}", gate.serve(self._update), writes=True)
            add("DELETE", base + "/{sys_id}", gate.serve(self._delete), writes=True)
            add("GET", f"/api/now{version}/stats/{{table}}", gate.serve(self._stats))
        add("POST", "/api/now/v1/batch", gate.serve(self._batch), writes=True)
        add("POST", "/api/now/batch", gate.serve(self._batch), writes=True)
        add("GET", "/api/now/ui/meta/{table}", gate.serve(self._meta))
        add("POST", "/oauth_token.do", gate.token)

    # ------------------------------------------------------------------------------------------------------------- reading
    def _table(self, call: Call) -> Table:
        name = call.params["table"]
        if name not in self._instance.tables:
            raise Refused(400, f"Invalid table {name}", None)
        return self._instance.tables[name]

    def _list_v1(self, call: Call, account: Account) -> Reply:
        reply = self._list(call, account)
        if isinstance(reply.body, Mapping) and reply.body.get("result") == []:
            return failure(404, *_NOT_FOUND)
        return reply

    def _list(self, call: Call, account: Account) -> Reply:
        table = self._table(call)
        limit, offset = _whole(call.one("sysparm_limit"), 10_000), _whole(call.one("sysparm_offset"), 0)
        if (how := self._instance.faults.take("small_pages", call)) is not None:
            limit = min(limit, _whole(str(how.get("size", limit)), limit))
        counted = call.one("sysparm_no_count").lower() != "true"
        query = call.one("sysparm_query")
        if "sysparm_query" not in call.query:
            pairs = {name: values[0] for name, values in call.query.items() if not name.startswith("sysparm_")}
            exact = [(name, value) for name, value in pairs.items() if name in table.columns]
        else:
            exact = []
        if self._instance.faults.take("page_twice", call) is not None:
            query = "ORDERBYsys_updated_on^ORDERBYsys_id"
        if not self._instance.may_read(account, table.name):
            if self._instance.says_no(table.name) == "forbidden":
                raise Refused(
                    403,
                    "Insufficient rights to query records",
                    "Field(s) present in the query do not have permission to be read",
                )
            _, total = self._instance.search(account, table, query, offset=0, limit=1, count=True)
            return self._listing(call, [], total if counted else None, offset, limit)
        if exact:
            rows = [row for row in table.rows.values() if all(row.get(name, "") == value for name, value in exact)]
            view = self._view(call, account, table)
            return self._listing(call, [view(row) for row in rows[:limit]], len(rows), offset, limit)
        found, total = self._instance.search(account, table, query, offset=offset, limit=limit, count=counted)
        view = self._view(call, account, table)
        shown: list[Json] = [view(row) for row in found]
        if self._instance.faults.take("empty_rows", call) is not None:
            shown = [{} for _ in shown]
        return self._listing(call, shown, total, offset, limit)

    def _listing(self, call: Call, shown: Sequence[Json], total: int | None, offset: int, limit: int) -> Reply:
        headers: dict[str, str] = {}
        if total is not None:
            headers["X-Total-Count"] = str(total)
            if total > limit and call.one("sysparm_suppress_pagination_header").lower() != "true":
                headers["Link"] = self._links(call, total, offset, limit)
        return Reply(body={"result": list(shown)}, headers=headers)

    def _links(self, call: Call, total: int, offset: int, limit: int) -> str:
        kept = {name: values[0] for name, values in call.query.items() if name not in ("sysparm_offset", "sysparm_limit")}

        def link(to: int, rel: str) -> str:
            asked = {**kept, "sysparm_limit": str(limit), "sysparm_offset": str(to)}
            query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
            return f'<{_base(call)}{call.path}?{query}>;rel="{rel}"'

        last = max((total - 1) // max(limit, 1) * limit, 0)
        links = [link(0, "first"), link(offset - limit if offset else -1, "prev")]
        if offset + limit < total:
            links.append(link(offset + limit, "next"))
        return ",".join([*links, link(last, "last")])

    def _found(self, call: Call, account: Account) -> tuple[Table, Stored]:
        table = self._table(call)
        row = table.rows.get(call.params["sys_id"])
        table.settle(self._instance.now())
        seen = table.visible(row) if row is not None and not call.writes else row
        hidden = self._instance.hidden.get(account.user_name, ())
        if seen is None or seen["sys_id"] in hidden or not self._instance.may_read(account, table.name):
            raise Refused(404, *_NOT_FOUND)
        return table, seen

    def _read(self, call: Call, account: Account) -> Reply:
        table, row = self._found(call, account)
        return Reply(body={"result": self._shown(call, account, table, row)})

    # ------------------------------------------------------------------------------------------------------------- writing
    @staticmethod
    def _body(call: Call) -> Mapping[str, Any]:
        try:
            body = call.json()
        except ValueError:
            raise Refused(400, "Exception while reading request", "The payload is not valid JSON.") from None
        if isinstance(body, list):
            body = body[0] if body else {}
        if not isinstance(body, Mapping):
            raise Refused(400, "Exception while reading request", "The payload is not valid JSON.")
        return body

    def _create(self, call: Call, account: Account) -> Reply:
        table, body = self._table(call), self._body(call)
        if table.name == "sys_dictionary" and not str(body.get("element", "u_")).startswith("u_"):
            raise Refused(
                403, "Operation Failed", "Operation against file 'sys_dictionary' was aborted: column names start with u_"
            )
        row = insert(self._instance, table, body, Write(account))
        self._hold_back(call, table, row, None)
        location = f"{_base(call)}/api/now/table/{table.name}/{row['sys_id']}"
        return Reply(status=201, body={"result": self._shown(call, account, table, row)}, headers={"Location": location})

    def _update(self, call: Call, account: Account) -> Reply:
        table, row = self._found(call, account)
        after = update(self._instance, table, row, self._body(call), Write(account))
        if after is not row:
            self._hold_back(call, table, after, row)
        return Reply(body={"result": self._shown(call, account, table, after)})

    def _hold_back(self, call: Call, table: Table, row: Stored, before: Stored | None) -> None:
        how = self._instance.faults.take("late_commit", call)
        if how is not None:
            seconds = float(str(how.get("seconds", 20)))
            table.hold_back(row["sys_id"], self._instance.now() + timedelta(seconds=seconds), before)

    def _delete(self, call: Call, account: Account) -> Reply:
        table, row = self._found(call, account)
        remove(self._instance, table, row["sys_id"], Write(account))
        return Reply(status=204)

    # --------------------------------------------------------------------------------------------------------- value shapes
    def _shown(self, call: Call, account: Account, table: Table, row: Stored) -> dict[str, Json]:
        return self._view(call, account, table)(row)

    def _view(self, call: Call, account: Account, table: Table) -> Callable[[Stored], dict[str, Json]]:
        """How this call wants rows of a table shown: columns that exist and may be seen, in its value shape."""
        wanted = [name.strip() for name in call.one("sysparm_fields").split(",") if name.strip()]
        mode = call.one("sysparm_display_value").lower()
        bare = call.one("sysparm_exclude_reference_link").lower() == "true"
        plain: list[tuple[str, Callable[[Row], str]]] = []
        other: list[tuple[str, Table, dictionary.Column, Callable[[Row], str]]] = []
        names = wanted or list(table.columns)
        for name in names:
            found = self._instance.resolve(table.name, name)
            if found is None:
                continue
            owner, column = found
            if not self._instance.may_see_field(account, owner.name, column.name):
                continue
            if "." in name and not self._instance.may_read(account, owner.name):
                continue
            read = self._instance.reader(table.name, name)
            linked = column.reference or column.name == "sys_domain"
            if mode in ("true", "all") or column.type in dictionary.JOURNALS or (linked and not bare):
                other.append((name, owner, column, read))
            else:
                plain.append((name, read))

        def show(row: Stored) -> dict[str, Json]:
            shown: dict[str, Json] = {name: read(row) for name, read in plain}
            for name, owner, column, read in other:
                shown[name] = self._value(call, account, owner, column, row, read(row), mode, bare)
            return shown

        return show

    def _value(
        self, call: Call, account: Account, table: Table, column: dictionary.Column, row: Stored, value: str, mode: str, bare: bool
    ) -> Json:
        if column.type in dictionary.JOURNALS:
            shown = self._journal(account, table, column, row) if mode in ("true", "all") else ""
            return {"display_value": shown, "value": ""} if mode == "all" else shown
        reference = column.reference or ("sys_user_group" if column.name == "sys_domain" else "")
        link = f"{_base(call)}/api/now/table/{reference}/{value}"
        if mode not in ("true", "all"):
            return {"link": link, "value": value} if reference and value and not bare else value
        shown = self._display(account, table, column, value)
        if mode == "true":
            return {"display_value": shown, "link": link} if reference and value and not bare else shown
        both: dict[str, Json] = {"display_value": None if column.choice and not value else shown, "value": value}
        if reference and value and not bare:
            both["link"] = link
        return both

    def _display(self, account: Account, table: Table, column: dictionary.Column, value: str) -> str:
        if value and column.type in ("glide_date_time", "due_date"):
            at = datetime.strptime(value, STAMP).replace(tzinfo=UTC)
            return at.astimezone(ZoneInfo(account.zone)).strftime(STAMP)
        if column.choice:
            return choices_of(self._instance, table, column.name).get(value, value)
        if column.reference in self._instance.tables:
            there = self._instance.tables[column.reference].rows.get(value, {})
            return next((there[name] for name in _DISPLAY if there.get(name)), value)
        return value

    def _journal(self, account: Account, table: Table, column: dictionary.Column, row: Stored) -> str:
        if not self._instance.may_read(account, table.name):
            return ""
        entries = [
            entry
            for entry in self._instance.tables["sys_journal_field"].among("element_id", frozenset({row["sys_id"]})) or ()
            if entry.get("element") == column.name
        ]
        blocks = []
        for entry in sorted(entries, key=lambda one: (one["sys_created_on"], one["sys_id"]), reverse=True):
            at = datetime.strptime(entry["sys_created_on"], STAMP).replace(tzinfo=UTC).astimezone(ZoneInfo(account.zone))
            author = self._instance.user(entry["sys_created_by"]) or {}
            name = author.get("name", entry["sys_created_by"])
            blocks.append(f"{at.strftime(STAMP)} - {name} ({column.label})\n{entry.get('value', '')}\n\n")
        return "".join(blocks)

    # --------------------------------------------------------------------------------------------------------- smaller APIs
    def _stats(self, call: Call, account: Account) -> Reply:
        table = self._table(call)
        if not self._instance.may_read(account, table.name):
            raise Refused(403, "Insufficient rights to query records", None)
        rows, _ = self._instance.search(account, table, call.one("sysparm_query"), offset=0, limit=10**9, count=False)
        by = [name for name in call.one("sysparm_group_by").split(",") if name]
        groups: dict[tuple[str, ...], list[Stored]] = {}
        for row in rows:
            groups.setdefault(tuple(row.get(name, "") for name in by), []).append(row)

        def stats(members: Sequence[Stored]) -> dict[str, Json]:
            found: dict[str, Json] = {}
            if call.one("sysparm_count").lower() == "true":
                found["count"] = str(len(members))
            for kind in ("avg", "min", "max", "sum"):
                names = [name for name in call.one(f"sysparm_{kind}_fields").split(",") if name]
                if names:
                    found[kind] = {name: _aggregate(kind, [row.get(name, "") for row in members]) for name in names}
            return found

        if not by:
            return Reply(body={"result": {"stats": stats(rows)}})
        return Reply(
            body={
                "result": [
                    {
                        "stats": stats(members),
                        "groupby_fields": [{"field": name, "value": value} for name, value in zip(by, key, strict=True)],
                    }
                    for key, members in groups.items()
                ]
            }
        )

    def _batch(self, call: Call, account: Account) -> Reply:
        """Each request by itself, in order, none undone for another's sake. Armed `quota` leaves the rest unserviced."""
        body = self._body(call)
        served: list[Json] = []
        unserved: list[Json] = []
        for item in body.get("rest_requests") or ():
            split = urlsplit(str(item.get("url", "")))
            try:
                content = base64.b64decode(item.get("body") or "")
            except (binascii.Error, ValueError):
                content = b""
            inner = Call(
                method=str(item.get("method", "GET")),
                path=split.path,
                target=str(item.get("url", "")),
                query=parse_qs(split.query, keep_blank_values=True),
                headers={
                    "authorization": call.headers.get("authorization", ""),
                    "host": call.headers.get("host", ""),
                    **{str(one.get("name", "")).lower(): str(one.get("value", "")) for one in item.get("headers") or ()},
                },
                body=content,
            )
            if self._instance.faults.take("quota", replace(inner, path="/batch-item" + inner.path)) is not None or unserved:
                unserved.append(str(item.get("id")))
                continue
            matched = self._instance.router.match(inner)
            reply = matched[0](matched[1]) if isinstance(matched, tuple) else self._instance.not_found(inner)
            encoded, headers = reply.encoded()
            line: dict[str, Json] = {
                "id": str(item.get("id")),
                "body": base64.b64encode(encoded).decode(),
                "status_code": reply.status,
                "status_text": {200: "OK", 201: "Created", 204: "No Content"}.get(reply.status, "Error"),
                "execution_time": 8,
            }
            if not item.get("exclude_response_headers"):
                line["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
            served.append(line)
        return Reply(
            body={
                "batch_request_id": str(body.get("batch_request_id", "")),
                "serviced_requests": served,
                "unserviced_requests": unserved,
            }
        )

    def _meta(self, call: Call, account: Account) -> Reply:
        table = self._table(call)
        if not self._instance.ui_meta or not self._instance.may_read(account, table.name):
            raise Refused(400, "Requested URI does not represent any resource", None)
        columns: dict[str, Json] = {
            column.name: {
                "label": column.label,
                "type": column.type,
                "mandatory": False,
                "max_length": column.max_length,
                "choices": [
                    {"label": label, "value": value} for value, label in choices_of(self._instance, table, column.name).items()
                ],
            }
            for column in table.columns.values()
        }
        return Reply(body={"result": {"columns": columns}})


def _whole(text: str, default: int) -> int:
    try:
        return max(int(text), 0)
    except ValueError:
        return default


def _base(call: Call) -> str:
    return f"http://{call.headers.get('host', 'localhost')}"


def _aggregate(kind: str, values: Sequence[str]) -> str:
    numbers = []
    for value in values:
        try:
            numbers.append(float(value))
        except ValueError:
            continue
    if not numbers:
        return ""
    result = {"avg": sum(numbers) / len(numbers), "min": min(numbers), "max": max(numbers), "sum": sum(numbers)}[kind]
    return f"{result:.4f}" if kind == "avg" else json.dumps(result).removesuffix(".0")
