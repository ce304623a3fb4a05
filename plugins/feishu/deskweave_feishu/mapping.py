"""How Feishu spells values, and a binding spelled with column ids so that renaming a column breaks nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from deskweave.mapping import Codec, Dialect, Unmapped, text_codec
from deskweave.mapping.codec import choice_codec
from deskweave.model import Binding, CollectionBinding, Field, FieldBinding, Json, StatusBinding, Value

VERSION: Final = "feishu-1"  #: raised whenever a codec reads or writes anything differently
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def dialect(zone: str) -> Dialect:
    """Feishu's spelling, with dates as midnights of `zone` (an IANA name): the base has no dates, only instants."""
    at = ZoneInfo(zone)
    choice = choice_codec(lambda raw: raw, lambda raw: raw)
    return Dialect(
        codecs={
            "*": text_codec,
            "number": Codec(_read_number, _write_number),
            "integer": Codec(_read_integer, _write_number),
            "duration": Codec(_read_integer, _write_number),
            "boolean": Codec(_read_flag, _write_flag),
            "datetime": Codec(_read_instant, _write_instant),
            "date": Codec(lambda raw, _f, _a: _read_date(raw, at), lambda value, _f, _a: _write_date(value, at)),
            "choice": choice,
            "catalog_item": choice,
            "status": choice,
            "choices": Codec(_read_choices, _write_choices),
        },
        digest=f"{VERSION}:{zone}",
    )


def by_column_id(binding: Binding) -> Binding:
    """The binding with column ids in place of the column names whose id the lock file knows.

    Fields come with their id already; statuses, companions, correlation and cross reference are written by name.
    """
    return replace(binding, collections={name: _by_id(bound) for name, bound in binding.collections.items()})


def _by_id(bound: CollectionBinding) -> CollectionBinding:
    ids = {at.at: at.native for at in bound.fields.values() if at.provisioned and at.native != at.at}
    if not ids:
        return bound

    def renamed(words: Mapping[str, Json]) -> dict[str, Json]:
        return {ids.get(name, name): value for name, value in words.items()}

    return replace(
        bound,
        correlation=ids.get(bound.correlation, bound.correlation) if bound.correlation else None,
        cross_reference=ids.get(bound.cross_reference, bound.cross_reference) if bound.cross_reference else None,
        fixed=renamed(bound.fixed),
        statuses={
            slug: StatusBinding(is_=renamed(said.is_), reads=tuple(renamed(words) for words in said.reads), sets=renamed(said.sets))
            for slug, said in bound.statuses.items()
        },
    )


def _as_number(raw: Json) -> float | int | None:
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise Unmapped
    try:
        number = float(raw)
    except ValueError:
        raise Unmapped from None
    if not math.isfinite(number):
        raise Unmapped
    return int(number) if number.is_integer() else number


def _read_number(raw: Json, field: Field, at: FieldBinding) -> Value:
    return _as_number(raw)


def _read_integer(raw: Json, field: Field, at: FieldBinding) -> Value:
    number = _as_number(raw)
    return None if number is None else round(number)


def _write_number(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    if isinstance(value, (tuple, datetime)):
        raise Unmapped
    number = _as_number(value)
    return round(number) if number is not None and field.type != "number" else number


def _read_flag(raw: Json, field: Field, at: FieldBinding) -> Value:
    if raw is None:
        return False  # a checkbox knows two states, and an unticked one is simply not in the answer
    if not isinstance(raw, bool):
        raise Unmapped
    return raw


def _write_flag(value: Value, field: Field, at: FieldBinding) -> Json:
    return None if value is None else bool(value)


def instant_of(raw: Json) -> datetime | None:
    """Milliseconds since 1970 as an instant; None for nothing, Unmapped for anything else."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, str) and raw.lstrip("-").isdigit() and len(raw) < 20:
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
        raise Unmapped
    try:
        return _EPOCH + timedelta(milliseconds=int(raw))
    except OverflowError:
        raise Unmapped from None


def milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND


def _read_instant(raw: Json, field: Field, at: FieldBinding) -> Value:
    return instant_of(raw)


def _write_instant(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Unmapped
    return milliseconds(value)


def _read_date(raw: Json, zone: ZoneInfo) -> Value:
    instant = instant_of(raw)
    try:
        return None if instant is None else instant.astimezone(zone).date().isoformat()
    except OverflowError:
        raise Unmapped from None


def _write_date(value: Value, zone: ZoneInfo) -> Json:
    if value is None:
        return None
    try:
        day = value.astimezone(zone).date() if isinstance(value, datetime) else date.fromisoformat(str(value))
    except ValueError:
        raise Unmapped from None
    raw = milliseconds(datetime(day.year, day.month, day.day, tzinfo=zone))
    _read_date(raw, zone)  # the first and the last day of all time have no midnight everywhere
    return raw


def _read_choices(raw: Json, field: Field, at: FieldBinding) -> Value:
    """Slugs in the order of the binding's table: a multi-select has no order of its own."""
    if raw is None or raw == "":
        return ()
    names = [raw] if isinstance(raw, str) else raw
    if not isinstance(names, Sequence):
        raise Unmapped
    slugs = {str(spelled): slug for slug, spelled in at.choices.items()}
    found = {slugs.get(str(name)) for name in names}
    if None in found:
        raise Unmapped
    return tuple(slug for slug in at.choices if slug in found)


def _write_choices(value: Value, field: Field, at: FieldBinding) -> Json:
    if value is None or value == ():
        return None
    wanted = {str(slug) for slug in value} if isinstance(value, tuple) else {str(value)}
    if not wanted <= set(at.choices):
        raise Unmapped
    return [spelled for slug, spelled in at.choices.items() if slug in wanted]
