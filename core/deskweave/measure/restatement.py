"""Restatement: which figures would be others if every inquiry were judged anew by today's practice and calendars (practice C3, E1).

Rows stay as they were judged until somebody asks for more; what stands here only compares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from deskweave.measure.periods import Period, period_of
from deskweave.measure.published import Change, Figure, Gift, alike
from deskweave.measure.reasons import Asking
from deskweave.measure.run import Result, run
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import InquiryId

_BATCH = 5_000  #: inquiries whose rows are held in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """So many inquiries were judged by this practice and these calendars."""

    practice: str  #: digest
    calendars: tuple[str, ...]  #: `id@revision`
    inquiries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A figure of a period that would be another. Of a composite `parts` say what moves it, and `changes` is empty."""

    period: Period
    before: Figure
    now: Figure
    changes: tuple[Change, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """Its id."""
        return self.now.metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """What judging everything anew would change. `columns` counts inquiries by the value of theirs that would be another."""

    judged: tuple[Judged, ...]
    inquiries: int
    columns: Mapping[str, int] = field(default_factory=dict)
    moved: tuple[Moved, ...] = ()  #: by period, then as the practice has its metrics


def judged(facts: FactTable, period: Period | None = None, day: str = "submitted_at_day") -> tuple[Judged, ...]:
    """By what the rows were judged, the most frequent first; of a period only those that lie in it."""
    inside = ""
    parameters: dict[str, object] = {}
    if period is not None and day in facts.columns.all:
        inside = f'AND "{facts.columns[day].name}" >= $since AND "{day}" < $until'
        parameters = {"since": period.since, "until": period.until}
    rows = facts.query(
        "SELECT _practice, _calendars, count(*) AS inquiries FROM facts WHERE _practice IS NOT NULL "
        f"{inside} GROUP BY _practice, _calendars ORDER BY inquiries DESC, _practice",
        parameters,
    )
    return tuple(
        Judged(practice=row["_practice"], calendars=tuple(str(row["_calendars"] or "").split()), inquiries=row["inquiries"])
        for row in rows
    )


def restate(practice: Rulebook, stored: FactTable, anew: FactTable, as_of: datetime) -> Restatement:
    """Compare the rows that are kept with the same rows made anew. Both tables stay as they are.

    Figures are compared by calendar month, for the months of the inquiries that come out otherwise.

    Args:
        practice: today's.
        stored: `Facts.open`.
        anew: `Facts.made_anew`, from the same events.
        as_of: aware; as for `run`.

    Raises:
        DocumentError: a rule of the practice cannot be understood.
    """
    before = judged(stored)
    changed = _changed(stored, anew)
    if not changed:
        return Restatement(judged=before, inquiries=0)
    columns: Counter[str] = Counter()
    days: dict[InquiryId, set[date]] = {}
    dated = {f"{metric.period_by}_day" for metric in practice.metrics.values() if metric.grain == "inquiry"}
    for old, new in _pairs(stored, anew, changed):
        columns.update(name for name, value in old.items() if not name.startswith("_") and value != new[name])
        days[InquiryId(new["inquiry"])] = {row[name] for row in (old, new) for name in dated if row.get(name) is not None}
    months: dict[Period, set[str]] = {}
    for inquiry, some in days.items():
        for day in some:
            months.setdefault(period_of(day, "month"), set()).add(inquiry)
    order = sorted(months)
    both = ({(one.metric, one.period): one for one in run(practice, table, order, as_of, by=())} for table in (stored, anew))
    then, now = both
    moved: list[Moved] = []
    for period in order:
        asking = [Asking(practice, table, period, as_of, among=months[period]) for table in (stored, anew)]
        found: dict[str, Moved] = {}
        for metric in practice.metrics.values():
            one, other = (_figure(results[metric.id, period], metric.unit) for results in (then, now))
            if one.same(other):
                continue
            gifts: list[Mapping[str, Gift]] = []
            parts: tuple[str, ...] = ()
            for ask in asking if metric.grain == "inquiry" else ():
                shares, parts = ask.shares(metric)
                gifts.append({share.key: (share.numerator, share.denominator) for share in shares if share.group != "out"})
            changes = _changes(*gifts) if gifts else ()
            found[metric.id] = Moved(period=period, before=one, now=other, changes=changes, parts=parts)
        for moves in found.values():
            through = tuple(part for part in moves.parts if part in found)
            moved.append(Moved(period=period, before=moves.before, now=moves.now, changes=moves.changes, parts=through))
    return Restatement(judged=before, inquiries=len(changed), columns=dict(columns.most_common()), moved=tuple(moved))


def _changed(stored: FactTable, anew: FactTable) -> list[str]:
    """The inquiries whose rows say anything else, whoever judged them."""
    names = ", ".join(f'"{column.name}"' for column in anew.columns if not column.name.startswith("_"))
    sql = f"SELECT inquiry, hash({names}) AS said FROM facts"
    known = {row["inquiry"]: row["said"] for row in stored.query(sql)}
    return sorted(row["inquiry"] for row in anew.query(sql) if known.get(row["inquiry"], row["said"]) != row["said"])


def _pairs(stored: FactTable, anew: FactTable, inquiries: Sequence[str]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    sql = "SELECT * FROM facts WHERE inquiry IN (SELECT unnest($some)) ORDER BY inquiry"
    for start in range(0, len(inquiries), _BATCH):
        some = {"some": list(inquiries[start : start + _BATCH])}
        yield from zip(stored.query(sql, some), anew.query(sql, some), strict=True)


def _figure(result: Result, unit: str) -> Figure:
    return Figure(
        metric=result.metric, unit=unit, value=result.value, numerator=result.numerator, denominator=result.denominator,
        counted=result.counted, met=result.met, gifts={},
    )  # fmt: skip


def _changes(before: Mapping[str, Gift], now: Mapping[str, Gift]) -> tuple[Change, ...]:
    keys = sorted(key for key in before.keys() | now.keys() if not alike(before.get(key), now.get(key)))
    return tuple(Change(key=key, before=before.get(key), now=now.get(key)) for key in keys)
