"""Which figures of contacts or answers a log cannot give: what each rule asks for, held against the fields that are filled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from deskweave.measure.collected import lacking, sayable
from deskweave.measure.columns import fields_of
from deskweave.measure.logs.gaps import Gap
from deskweave.measure.sources import Rulebook
from deskweave.model import FieldId, Grain, Metric, Record


def record_gaps(practice: Rulebook, grain: Grain, records: Iterable[Record]) -> list[Gap]:
    """Metrics of one kind of record that a log cannot give, or gives in part, in the order of the practice.

    Args:
        practice: whose metrics.
        grain: what the records are.
        records: those of the log.
    """
    filled = {name for record in records for name, value in record.values.items() if value not in (None, "", ())}
    said, fields = sayable(practice, grain, filled), fields_of(practice, grain)
    metrics = [one for one in practice.metrics.values() if one.grain == grain and not one.made_of_others]
    return [gap for metric in metrics if (gap := _gap(metric, said, fields)) is not None]


def _gap(metric: Metric, said: Collection[str], fields: Mapping[FieldId, Any]) -> Gap | None:
    missing = [name for tree in (metric.where, metric.value) if tree for name in lacking(tree, said, fields)]
    if missing:
        return Gap(metric=metric.id, whole=True, why="field", names=tuple(dict.fromkeys(missing)))
    criteria = {slug: lacking(one.where, said, fields) for slug, one in metric.criteria.items()}
    empty = [name for names in criteria.values() for name in names]
    if empty:
        whole = all(criteria.values())
        count = sum(bool(names) for names in criteria.values())
        return Gap(metric=metric.id, whole=whole, why="field", names=tuple(dict.fromkeys(empty)), count=count)
    return None
