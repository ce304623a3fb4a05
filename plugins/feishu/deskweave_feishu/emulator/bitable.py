"""The Bitable half of the emulated API: app, tables, columns, rows."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from deskweave.emulation import Call, Reply
from deskweave_feishu.emulator.cells import CellError, shown, take
from deskweave_feishu.emulator.columns import defined
from deskweave_feishu.emulator.search import fits, ordered
from deskweave_feishu.emulator.state import App, Base, Column, Person, Row, Table

if TYPE_CHECKING:
    from deskweave_feishu.emulator.platform import FeishuPlatform

ROOT: Final = "/open-apis/bitable/v1/apps/{app_token}"
READ: Final = frozenset({"bitable:app", "bitable:app:readonly"})
MAX_TABLES: Final = 100
Work = Callable[[Call, App, Base], Any]


class Bitable:
    """Handlers over the platform's one base."""

    def __init__(self, platform: FeishuPlatform) -> None:
        self._of = platform
        table, field = f"{ROOT}/tables/{{table_id}}", f"{ROOT}/tables/{{table_id}}/fields"
        record = f"{table}/records"
        self._read("GET", ROOT, self._get_app, "base:app:read")
        self._read("GET", f"{ROOT}/tables", self._list_tables, "base:table:read")
        self._change("POST", f"{ROOT}/tables", self._create_table, "base:table:create")
        self._read("GET", field, self._list_fields, "base:field:read")
        self._change("POST", field, self._create_field, "base:field:create")
        self._change("PUT", f"{field}/{{field_id}}", self._put_field, "base:field:update")
        self._change("DELETE", f"{field}/{{field_id}}", self._delete_field, "base:field:delete")
        self._read("POST", f"{record}/search", self._search, "base:record:retrieve")
        self._read("POST", f"{record}/batch_get", self._batch_get, "base:record:read")
        self._read("GET", f"{record}/{{record_id}}", self._get_record, "base:record:read")
        self._write("POST", record, self._create_record, "base:record:create")
        self._write("POST", f"{record}/batch_create", self._batch_create, "base:record:create")
        self._write("PUT", f"{record}/{{record_id}}", self._put_record, "base:record:update")
        self._write("POST", f"{record}/batch_update", self._batch_update, "base:record:update")
        self._write("POST", f"{record}/batch_delete", self._batch_delete, "base:record:delete")
        self._write("DELETE", f"{record}/{{record_id}}", self._delete_record, "base:record:delete")
        self._of.serve("GET", "/open-apis/drive/v1/permissions/{token}/members/auth", self._may, {"docs:permission.member:auth"})

    # --------------------------------------------------------------------------------------------------------------- access
    def _read(self, method: str, path: str, work: Work, scope: str) -> None:
        self._of.serve(method, path, self._in_base(work, "read"), {scope, *READ})

    def _write(self, method: str, path: str, work: Work, scope: str) -> None:
        self._of.serve(method, path, self._in_base(work, "edit"), {scope, "bitable:app"}, writes=True)

    def _change(self, method: str, path: str, work: Work, scope: str) -> None:
        self._of.serve(method, path, self._in_base(work, "manage"), {scope, "bitable:app"}, writes=True)

    def _in_base(self, work: Work, need: str) -> Callable[[Call, App], Reply]:
        ranks = {"none": 0, "read": 1, "edit": 2, "manage": 3}

        def handle(call: Call, app: App) -> Reply:
            base = self._of.base
            if call.params["app_token"] != base.app_token:
                return self._of.fail(200, 1254040, "BaseTokenNotFound")
            if app.role == "none":
                return self._of.fail(403, 91403, "Forbidden")
            if ranks[app.role] < ranks[need]:
                return self._of.fail(403, 1254302, "The role has no permissions.")
            trouble = self._of.base_trouble(call)
            if trouble is not None:
                return trouble
            try:
                return self._of.ok(work(call, app, base))
            except CellError as error:
                return self._of.fail(error.status, error.code, error.msg)

        return handle

    def _may(self, call: Call, app: App) -> Reply:
        allowed = {"view": ("read", "edit", "manage"), "edit": ("edit", "manage"), "manage_public": ("manage",)}
        return self._of.ok({"auth_result": app.role in allowed.get(call.one("action"), ())})

    def _table(self, call: Call, base: Base) -> Table:
        table = base.tables.get(call.params["table_id"])
        if table is None:
            raise CellError(1254041, "TableIdNotFound")
        return table

    def _visible(self, table: Table, app: App, base: Base) -> list[Column]:
        hidden = base.hidden_columns if base.is_advanced and app.role != "manage" else set()
        return [column for column in table.columns if column.field_id not in hidden]

    # ----------------------------------------------------------------------------------------------------- app, tables, columns
    def _get_app(self, call: Call, app: App, base: Base) -> Any:
        told = {
            "app_token": base.app_token,
            "name": base.name,
            "revision": base.revision,
            "is_advanced": base.is_advanced,
            "time_zone": base.time_zone,
            "formula_type": 1,
            "advance_version": "v1",
        }
        return {"app": told}

    def _list_tables(self, call: Call, app: App, base: Base) -> Any:
        tables = [{"table_id": one.table_id, "revision": one.revision, "name": one.name} for one in base.tables.values()]
        return self._paged(call, tables, "table_id", most=100)

    def _paged(self, call: Call, items: list[dict[str, Any]], key: str, *, most: int) -> Any:
        """A page; its token comes also with the last one, and an empty list is null."""
        size = int(call.one("page_size", "20"))
        if not 0 < size <= most:
            raise CellError(1254011, "Page size must greater than 0.", 400)
        token, start = call.one("page_token"), 0
        if token:
            start = next((number + 1 for number, item in enumerate(items) if item[key] == token), len(items))
        page = items[start : start + size]
        return {
            "has_more": start + size < len(items),
            "page_token": page[-1][key] if page else "",
            "total": len(items),
            "items": page or None,
        }

    def _create_table(self, call: Call, app: App, base: Base) -> Any:
        wanted = _body(call).get("table")
        if not isinstance(wanted, Mapping) or not str(wanted.get("name") or "").strip():
            raise CellError(1254001, "WrongRequestBody")
        name = str(wanted["name"]).strip()
        if base.table_named(name):
            raise CellError(1254013, "TableNameDuplicated")
        if len(base.tables) >= MAX_TABLES:
            raise CellError(1254100, "TableExceedLimit")
        table = Table(self._of.ids.made("tbl", 14), name)
        for one in wanted.get("fields") or [{"field_name": "文本", "type": 1}]:
            table.columns.append(defined(self._of.ids, table, one, primary=not table.columns))
        base.tables[table.table_id] = table
        base.revision += 1
        ids = [column.field_id for column in table.columns]
        return {"table_id": table.table_id, "default_view_id": self._of.ids.made("vew", 8), "field_id_list": ids}

    def _list_fields(self, call: Call, app: App, base: Base) -> Any:
        return self._paged(call, [column.shown() for column in self._table(call, base).columns], "field_id", most=100)

    def _create_field(self, call: Call, app: App, base: Base) -> Any:
        table = self._table(call, base)

        def make() -> Any:
            column = defined(self._of.ids, table, _body(call))
            table.columns.append(column)
            self._touched(base, table)
            return {"field": column.shown()}

        return self._once(call, base, make)

    def _put_field(self, call: Call, app: App, base: Base) -> Any:
        table = self._table(call, base)
        column = next((one for one in table.columns if one.field_id == call.params["field_id"]), None)
        if column is None:
            raise CellError(1254044, "FieldIdNotFound")
        fresh = defined(self._of.ids, table, _body(call), of=column)
        if fresh == column:
            raise CellError(1254606, "DataNotChange")
        left = {option["id"] for option in fresh.options}
        for row in table.rows.values():
            value = row.cells.get(column.field_id)
            if fresh.type != column.type or (column.type == 3 and value not in left):
                row.cells.pop(column.field_id, None)
            elif column.type == 4 and value:
                row.cells[column.field_id] = [one for one in value if one in left]
        table.columns[table.columns.index(column)] = fresh
        self._touched(base, table)
        return {"field": fresh.shown()}

    def _delete_field(self, call: Call, app: App, base: Base) -> Any:
        table = self._table(call, base)
        column = next((one for one in table.columns if one.field_id == call.params["field_id"]), None)
        if column is None:
            raise CellError(1254044, "FieldIdNotFound")
        if column.primary:
            raise CellError(1254046, "The Primary Field cannot be deleted.")
        table.columns.remove(column)
        self._touched(base, table)
        return {"field_id": column.field_id, "deleted": True}

    def _touched(self, base: Base, table: Table) -> None:
        base.revision += 1
        table.revision += 1

    # ---------------------------------------------------------------------------------------------------------------- reading
    def _fields(self, row: Row, columns: Sequence[Column]) -> dict[str, Any]:
        cells = {
            column.name: shown(column, row, self._of.people, unchecked_is_absent=self._of.unchecked_is_absent) for column in columns
        }
        return {name: value for name, value in cells.items() if value is not None}

    def _record(self, row: Row, columns: Sequence[Column], automatic: bool) -> dict[str, Any]:
        record: dict[str, Any] = {"record_id": row.record_id, "fields": self._fields(row, columns)}
        if automatic:
            record |= {
                "created_by": row.created_by.brief(),
                "created_time": row.created_time,
                "last_modified_by": row.modified_by.brief(),
                "last_modified_time": row.modified_time,
            }
        return record

    def _seen(self, table: Table, app: App, base: Base) -> list[Row]:
        """The rows this replica knows and this app may see."""
        hidden = base.hidden_rows if base.is_advanced and app.role != "manage" else set()
        return [row for row in table.rows.values() if row.record_id not in hidden and not self._of.lagging(row)]

    def _search(self, call: Call, app: App, base: Base) -> Any:
        table, body = self._table(call, base), _body(call)
        visible = self._visible(table, app, base)
        size = int(call.one("page_size", "20"))
        if not 0 < size <= 500:
            raise CellError(99992402, "field validation failed", 400)
        if (how := self._of.faults.take("small_pages", call)) is not None:
            size = min(size, int(str(how.get("size", size))))
        names = body.get("field_names")
        if names is not None:
            if not isinstance(names, list) or len(names) > 200:
                raise CellError(1254024, "InvalidFieldNames")
            known = {column.name for column in visible}
            if any(name not in known for name in names):
                raise CellError(1254045, "FieldNameNotFound")
        rows = ordered(self._seen(table, app, base), visible, body.get("sort"), self._of.people)
        if body.get("filter") is not None:
            tree = body["filter"]
            rows = [row for row in rows if fits(row, table, visible, tree, self._of.people, base.time_zone)]
        total, token = len(rows), call.one("page_token")
        if token:
            if token not in table.orders:
                raise CellError(1254002, "Fail")
            rows = [row for row in rows if row.order > table.orders[token]]
        page = rows[:size]
        columns = [column for column in visible if names is None or column.name in names]
        items = [self._record(row, columns, body.get("automatic_fields") is True) for row in page]
        return {
            "has_more": len(rows) > size,
            "page_token": page[-1].record_id if page else "",
            "total": total,
            "items": items or None,
        }

    def _batch_get(self, call: Call, app: App, base: Base) -> Any:
        table, body = self._table(call, base), _body(call)
        ids = body.get("record_ids")
        if not isinstance(ids, list) or not 0 < len(ids) <= 100:
            raise CellError(1254104, "RecordAddOnceExceedLimit", 400)
        visible, seen = self._visible(table, app, base), {row.record_id: row for row in self._seen(table, app, base)}
        forbidden = [one for one in ids if one in table.rows and one not in seen and one in base.hidden_rows]
        found = [self._record(seen[one], visible, body.get("automatic_fields") is True) for one in ids if one in seen]
        absent = [one for one in ids if one not in seen and one not in forbidden]
        return {"records": found or None, "forbidden_record_ids": forbidden or None, "absent_record_ids": absent or None}

    def _get_record(self, call: Call, app: App, base: Base) -> Any:
        table = self._table(call, base)
        row = next((row for row in self._seen(table, app, base) if row.record_id == call.params["record_id"]), None)
        if row is None:
            raise CellError(1254043, "RecordIdNotFound")
        return {"record": self._record(row, self._visible(table, app, base), call.one("automatic_fields") == "true")}

    # ---------------------------------------------------------------------------------------------------------------- writing
    def _once(self, call: Call, base: Base, make: Callable[[], Any]) -> Any:
        """Carry a request out unless its client_token says that it was carried out before."""
        token = call.one("client_token")
        if not token:
            return make()
        try:
            valid = uuid.UUID(token).version == 4
        except ValueError:
            valid = False
        if not valid:
            raise CellError(1254037, "Invalid client token, make sure that it complies with the specification.", 400)
        digest = hashlib.sha256(json.dumps([call.path, _body(call)], sort_keys=True).encode()).hexdigest()
        known = base.submitted.get(token)
        if known is not None:
            if known[0] != digest:
                raise CellError(1255006, "Client token conflict, please generate a new client token and try again.", 400)
            if self._of.token_repeats == "same":
                return known[1]
            raise CellError(1254608, "Same API requests are submitted repeatedly.", 403)
        made = make()
        base.submitted[token] = (digest, made)
        return made

    def cells(self, table: Table, visible: Sequence[Column], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Cells as kept, by column id; option names are still names.

        Raises:
            CellError: a column is not there, or a value does not fit.
        """
        kept: dict[str, Any] = {}
        for name, value in fields.items():
            column = next((column for column in visible if column.name == str(name).strip()), None)
            if column is None:
                raise CellError(1254045, "FieldNameNotFound")
            kept[column.field_id] = take(column, value, self._of.people)
        return kept

    def settle(self, table: Table, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Option names as option ids. A name that is not there becomes a new option, without a word."""
        settled = dict(cells)
        for column in table.columns:
            value = cells.get(column.field_id)
            if column.type in (3, 4) and value:
                ids = [self._option(column, name) for name in ([value] if column.type == 3 else value)]
                settled[column.field_id] = ids[0] if column.type == 3 else ids
        return settled

    def _option(self, column: Column, name: str) -> str:
        known = column.option(name=name)
        if known is None:
            known = {"id": self._of.ids.made("opt", 8), "name": name, "color": len(column.options) % 55}
            column.setup = {**(column.setup or {}), "options": [*column.options, known]}
        return str(known["id"])

    def add(self, base: Base, table: Table, cells: Mapping[str, Any], by: Person) -> Row:
        """A new row, with what the base fills in by itself."""
        now = self._of.milliseconds()
        table.serial += 1
        row = Row(self._of.ids.made("rec", 11), table.serial, self.settle(table, cells), by, now, by, now)
        for column in table.columns:
            if column.type == 1005:
                row.cells[column.field_id] = _serial(column, table.serial)
            elif column.type == 5 and (column.setup or {}).get("auto_fill") and row.cells.get(column.field_id) is None:
                row.cells[column.field_id] = now
        table.rows[row.record_id], table.orders[row.record_id] = row, row.order
        self._touched(base, table)
        return row

    def edit(self, base: Base, table: Table, row: Row, cells: Mapping[str, Any], by: Person) -> None:
        """Merge cells into a row; None empties one."""
        for column_id, value in self.settle(table, cells).items():
            if value is None:
                row.cells.pop(column_id, None)
            else:
                row.cells[column_id] = value
        row.modified_by, row.modified_time = by, self._of.milliseconds()
        self._touched(base, table)

    @staticmethod
    def _echo(row: Row, fields: Mapping[str, Any]) -> dict[str, Any]:
        """What was written, in the shape it was written in: not what search would answer."""
        said = {name: value for name, value in fields.items() if value is not None}
        return {"fields": said, "id": row.record_id, "record_id": row.record_id}

    def _create_record(self, call: Call, app: App, base: Base) -> Any:
        table, fields = self._table(call, base), _fields(_body(call))

        def make() -> Any:
            cells = self.cells(table, self._visible(table, app, base), fields)
            return {"record": self._echo(self.add(base, table, cells, app.person), fields)}

        return self._once(call, base, make)

    def _batch_create(self, call: Call, app: App, base: Base) -> Any:
        table, rows = self._table(call, base), _rows(call, 1000)

        def make() -> Any:
            visible = self._visible(table, app, base)
            kept = [self.cells(table, visible, _fields(one)) for one in rows]
            made = [self.add(base, table, cells, app.person) for cells in kept]
            return {"records": [self._echo(row, one["fields"]) for row, one in zip(made, rows, strict=True)]}

        return self._once(call, base, make)

    def _row(self, table: Table, record_id: Any) -> Row:
        row = table.rows.get(str(record_id))
        if row is None or self._of.lagging(row):
            raise CellError(1254043, "RecordIdNotFound")
        return row

    def _put_record(self, call: Call, app: App, base: Base) -> Any:
        table, fields = self._table(call, base), _fields(_body(call))
        row = self._row(table, call.params["record_id"])
        cells = self.cells(table, self._visible(table, app, base), fields)
        self.edit(base, table, row, cells, app.person)
        return {"record": self._echo(row, fields)}

    def _batch_update(self, call: Call, app: App, base: Base) -> Any:
        table, rows = self._table(call, base), _rows(call, 1000)
        visible = self._visible(table, app, base)
        todo = [(self._row(table, one.get("record_id")), self.cells(table, visible, _fields(one))) for one in rows]
        for row, cells in todo:
            self.edit(base, table, row, cells, app.person)
        return {"records": [self._echo(row, one["fields"]) for (row, _), one in zip(todo, rows, strict=True)]}

    def _batch_delete(self, call: Call, app: App, base: Base) -> Any:
        table, ids = self._table(call, base), _body(call).get("records")
        if not isinstance(ids, list) or not 0 < len(ids) <= 500:
            raise CellError(1254104, "RecordAddOnceExceedLimit")
        rows = [self._row(table, one) for one in ids]
        for row in rows:
            table.rows.pop(row.record_id, None)
        self._touched(base, table)
        return {"records": [{"deleted": True, "record_id": row.record_id} for row in rows]}

    def _delete_record(self, call: Call, app: App, base: Base) -> Any:
        table = self._table(call, base)
        row = self._row(table, call.params["record_id"])
        del table.rows[row.record_id]
        self._touched(base, table)
        return {"deleted": True, "record_id": row.record_id}


def _serial(column: Column, number: int) -> str:
    """An auto number by the column's own rules: fixed text and a counter with leading zeros."""
    parts = ((column.setup or {}).get("auto_serial") or {}).get("options") or [{"type": "system_number", "value": "1"}]
    return "".join(part["value"] if part["type"] == "fixed_text" else str(number).zfill(int(part["value"])) for part in parts)


def _body(call: Call) -> Mapping[str, Any]:
    """The request's JSON object.

    Raises:
        CellError: it is not one.
    """
    try:
        body = call.json()
    except ValueError:
        raise CellError(1254000, "WrongRequestJson") from None
    if not isinstance(body, Mapping):
        raise CellError(1254001, "WrongRequestBody")
    return body


def _fields(one: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = one.get("fields")
    if not isinstance(fields, Mapping):
        raise CellError(1254001, "WrongRequestBody")
    return fields


def _rows(call: Call, most: int) -> list[Mapping[str, Any]]:
    rows = _body(call).get("records")
    if not isinstance(rows, list) or not rows or not all(isinstance(one, Mapping) for one in rows):
        raise CellError(1254001, "WrongRequestBody")
    if len(rows) > most:
        raise CellError(1254104, "RecordAddOnceExceedLimit")
    return rows
