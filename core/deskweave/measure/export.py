"""KPI results for other programs: JSON items and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from deskweave.measure.figures import figure, goal, number
from deskweave.measure.naming import Names
from deskweave.measure.run import Result
from deskweave.measure.sources import Rulebook
from deskweave.measure.wording import word
from deskweave.model import Json
from deskweave.practice.wording import say_list

BOM = "\ufeff"  #: without it Excel reads a CSV in the system's code page, and Chinese as garbage


def items(practice: Rulebook, results: Sequence[Result]) -> list[dict[str, Json]]:
    """Results as JSON: ids, seconds, ratios, UTC. The same keys in every item."""
    found: list[dict[str, Json]] = []
    for one in results:
        metric = practice.metrics.get(one.metric)
        target: dict[str, Json] | None = None
        if metric is not None and metric.target is not None:
            target = {"better": metric.target.better, "goal": metric.target.goal, "warn": metric.target.warn}
        found.append(
            {
                "metric": one.metric,
                "unit": metric.unit if metric else None,
                "period": one.period.id,
                "since": one.period.since.isoformat(),
                "until": one.period.until.isoformat(),
                "zone": practice.zone,
                "by": {name: _plain(value) for name, value in one.by.items()},
                "over": list(one.over),
                "value": _number(one.value),
                "numerator": _number(one.numerator),
                "denominator": _number(one.denominator),
                "counted": one.counted,
                "beside": one.beside,
                "target": target,
                "met": one.met,
                "level": one.level,
                "notify": one.threshold.notify if one.threshold else None,
                "reason": one.reason or None,
                "unsaid": list(one.unsaid),
                "parts": {name: _number(value) for name, value in one.parts.items()},
                "as_of": one.stamp.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "practice": one.stamp.practice,
                "judged_by": list(one.stamp.judged_by),
                "calendars": list(one.stamp.calendars),
                "position": one.stamp.position,
            }
        )
    return found


def csv_for_people(practice: Rulebook, results: Sequence[Result], language: str, people: Mapping[str, str] | None = None) -> str:
    """CSV with labels and figures as people read them, beginning with a byte order mark for Excel.

    A total names the fields it is over in a column of its own, whatever word stands in theirs.
    """
    names = Names(practice, language, people)
    fields = list(dict.fromkeys(name for one in results for name in one.fields))
    keys = ("metric", "period", "value", "target", "verdict", "level", "numerator", "denominator", "counted", "beside", "note")
    heads = {key: word(language, f"col:{key}") for key in keys}
    rows: list[list[object]] = [
        [
            heads["metric"],
            heads["period"],
            *(_field(names, practice, results, name) for name in fields),
            *(heads[key] for key in keys[2:]),
            *([word(language, "col:over")] if fields else []),
        ]
    ]
    for one in results:
        metric = practice.metrics.get(one.metric)
        value = one.value if metric is None else figure(metric, one.value, language)
        cells = dict(zip(one.fields, names.place(one), strict=True))
        verdict = "" if one.met is None else word(language, "met" if one.met else "missed")
        rows.append(
            [
                names.metric(one.metric),
                one.period.label(language),
                *(cells.get(name, "") for name in fields),
                value,
                goal(metric, language) if metric else "",
                verdict,
                "" if one.level is None else word(language, f"level:{one.level}"),
                "" if one.numerator is None else number(one.numerator),
                "" if one.denominator is None else number(one.denominator),
                one.counted,
                one.beside,
                names.reason(metric, one) if metric else "",
                *([say_list((_field(names, practice, [one], name) for name in one.over), language)] if fields else []),
            ]
        )
    return BOM + _written(rows)


def _field(names: Names, practice: Rulebook, results: Sequence[Result], name: str) -> str:
    """What a field is called in the records that are broken down by it."""
    broken = (practice.metrics.get(one.metric) for one in results if name in one.fields)
    metric = next((one for one in broken if one is not None), None)
    return (names if metric is None else names.of(metric.grain)).field(name)


def csv_raw(practice: Rulebook, results: Sequence[Result]) -> str:
    """CSV for machines: ids, seconds, ratios, UTC; no byte order mark. Text that a spreadsheet would run is still disarmed.

    An empty `by.` column is a value that nobody gave, unless `over` names the field: then the row is a total over it.
    """
    fields = list(dict.fromkeys(name for one in results for name in one.fields))
    broken = [*(f"by.{name}" for name in fields), "over"] if fields else []
    heads = ["metric", "unit", "period", "since", "until", "zone", *broken, "value", "numerator", "denominator", "counted",
             "beside", "goal", "met", "level", "notify", "reason", "as_of", "practice", "position"]  # fmt: skip
    rows: list[list[object]] = [list(heads)]
    for item in items(practice, results):
        by, target = item["by"], item["target"]
        flat: dict[str, Any] = item | {f"by.{name}": by.get(name) for name in fields if isinstance(by, Mapping)}
        flat["over"] = " ".join(map(str, item["over"])) if isinstance(item["over"], list) else None
        flat["goal"] = target["goal"] if isinstance(target, Mapping) else None
        rows.append([flat.get(head) for head in heads])
    return _written(rows)


def disarmed(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe in front."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"):
        return "'" + cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else cell


def _written(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([[disarmed(cell) for cell in row] for row in rows])
    return out.getvalue()


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() and abs(value) < 2**53 else value


def _plain(value: object) -> Json:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) else None
