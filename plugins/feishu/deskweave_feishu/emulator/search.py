"""Filter and sort of `records/search`: values are arrays of strings, dates know only whole days of the base's zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from deskweave_feishu.emulator.cells import CellError, plain
from deskweave_feishu.emulator.state import Column, Person, Row, Table

_OPERATORS: Final = frozenset(
    {
        "is",
        "isNot",
        "contains",
        "doesNotContain",
        "isEmpty",
        "isNotEmpty",
        "isGreater",
        "isGreaterEqual",
        "isLess",
        "isLessEqual",
    }
)
_DATE_OPERATORS: Final = frozenset({"is", "isEmpty", "isNotEmpty", "isGreater", "isLess"})


def _invalid() -> CellError:
    return CellError(1254018, "InvalidFilter")


def fits(row: Row, table: Table, visible: Sequence[Column], tree: Any, people: Mapping[str, Person], zone: str) -> bool:
    """Whether a row meets a filter, one level of `children` deep.

    Raises:
        CellError: the filter is malformed or names a column that is not there.
    """
    if not isinstance(tree, Mapping) or tree.get("conjunction") not in ("and", "or"):
        raise _invalid()
    results = [_condition(row, visible, one, people, zone) for one in tree.get("conditions") or []]
    results += [fits(row, table, visible, child, people, zone) for child in tree.get("children") or []]
    return all(results) if tree["conjunction"] == "and" else any(results)


def _condition(row: Row, visible: Sequence[Column], one: Any, people: Mapping[str, Person], zone: str) -> bool:
    if not isinstance(one, Mapping) or one.get("operator") not in _OPERATORS:
        raise _invalid()
    column = next((column for column in visible if column.name == one.get("field_name")), None)
    if column is None:
        raise CellError(1254045, "FieldNameNotFound")
    operator, value = str(one["operator"]), one.get("value")
    if column.type in (19, 20) or not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise _invalid()
    if operator in ("isEmpty", "isNotEmpty"):
        if value:
            raise _invalid()
        empty = plain(column, row, people) in (None, "", [])
        return empty == (operator == "isEmpty")
    if not value:
        raise _invalid()
    if column.type in (5, 1001, 1002):
        return _day(plain(column, row, people), operator, value, zone)
    return _compare(column, plain(column, row, people), operator, value)


def _compare(column: Column, have: Any, operator: str, value: Sequence[str]) -> bool:
    if column.type == 2:
        number, wanted = (None if have is None else float(have)), float(value[0])
        if operator in ("is", "isNot"):
            return (number == wanted) == (operator == "is")
        return number is not None and {
            "isGreater": number > wanted,
            "isGreaterEqual": number >= wanted,
            "isLess": number < wanted,
            "isLessEqual": number <= wanted,
        }.get(operator, False)
    if column.type == 7:
        return ("true" if have is True else "false") == value[0]
    texts = (
        ["".join(have)] if column.type == 1 and isinstance(have, list) else have if isinstance(have, list) else [str(have or "")]
    )
    match operator:
        case "is":
            return sorted(texts) == sorted(value)
        case "isNot":
            return sorted(texts) != sorted(value)
        case "contains":
            return any(part in text for part in value for text in texts)
        case "doesNotContain":
            return not any(part in text for part in value for text in texts)
        case _:
            raise _invalid()


def _day(have: Any, operator: str, value: Sequence[str], zone: str) -> bool:
    """Dates are compared by day: the time of an exact date is cut off."""
    if operator not in _DATE_OPERATORS or value[0] != "ExactDate" or len(value) != 2 or not value[1].isdigit():
        raise _invalid()
    wanted = _midnight(int(value[1]), zone)
    if have is None:
        return False
    if operator == "is":
        return wanted <= int(have) < wanted + 86_400_000
    return int(have) >= wanted + 86_400_000 if operator == "isGreater" else int(have) < wanted


def _midnight(milliseconds: int, zone: str) -> int:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).astimezone(ZoneInfo(zone))
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def ordered(rows: Sequence[Row], visible: Sequence[Column], sort: Any, people: Mapping[str, Person]) -> list[Row]:
    """Rows by the sort asked for, else in the order they were added."""
    result = sorted(rows, key=lambda row: row.order)
    for rule in reversed(sort or []):
        column = next((column for column in visible if column.name == rule.get("field_name")), None)
        if column is None:
            raise CellError(1254016, "InvalidSort")
        result.sort(key=partial(_rank, column, people), reverse=rule.get("desc") is True)
    return result


def _rank(column: Column, people: Mapping[str, Person], row: Row) -> str:
    return str(plain(column, row, people) or "")
