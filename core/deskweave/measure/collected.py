"""Who handed contacts and answers in, and what it can say: without a column for it, nobody knows which calls were answered (E9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from deskweave.measure.columns import fields_of
from deskweave.measure.periods import Period
from deskweave.measure.record_facts import linked_by
from deskweave.measure.sources import Rulebook
from deskweave.model import FieldId, Grain, Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """One source of records, for example a telephone system's log.

    Attributes:
        says: the fields it can say; None: nobody knows, and it is taken to say all of them.
        since: the first day it tells of, in the practice's zone.
        until: the last day.
    """

    says: frozenset[FieldId] | None
    since: date
    until: date


def unsayable(practice: Rulebook, metric: Metric, collectors: Sequence[Collector], period: Period) -> tuple[str, ...]:
    """Fields without which a figure is none, and that a source with records in a period has no word for; empty: all is said.

    A source whose records the metric's own condition leaves out (a visit at the counter never rang) keeps nothing from it. Of the
    others one is enough: a share of calls of which some say nothing is no share.

    Args:
        practice: whose metric.
        metric: of contacts or answers, not made of others.
        collectors: of such records; none: nobody knows who they were.
        period: local dates in the practice's zone.
    """
    fields, never = fields_of(practice, metric.grain), tuple[str, ...]()
    here = [one for one in collectors if one.since < period.until and one.until >= period.since]
    asked = False
    for one in here:
        said = fields.keys() if one.says is None else sayable(practice, metric.grain, one.says)
        outside = lacking(metric.where, said, fields)
        if outside:
            never = never or outside
            continue
        asked = True
        silent = _value_lacks(metric, said, fields)
        if silent:
            return silent
    return () if asked else never


def sayable(practice: Rulebook, grain: Grain, says: Collection[str]) -> set[str]:
    """Fields that are known where some are said: with the link to an inquiry also what is shown of it."""
    found = set(says)
    for name, one in fields_of(practice, grain).items():
        pair = linked_by(one.computed)
        if pair is not None and pair[0] in found:
            found.add(name)
    return found


def _value_lacks(metric: Metric, said: Collection[str], fields: Collection[str]) -> tuple[str, ...]:
    missing = lacking(metric.value, said, fields)
    criteria = [lacking(one.where, said, fields) for one in metric.criteria.values()]
    empty = [one for one in criteria if one]
    if empty and (metric.value.get("fulfilled") == "every" or len(empty) == len(criteria)):
        missing += tuple(name for names in empty for name in names)
    return tuple(dict.fromkeys(missing))


def lacking(tree: Any, said: Collection[str], fields: Collection[str]) -> tuple[str, ...]:
    """Fields a tree of the grammar asks for that nothing says. Of `any`, one branch that is there is enough; that something is not
    there can be asked of a field that is never said.
    """
    return tuple(dict.fromkeys(_lacking(tree, said, fields)))


def _lacking(tree: Any, said: Collection[str], fields: Collection[str]) -> Iterable[str]:
    if isinstance(tree, str):
        return [tree] if tree in fields and tree not in said else []
    if not isinstance(tree, Mapping):
        return []
    found: list[str] = []
    for key, below in tree.items():
        if key == "any" and isinstance(below, list | tuple):
            branches = [list(_lacking(branch, said, fields)) for branch in below]
            found += [name for branch in branches for name in branch] if all(branches) else []
        elif key == "all" and isinstance(below, list | tuple):
            found += [name for part in below for name in _lacking(part, said, fields)]
        elif key in fields:
            found += [key] if key not in said and below != {"present": False} else []
        else:
            found += _lacking(below, said, fields)
    return found
