"""How values stand in the store: JSON text through orjson, instants as UTC text that sorts, ids that sort by time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from deskweave.model import FieldId, Json, Value

INSTANT: Final = "$t"  #: a datetime among values
REFERENCE: Final = "$p"  #: the id of a row of `personal`, where the value itself stands
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class JsonText(TypeDecorator[Any]):
    """JSON as text; keys sorted, so that equal data are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


class Instant(TypeDecorator[datetime]):
    """An aware instant as UTC text of one width: it sorts and compares as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def dumps(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def instant_text(value: datetime) -> str:
    """UTC with microseconds.

    Raises:
        ValueError: the datetime is naive.
    """
    if value.tzinfo is None:
        message = "an instant without a time zone was about to be stored"
        raise ValueError(message)
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def encode(value: Value) -> Json:
    """A neutral value as JSON: instants as {"$t": text}, tuples as lists."""
    if isinstance(value, datetime):
        return {INSTANT: instant_text(value)}
    if isinstance(value, tuple):
        return [encode(part) for part in value]
    return value


def decode(raw: Any) -> Value:
    """The reverse of `encode`. A reference to a personal value is not a value: the caller resolves it first."""
    if isinstance(raw, dict):
        return datetime.fromisoformat(raw[INSTANT]) if INSTANT in raw else None
    if isinstance(raw, list):
        return tuple(decode(part) for part in raw)
    return raw  # type: ignore[no-any-return]


_NESTED: Final = (dict, list)


def encode_all(values: Mapping[FieldId, Value]) -> dict[str, Json]:
    return {name: encode(value) for name, value in values.items()}


def decode_all(raw: Mapping[str, Any]) -> dict[FieldId, Value]:
    return {name: decode(value) if type(value) in _NESTED else value for name, value in raw.items()}  # type: ignore[misc]


def reference_of(raw: Any) -> str | None:
    """The id of the personal row that `raw` points at, or None where it is a value itself."""
    return raw.get(REFERENCE) if isinstance(raw, dict) else None


def new_ulid(at: datetime, entropy: Callable[[int], bytes] = os.urandom, after: str = "") -> str:
    """A ULID: 48 bits of milliseconds, 80 random ones, in Crockford's base 32; sorts by time.

    Args:
        at: when, aware.
        entropy: where random bytes come from.
        after: one made before. Of the same millisecond, the new one follows on it: what is made in order sorts in order.
    """
    number = (int(at.timestamp() * 1000) << 80) | int.from_bytes(entropy(10), "big")
    before = _number(after) if after else 0
    if before >> 80 == number >> 80 and number <= before:
        number = before + 1
    return _letters(number)


def ulid_after(ulid: str) -> str:
    """The next ULID of all: it sorts right behind this one."""
    return _letters(_number(ulid) + 1)


def _letters(number: int) -> str:
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -5, -5))


def _number(ulid: str) -> int:
    number = 0
    for letter in ulid:
        number = number * 32 + _CROCKFORD.index(letter)
    return number


def ulid_time(ulid: str) -> datetime:
    """When a ULID was made, to the millisecond."""
    return datetime.fromtimestamp(_number(ulid[:10]) / 1000, UTC)
