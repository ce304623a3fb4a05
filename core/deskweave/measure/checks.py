"""What is wrong with a practice's metrics: names, types, and the examples they state, which are run as data are."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from deskweave.clock import Entry, Timeline, local_day, turns
from deskweave.clock.timeline import STATUS, SUBMITTED
from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.columns import OPEN, Column, Columns, Kind, codes, fields_of
from deskweave.measure.facts import Row
from deskweave.measure.periods import Period, period_of
from deskweave.measure.plain import PlainTable
from deskweave.measure.plan import Asked, plans_of, seconds_of
from deskweave.measure.planner import Planner
from deskweave.measure.records import Records
from deskweave.measure.run import Result, Stamp, evaluate
from deskweave.measure.sources import Rulebook
from deskweave.model import GRAINS, FieldId, Grain, Json, Metric

_ANY_DAY = datetime(2000, 1, 3, 12, tzinfo=UTC)  #: where an example does not say when its rows happened
_EVER = datetime(9999, 12, 30, tzinfo=UTC)  #: rows of examples are known whenever they happened; a day is left for zones
Given = Mapping[Grain, Sequence[Row]]


def checks(practice: Rulebook, *, examples: Container[str] | None = None) -> Iterator[Finding]:
    """Findings about metrics. None means that every rule can be planned and every example comes out as stated.

    Args:
        practice: whose metrics.
        examples: ids of the metrics whose examples are run; default: all. Examples belong to the layer that states them.
    """
    planner = Planner(practice)
    yield from planner.columns().collisions
    for grain in GRAINS:
        if grain in practice.records:
            yield from Columns(practice, grain).collisions
    for metric in practice.metrics.values():
        try:
            planner.plan(metric)
        except DocumentError as error:
            yield from error.findings
            continue
        if examples is None or metric.id in examples:
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
    expect = _rows(example.get("expect"))
    given = _given(metric, example.get("given"))
    if given is None or expect is None:
        yield _finding("example-shape", path, "", "an example has given and expect, each a list of rows")
        return
    plan = planner.plan(metric)
    rows: dict[Grain, list[Row]] = {}
    for grain, said in given.items():
        moments = [one.instant for one in plans_of(plan) if one.grain == grain]
        for number, cells in enumerate(said):
            try:
                rows.setdefault(grain, []).append(_row(cells, grain, moments, planner))
            except ValueError as error:
                at = f"{path}/given/{number}" if isinstance(example.get("given"), list) else f"{path}/given/{grain}/{number}"
                yield _finding("example-given", at, "", str(error))
                return
        rows.setdefault(grain, [])
    # grains that an example says nothing about are not collected in it
    tables = {grain: PlainTable(planner.columns(grain), some) for grain, some in rows.items()}
    records = Records(planner.practice, tables, ratings=False)
    for number, wanted in enumerate(expect):
        yield from _expect(metric, wanted, f"{path}/expect/{number}", planner, records, rows)


def _given(metric: Metric, said: Json) -> dict[Grain, list[Mapping[str, Json]]] | None:
    """An example's rows by record: a list is of the metric's own grain, one made of others may name the records of its parts."""
    if isinstance(said, Mapping) and metric.made_of_others:
        known = {grain: rows for grain in GRAINS if (rows := _rows(said.get(grain))) is not None}
        return known if len(known) == len(said) else None
    rows = _rows(said)
    return None if rows is None else {metric.grain: rows}


def _expect(
    metric: Metric, wanted: Mapping[str, Json], path: str, planner: Planner, records: Records, rows: Given
) -> Iterator[Finding]:
    by = [key for key in wanted if key not in ("value", "period", "counted", "level")]
    try:
        plan = planner.plan(metric, by)
        when = wanted.get("period")
        if when is None:
            days = _days(plan, rows) or [_ANY_DAY.date()]
            period = Period(period_of(min(days), metric.every).since, period_of(max(days), metric.every).until)
        else:
            period = period_of(date.fromisoformat(str(when)), metric.every)
    except DocumentError as error:
        yield from error.findings
        return
    except ValueError as error:
        yield _finding("example-shape", f"{path}/period", wanted.get("period"), str(error))
        return
    stamp = Stamp(planner.practice.digest, (), (), 0, _EVER)
    results = [one for one in evaluate(plan, metric, records, [period], stamp) if all(one.by[key] == wanted[key] for key in by)]
    value = wanted.get("value")
    want = seconds_of(value) if isinstance(value, str) else value
    if not results:
        yield _finding("example-differs", path, "no row", f"expected {value} and nothing came out")
        return
    (result,) = results
    if not _same(result.value, want):
        yield _finding(
            "example-differs", f"{path}/value", _came(result), f"{_came(result)} is what comes out; the example expects {value}"
        )
    if "counted" in wanted and wanted["counted"] != result.counted:
        yield _finding(
            "example-differs",
            f"{path}/counted",
            result.counted,
            f"{result.counted} were counted; the example expects {wanted['counted']}",
        )
    level = result.level or "none"
    if wanted.get("level", level) != level:
        yield _finding("example-differs", f"{path}/level", level, f"is the level it reaches; the example expects {wanted['level']}")


def _days(plan: Asked, rows: Given) -> list[date]:
    """The days of an example's rows."""
    found = [row[one.day.name] for one in plans_of(plan) for row in rows.get(one.grain, ()) if row.get(one.day.name) is not None]
    return [day if isinstance(day, date) else date.fromisoformat(day) for day in found]


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


def _row(said: Mapping[str, Json], grain: Grain, moments: Sequence[Column], planner: Planner) -> Row:
    """A fact row from an example's words: field values, {took, goal} of clocks, statuses. `moments`: what places it in a period.

    Raises:
        ValueError: it names what is not there, or a value is not of its field's type.
    """
    practice, columns = planner.practice, planner.columns(grain)
    fields = fields_of(practice, grain)
    row: Row = {"inquiry": "example"}
    for name, value in said.items():
        if name in practice.clocks and grain == "inquiry":
            parts = value if isinstance(value, Mapping) else {"took": value}
            for part in ("took", "goal"):
                row[f"{name}_{part}"] = _seconds(parts.get(part), f"{name}/{part}")
            took, goal = row[f"{name}_took"], row[f"{name}_goal"]
            row[f"{name}_met"] = None if took is None or goal is None else took <= goal
            continue
        if f"{name}_filled" in columns.all and name in fields:
            row[f"{name}_filled"] = value not in (None, "", [])
            continue
        column = columns.get(name) if name in fields or name == "phase" else None
        if column is None:
            message = f"{name} is no clock of this practice and no field that is kept where figures are made"
            raise ValueError(message)
        if value is None:
            continue
        if name == STATUS and grain == "inquiry" and not isinstance(value, str):
            moves = _moves(value, planner)
            row[name] = moves[-1].status if moves else None
            continue
        row[name] = _cell(value, column.kind, name)
        field = fields.get(FieldId(name))
        if f"{name}_code" in columns.all and field is not None:
            row[f"{name}_code"] = codes(field, practice).get(str(value))
        if column.kind is Kind.INSTANT:
            row[f"{name}_day"] = local_day(row[name].replace(tzinfo=UTC), ZoneInfo(practice.zone)).isoformat()
    for column in moments:
        if row.get(column.name) is None and column.kind is Kind.INSTANT:
            row[column.name] = _ANY_DAY.replace(tzinfo=None)
            row[f"{column.name}_day"] = _ANY_DAY.date().isoformat()
        elif row.get(column.name) is None and grain != "channel":  # a channel without a date is one that nobody rated
            row[column.name] = _ANY_DAY.date()
    if grain == "inquiry":
        row[OPEN] = _turns(said.get(STATUS), row, planner)
    return row


def _turns(said: Json, row: Row, planner: Planner) -> list[datetime]:
    """When an example's inquiry was opened and ended by turns; a status without a moment is the one it had from the beginning."""
    begun = row.get(SUBMITTED, _ANY_DAY).replace(tzinfo=UTC)
    if isinstance(said, str):
        status = planner.practice.statuses.statuses.get(said)
        entries: tuple[Entry, ...] = (Entry(said, status.phase if status else None, begun),)
    else:
        entries = tuple(_moves(said or (), planner))
    return [at.replace(tzinfo=None) for at in turns(Timeline(begun, entries))]


def _moves(said: Json, planner: Planner) -> list[Entry]:
    """The statuses of an example's inquiry in time: a list of {at, status}.

    Raises:
        ValueError: it is none.
    """
    found: list[Entry] = []
    statuses = planner.practice.statuses.statuses
    for one in said if isinstance(said, Sequence) and not isinstance(said, str) else (said,):
        if not isinstance(one, Mapping) or set(one) != {"at", "status"}:
            message = f"{STATUS}: takes a status, or a list of " + "{at, status}"
            raise ValueError(message)
        at = _cell(one["at"], Kind.INSTANT, f"{STATUS}/at")
        slug = str(one["status"])
        if slug not in statuses:
            message = f"{STATUS}: {slug} is no status of this practice"
            raise ValueError(message)
        assert isinstance(at, datetime)
        found.append(Entry(slug, statuses[slug].phase, at.replace(tzinfo=UTC)))
    return sorted(found, key=lambda entry: entry.at)


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
