"""How Jira spells the practice's values: codecs over the plain values of `values.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from deskweave.connector import Mapper
from deskweave.mapping import BoundMapper, Codec, Dialect, PeopleCodec, Unmapped, text_codec
from deskweave.mapping.codec import normalise_text
from deskweave.model import Binding, Field, FieldBinding, Json, Value
from deskweave_jira_sm.adf import LIMIT, settled
from deskweave_jira_sm.instant import read_instant, write_instant
from deskweave_jira_sm.values import PEOPLE, is_account


def _read_long(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None:
        return None
    if not isinstance(raw, (str, int, float)) or isinstance(raw, bool):
        raise Unmapped
    return _long(str(raw), at)


def _write_long(value: Value, field: Field, at: FieldBinding) -> Json:
    return None if value is None else _long(str(value), at)


def _long(text: str, at: FieldBinding) -> str | None:
    """Text as a rich text field gives it back, so that what was written reads as written."""
    limit = min(at.max_length or LIMIT, LIMIT)
    for _ in range(4):
        once = normalise_text(settled(text), lines=True, limit=limit)
        if once is None or once == text:
            return once
        text = once
    return text


def _read_choice(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None or raw == "":
        return None
    for slug, spelled in at.choices.items():
        if str(spelled).casefold() == str(raw).casefold():
            return slug
    raise Unmapped


def _write_choice(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    if str(value) not in at.choices:
        raise Unmapped
    return at.choices[str(value)]


def _read_choices(raw: Json, field: Field, at: FieldBinding) -> Value:
    items = raw if isinstance(raw, (list, tuple)) else [] if raw is None else [raw]
    return tuple(sorted(slug for slug in (_read_choice(item, field, at) for item in items) if isinstance(slug, str)))


def _write_choices(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None or value == ():
        return None
    items = value if isinstance(value, tuple) else (value,)
    return [_write_choice(item, field, at) for item in sorted(items, key=str)]


def _read_number(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        raise Unmapped
    try:
        number = float(str(raw))
    except ValueError:
        raise Unmapped from None
    if field.type in ("integer", "duration"):
        if number != int(number):
            raise Unmapped
        return int(number)
    return number


def _write_number(value: Value, field: Field, at: FieldBinding) -> Json:
    return None if value is None else float(str(value)) if field.type == "number" else int(float(str(value)))


_TRUE, _FALSE = ("yes", "true", "1", "是"), ("no", "false", "0", "否")


def _read_flag(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None or raw == "":
        return None
    word = str(raw).casefold()
    for spelled, meaning in ((at.choices.get("true"), True), (at.choices.get("false"), False)):
        if spelled is not None and str(spelled).casefold() == word:
            return meaning
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unmapped


def _write_flag(value: Value, field: Field, at: FieldBinding) -> Json:
    """Jira has no yes/no field: a select with the options Yes and No stands for it."""
    if value is None:
        return None
    return at.choices.get("true", "Yes") if value else at.choices.get("false", "No")


def _read_date(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None or raw == "":
        return None
    try:
        return date.fromisoformat(str(raw)[:10]).isoformat()
    except ValueError:
        raise Unmapped from None


def _write_date(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    return value.date().isoformat() if isinstance(value, datetime) else str(value)[:10]


def _read_moment(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None or raw == "":
        return None
    moment = read_instant(raw)
    if moment is None:
        raise Unmapped
    return moment


def _write_moment(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return write_instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _read_person(raw: Json, field: Field, at: FieldBinding) -> Value:
    return text_codec.read(raw.get("displayName") if is_account(raw) else raw, field, at)


def _takes_account(at: FieldBinding) -> bool:
    return at.native in PEOPLE


def _account(fields: Mapping[str, Json], at: FieldBinding) -> str | None:
    found = fields.get(f"{at.native}.account")
    return found if isinstance(found, str) and found else None


def _spell_account(account: str, name: str) -> Json:
    return {"accountId": account, "displayName": name}


_PERSON = Codec(_read_person, text_codec.write, PeopleCodec(_takes_account, _account, _spell_account))
_CHOICE = Codec(_read_choice, _write_choice)
_NUMBER = Codec(_read_number, _write_number)
DIALECT: Final = Dialect(
    codecs={
        "long_text": Codec(_read_long, _write_long),
        "choice": _CHOICE,
        "catalog_item": _CHOICE,
        "choices": Codec(_read_choices, _write_choices),
        "number": _NUMBER,
        "integer": _NUMBER,
        "duration": _NUMBER,
        "boolean": Codec(_read_flag, _write_flag),
        "date": Codec(_read_date, _write_date),
        "datetime": Codec(_read_moment, _write_moment),
        "person": _PERSON,
    },
    digest="jira_sm-1",
    status_by="transition",
    empty=None,
)


def mapper_for(binding: Binding) -> Mapper:
    """The mapper of a binding: pure, no site needed."""
    return BoundMapper(binding, DIALECT)
