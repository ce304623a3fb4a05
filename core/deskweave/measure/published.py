"""Figures as they were published, and what has moved them since.

A published period is one file that people commit: its figures, and what every inquiry gave to each of them as two numbers, so that
a later difference is told by the inquiries that make it. No text of anybody's stands in it, and nothing that says who somebody is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.gathering import unsaid
from deskweave.measure.periods import Period, parse_period
from deskweave.measure.reasons import Asking
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.measure.text import LEVELS
from deskweave.model import Level

FORMAT: Final = 1
Gift: TypeAlias = tuple[float | None, float | None]
"""What one inquiry gives to a figure: above and below the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a period, as `Result` has it, and what it is made of."""

    metric: str
    unit: str
    value: float | None
    numerator: float | None
    denominator: float | None
    counted: int
    met: bool | None
    level: Level | None = None  #: of the threshold that it lay beyond
    gifts: Mapping[str, Gift]  #: by inquiry (or other record), of those that give anything
    parts: tuple[str, ...] = ()  #: of a metric made of others
    terms: Mapping[str, float | None] = field(default_factory=dict)  #: of a formula, what each part was (`formula.Term.key`)

    def same(self, other: Figure) -> bool:
        """Whether both say the same; sums of floats may differ in their last digit, by the order of the rows."""
        pairs = ((self.value, other.value), (self.numerator, other.numerator), (self.denominator, other.denominator))
        return self.counted == other.counted and self.unit == other.unit and all(_close(one, two) for one, two in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The figures of one period of one environment."""

    period: Period
    zone: str
    environment: str
    as_of: datetime  #: aware UTC
    practice: str  #: digest
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An inquiry that gives something else than it did; None: nothing."""

    key: str
    before: Gift | None
    now: Gift | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A figure that is another one now. Without changes it is the rule that is another, or the parts of a composite."""

    metric: str
    before: Figure | None  #: None: it was not published
    now: Figure | None  #: None: the practice has it no longer
    changes: tuple[Change, ...] = ()
    parts: tuple[str, ...] = ()  #: of a metric made of others, those that moved (`formula.Term.key`)


def freeze(practice: Rulebook, facts: FactTable, period: Period, as_of: datetime, environment: str) -> Published:
    """The totals of every metric of the practice, with what they are made of.

    Raises:
        DocumentError: a rule of the practice cannot be understood.
    """
    asking = Asking(practice, facts, period, as_of)
    asking.ahead(practice.metrics.values())
    silent = unsaid(practice, facts, period)  # what rests on nothing that anybody says is not judged
    figures: dict[str, Figure] = {}
    for metric in practice.metrics.values():
        why = asking.reasons(metric)
        figures[metric.id] = Figure(
            metric=metric.id,
            unit=metric.unit,
            value=why.result.value,
            numerator=why.result.numerator,
            denominator=why.result.denominator,
            counted=why.result.counted,
            met=None if metric.id in silent else why.result.met,
            level=None if metric.id in silent else why.result.level,
            gifts={one.key: (one.numerator, one.denominator) for one in why.shares if one.group != "out"},
            parts=tuple(part.metric.id for part in why.parts),
            terms=why.result.parts if "derived" in metric.value else {},
        )
    return Published(
        period=period, zone=practice.zone, environment=environment, as_of=as_of, practice=practice.digest, figures=figures
    )


def differences(before: Published, now: Published) -> tuple[Moved, ...]:
    """The figures that are others than were published, each with what has changed; those of today's practice in its order."""
    found: dict[str, Moved] = {}
    for name in dict.fromkeys([*now.figures, *before.figures]):
        then, today = before.figures.get(name), now.figures.get(name)
        if then is not None and today is not None and then.same(today):
            continue
        gifts = (then.gifts if then else {}, today.gifts if today else {})
        changes = [
            Change(key=key, before=gifts[0].get(key), now=gifts[1].get(key))
            for key in sorted(gifts[0].keys() | gifts[1].keys())
            if not alike(gifts[0].get(key), gifts[1].get(key))
        ]
        both = then is not None and today is not None
        found[name] = Moved(metric=name, before=then, now=today, changes=tuple(changes) if both else ())
    made = {name: one.now.parts for name, one in found.items() if one.now is not None and one.now.parts}
    for name, parts in made.items():
        one = found[name]
        moved = tuple(part for part in parts if part in found)
        if one.before is not None and one.now is not None and one.now.terms:
            was, is_now = one.before.terms, one.now.terms
            moved = tuple(key for key, value in is_now.items() if key not in was or not _close(was[key], value))
        found[name] = Moved(metric=name, before=one.before, now=one.now, changes=one.changes, parts=moved)
    return tuple(found.values())


def write(published: Published) -> str:
    """The file: the same figures make the same bytes. One inquiry a line, so that a change is seen as one line."""
    columns = list(published.figures)
    head: dict[str, Any] = {
        "deskweave": "published",
        "format": FORMAT,
        "period": published.period.id,
        "since": published.period.since.isoformat(),
        "until": published.period.until.isoformat(),
        "zone": published.zone,
        "environment": published.environment,
        "as_of": published.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "practice": published.practice,
    }
    figures = [
        {
            "metric": one.metric,
            "unit": one.unit,
            "value": _number(one.value),
            "numerator": _number(one.numerator),
            "denominator": _number(one.denominator),
            "counted": one.counted,
            "met": one.met,
            **({"level": one.level} if one.level else {}),
            "parts": list(one.parts),
            **({"terms": {key: _number(value) for key, value in one.terms.items()}} if one.terms else {}),
        }
        for one in published.figures.values()
    ]
    lines = [f" {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    lines += [' "figures": [', ",\n".join(f"  {json.dumps(one)}" for one in figures), " ],"]
    keys = sorted({key for one in published.figures.values() for key in one.gifts})
    rows = []
    for key in keys:
        cells = [_cells(published.figures[name].gifts.get(key)) for name in columns]
        rows.append(f"  {json.dumps(key)}: {json.dumps(cells, separators=(',', ':'))}")
    lines += [' "inquiries": {', ",\n".join(rows), " }"]
    return "\n".join(["{", *(line for line in lines if line), "}"]) + "\n"


def read(text: str, source: str) -> Published:
    """What `write` wrote.

    Args:
        text: of the file.
        source: how a finding names the file.

    Raises:
        DocumentError: it is no file of published figures, or one that a newer version wrote.
    """
    try:
        said = json.loads(text)
        if said["deskweave"] != "published" or said["format"] != FORMAT:
            raise ValueError(f"format {said['format']!r}")
        columns = [one["metric"] for one in said["figures"]]
        gifts: dict[str, dict[str, Gift]] = {name: {} for name in columns}
        for key, cells in said["inquiries"].items():
            for name, cell in zip(columns, cells, strict=True):
                if cell is not None:
                    gifts[name][key] = (_read(cell[0]), _read(cell[1]))
        return Published(
            period=parse_period(said["period"]),
            zone=str(said["zone"]),
            environment=str(said["environment"]),
            as_of=datetime.fromisoformat(said["as_of"]).astimezone(UTC),
            practice=str(said["practice"]),
            figures={
                one["metric"]: Figure(
                    metric=str(one["metric"]),
                    unit=str(one["unit"]),
                    value=_read(one["value"]),
                    numerator=_read(one["numerator"]),
                    denominator=_read(one["denominator"]),
                    counted=int(one["counted"]),
                    met=one["met"],
                    level=_level(one.get("level")),
                    gifts=gifts[one["metric"]],
                    parts=tuple(str(part) for part in one["parts"]),
                    terms={str(key): _read(value) for key, value in one.get("terms", {}).items()},
                )
                for one in said["figures"]
            },
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise DocumentError(
            [
                Finding(
                    rule="published-figures",
                    severity=Severity.ERROR,
                    place=Place(source, ""),
                    found=str(error)[:80],
                    message="this is no file of published figures that this version understands",
                    remedy="Take the file back as it was committed; what was published is never written anew.",
                )
            ]
        ) from None


def equal(one: Published, other: Published) -> bool:
    """Whether both publish the same figures of the same period and environment, whenever that was."""
    same = (one.period, one.zone, one.environment) == (other.period, other.zone, other.environment)
    return same and not differences(one, other)


def alike(one: Gift | None, other: Gift | None) -> bool:
    """Whether two gifts are the same; floats may differ in their last digit."""
    if one is None or other is None:
        return one is other
    return all(_close(first, second) for first, second in zip(one, other, strict=True))


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def _cells(gift: Gift | None) -> Sequence[float | int | None] | None:
    return None if gift is None else [_number(cell) for cell in gift]


def _number(value: float | None) -> float | int | None:
    """A float as short as it can be written: nine digits after the first are more than any figure shows."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(f"{value:.12g}")


def _level(value: Any) -> Level | None:
    if value is not None and value not in LEVELS:
        message = f"{value!r} is no level"
        raise ValueError(message)
    return cast("Level | None", value)


def _read(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        message = f"{value!r} is no number"
        raise ValueError(message)
    return None if value is None else float(value)
