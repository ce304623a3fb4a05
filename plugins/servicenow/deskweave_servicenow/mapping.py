"""How ServiceNow spells values, and how a row of the Table API becomes a record."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from deskweave.connector import Ref, RemoteRecord
from deskweave.mapping import Codec, Dialect, PeopleCodec, Unmapped, text_codec
from deskweave.mapping.codec import choice_codec
from deskweave.model import Field, FieldBinding, Json, Value
from deskweave_servicenow.client import Row, instant, stamp

#: Reference columns we read through: column -> (table, columns of it that say who or what it is, best first).
REFERENCES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "assigned_to": ("sys_user", ("name", "email")),
    "assignment_group": ("sys_user_group", ("name",)),
    "caller_id": ("sys_user", ("name", "email")),
    "closed_by": ("sys_user", ("name", "email")),
    "opened_by": ("sys_user", ("name", "email")),
    "opened_for": ("sys_user", ("name", "email")),
    "reopened_by": ("sys_user", ("name", "email")),
    "resolved_by": ("sys_user", ("name", "email")),
}
USERS: Final = "sys_user"
ACCOUNT: Final = "user_name"  #: a user's account: records and comments name their authors by it
#: Columns that only take and never give back what was written.
JOURNALS: Final = frozenset({"comments", "work_notes", "comments_and_work_notes"})
ALWAYS: Final = ("sys_id", "number", "sys_updated_on", "sys_updated_by", "sys_mod_count")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _bare(raw: Json) -> Json:
    """What a reference or a plain value says to people: a person's display name, as on the other platforms."""
    if isinstance(raw, Mapping):
        return next((raw[name] for name in ("name", "email", "display_value", "value") if raw.get(name)), None)
    return raw


def _read_text(raw: Json, field: Field, at: FieldBinding) -> Value:
    return text_codec.read(_bare(raw), field, at)


def _write_text(value: Value, field: Field, at: FieldBinding) -> Json:
    return text_codec.write(value, field, at)


def _read_instant(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw in (None, ""):
        return None
    found = instant(raw)
    if found is None:
        raise Unmapped
    return found


def _write_instant(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Unmapped
    return stamp(value)


def _read_date(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw in (None, ""):
        return None
    if not isinstance(raw, str) or not _DATE.fullmatch(raw[:10]):
        raise Unmapped
    return raw[:10]


def _write_date(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    text = stamp(value)[:10] if isinstance(value, datetime) else str(value)[:10]
    if not _DATE.fullmatch(text):
        raise Unmapped
    return text


def _read_flag(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw in (None, ""):
        return None
    if str(raw).lower() not in ("true", "false", "1", "0"):
        raise Unmapped
    return str(raw).lower() in ("true", "1")


def _write_flag(value: Value, field: Field, at: FieldBinding) -> Json:
    return None if value is None else "true" if value else "false"


def _read_number(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw in (None, ""):
        return None
    try:
        number = float(str(raw).replace(",", ""))
    except ValueError:
        raise Unmapped from None
    if not math.isfinite(number):
        raise Unmapped
    return int(number) if field.type == "integer" or number.is_integer() else number


def _write_number(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Unmapped
    whole = field.type == "integer" or float(value).is_integer()
    return str(int(value)) if whole else repr(value)


def _read_duration(raw: Json, field: Field, at: FieldBinding) -> Value:
    """A duration is a datetime counted from 1970-01-01; a bare number is seconds."""
    if raw in (None, ""):
        return None
    found = instant(raw)
    if found is not None:
        return int((found - _EPOCH).total_seconds())
    return _read_number(raw, field, at)


def _write_duration(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**9:
        raise Unmapped
    return stamp(_EPOCH + timedelta(seconds=int(value)))


def _read_choices(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw in (None, ""):
        return ()
    if not isinstance(raw, str):
        raise Unmapped
    slugs = {str(spelled): slug for slug, spelled in at.choices.items()}
    parts = [part.strip() for part in raw.split(",") if part.strip()]
    if any(part not in slugs for part in parts):
        raise Unmapped
    return tuple(sorted({slugs[part] for part in parts}))


def _write_choices(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None or value == ():
        return None
    if not isinstance(value, tuple) or any(str(slug) not in at.choices for slug in value):
        raise Unmapped
    parts = [str(at.choices[str(slug)]) for slug in sorted(map(str, value))]
    if any("," in part for part in parts):
        raise Unmapped  # the platform separates values by commas and knows no escape
    return ",".join(parts)


def _takes_account(at: FieldBinding) -> bool:
    return REFERENCES.get(at.native, ("",))[0] == USERS


def _account(fields: Mapping[str, Json], at: FieldBinding) -> str | None:
    raw = fields.get(at.native)
    found = raw.get(ACCOUNT) if isinstance(raw, Mapping) else None
    return found if isinstance(found, str) and found else None


def _spell_account(account: str, name: str) -> Json:
    return {ACCOUNT: account, "name": name}


_TEXT: Final = Codec(_read_text, _write_text)
_PERSON: Final = Codec(_read_text, _write_text, PeopleCodec(_takes_account, _account, _spell_account))
_INSTANT: Final = Codec(_read_instant, _write_instant)
_NUMBER: Final = Codec(_read_number, _write_number)
_CHOICE: Final = choice_codec(_bare, lambda raw: None if raw is None else str(raw))
DIALECT: Final = Dialect(
    codecs={
        "*": _TEXT,
        "boolean": Codec(_read_flag, _write_flag),
        "catalog_item": _CHOICE,
        "choice": _CHOICE,
        "choices": Codec(_read_choices, _write_choices),
        "date": Codec(_read_date, _write_date),
        "datetime": _INSTANT,
        "duration": Codec(_read_duration, _write_duration),
        "integer": _NUMBER,
        "number": _NUMBER,
        "person": _PERSON,
    },
    digest="servicenow-1",
    status_by="set",
    empty="",
)


def asked(columns: Sequence[str]) -> tuple[str, ...]:
    """What to ask for so that these columns can be read: references with the words people know them by, journals not at all."""
    found: list[str] = [*ALWAYS]
    for name in columns:
        if name in JOURNALS:
            continue
        found.append(name)
        if name in REFERENCES:
            table, words = REFERENCES[name]
            found += [f"{name}.{part}" for part in (*words, ACCOUNT) if part != ACCOUNT or table == USERS]
    return tuple(dict.fromkeys(found))


def read_fields(row: Row) -> dict[str, Json]:
    """The columns of a row in the shape the codecs read. A reference whose words are hidden counts as not readable."""
    fields: dict[str, Json] = {}
    for name, raw in row.items():
        if "." in name or name in JOURNALS:
            continue
        if name in REFERENCES:
            bare = raw.get("value") if isinstance(raw, Mapping) else raw
            if bare in (None, ""):
                fields[name] = ""
                continue
            words = {part: row[f"{name}.{part}"] for part in REFERENCES[name][1] if row.get(f"{name}.{part}")}
            account = row.get(f"{name}.{ACCOUNT}")
            if words:
                fields[name] = {"value": bare, **words, **({ACCOUNT: account} if account else {})}
            continue
        if isinstance(raw, Mapping) and "value" in raw:
            raw = raw["value"]
        fields[name] = raw
    return fields


def read_record(collection: str, row: Row, *, correlation: str | None, address: str) -> RemoteRecord | None:
    """A row as a record; None for one without an id or stamp, which no cursor can hold on to."""
    sys_id, updated_at = row.get("sys_id"), instant(row.get("sys_updated_on"))
    if not isinstance(sys_id, str) or not sys_id or updated_at is None:
        return None
    mark = row.get(correlation) if correlation else None
    return RemoteRecord(
        ref=Ref(collection, sys_id),
        fields=read_fields(row),
        corr=mark if isinstance(mark, str) and mark else None,
        updated_at=updated_at,
        version=str(row["sys_mod_count"]) if row.get("sys_mod_count") not in (None, "") else None,
        updated_by=str(row["sys_updated_by"]) if row.get("sys_updated_by") else None,
        label=str(row.get("number") or sys_id),
        url=f"{address}/{collection}.do?sys_id={sys_id}",
    )
