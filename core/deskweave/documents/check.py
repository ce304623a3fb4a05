"""Documents against their JSON Schemas, as findings: all at once, with place, allowed values and the nearest right word."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from deskweave.documents.document import Document, in_order, pointer, problem, shown
from deskweave.documents.gate import FORMATS, NOT_IN_FORMAT, gate, part_gate, resources, unique
from deskweave.documents.read import MAX_FINDINGS
from deskweave.findings import Finding, Place

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_TYPES: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}

Locate = Callable[[Sequence[str | int], bool], Place]


def check(document: Document) -> list[Finding]:
    """What is wrong with one file's share of a document: unknown keys, wrong types, values that are not allowed."""
    return _findings(document.kind, "", document.body, lambda path, key: document.place(path, key=key))


def check_complete(kind: str, body: Mapping[str, Any], locate: Locate) -> list[Finding]:
    """What is missing in a composed document.

    Args:
        kind: the document's kind.
        body: the document after composition.
        locate: answers the place of a path (parts, whether of the key).
    """
    return _findings(kind, "#/$defs/complete", body, locate)


def check_against(schema: Mapping[str, Any], value: Any, locate: Locate) -> list[Finding]:
    """Any value against any JSON Schema (a plugin's settings), in the same words.

    Raises:
        ValueError: the schema itself is not a JSON Schema.
    """
    return in_order(_translate(_stranger(json.dumps(schema)).iter_errors(value), value, locate))


def _findings(kind: str, fragment: str, body: Mapping[str, Any], locate: Locate) -> list[Finding]:
    fits = gate(kind, fragment)
    if fits is not None and fits(body):
        return []
    errors = islice(_validator(kind, fragment).iter_errors(body), MAX_FINDINGS)
    return in_order(islice(_translate(errors, body, locate), MAX_FINDINGS))


@lru_cache(maxsize=16)
def _stranger(text: str) -> Any:
    """The validator of somebody else's schema: to look whether it is one takes a hundred times as long as to ask it."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    schema = json.loads(text)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        message = f"not a JSON Schema: {error.message} at {pointer(error.absolute_path)}"
        raise ValueError(message) from None
    return _judge(quick=False)(schema, registry=_registry(), format_checker=_formats())


@lru_cache(maxsize=1)
def _registry() -> Any:
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    registry: Any = Registry()
    return registry.with_resources([(name, DRAFT202012.create_resource(schema)) for name, schema in resources().items()]).crawl()


@lru_cache(maxsize=1)
def _formats() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, ask in FORMATS.items():
        checker.checks(name, raises=NOT_IN_FORMAT)(partial(_is_in_format, ask))
    return checker


def _is_in_format(ask: Callable[[str], object], value: object) -> bool:
    return not isinstance(value, str) or ask(value) is not None


@lru_cache(maxsize=2)
def _judge(quick: bool) -> Any:
    """Jsonschema's validator with answers of our own where its own take too long for a large file.

    `uniqueItems` compares each with each where items are mappings. With `quick` (our schemas, which stay in memory) parts that fit
    by their gate are not gone into, so that the one wrong field among thousands is found as fast as read.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    Errors = Iterator[ValidationError]

    def all_different(_: Any, wanted: bool, value: Any, __: Any) -> Errors:
        if wanted and isinstance(value, list) and not unique(value):
            yield ValidationError("the same value stands twice")

    def names(validator: Any, wanted: Any, value: Any, _: Any) -> Errors:
        fits = part_gate(wanted)
        for name in value if isinstance(value, dict) else ():
            if fits is None or not fits(name):
                yield from validator.descend(name, wanted)

    def others(validator: Any, wanted: Any, value: Any, schema: Any) -> Errors:
        known = schema.get("properties", {})
        extra = [name for name in value if name not in known] if isinstance(value, dict) else []
        if isinstance(wanted, bool):
            if extra and not wanted:
                yield ValidationError("unknown keys")
            return
        fits = part_gate(wanted)
        for name in extra:
            if fits is None or not fits(value[name]):
                yield from validator.descend(value[name], wanted, path=name)

    def items(validator: Any, wanted: Any, value: Any, _: Any) -> Errors:
        fits = part_gate(wanted)
        for number, item in enumerate(value if isinstance(value, list) else ()):
            if fits is None or not fits(item):
                yield from validator.descend(item, wanted, path=number)

    make: Any = extend
    own = {"uniqueItems": all_different}
    return make(
        Draft202012Validator, own | {"propertyNames": names, "additionalProperties": others, "items": items} if quick else own
    )


@lru_cache(maxsize=64)
def _validator(kind: str, fragment: str) -> Draft202012Validator:
    from deskweave_schemas import load

    name = load(kind)["$id"]
    schema = {"$ref": name + fragment} if fragment else resources()[name]
    validator: Draft202012Validator = _judge(quick=True)(schema, registry=_registry(), format_checker=_formats())
    return validator


# ------------------------------------------------------------------------------------------------- errors to sentences
def _translate(errors: Iterator[ValidationError], root: Any, locate: Locate) -> Iterator[Finding]:
    found = list(errors)
    listed = {tuple(error.absolute_path) for error in found if error.validator in ("enum", "const")}
    for error in found:
        path = list(error.absolute_path)
        if error.validator == "type" and tuple(path) in listed:
            continue  # what is not among the allowed values need not be told its type as well
        if error.validator in ("anyOf", "oneOf") and error.context:
            yield from _either(error, path, root, locate)
        else:
            yield from _sentences(error, path, locate)


def _sentences(error: ValidationError, path: list[str | int], locate: Locate) -> Iterator[Finding]:
    word = str(error.validator)
    wanted: Any = error.validator_value
    value: Any = error.instance
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    hint = _hint(error)
    if "propertyNames" in error.absolute_schema_path:
        message = f"{shown(value)!r} cannot be used as a key here"
        yield problem("bad-key", locate([*path, value], True), shown(value), message, remedy=hint)
        return
    if word == "additionalProperties" and isinstance(value, Mapping):
        known = tuple(schema.get("properties", ()))
        for key in value:
            if key not in known:
                yield problem(
                    "unknown-key", locate([*path, key], True), shown(key), f"unknown key {shown(key)!r}", allowed=known, word=key
                )
        return
    if word == "required" and isinstance(value, Mapping):
        missing = next((key for key in wanted if error.message.startswith(repr(key))), "")
        yield problem("missing-key", locate(path, True), missing, f"the key {missing!r} is missing", remedy=f"add `{missing}:`")
        return
    place, found = locate(path, False), shown(value, path)
    if word in ("enum", "const"):
        message = f"{found!r} is not allowed here"
        yield problem("not-allowed", place, found, message, allowed=_words(error), word=value, remedy=hint)
    elif word == "not":
        yield problem("not-allowed", place, found, f"{found!r} is a reserved word", remedy=hint)
    elif word == "type":
        expected = " or ".join(_TYPES.get(name, name) for name in _names(error))
        values = {"form": "typed", "expected": expected, "given": _kind_of(value)}
        yield problem("wrong-type", place, found, f"{expected} is expected, not {values['given']}", remedy=hint, values=values)
    elif word in ("minProperties", "maxProperties") and wanted == 1 and schema.get("maxProperties") == 1:
        yield problem(
            "one-key",
            place,
            found,
            f"exactly one key is expected, not {len(value)}",
            allowed=tuple(schema.get("properties", ())),
            remedy=hint,
        )
    elif word in ("pattern", "format"):
        title = str(schema.get("title", "")).split(" / ")[0].lower()
        yield problem("wrong-form", place, found, f"{found!r} is not a valid {title or 'value'}", remedy=hint)
    else:
        limit = "shorter than {0} characters" if word == "minLength" and wanted > 1 else _LIMITS.get(word, "not valid here ({0})")
        message = limit.format(wanted if not isinstance(wanted, (dict, list)) else word)
        yield problem("out-of-bounds", place, found, message, remedy=hint, values={"form": word, "limit": str(wanted)})


_LIMITS: Final = {
    "minItems": "at least {0} needed",
    "maxItems": "at most {0} allowed",
    "uniqueItems": "the same value stands twice",
    "minLength": "must not be empty",
    "maxLength": "longer than {0} characters",
    "minimum": "less than {0}",
    "maximum": "more than {0}",
    "exclusiveMinimum": "must be more than {0}",
    "exclusiveMaximum": "must be less than {0}",
    "minProperties": "at least {0} needed",
    "maxProperties": "at most {0} allowed",
}


def _hint(error: ValidationError) -> str:
    """What the schema says of a value; where it says it beside the alternatives (a pydantic `X | None`), that."""
    here: Any = error
    while here is not None and list(here.absolute_path) == list(error.absolute_path):
        if isinstance(here.schema, Mapping) and here.schema.get("description"):
            return str(here.schema["description"])
        here = here.parent
    return ""


def _either(error: ValidationError, path: list[str | int], root: Any, locate: Locate) -> Iterator[Finding]:
    """What is wrong with a value that fits no alternative: all that is wrong with the one that is meant, where that can be told.

    It is meant when it alone takes the value's type (the other one is null), or when its word in the telling key (`kind: basic`)
    is the one that is written. Otherwise one finding, that of the alternative which came furthest.
    """
    ways: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        ways.setdefault(inner.relative_schema_path[0], []).append(inner)
    typed = {way: found for way, found in ways.items() if not any(_of_type(inner, path) for inner in found)}
    if not typed and not any(inner.context for found in ways.values() for inner in found):
        names = dict.fromkeys(name for found in ways.values() for inner in found for name in _names(inner) if _of_type(inner, path))
        expected = " or ".join(_TYPES.get(name, name) for name in names)
        message = f"{expected} is expected, not {_kind_of(error.instance)}"
        yield problem("wrong-type", locate(path, False), shown(error.instance, path), message, remedy=_hint(error))
        return
    typed = typed or ways
    key = _telling_key(error)
    if key is not None and isinstance(error.instance, Mapping):
        told = {way: [inner for inner in found if _of_word(inner, [*path, key])] for way, found in typed.items()}
        if all(told.values()):
            place, value = locate([*path, key], False), error.instance[key]
            words = tuple(dict.fromkeys(word for found in told.values() for inner in found for word in _words(inner)))
            found = shown(value, [*path, key])
            yield problem("not-allowed", place, found, f"{found!r} is not allowed here", allowed=words, word=value)
            return
        typed = {way: found for way, found in typed.items() if not told[way]}
    if len(typed) == 1:
        yield from _translate(iter(next(iter(typed.values()))), root, locate)
        return
    yield _furthest(error, [inner for found in typed.values() for inner in found], path, locate)


def _furthest(error: ValidationError, candidates: Sequence[ValidationError], path: list[str | int], locate: Locate) -> Finding:
    from jsonschema.exceptions import relevance

    best = min(candidates, key=lambda inner: (-len(inner.absolute_path), str(relevance(inner))))
    found = next(iter(_sentences(best, list(best.absolute_path), locate)), None)
    return found or problem("wrong-form", locate(path, False), shown(error.instance, path), "fits none of the allowed forms")


def _telling_key(error: ValidationError) -> str | None:
    """The key whose word chooses the alternative: the one the schema names, or one every alternative has a word of its own for."""
    stated = error.schema.get("discriminator") if isinstance(error.schema, Mapping) else None
    if isinstance(stated, Mapping) and isinstance(name := stated.get("propertyName"), str):
        return name if isinstance(error.instance, Mapping) and name in error.instance else None
    depth = len(error.absolute_path) + 1
    keys = [list(inner.absolute_path)[-1] for inner in error.context or () if inner.validator == "const" and _depth(inner) == depth]
    return str(keys[0]) if keys and len(set(keys)) == 1 else None


def _depth(error: ValidationError) -> int:
    return len(error.absolute_path)


def _of_type(error: ValidationError, path: list[str | int]) -> bool:
    return error.validator == "type" and list(error.absolute_path) == path


def _of_word(error: ValidationError, path: list[str | int]) -> bool:
    return error.validator in ("const", "enum") and list(error.absolute_path) == path


def _names(error: ValidationError) -> list[str]:
    wanted: Any = error.validator_value
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _words(error: ValidationError) -> list[str]:
    wanted: Any = error.validator_value
    return [item if isinstance(item, str) else json.dumps(item) for item in (wanted if error.validator == "enum" else [wanted])]


def _kind_of(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, (list, tuple)) else "a number"
