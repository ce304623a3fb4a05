"""Which figures a log cannot give, and why: what each rule asks for, held against what the log's inquiries hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from deskweave.clock.timeline import ENDED
from deskweave.measure.columns import Columns
from deskweave.measure.logs.history import Histories
from deskweave.measure.logs.mapping import LogMapping
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import Clock, ClockEdge, FieldId, InquiryId, Metric

_LOGIC: Final = frozenset({"all", "any", "not"})

Why = Literal["grain", "field", "status", "waiting", "registered", "coverage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A metric that a log cannot give, or not wholly.

    Attributes:
        metric: its id.
        whole: it cannot be given at all; else it has a figure that is worth less than it looks.
        why: `grain`: it is about records that are no inquiries; `field`: no column fills what it asks for; `status`: no event
            enters a status it needs; `waiting`: none that counts as waiting; `registered`: the log begins when somebody is at
            work already; `coverage`: its calendar knows nothing of those days.
        names: the fields or statuses that are lacking.
        count: of inquiries that begin with somebody at work, or of criteria that have nothing to look at.
    """

    metric: str
    whole: bool
    why: Why
    names: tuple[str, ...] = ()
    count: int = 0


class _Known:
    """What the log's inquiries hold, asked of the facts once."""

    def __init__(
        self, practice: Rulebook, table: FactTable, mapping: LogMapping, read: Histories, inquiries: Collection[InquiryId]
    ) -> None:
        self.practice, self.columns, self.read = practice, Columns(practice), read
        self.counts = self._counted(table, inquiries)
        #: statuses whose entering has a moment of its own; that an export found a record in one says nothing about since when
        self.statuses = {
            step.new for history in read.cases.values() for step in history.steps if step.field == "status" and step.precise
        }
        self.registered = FieldId("submitted_at") in mapping.fields

    def _counted(self, table: FactTable, inquiries: Collection[InquiryId]) -> dict[str, int]:
        names = [column.name for column in self.columns if not column.name.startswith("_")]
        asked = ", ".join(f'count(*) FILTER (WHERE "{name}")' if name.endswith("_filled") else f'count("{name}")' for name in names)
        # names are columns of the checked practice
        rows = table.query(f"SELECT {asked} FROM facts WHERE inquiry IN (SELECT unnest($these))", {"these": sorted(inquiries)})
        return dict(zip(names, rows[0].values(), strict=True)) if rows else {}

    def lacks(self, name: str) -> list[tuple[Why, str]]:
        """What is not there of what a name in a rule asks for; empty: it is there."""
        clock = self.practice.clocks.get(name)
        if clock is not None:
            return self._of_clock(clock)
        found = self.practice.fields.get(FieldId(name))
        if found is None or name in ("status", "submitted_at"):
            return []
        if found.computed is not None:
            ((way, what),) = found.computed.items()
            if way == "clock":
                return self.lacks(str(what))
            parts = [str(one) for one in cast(Any, what)]
            return [one for part in parts for one in self.lacks(part)]
        held = self.counts.get(name, 0) or self.counts.get(f"{name}_filled", 0)
        return [] if held else [("field", name)]

    def _of_clock(self, clock: Clock) -> list[tuple[Why, str]]:
        found: list[tuple[Why, str]] = []
        for part in (*(clock.minus or ()), *((clock.within,) if clock.within else ())):
            found += self.lacks(part)
        for edge in (clock.start, clock.stop):
            if edge is not None:
                found += self._of_edge(edge)
        if clock.sum_statuses and not self.statuses & set(clock.sum_statuses):
            found += [("waiting", status) for status in clock.sum_statuses]
        if not found and clock.start is not None and not self.counts.get(f"{clock.id}_took", 0):
            return [("coverage", clock.calendar or clock.id)]  # every edge is there, and no duration came of it
        if not found and clock.start is not None and clock.start.submitted and not self.registered and self.read.begun_active:
            found.append(("registered", "submitted_at"))
        return found

    def never_ended(self) -> list[tuple[Why, str]]:
        """The statuses that end an inquiry, where none of them was ever entered: everything would stay open for good."""
        ended = [slug for slug, status in self.practice.statuses.statuses.items() if status.phase in ENDED]
        return [] if self.statuses & set(ended) else [("status", slug) for slug in ended]

    def _of_edge(self, edge: ClockEdge) -> list[tuple[Why, str]]:
        if edge.submitted:
            return []
        wanted = [
            slug
            for slug, status in self.practice.statuses.statuses.items()
            if slug == edge.status or (edge.status is None and status.phase == edge.phase)
        ]
        return [] if self.statuses & set(wanted) else [("status", slug) for slug in wanted]


def gaps(practice: Rulebook, table: FactTable, mapping: LogMapping, read: Histories, inquiries: Collection[InquiryId]) -> list[Gap]:
    """Metrics that a log cannot give or gives in part, in the order of the practice.

    Args:
        practice: whose metrics.
        table: facts that hold the log's inquiries.
        mapping: how it was read.
        read: what it said.
        inquiries: those of the log.
    """
    known = _Known(practice, table, mapping, read, inquiries)
    return [gap for metric in practice.metrics.values() if (gap := _gap(metric, known)) is not None]


def _gap(metric: Metric, known: _Known) -> Gap | None:
    if metric.made_of_others:
        return None
    if metric.grain != "inquiry":
        return Gap(metric=metric.id, whole=True, why="grain", names=(metric.grain,)) if metric.grain != "channel" else None
    asked = [lack for where in (metric.where, metric.value) if where is not None for lack in _lacking(where, known)]
    registered = [name for why, name in asked if why == "registered"]
    missing: list[tuple[Why, str]] = [(why, name) for why, name in asked if why != "registered"]
    if "backlog" in metric.value:
        missing += known.never_ended()
    order: tuple[Why, ...] = ("status", "coverage", "waiting", "field")
    for why in order:
        names = tuple(dict.fromkeys(name for one, name in missing if one == why))
        if names:
            return Gap(metric=metric.id, whole=why != "waiting", why=why, names=names)
    if registered:
        return Gap(metric=metric.id, whole=False, why="registered", count=known.read.begun_active)
    lacking = {
        slug: [name for why, name in _lacking(one.where, known) if why != "registered"] for slug, one in metric.criteria.items()
    }
    empty = [slug for slug, names in lacking.items() if names]
    if empty:
        whole = len(empty) == len(metric.criteria)
        lacks = [name for slug in empty for name in lacking[slug]]
        return Gap(metric=metric.id, whole=whole, why="field", names=tuple(dict.fromkeys(lacks)), count=len(empty))
    return None


def _lacking(rule: Any, known: _Known) -> list[tuple[Why, str]]:
    """What a tree of the grammar asks for and the log does not hold. Of `any`, one branch that is there is enough."""
    if isinstance(rule, str):
        return known.lacks(rule)
    if not isinstance(rule, Mapping):
        return []
    found: list[tuple[Why, str]] = []
    for key, below in rule.items():
        if key == "any" and isinstance(below, list | tuple):
            branches = [_lacking(branch, known) for branch in below]
            if all(branches):
                found += [one for branch in branches for one in branch]
        elif key in _LOGIC or key in _VALUES:
            for part in below if isinstance(below, list | tuple) else (below,):
                found += _lacking(part, known)
        elif key in _WORDS:
            found += _lacking(below, known)
        else:
            found += known.lacks(str(key))
    return found


_VALUES: Final = frozenset({"ratio", "of", "over", "count", "backlog", "where", "percentile"})
_WORDS: Final = frozenset({"average", "sum", "min", "max", "fulfilled", "method", "p"})
