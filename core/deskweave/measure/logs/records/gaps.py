"""Which figures of contacts or answers a log cannot give: what each rule asks for, held against the fields that are filled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from deskweave.measure.columns import fields_of
from deskweave.measure.logs.gaps import Gap
from deskweave.measure.record_facts import linked_by
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
    for name, one in fields_of(practice, grain).items():
        pair = linked_by(one.computed)
        if pair is not None and pair[0] in filled:
            filled.add(name)
    metrics = [one for one in practice.metrics.values() if one.grain == grain and not one.made_of_others]
    return [gap for metric in metrics if (gap := _gap(metric, filled, fields_of(practice, grain))) is not None]


def _gap(metric: Metric, filled: Collection[str], fields: Mapping[FieldId, Any]) -> Gap | None:
    lacking = [name for tree in (metric.where, metric.value) if tree for name in _lacking(tree, filled, fields)]
    if lacking:
        return Gap(metric=metric.id, whole=True, why="field", names=tuple(dict.fromkeys(lacking)))
    criteria = {slug: _lacking(one.where, filled, fields) for slug, one in metric.criteria.items()}
    empty = [name for names in criteria.values() for name in names]
    if empty:
        whole = all(criteria.values())
        count = sum(bool(names) for names in criteria.values())
        return Gap(metric=metric.id, whole=whole, why="field", names=tuple(dict.fromkeys(empty)), count=count)
    return None


def _lacking(tree: Any, filled: Collection[str], fields: Mapping[FieldId, Any]) -> list[str]:
    """Fields a tree of the grammar asks for that nothing fills. Of `any`, one branch that is there is enough; that something is
    not there can be asked of a field that is never filled.
    """
    if isinstance(tree, str):
        return [tree] if tree in fields and tree not in filled else []
    if not isinstance(tree, Mapping):
        return []
    found: list[str] = []
    for key, below in tree.items():
        if key == "any" and isinstance(below, list | tuple):
            branches = [_lacking(branch, filled, fields) for branch in below]
            found += [name for branch in branches for name in branch] if all(branches) else []
        elif key == "all" and isinstance(below, list | tuple):
            found += [name for part in below for name in _lacking(part, filled, fields)]
        elif key in fields:
            found += [key] if key not in filled and below != {"present": False} else []
        else:
            found += _lacking(below, filled, fields)
    return found
