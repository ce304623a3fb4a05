"""Judging anew what earlier rules have judged: only on request, with the difference shown first and a line kept of what was done.

Beside the facts stand the practices that judged them (`facts/judged-by/`): to name the reason, and to compare due moments.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskweave.model import InquiryId

if TYPE_CHECKING:
    from deskweave.measure import FactTable, Period
    from deskweave.measure.dues import DueMoment
    from deskweave.measure.restatement import Judged, Restatement
    from deskweave.measure.segments import Refreshed
    from deskweave.practice import Practice
    from deskweave.practice.difference import Difference
    from deskweave.workspace.workspace import Workspace

KEPT: Final = "judged-by"  #: beside the facts: composed practices, by digest
LOG: Final = "restatements.jsonl"  #: in the environment's state folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A practice other than today's that judged inquiries.

    `practice` None: nobody kept it. `difference` has what judges otherwise since then, and nothing else.
    """

    digest: str
    inquiries: int
    practice: Practice | None
    difference: Difference | None

    @property
    def matters(self) -> bool:
        """Whether today's rules may judge otherwise; of a practice that nobody kept nobody can say no."""
        return self.difference is None or bool(self.difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueOf:
    """A due moment of an open inquiry. `before` None: it is where it was, or nobody can say where that was."""

    inquiry: str
    before: DueMoment | None
    now: DueMoment


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What restating would do."""

    restatement: Restatement
    calendars: tuple[str, ...]  #: of today: `id@revision`
    earlier: tuple[Earlier, ...]
    moving: tuple[DueOf, ...]
    provisional: tuple[DueOf, ...]  #: by today's rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One line of the log: what was restated, when, from which practices to which."""

    at: datetime
    why: str  #: asked-for, or columns: the practice has other fields, so that rows had to be made anew
    before: tuple[str, ...]
    now: str
    calendars_before: tuple[str, ...]
    calendars_now: tuple[str, ...]
    inquiries: int | None  #: that came out otherwise; None: nobody could compare
    figures: tuple[Mapping[str, Any], ...]  #: period, metric, unit, before, now, inquiries


# -------------------------------------------------------------------------------------------------------- who judged what
def keep_rules(space: Workspace) -> None:
    """Keep today's practice beside the facts it judges."""
    path = _kept(space, space.practice.digest)
    if not path.is_file():
        # as they are, unsorted: columns stand in the order of the fields
        documents = {f"{kind}/{name}": body for (kind, name), body in space.practice.documents.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(documents, ensure_ascii=False, default=str), "utf-8")
        os.replace(part, path)


def rules_of(space: Workspace, digest: str) -> Practice | None:
    """The practice of a digest as it was kept beside the facts, or adopted; None: neither, or in a form of an older program."""
    if digest == space.practice.digest:
        return space.practice
    from deskweave.workspace.adoption import adopted, practice_of

    documents: Any = None
    with suppress(FileNotFoundError, ValueError):
        documents = json.loads(_kept(space, digest).read_text("utf-8"))
    if not isinstance(documents, Mapping):
        documents = adopted(space.store, digest) if space.has_store else None
    return None if documents is None else practice_of(documents, digest)


def _kept(space: Workspace, digest: str) -> Path:
    return space.facts.directory / KEPT / f"{digest}.json"


def earlier_rules(space: Workspace, rows: Sequence[Judged]) -> tuple[Earlier, ...]:
    """The practices other than today's that judged these rows, each once, with what judges otherwise since."""
    from deskweave.practice.difference import Difference, Effect, Touches, compare

    counts: dict[str, int] = {}
    for one in rows:
        if one.practice != space.practice.digest:
            counts[one.practice] = counts.get(one.practice, 0) + one.inquiries
    found = []
    for digest, inquiries in counts.items():
        practice = rules_of(space, digest)
        difference = None
        if practice is not None:
            changes = compare(practice, space.practice).changes
            judging = [one for one in changes if one.effect is not Effect.HARMLESS and _judges(one.touches, one.subject, Touches)]
            difference = Difference(changes=tuple(judging))
        found.append(Earlier(digest=digest, inquiries=inquiries, practice=practice, difference=difference))
    return tuple(found)


def _judges(touches: Any, subject: str, kinds: Any) -> bool:
    """Whether a change decides rows: metrics and their criteria are asked of the rows as they are, each time anew."""
    return touches is kinds.CLOCKS or subject in ("status", "field", "choice", "item")


def judged_earlier(space: Workspace, facts: FactTable, period: Period) -> int:
    """How many inquiries of a period were judged by rules that today's may judge otherwise."""
    from deskweave.measure.restatement import judged

    rows = judged(facts, period)
    return sum(one.inquiries for one in earlier_rules(space, rows) if one.matters)


# ---------------------------------------------------------------------------------------------------------------- refreshing
def refresh(space: Workspace) -> Refreshed:
    """Take new events into the facts. With other fields, statuses or clocks all rows are made anew: the log tells."""
    from deskweave.store.events import ended_after
    from deskweave.workspace.events import StoreEvents

    source = StoreEvents(space.store)
    before = None if space.facts.fits else _totals_before(space)
    with space.store.read() as tx:
        ended = ended_after(tx, space.facts.position)
    if ended:
        space.facts.forget(ended, space.facts.position)
    done = space.facts.refresh(source)
    keep_rules(space)
    if before is not None:
        _tell_columns(space, before)
    return done


@dataclass(frozen=True, slots=True)
class _Before:
    rows: tuple[Judged, ...]
    months: tuple[Period, ...]
    figures: Mapping[tuple[str, str], tuple[str, float | None]] | None  #: by period and metric: unit, value


def _totals_before(space: Workspace) -> _Before:
    """The figures of every month as rows of other columns give them; they are brought up to date first."""
    from deskweave.measure import Columns, Facts
    from deskweave.measure.restatement import judged
    from deskweave.workspace.events import StoreEvents

    with space.facts.open_raw() as table:
        rows = judged(table)
    for one in rows:
        practice = rules_of(space, one.practice)
        if practice is not None and Columns(practice).digest == space.facts.columns_kept:
            facts = Facts(practice, space.facts.directory)
            facts.refresh(StoreEvents(space.store))
            with facts.open() as table:
                rows, months = judged(table), _months(table)
                return _Before(rows, months, _totals(practice, table, months, space.now()))
    return _Before(rows, (), None)


def _tell_columns(space: Workspace, before: _Before) -> None:
    now = space.practice.digest
    if all(one.practice == now for one in before.rows):
        return
    figures: list[dict[str, Any]] = []
    if before.figures is not None:
        with space.facts.open() as table:
            after = _totals(space.practice, table, before.months, space.now())
        for key, (unit, value) in before.figures.items():
            if key in after and after[key][0] == unit and not _same(value, after[key][1]):
                figures.append({"period": key[0], "metric": key[1], "unit": unit, "before": value, "now": after[key][1]})
    _note(space, "columns", before.rows, None, figures)


def _months(table: FactTable) -> tuple[Period, ...]:
    from deskweave.measure import periods_between

    if table.columns.get("submitted_at_day") is None:
        return ()
    (row,) = table.query("SELECT min(submitted_at_day) AS first, max(submitted_at_day) AS last FROM facts")
    return () if row["first"] is None else tuple(periods_between(row["first"], row["last"] + timedelta(days=1), "month"))


def _totals(
    practice: Practice, table: FactTable, months: Sequence[Period], now: datetime
) -> dict[tuple[str, str], tuple[str, float | None]]:
    from deskweave.measure import run

    units = {metric.id: metric.unit for metric in practice.metrics.values()}
    return {
        (one.period.id, one.metric): (units[one.metric], one.value) for one in run(practice, table, months, now, by=()) if months
    }


def _same(one: float | None, other: float | None) -> bool:
    import math

    return one is other if one is None or other is None else math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


# ----------------------------------------------------------------------------------------------------------------- restating
def preview(space: Workspace) -> Preview:
    """What restating would change: figures by month, due moments ahead, and why. Nothing is written.

    Raises:
        DocumentError: a rule of the practice cannot be understood.
        FactsBusy: another process takes in events.
    """
    from deskweave.measure import FactBuilder
    from deskweave.measure.restatement import restate
    from deskweave.workspace.events import StoreEvents

    space.refresh_facts()
    source = StoreEvents(space.store)
    with space.facts.open() as stored, space.facts.made_anew(source) as anew:
        found = restate(space.practice, stored, anew, space.now())
        by = {row["inquiry"]: row["_practice"] for row in stored.query("SELECT inquiry, _practice FROM facts")}
    earlier = earlier_rules(space, found.judged)
    builder = FactBuilder(space.practice)
    before = {one.digest: FactBuilder(one.practice) for one in earlier if one.matters and one.practice is not None}
    moving, provisional = [], []
    for inquiry in open_inquiries(space):
        events = list(source.events_of([inquiry]))
        told = list(_due_of(before.get(by.get(inquiry, "")), builder, inquiry, events))
        moving += [one for one in told if one.before is not None]
        provisional += [one for one in told if one.now.provisional]
    return Preview(
        restatement=found,
        calendars=tuple(builder.stamp.split()),
        earlier=earlier,
        moving=tuple(moving),
        provisional=tuple(provisional),
    )


def _due_of(before: Any, builder: Any, inquiry: str, events: Sequence[Any]) -> Iterator[DueOf]:
    from deskweave.measure.dues import due_moments, moved_moments

    moved = {} if before is None else {now.clock: was for was, now in moved_moments(before, builder, events)}
    for due in due_moments(builder, events):
        yield DueOf(inquiry=inquiry, before=moved.get(due.clock), now=due)


def open_inquiries(space: Workspace) -> list[InquiryId]:
    """Those that are not closed, in the order in which they came."""
    import sqlalchemy as sa

    from deskweave.store.tables import inquiry

    wanted = sa.select(inquiry.c.id).where(inquiry.c.closed_at.is_(None), inquiry.c.erased_at.is_(None)).order_by(inquiry.c.number)
    with space.store.read() as tx:
        return [InquiryId(one) for one in tx.execute(wanted).scalars()]


def due_moments_of(space: Workspace, inquiry: str) -> tuple[DueMoment, ...]:
    """When the running clocks of an inquiry are due, by today's rules; none where they cannot be compiled."""
    from deskweave.clock import ClockError
    from deskweave.measure import FactBuilder
    from deskweave.measure.dues import due_moments
    from deskweave.workspace.events import StoreEvents

    try:
        return due_moments(FactBuilder(space.practice), list(StoreEvents(space.store).events_of([InquiryId(inquiry)])))
    except ClockError:  # lint says it
        return ()


def known_days(practice: Practice) -> tuple[date, date] | None:
    """The first and the last day whose holidays all calendars of its clocks know; None: none of them has holidays."""
    calendars = [practice.calendars.get(one.calendar or "") for one in practice.clocks.values()]
    found = [practice.holidays.get(one.holidays or "") for one in calendars if one is not None]
    known = [one for one in found if one is not None]
    return (max(one.since for one in known), min(one.until for one in known)) if known else None


def restate(space: Workspace, found: Preview) -> None:
    """Judge everything anew by today's rules, and keep a line of it.

    Raises:
        FactsBusy: another process takes in events.
    """
    from deskweave.workspace.events import StoreEvents

    space.facts.rebuild(StoreEvents(space.store))
    keep_rules(space)
    figures = [
        {
            "period": one.period.id,
            "metric": one.metric,
            "unit": one.now.unit,
            "before": one.before.value,
            "now": one.now.value,
            "inquiries": len(one.changes),
        }
        for one in found.restatement.moved
    ]
    _note(space, "asked-for", found.restatement.judged, found.restatement.inquiries, figures)
    for path in (space.facts.directory / KEPT).glob("*.json"):
        if path.stem != space.practice.digest:
            path.unlink(missing_ok=True)  # no row names it any more


def _note(
    space: Workspace, why: str, before: Sequence[Judged], inquiries: int | None, figures: Sequence[Mapping[str, Any]]
) -> None:
    from deskweave.measure import FactBuilder

    line = {
        "at": space.now().astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "why": why,
        "before": list(dict.fromkeys(one.practice for one in before)),
        "now": space.practice.digest,
        "calendars_before": sorted({name for one in before for name in one.calendars}),
        "calendars_now": FactBuilder(space.practice).stamp.split(),
        "inquiries": inquiries,
        "figures": list(figures),
    }
    with (space.folder.state_folder / LOG).open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(line) + "\n")


def restatements(space: Workspace) -> tuple[Done, ...]:
    """What was restated here, the oldest first. A line that cannot be read (cut off by a crash) is passed over."""
    try:
        text = (space.folder.state_folder / LOG).read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    found = []
    for line in text.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(line)
            found.append(
                Done(
                    at=datetime.fromisoformat(said["at"]),
                    why=str(said["why"]),
                    before=tuple(said["before"]),
                    now=str(said["now"]),
                    calendars_before=tuple(said["calendars_before"]),
                    calendars_now=tuple(said["calendars_now"]),
                    inquiries=said["inquiries"],
                    figures=tuple(said["figures"]),
                )
            )
    return tuple(found)
