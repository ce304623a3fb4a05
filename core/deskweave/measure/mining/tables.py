"""Facts and events as tables for other programs. What is marked personal is left out, or stands as a code."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from deskweave.measure.columns import Column, Columns, Kind, fields_of
from deskweave.measure.mining.traces import Codes, Trace
from deskweave.measure.periods import Period
from deskweave.measure.record_facts import MOMENTS
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable, offline
from deskweave.model import FieldId, Grain

#: Names of XES (IEEE 1849) for what they name there; mining tools look for them.
CASE, ACTIVITY, TIME, RESOURCE, GROUP = "case:concept:name", "concept:name", "time:timestamp", "org:resource", "org:group"
_OF_CASE: Final = ("service_item", "classification", "priority", "channel", "stream")


def event_columns(practice: Rulebook) -> dict[str, str]:
    """Columns of the event table with their SQL types."""
    own = [name for name in _OF_CASE if (field := practice.fields.get(FieldId(name))) is not None and field.personal is None]
    return {CASE: "VARCHAR", ACTIVITY: "VARCHAR", TIME: "TIMESTAMP", RESOURCE: "VARCHAR", GROUP: "VARCHAR",
            **{f"case:{name}": "VARCHAR" for name in own}}  # fmt: skip


def event_rows(practice: Rulebook, traces: Iterable[Trace]) -> Iterator[dict[str, Any]]:
    """One row each time an inquiry entered a status; moments are UTC."""
    own = [name.removeprefix("case:") for name in list(event_columns(practice))[5:]]
    for trace in traces:
        case = {f"case:{name}": trace.values.get(FieldId(name)) for name in own}
        for turn in trace.turns:
            yield {CASE: trace.case, ACTIVITY: turn.status, TIME: turn.at, RESOURCE: turn.agent, GROUP: turn.group, **case}


def fact_columns(practice: Rulebook, codes: Codes, grain: Grain = "inquiry") -> list[Column]:
    """Columns of the fact table that may leave: what is about the row itself stays, and so does what is personal, unless asked for.

    An agent's name is among them as a code, and what a contact or an answer is called.
    """
    kept: list[Column] = []
    fields = fields_of(practice, grain)
    for column in Columns(practice, grain):
        field = fields.get(FieldId(column.of))
        personal = field is not None and field.personal is not None and not column.name.endswith("_filled")
        if (column.name.startswith("_") and column.name != "_key") or (
            personal and not codes.plain and column.name != "agent_name"
        ):
            continue
        kept.append(column)
    return kept


def fact_rows(practice: Rulebook, table: FactTable, codes: Codes, period: Period | None = None) -> Iterator[dict[str, Any]]:
    """The facts, one row per inquiry (contact, answer), by what it is called.

    Args:
        practice: whose columns.
        table: the open facts.
        codes: what stands for agents.
        period: only inquiries registered in it, contacts and answers of it; None: all.
    """
    grain = table.columns.grain
    columns = fact_columns(practice, codes, grain)
    key, day = ("inquiry", "submitted_at_day") if grain == "inquiry" else ("_key", f"{MOMENTS[grain]}_day")
    asked = ", ".join(f'"{column.name}"' for column in columns)
    inside, parameters = "TRUE", dict[str, Any]()
    if period is not None:
        inside, parameters = (
            f"{day} >= $since AND {day} < $until",
            {"since": period.since, "until": period.until},
        )
    # names are columns of the checked practice
    for row in table.query(f"SELECT {asked} FROM facts WHERE {inside} ORDER BY {key}", parameters):
        if "agent_name" in row:
            row["agent_name"] = codes.of(row["agent_name"])
        yield row


def write_parquet(path: Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Rows as a Parquet file, written under another name and renamed; answers with how many.

    Raises:
        OSError: the file cannot be written.
    """
    count = 0
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        lines = Path(folder) / "rows.json"
        with lines.open("w", encoding="utf-8", newline="\n") as out:
            for row in rows:
                out.write(json.dumps([_cell(row.get(name)) for name in columns], ensure_ascii=False) + "\n")
                count += 1
        named = {f"c{number}": type_ for number, type_ in enumerate(columns.values())}
        connection = offline()
        try:
            # arrays of one length: a column's name may hold anything, and here it is a number
            connection.execute(f"CREATE TABLE t ({', '.join(f'{name} {type_}' for name, type_ in named.items())})")
            if count:
                casts = ", ".join(
                    f"CAST(json->{'' if type_.endswith('[]') else '>'}{number} AS {type_})"
                    for number, type_ in enumerate(named.values())
                )
                connection.execute(f"INSERT INTO t SELECT {casts} FROM read_ndjson_objects($lines)", {"lines": str(lines)})
            stated = ", ".join(f'{name} AS "{column.replace(chr(34), "")}"' for name, column in zip(named, columns, strict=True))
            part = Path(folder) / "rows.parquet"
            connection.sql(f"SELECT {stated} FROM t").write_parquet(str(part), compression="zstd")
        finally:
            connection.close()
        os.replace(part, path)
    return count


def types_of(columns: Sequence[Column]) -> dict[str, str]:
    """SQL type by column."""
    return {column.name: (Kind.INTEGER if column.kind is Kind.SECONDS else column.kind).value for column in columns}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        at = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo is not None else value
        return at.isoformat(sep=" ")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return [_cell(one) for one in value] if isinstance(value, list) else value
