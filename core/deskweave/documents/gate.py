"""Does a value fit its schema: yes or no, in a hundredth of the time it takes to say what is wrong.

`jsonschema` takes half a second for a practice of 500 items, and nearly every document is right. Here the schemas of the format
are turned into closures once; `check` asks jsonschema for words only where the answer was no. A schema that uses a keyword this
file does not know has no gate, and jsonschema judges it alone. Tests hold both to the same answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

Gate = Callable[[Any], bool]


class _Unknown(Exception):
    """A keyword without a closure."""


# ---------------------------------------------------------------------------------------------------- what both judges ask
def _date(value: str) -> object:
    return date.fromisoformat(value)


def _instant(value: str) -> object:
    if datetime.fromisoformat(value).tzinfo is None:
        message = "no offset"
        raise ValueError(message)
    return True


@cache
def _zone(value: str) -> object:
    return ZoneInfo(value)


FORMATS: Final[Mapping[str, Callable[[str], object]]] = {"date": _date, "date-time": _instant, "regex": re.compile, "zone": _zone}
"""What each `format` asks of a text; it raises one of `NOT_IN_FORMAT` where the text is none. Other formats say nothing."""

NOT_IN_FORMAT: Final = (ValueError, OSError, LookupError, re.error, OverflowError, RecursionError)


def unique(items: Sequence[Any]) -> bool:
    """Whether no value stands twice; 1 is not true. Takes as long as the list is, whatever stands in it."""
    if all(isinstance(item, str) for item in items):
        return len(set(items)) == len(items)
    return len({json.dumps(_plain(item), sort_keys=True, default=str) for item in items}) == len(items)


def _plain(value: Any) -> Any:
    """A value such that equal ones are written alike: 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (list, dict)) or isinstance(other, (list, dict)):
        return type(one) is type(other) and not unique([one, other])
    return bool(one == other)


# -------------------------------------------------------------------------------------------------------------------- gates
@cache
def gate(kind: str, fragment: str = "") -> Gate | None:
    """The gate of a kind's schema, or of a part of it (`#/$defs/complete`). None: it uses a keyword that has none."""
    from deskweave_schemas import load

    try:
        return _referred(str(load(kind)["$id"]) + (fragment or "#"))
    except _Unknown:
        return None


@cache
def resources() -> Mapping[str, Any]:
    """Every schema of the format by its `$id`; always the same objects."""
    from deskweave_schemas import load, names

    return {(schema := load(name))["$id"]: schema for name in names()}


@cache
def _owners() -> Mapping[int, str]:
    """Which schema a part of one stands in, by the part's identity."""
    found: dict[int, str] = {}
    for base, schema in resources().items():
        fresh: list[Any] = [schema]
        while fresh:
            part = fresh.pop()
            found[id(part)] = base
            inner = part.values() if isinstance(part, dict) else part
            fresh += [one for one in inner if isinstance(one, (dict, list))]
    return found


_PARTS: Final[dict[int, Gate | None]] = {}


def part_gate(part: Any) -> Gate | None:
    """The gate of a part of one of `resources()`. None: it has none."""
    if id(part) not in _PARTS:
        try:
            _PARTS[id(part)] = _gate(part, _owners()[id(part)])
        except (KeyError, _Unknown):
            return None
    return _PARTS[id(part)]


_MADE: Final[dict[str, Gate | None]] = {}


def _referred(address: str) -> Gate:
    """The gate of the schema at an address; one that is being made is asked when it is there."""
    if address in _MADE:
        made = _MADE[address]
        return made if made is not None else lambda value: _known(address)(value)
    _MADE[address] = None
    base, _, path = address.partition("#")
    try:
        schema = resources()[base]
        for part in path.split("/")[1:]:
            schema = schema[part.replace("~1", "/").replace("~0", "~")]
        gate = _gate(schema, base)
    except (KeyError, _Unknown):
        del _MADE[address]
        raise _Unknown(address) from None
    _MADE[address] = gate
    return gate


def _known(address: str) -> Gate:
    gate = _MADE[address]
    assert gate is not None
    return gate


def _gate(schema: Any, base: str) -> Gate:
    if isinstance(schema, bool):
        return lambda value: schema
    checks: list[Gate] = []
    for word, wanted in schema.items():
        if word in _SILENT or word in _OF_OBJECTS:
            continue
        make = _WORDS.get(word)
        if make is None:
            raise _Unknown(word)
        checks.append(make(wanted, base))
    if _OF_OBJECTS & schema.keys():
        checks.append(_object(schema, base))
    return _all(checks)


def _all(checks: Sequence[Gate]) -> Gate:
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)
    return lambda value: all(check(value) for check in checks)


def _object(schema: Mapping[str, Any], base: str) -> Gate:
    own = {name: _gate(inner, base) for name, inner in schema.get("properties", {}).items()}
    required = frozenset(schema.get("required", ()))
    others = _gate(schema.get("additionalProperties", True), base)
    closed = schema.get("additionalProperties") is False
    names = _gate(schema["propertyNames"], base) if "propertyNames" in schema else None
    least, most = schema.get("minProperties", 0), schema.get("maxProperties")

    def check(value: Any) -> bool:
        if type(value) is not dict and not isinstance(value, dict):
            return True
        if (required and not required <= value.keys()) or len(value) < least or (most is not None and len(value) > most):
            return False
        for name, item in value.items():
            inner = own.get(name)
            if inner is None:
                if closed or not others(item):
                    return False
            elif not inner(item):
                return False
            if names is not None and not names(name):
                return False
        return True

    return check


def _type(wanted: Any, base: str) -> Gate:
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if len(names) == 1:
        return _TYPES[names[0]]
    gates = [_TYPES[name] for name in names]
    return lambda value: any(gate(value) for gate in gates)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: Final[Mapping[str, Gate]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _is_number,
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}


def _enum(wanted: Sequence[Any], base: str) -> Gate:
    if all(isinstance(item, str) for item in wanted):
        words = frozenset(wanted)
        return lambda value: isinstance(value, str) and value in words
    return lambda value: any(_same(value, item) for item in wanted)


def _pattern(wanted: str, base: str) -> Gate:
    search = re.compile(wanted).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _format(wanted: str, base: str) -> Gate:
    ask = FORMATS.get(wanted)

    def check(value: Any) -> bool:
        if ask is None or not isinstance(value, str):
            return True
        try:
            ask(value)
        except NOT_IN_FORMAT:
            return False
        return True

    return check


def _multiple(wanted: float, base: str) -> Gate:
    def check(value: Any) -> bool:
        if not _is_number(value):
            return True
        if isinstance(wanted, int) and isinstance(value, int):
            return value % wanted == 0
        return bool((value / wanted).is_integer())

    return check


def _items(wanted: Any, base: str) -> Gate:
    inner = _gate(wanted, base)
    return lambda value: not isinstance(value, list) or all(inner(item) for item in value)


def _reference(wanted: str, base: str) -> Gate:
    return _referred(base + wanted if wanted.startswith("#") else wanted if "#" in wanted else wanted + "#")


def _several(wanted: Sequence[Any], base: str) -> list[Gate]:
    return [_gate(inner, base) for inner in wanted]


def _any_of(wanted: Sequence[Any], base: str) -> Gate:
    ways = _several(wanted, base)
    return lambda value: any(way(value) for way in ways)


def _one_of(wanted: Sequence[Any], base: str) -> Gate:
    ways = _several(wanted, base)
    return lambda value: sum(way(value) for way in ways) == 1


def _not(wanted: Any, base: str) -> Gate:
    inner = _gate(wanted, base)
    return lambda value: not inner(value)


def _length(kind: type[list[Any]] | type[str], fits: Callable[[int, int], bool]) -> Callable[[int, str], Gate]:
    return lambda wanted, base: lambda value: not isinstance(value, kind) or fits(len(value), wanted)


def _bound(fits: Callable[[float, float], bool]) -> Callable[[float, str], Gate]:
    return lambda wanted, base: lambda value: not _is_number(value) or fits(value, wanted)


_SILENT: Final = frozenset(
    ("$id", "$schema", "$defs", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly")
)
_OF_OBJECTS: Final = frozenset(
    ("properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties")
)
_WORDS: Final[Mapping[str, Callable[[Any, str], Gate]]] = {
    "$ref": _reference,
    "allOf": lambda wanted, base: _all(_several(wanted, base)),
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "type": _type,
    "enum": _enum,
    "const": lambda wanted, base: _enum([wanted], base),
    "items": _items,
    "uniqueItems": lambda wanted, base: lambda value: not wanted or not isinstance(value, list) or unique(value),
    "minItems": _length(list, lambda size, wanted: size >= wanted),
    "maxItems": _length(list, lambda size, wanted: size <= wanted),
    "minLength": _length(str, lambda size, wanted: size >= wanted),
    "maxLength": _length(str, lambda size, wanted: size <= wanted),
    "pattern": _pattern,
    "format": _format,
    "minimum": _bound(lambda value, wanted: value >= wanted),
    "maximum": _bound(lambda value, wanted: value <= wanted),
    "exclusiveMinimum": _bound(lambda value, wanted: value > wanted),
    "exclusiveMaximum": _bound(lambda value, wanted: value < wanted),
    "multipleOf": _multiple,
}
