"""The inquiry as a document (practice A): as JSON Schema for any tool, and as a check of neutral values for ourselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from deskweave.documents import in_order, problem, shown
from deskweave.findings import Finding, Place
from deskweave.model import Field, FieldId, Label, Value
from deskweave.model.constraint import LONGEST_MATCHED, constraint_of, keywords_of
from deskweave.practice.practice import Practice

#: Findings about the values of one inquiry.
InquiryCheck: TypeAlias = Callable[[Mapping[FieldId, Value]], list[Finding]]

_STATUS: Final = FieldId("status")
_EMPTY: Final[tuple[Value, ...]] = (None, "", ())
_JSON_TYPE: Final[Mapping[str, str]] = {"number": "number", "duration": "number", "integer": "integer", "boolean": "boolean"}
_FORMAT: Final[Mapping[str, str]] = {"date": "date", "datetime": "date-time"}


def inquiry_schema(practice: Practice, record: str = "inquiry") -> dict[str, Any]:
    """JSON Schema 2020-12 of a document that says an inquiry's values by field.

    Field by field: type, choices with their labels, constraints; what is mandatory in a status as if/then. An empty field is absent
    or null. Durations are seconds, instants RFC 3339 text with an offset, dates YYYY-MM-DD. The exchange of messages is no value
    and not part of the document.

    Args:
        practice: composed.
        record: `inquiry`, or one of `practice.records` (contact, response, channel).

    Raises:
        KeyError: the practice has no such record.
    """
    fields = practice.fields if record == "inquiry" else practice.records[record]
    described = {str(name): _described(practice, field) for name, field in fields.items() if field.type != "messages"}
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:deskweave:practice:{practice.id}:{record}",
        "$comment": f"composed from practice {practice.id} {practice.version}, digest {practice.digest}",
        "title": f"{_words(practice.label, practice.languages)}: {record}",
        "type": "object",
        "properties": described,
        "additionalProperties": False,
    }
    mandatory = [_mandatory(status, names) for status, names in _required(practice, fields).items()]
    if mandatory and record == "inquiry":
        schema["allOf"] = mandatory
    return schema


def inquiry_check(practice: Practice) -> InquiryCheck:
    """The check of an inquiry's values, made once: unknown fields, types, choices, constraints, what is mandatory in its status.

    Values are neutral ones (`model.Value`), as the ledger holds them.
    """
    checks = {name: _value_check(practice, field) for name, field in practice.fields.items()}
    required = _required(practice, practice.fields)

    def check(values: Mapping[FieldId, Value]) -> list[Finding]:
        return in_order(_check(practice, checks, required, values))

    return check


def check_inquiry(practice: Practice, values: Mapping[FieldId, Value]) -> list[Finding]:
    """What is wrong with the values of one inquiry; for many use `inquiry_check`."""
    return inquiry_check(practice)(values)


# ----------------------------------------------------------------------------------------------------------------- schema
def _described(practice: Practice, field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {"title": _words(field.label, practice.languages)}
    if field.description:
        found["description"] = _words(field.description, practice.languages)
    if field.entry in ("system", "computed"):
        found["readOnly"] = True
    named = _named(practice, field)
    if field.type == "choices":
        found |= {"type": ["array", "null"], "items": {"oneOf": _consts(practice, named or {})}}
    elif named is not None:
        found["oneOf"] = [*_consts(practice, named), {"type": "null"}]
    else:
        found["type"] = [_JSON_TYPE.get(field.type, "string"), "null"]
        if field.type in _FORMAT:
            found["format"] = _FORMAT[field.type]
    keywords = keywords_of(field)
    if "pattern" in keywords:
        longest = keywords.get("maxLength")
        keywords["maxLength"] = min(longest, LONGEST_MATCHED) if isinstance(longest, int) else LONGEST_MATCHED
    if keywords.keys() & {"pattern", "minLength"}:
        found["anyOf"] = [{"maxLength": 0}, keywords]
    elif "minItems" in keywords:
        found["anyOf"] = [{"maxItems": 0}, keywords]
    else:
        found |= keywords
    return found


def _named(practice: Practice, field: Field) -> Mapping[str, Label] | None:
    """Slug and label of what a field can be set to; None where it is not chosen from a list."""
    match field.type:
        case "choice" | "choices":
            return {slug: choice.label for slug, choice in field.choices.items()}
        case "status":
            return {slug: status.label for slug, status in practice.statuses.statuses.items()}
        case "catalog_item":
            return {slug: item.label for slug, item in practice.catalog.items()}
    return None


def _consts(practice: Practice, named: Mapping[str, Label]) -> list[dict[str, Any]]:
    return [{"const": slug, "title": _words(label, practice.languages)} for slug, label in named.items()]


def _required(practice: Practice, fields: Mapping[FieldId, Field]) -> dict[str, list[FieldId]]:
    found: dict[str, list[FieldId]] = {}
    for name, field in fields.items():
        if field.required_entering is not None and field.type != "messages":
            found.setdefault(field.required_entering, []).append(name)
    return {status: found[status] for status in practice.statuses.statuses if status in found}


def _mandatory(status: str, names: Iterable[FieldId]) -> dict[str, Any]:
    listed = [str(name) for name in names]
    return {
        "if": {"properties": {str(_STATUS): {"const": status}}, "required": [str(_STATUS)]},
        "then": {"required": listed, "properties": {name: {"not": {"enum": [None, "", []]}} for name in listed}},
    }


def _words(label: Label, languages: Iterable[str]) -> str:
    """Every language of the practice, as the titles of our own schemas are written."""
    found = [label[language] for language in languages if label.get(language)] or [label[name] for name in sorted(label)]
    return " / ".join(dict.fromkeys(found))


# ------------------------------------------------------------------------------------------------------------------ check
_Told: TypeAlias = tuple[str, str, tuple[str, ...]]  #: rule, message, allowed words


def _check(
    practice: Practice,
    checks: Mapping[FieldId, Callable[[Value], _Told | None]],
    required: Mapping[str, list[FieldId]],
    values: Mapping[FieldId, Value],
) -> Iterator[Finding]:
    for name, value in values.items():
        check, place = checks.get(name), Place("inquiry", f"/{name}")
        if check is None:
            message = f"{name!r} is not a field of this practice"
            yield problem("unknown-field", place, str(name), message, allowed=[str(one) for one in checks], word=name)
        elif value is not None and (told := check(value)) is not None:
            rule, message, allowed = told
            yield problem(rule, place, shown(value), message, allowed=allowed, word=value if allowed else None)
    status = values.get(_STATUS)
    for name in required.get(status, ()) if isinstance(status, str) else ():
        if values.get(name) in _EMPTY and not isinstance(values.get(name), bool):
            message = f"{name} must be filled in status {status}"
            yield problem("missing-value", Place("inquiry", f"/{name}"), "", message)


def _value_check(practice: Practice, field: Field) -> Callable[[Value], _Told | None]:
    named, constraint, keywords = _named(practice, field), constraint_of(field), keywords_of(field)
    words = tuple(named) if named is not None else ()

    def check(value: Value) -> _Told | None:
        if not _has_type(field.type, value):
            return "wrong-type", f"a value of type {field.type} is expected", ()
        if named is not None:
            for one in value if isinstance(value, tuple) else (value,):
                if one not in named:
                    return "unknown-choice", f"{shown(one)!r} is not a choice of {field.id}", words
        broken = constraint(value) if constraint is not None else None
        if broken is None:
            return None
        return "out-of-bounds", f"it does not meet {broken}: {shown(keywords.get(broken))}", ()

    return check


def _has_type(kind: str, value: Value) -> bool:
    match kind:
        case "number" | "duration":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and value - value == 0  # no infinity, no NaN
        case "integer":
            return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
        case "boolean":
            return isinstance(value, bool)
        case "datetime":
            return isinstance(value, datetime) and value.tzinfo is not None
        case "date":
            return isinstance(value, str) and _is_date(value)
        case "choices":
            return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
        case "messages":
            return False
    return isinstance(value, str)


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
