"""Documents to write: a value of each field's type that its constraints and the binding allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from deskweave.model import Binding, Field, FieldBinding, FieldId, Policy, Value
from deskweave.model.constraint import constraint_of
from deskweave.model.predicate import fields_of, holds

TITLE: Final = FieldId("title")
STATUS: Final = FieldId("status")
#: Types whose values can be made up. A person or a group has to be known on the platform, an exchange is no value.
TEXTS: Final = frozenset({"text", "long_text"})
_EPOCH: Final = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def value_for(field: Field, at: FieldBinding, number: int) -> Value:
    """A value of the field's type, another one for each number; None: none can be made up."""
    choices = sorted(slug for slug in at.choices if not field.choices or slug in field.choices)
    made: Value
    match field.type:
        case "text":
            made = f"Kit {field.id} {number}"
        case "long_text":
            made = f"Kit {field.id} {number}\nand a second line"
        case "email":
            made = f"kit{number}@example.com"
        case "phone":
            made = f"+86 10 5555 {number % 10000:04d}"
        case "link":
            made = f"https://example.com/{number}"
        case "number":
            made = number + 0.5
        case "integer":
            made = number
        case "boolean":
            made = number % 2 == 0
        case "duration":
            made = 60 * (number + 1)
        case "datetime":
            made = _EPOCH + timedelta(minutes=number)
        case "choice" | "catalog_item":
            made = choices[number % len(choices)] if choices else None
        case "choices":
            made = tuple(choices[: 1 + number % len(choices)]) if choices else None
        case _:
            made = None
    asks = constraint_of(field)
    return None if asks is not None and asks(made) is not None else made


def writable(binding: Binding, collection: str, *, again: bool = False) -> list[FieldId]:
    """Fields that can be written with made-up values; `again`: also a second time."""
    refused = {Policy.READ_ONLY, Policy.WRITE_IF_EMPTY} if again else {Policy.READ_ONLY}
    found = []
    for name, at in binding.collections[collection].fields.items():
        field = binding.fields.get(name)
        if field is None or name == STATUS or not at.provisioned or at.policy in refused:
            continue
        if value_for(field, at, 1) is not None:
            found.append(name)
    return found


def document_for(binding: Binding, collection: str, number: int, *, whole: bool) -> dict[FieldId, Value]:
    """A document that lives in this collection: a title, what `holds` asks for, and with `whole` every field there is."""
    bound = binding.collections[collection]
    names = writable(binding, collection)
    told: dict[FieldId, Value] = {}
    for name in names:
        if whole or name == TITLE:
            told[name] = value_for(binding.fields[name], bound.fields[name], number)
    if TITLE in bound.fields:
        told[TITLE] = f"Kit inquiry {number}"
    for name in fields_of(bound.holds):
        if name in binding.fields and not holds(bound.holds, told):
            told[name] = next(
                (slug for slug in sorted(binding.fields[name].choices) if holds(bound.holds, {**told, name: slug})), None
            )
    return told
