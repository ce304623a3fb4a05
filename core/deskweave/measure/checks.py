"""What is wrong with a practice's metrics: names, types, and the examples they state, which run through the compiler as data do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from deskweave.clock import local_day
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.columns import Columns, Kind, codes
from deskweave.measure.facts import Row
from deskweave.measure.periods import Period, period_of
from deskweave.measure.plan import Planner, seconds_of
from deskweave.measure.run import Result, Stamp, evaluate
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import FieldId, Json, Metric

_ANY_DAY = datetime(2000, 1, 3, 12, tzinfo=UTC)  #: where an example does not say when its inquiries were submitted


def checks(practice: Rulebook) -> Iterator[Finding]:
    """Findings about metrics. None means that every rule compiles and every example comes out as stated."""
    columns = Columns(practice)
    yield from columns.collisions
    planner = Planner(practice, columns)
    for metric in practice.metrics.values():
        try:
            planner.plan(metric)
        except DocumentError as error:
            yield from error.findings
            continue
        for number, example in enumerate(metric.examples):
            yield from _example(metric, example, f"/metrics/{metric.id}/examples/{number}", planner)


def _finding(rule: str, path: str, found: object, message: str, allowed: Sequence[str] = ()) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        place=Place("practice", path),
        found=str(found)[:80],
        message=message,
        allowed=tuple(allowed),
    )


def _example(metric: Metric, example: Mapping[str, Json], path: str, planner: Planner) -> Iterator[Finding]:
    given, expect = _rows(example.get("given")), _rows(example.get("expect"))
    if given is None or expect is None:
        yield _finding("example-shape", path, "", "needs given and expect, each a list of rows")
        return
    rows: list[Row] = []
    for number, said in enumerate(given):
        try:
            rows.append(_row(said, metric, planner))
        except ValueError as error:
            yield _finding("example-given", f"{path}/given/{number}", "", str(error))
            return
    with FactTable.of_rows(planner.columns, rows) as facts:
        for number, wanted in enumerate(expect):
            yield from _expect(metric, wanted, f"{path}/expect/{number}", planner, facts, rows)


def _expect(
    metric: Metric, wanted: Mapping[str, Json], path: str, planner: Planner, facts: FactTable, rows: Sequence[Row]
) -> Iterator[Finding]:
    by = [key for key in wanted if key not in ("value", "period", "counted")]
    try:
        plan = planner.plan(metric, by)
        when = wanted.get("period")
        if when is None:
            days = [date.fromisoformat(row[plan.day.name]) for row in rows] or [_ANY_DAY.date()]
            period = Period(period_of(min(days), metric.every).since, period_of(max(days), metric.every).until)
        else:
            period = period_of(date.fromisoformat(str(when)), metric.every)
    except DocumentError as error:
        yield from error.findings
        return
    except ValueError as error:
        yield _finding("example-shape", f"{path}/period", wanted.get("period"), str(error))
        return
    stamp = Stamp(planner.practice.digest, (), (), 0, datetime.max.replace(tzinfo=UTC))
    results = [one for one in evaluate(plan, metric, facts, [period], stamp) if all(one.by[key] == wanted[key] for key in by)]
    value = wanted.get("value")
    want = seconds_of(value) if isinstance(value, str) else value
    if not results:
        yield _finding("example-differs", path, "no row", f"expected {value} and nothing came out")
        return
    (result,) = results
    if not _same(result.value, want):
        yield _finding("example-differs", f"{path}/value", _came(result), f"is what comes out; the example expects {value}")
    if "counted" in wanted and wanted["counted"] != result.counted:
        yield _finding(
            "example-differs", f"{path}/counted", result.counted, f"were counted; the example expects {wanted['counted']}"
        )


def _came(result: Result) -> str:
    return "no value" if result.value is None else f"{result.value:.12g}"


def _same(have: float | None, want: Json) -> bool:
    if have is None or want is None:
        return have is None and want is None
    return isinstance(want, int | float) and math.isclose(have, want, rel_tol=1e-9, abs_tol=1e-12)


def _rows(said: Json) -> list[Mapping[str, Json]] | None:
    if not isinstance(said, Sequence) or isinstance(said, str):
        return None
    rows = [row for row in said if isinstance(row, Mapping)]
    return rows if len(rows) == len(said) else None


def _row(said: Mapping[str, Json], metric: Metric, planner: Planner) -> Row:
    """A fact row from an example's words: field values, and {took, goal} of clocks.

    Raises:
        ValueError: it names what is not there, or a value is not of its field's type.
    """
    practice, columns = planner.practice, planner.columns
    row: Row = {"inquiry": "example"}
    for name, value in said.items():
        if name in practice.clocks:
            parts = value if isinstance(value, Mapping) else {"took": value}
            for part in ("took", "goal"):
                row[f"{name}_{part}"] = _seconds(parts.get(part), f"{name}/{part}")
            took, goal = row[f"{name}_took"], row[f"{name}_goal"]
            row[f"{name}_met"] = None if took is None or goal is None else took <= goal
            continue
        column = columns.get(name) if name in practice.fields or name == "phase" else None
        if column is None:
            message = f"{name} is no clock of this practice and no field that is kept where figures are made"
            raise ValueError(message)
        if value is None:
            continue
        row[name] = _cell(value, column.kind, name)
        field = practice.fields.get(FieldId(name))
        if f"{name}_code" in columns.all and field is not None:
            row[f"{name}_code"] = codes(field, practice).get(str(value))
        if column.kind is Kind.INSTANT:
            row[f"{name}_day"] = local_day(row[name].replace(tzinfo=UTC), ZoneInfo(practice.zone)).isoformat()
    if row.get(metric.period_by) is None:
        row[metric.period_by] = _ANY_DAY.replace(tzinfo=None)
        row[f"{metric.period_by}_day"] = _ANY_DAY.date().isoformat()
    return row


def _seconds(value: Json, name: str) -> int | None:
    if value is None:
        return None
    found = seconds_of(value) if isinstance(value, str) else value
    if not isinstance(found, int) or isinstance(found, bool):
        message = f"{name}: {value} is no duration such as PT5M"
        raise ValueError(message)
    return found


def _cell(value: Json, kind: Kind, name: str) -> object:
    fits: object = None
    match kind:
        case Kind.TEXT:
            fits = value if isinstance(value, str) else None
        case Kind.BOOLEAN:
            fits = value if isinstance(value, bool) else None
        case Kind.NUMBER:
            fits = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case Kind.INTEGER:
            fits = value if isinstance(value, int) and not isinstance(value, bool) else None
        case Kind.SECONDS:
            return _seconds(value, name)
        case Kind.SLUGS:
            fits = [str(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else None
        case Kind.DATE:
            fits = date.fromisoformat(str(value))
        case Kind.INSTANT:
            moment = datetime.fromisoformat(str(value))
            fits = None if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    if fits is None:
        message = f"{name}: {value} is not of its type"
        raise ValueError(message)
    return fits
