"""Cells of a Bitable table: what search answers, what a write wants, and the plain value between the two.

The shape that is written, the shape that a write echoes and the shape that search answers are three different ones. The codecs of
the mapper see one plain value for each type of column: text, a number, a flag, milliseconds, an option's name, a list of names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from deskweave.model import Json

TEXT, NUMBER, SELECT, MULTI_SELECT, DATETIME, CHECKBOX = 1, 2, 3, 4, 5, 7
PERSON, PHONE, URL, ATTACHMENT, LINK, LOOKUP, FORMULA, DUPLEX, LOCATION, GROUP = 11, 13, 15, 17, 18, 19, 20, 21, 22, 23
CREATED_TIME, MODIFIED_TIME, CREATED_BY, MODIFIED_BY, AUTO_NUMBER = 1001, 1002, 1003, 1004, 1005
WRITABLE: Final = frozenset({TEXT, NUMBER, SELECT, MULTI_SELECT, DATETIME, CHECKBOX, PHONE, URL})
COMPUTED: Final = frozenset({LOOKUP, FORMULA, CREATED_TIME, MODIFIED_TIME, CREATED_BY, MODIFIED_BY, AUTO_NUMBER})
MAX_TEXT: Final = 100_000
_PHONE: Final = re.compile(r"\+?\d{0,63}")


class Unwritable(Exception):
    """The value cannot be written into this column; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    id: str
    name: str
    color: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as `GET fields` describes it. `setup` and `description` are kept whole: a change must send them all again."""

    id: str
    name: str
    type: int
    ui_type: str = ""
    options: tuple[Option, ...] = ()
    setup: Mapping[str, Json] | None = None  #: what Feishu calls property
    description: str = ""
    primary: bool = False

    @property
    def option_names(self) -> frozenset[str]:
        return frozenset(option.name for option in self.options)


def column_of(raw: Mapping[str, Json]) -> Column | None:
    """A column from one item of `GET fields`; None if it has no id, name or type."""
    id_, name, type_ = raw.get("field_id"), raw.get("field_name"), raw.get("type")
    if not isinstance(id_, str) or not isinstance(name, str) or isinstance(type_, bool) or not isinstance(type_, int):
        return None
    property_ = raw.get("property")
    listed = property_.get("options") if isinstance(property_, Mapping) else None
    options = []
    for entry in listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str):
            color = entry.get("color")
            options.append(
                Option(id=str(entry.get("id") or ""), name=str(entry["name"]), color=color if isinstance(color, int) else None)
            )
    return Column(
        id=id_,
        name=name,
        type=type_,
        ui_type=str(raw.get("ui_type") or ""),
        options=tuple(options),
        setup=property_ if isinstance(property_, Mapping) else None,
        description=_description(raw.get("description")),
        primary=raw.get("is_primary") is True,
    )


def _description(raw: Json) -> str:
    """A description is a string, a list of text segments, or an object with `text`."""
    if isinstance(raw, Mapping):
        return str(raw.get("text") or "")
    if isinstance(raw, Sequence) and not isinstance(raw, str):
        return _segments(raw)
    return str(raw or "")


def _segments(cell: Sequence[Json]) -> str:
    return "".join(str(part.get("text") or "") if isinstance(part, Mapping) else str(part) for part in cell)


def empty_cell(column: Column) -> Json:
    """What an absent cell says: nothing, and for a checkbox that it is not ticked."""
    return False if column.type == CHECKBOX else None


def read_cell(column: Column, cell: Json) -> Json:
    """The plain value of a cell as search answers it. A shape that is not known for the type is handed on as it came."""
    if cell is None:
        return empty_cell(column)
    return _read(column.type, cell)


def _read(type_: int, cell: Json) -> Json:
    if type_ in (LOOKUP, FORMULA):
        return _read_computed(cell)
    if isinstance(cell, Sequence) and not isinstance(cell, str):
        if type_ == TEXT:
            return _segments(cell) or None
        if type_ in (PERSON, GROUP, CREATED_BY, MODIFIED_BY):
            return ", ".join(_name(part) for part in cell) or None
        if type_ == ATTACHMENT:
            return [str(part.get("name") or "") for part in cell if isinstance(part, Mapping)]
        if type_ == NUMBER:
            return cell[0] if len(cell) == 1 else list(cell) or None
        return list(cell) or None
    if isinstance(cell, Mapping):
        if type_ == URL:
            return str(cell.get("link") or cell.get("text") or "") or None
        if type_ in (LINK, DUPLEX):
            linked = cell.get("link_record_ids")
            return list(linked) if isinstance(linked, Sequence) and not isinstance(linked, str) else None
        if type_ == LOCATION:
            return str(cell.get("full_address") or cell.get("location") or "") or None
        if type_ in (PERSON, GROUP, CREATED_BY, MODIFIED_BY):
            return _name(cell) or None
        return dict(cell)
    return None if cell == "" else cell


def _name(part: Json) -> str:
    return str(part.get("name") or part.get("id") or "") if isinstance(part, Mapping) else str(part)


def _read_computed(cell: Json) -> Json:
    """A lookup or formula wraps a list of values of another type."""
    if not isinstance(cell, Mapping):
        return cell
    inner, value = cell.get("type"), cell.get("value")
    if not isinstance(inner, int) or not isinstance(value, Sequence) or isinstance(value, str):
        return dict(cell)
    if inner == TEXT:
        return _segments(value) or None
    return _read(inner, value[0]) if len(value) == 1 else [_read(inner, part) for part in value] or None


def write_cell(column: Column, raw: Json) -> Json:
    """The plain value as a write wants it; None clears the cell.

    Raises:
        Unwritable: the column is computed or of a kind this release does not write, the value does not fit its type, or an option
            is not in its list. (Feishu would add an unknown option by itself, and a misspelt word would become a new choice.)
    """
    if column.type not in WRITABLE:
        raise Unwritable(
            f"column {column.name} has type {column.ui_type or column.type}, which this release reads only; "
            "bind the field to a text column, or give it policy read_only"
        )
    if raw is None:
        return None
    match column.type:
        case 1:
            return _text(column, raw)
        case 2:
            return _number(column, raw)
        case 3:
            return _option(column, raw)
        case 4:
            names = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw]
            return [_option(column, name) for name in names] or None
        case 5:
            if isinstance(raw, bool) or not isinstance(raw, int):
                raise _misfit(column, "milliseconds since 1970")
            return raw
        case 7:
            if not isinstance(raw, bool):
                raise _misfit(column, "true or false")
            return raw
        case 13:
            text = _text(column, raw)
            if not _PHONE.fullmatch(text):
                raise _misfit(column, "up to 64 digits with an optional + in front; a text column takes any number")
            return text
        case _:
            text = _text(column, raw)
            return {"text": text, "link": text}


def _text(column: Column, raw: Json) -> str:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise _misfit(column, "text")
    text = str(raw)
    if len(text) > MAX_TEXT:
        raise Unwritable(
            f"column {column.name} holds {MAX_TEXT} characters, the value has {len(text)}; set max_length in the binding"
        )
    return text


def _number(column: Column, raw: Json) -> Json:
    try:
        number = float(raw) if isinstance(raw, (int, float, str)) and not isinstance(raw, bool) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _misfit(column, "a number")
    return raw if isinstance(raw, (int, float)) else number


def _option(column: Column, raw: Json) -> str:
    name = str(raw)
    if name not in column.option_names:
        known = ", ".join(sorted(column.option_names)[:20])
        raise Unwritable(
            f"column {column.name} has no option {name[:40]}; there are: {known or 'none'}. "
            "Run deskweave apply, or correct the choices in the binding"
        )
    return name


def _misfit(column: Column, wanted: str) -> Unwritable:
    return Unwritable(f"the value does not fit column {column.name} ({column.ui_type or column.type}), which takes {wanted}")
