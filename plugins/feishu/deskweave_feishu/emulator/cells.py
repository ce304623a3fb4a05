"""How the emulated base takes a value, keeps it, and shows it: three shapes, as on the platform."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from deskweave_feishu.emulator.state import Column, Person, Row

MAX_TEXT: Final = 100_000
MAX_OPTIONS: Final = 20_000
READ_ONLY: Final = frozenset({19, 20, 1001, 1002, 1003, 1004, 1005})
_LINK: Final = re.compile(r"https?://[^\s，。]+")
_PHONE: Final = re.compile(r"\+?\d*")


class CellError(Exception):
    """A value that the column does not take."""

    def __init__(self, code: int, msg: str, status: int = 200) -> None:
        super().__init__(msg)
        self.code, self.msg, self.status = code, msg, status


def _mismatch() -> CellError:
    return CellError(1254015, "Field types do not match.", 400)


def take(column: Column, value: Any, people: Mapping[str, Person]) -> Any:
    """The value as it is kept; for selects still option names, since an unknown one is made only when all rows are accepted.

    Raises:
        CellError: with Feishu's code.
    """
    kind = column.type
    if value is None:
        return None
    if kind in READ_ONLY:
        raise _mismatch()
    if kind == 1:
        return _text(value)
    if kind == 2:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _mismatch()
        if not math.isfinite(value):
            raise CellError(1254061, "NumberFieldConvFail")
        return value
    if kind == 3:
        if not isinstance(value, str):
            raise _mismatch()
        if not value:
            raise CellError(1254062, "SingleSelectFieldConvFail")
        return value
    if kind == 4:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _mismatch()
        if not all(value):
            raise CellError(1254063, "MultiSelectFieldConvFail")
        return list(dict.fromkeys(value))
    if kind == 5:
        if isinstance(value, bool) or not isinstance(value, int):
            raise CellError(1254064, "DatetimeFieldConvFail")
        return value
    if kind == 7:
        if not isinstance(value, bool):
            raise _mismatch()
        return value
    if kind == 11:
        if not isinstance(value, list) or not all(isinstance(one, Mapping) and one.get("id") in people for one in value):
            raise CellError(1254066, "UserFieldConvFail")
        return [one["id"] for one in value]
    if kind == 13:
        if not isinstance(value, str) or not _PHONE.fullmatch(value) or len(value) > 64:
            raise CellError(1254072, "Failed to convert phone field, please make sure it is correct.")
        return value
    if kind == 15:
        if not isinstance(value, Mapping) or not isinstance(value.get("link"), str):
            raise CellError(1254068, "URLFieldConvFail")
        return {"text": str(value.get("text") or value["link"]), "link": value["link"]}
    raise _mismatch()


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, Mapping) and isinstance(one.get("text"), str) for one in value):
        value = "".join(one["text"] for one in value)
    if not isinstance(value, str):
        raise CellError(1254060, "TextFieldConvFail")
    if len(value) > MAX_TEXT:
        raise CellError(1254130, "TooLargeCell")
    return value


def shown(column: Column, row: Row, people: Mapping[str, Person], *, unchecked_is_absent: bool) -> Any:
    """A cell as search answers it; None: the key is left out."""
    if column.type in (1001, 1002):
        return row.created_time if column.type == 1001 else row.modified_time
    if column.type in (1003, 1004):
        return [(row.created_by if column.type == 1003 else row.modified_by).brief()]
    value = row.cells.get(column.field_id)
    if value is None or value in ("", []):
        return None
    match column.type:
        case 1:
            return _segments(column, value)
        case 3:
            option = column.option(id_=value)
            return option["name"] if option else None
        case 4:
            names = [option["name"] for one in value if (option := column.option(id_=one))]
            return names or None
        case 7:
            return None if value is False and unchecked_is_absent else value
        case 11:
            return [people[one].brief() for one in value if one in people] or None
        case 20:
            return {"type": 1, "value": [{"type": "text", "text": str(value)}]}
        case _:
            return value


def _segments(column: Column, text: str) -> list[dict[str, Any]]:
    """Text is told in pieces: links in it are pieces of their own, and a mail column is nothing but a link."""
    if column.ui_type == "Email":
        return [{"type": "url", "text": text, "link": f"mailto:{text}"}]
    pieces: list[dict[str, Any]] = []
    at = 0
    for found in _LINK.finditer(text):
        if found.start() > at:
            pieces.append({"type": "text", "text": text[at : found.start()]})
        pieces.append({"type": "url", "text": found.group(), "link": found.group()})
        at = found.end()
    if at < len(text) or not pieces:
        pieces.append({"type": "text", "text": text[at:]})
    return pieces


def plain(column: Column, row: Row, people: Mapping[str, Person]) -> Any:
    """A cell as filters compare it: text, number, or a list of texts."""
    value = shown(column, row, people, unchecked_is_absent=False)
    if isinstance(value, list):
        return [str(one.get("name") or one.get("text") or "") if isinstance(one, Mapping) else str(one) for one in value]
    if isinstance(value, Mapping):
        return str(value.get("link") or value.get("text") or "")
    return value
