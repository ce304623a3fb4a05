"""Columns of a table as requests define them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deskweave_feishu.emulator.cells import MAX_OPTIONS, CellError
from deskweave_feishu.emulator.state import Column, Ids, Table

MAX_COLUMNS: Final = 300
UI_TYPES: Final = {
    1: "Text",
    2: "Number",
    3: "SingleSelect",
    4: "MultiSelect",
    5: "DateTime",
    7: "Checkbox",
    11: "User",
    13: "Phone",
    15: "Url",
    17: "Attachment",
    20: "Formula",
    1001: "CreatedTime",
    1002: "ModifiedTime",
    1003: "CreatedUser",
    1004: "ModifiedUser",
    1005: "AutoNumber",
}


def defined(ids: Ids, table: Table, wanted: Any, *, primary: bool = False, of: Column | None = None) -> Column:
    """A column as a request defines it; `of` is the one it replaces.

    Raises:
        CellError: Feishu would refuse it.
    """
    if not isinstance(wanted, Mapping):
        raise CellError(1254001, "WrongRequestBody")
    name, kind = str(wanted.get("field_name") or "").strip(), wanted.get("type")
    if not name:
        raise CellError(1254028, "EmptyFieldName", 400)
    if not isinstance(kind, int) or kind not in UI_TYPES:
        raise CellError(1254012, "NotSupportFieldOrView")
    same = table.named(name)
    if same is not None and same is not of:
        raise CellError(1254014, "FieldNameDuplicated")
    if of is None and len(table.columns) >= MAX_COLUMNS:
        raise CellError(1254105, "ColumnExceedLimit")
    setup = wanted.get("property")
    if setup is not None and not isinstance(setup, Mapping):
        raise CellError(1254080 + min(kind, 5), "FieldPropertyError", 400)
    described = wanted.get("description")
    return Column(
        field_id=of.field_id if of else ids.made("fld", 8),
        name=name,
        type=kind,
        ui_type=str(wanted.get("ui_type") or UI_TYPES[kind]),
        setup=_setup(ids, kind, setup, of),
        description=str(described.get("text") or "") if isinstance(described, Mapping) else "",
        primary=primary or bool(of and of.primary),
    )


def _setup(ids: Ids, kind: int, setup: Mapping[str, Any] | None, of: Column | None) -> dict[str, Any] | None:
    if kind not in (3, 4):
        return dict(setup) if setup else None
    options: list[dict[str, Any]] = []
    for number, one in enumerate((setup or {}).get("options") or []):
        name, known = str(one.get("name") or "").strip(), of.option(id_=one["id"]) if of and one.get("id") else None
        if not name:
            raise CellError(1254026, "EmptyOptionName")
        if name in [option["name"] for option in options] or (one.get("id") and known is None and of is not None):
            raise CellError(1254082 if kind == 3 else 1254083, "SelectFieldPropertyError", 400)
        color = one.get("color", known["color"] if known else number % 55)
        options.append({"id": known["id"] if known else ids.made("opt", 8), "name": name, "color": color})
    if len(options) > MAX_OPTIONS:
        raise CellError(1254082, "SingleSelectFieldPropertyError", 400)
    return {**(setup or {}), "options": options}
