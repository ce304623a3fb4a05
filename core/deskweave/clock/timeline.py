"""The statuses of one inquiry in the order in which they were so, and the working time spent in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from deskweave.model import Event, FieldId, Phase, Status, Value

STATUS = FieldId("status")
SUBMITTED = FieldId("submitted_at")


class Measures(Protocol):
    """What measures working time: a `CompiledCalendar`, or `WALL`."""

    @property
    def id(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def working(self, start: datetime, end: datetime) -> int: ...

    def cumulative(self, at: datetime) -> int: ...


class Entry(NamedTuple):
    """A status began at `at`. It ends where the next entry begins; the last one lasts."""

    status: str
    phase: Phase | None  #: None: the practice has no such status
    at: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """What clocks read of one inquiry: when it was submitted, and its statuses by (at, order, seq)."""

    submitted: datetime | None
    entries: tuple[Entry, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Statuses that the practice does not have, each once."""
        return tuple(dict.fromkeys(entry.status for entry in self.entries if entry.phase is None))


def clock_events(events: Iterable[Event]) -> list[Event]:
    """The events as clocks see them: by (at, order, seq), history's lines in place of the imprecise event they refine."""
    known = list(events)
    replaced = {event.refines for event in known if event.refines is not None}
    return sorted((event for event in known if event.seq not in replaced), key=lambda event: (event.at, event.order, event.seq))


def folded(events: Iterable[Event]) -> dict[FieldId, Value]:
    """The inquiry's values: the fold of its events by `seq`. Lines that refine an earlier event are skipped."""
    values: dict[FieldId, Value] = {}
    for event in sorted(events, key=lambda event: event.seq):
        if event.refines is None:
            values[event.field] = event.new
    return values


def timeline(events: Sequence[Event], statuses: Mapping[str, Status], submitted: Value = None) -> Timeline:
    """Read the events of one inquiry.

    Args:
        events: all of them, in any order.
        statuses: the practice's.
        submitted: the value of `submitted_at`; None: taken from the events.
    """
    if submitted is None:
        submitted = folded(event for event in events if event.field == SUBMITTED).get(SUBMITTED)
    entries: list[Entry] = []
    for event in clock_events(event for event in events if event.field == STATUS):
        if not isinstance(event.new, str) or (entries and entries[-1].status == event.new):
            continue
        known = statuses.get(event.new)
        entries.append(Entry(event.new, known.phase if known else None, event.at))
    return Timeline(submitted if isinstance(submitted, datetime) else None, tuple(entries))


def status_time(line: Timeline, calendar: Measures, as_of: datetime | None = None) -> dict[str, int]:
    """Working seconds spent in each status: the sum of C(left) less the sum of C(entered), which no order can get wrong.

    The status that still lasts counts up to `as_of`, and not at all without it.

    Raises:
        OutsideCoverage: the inquiry changed its status when the calendar knew nothing.
        EndBeforeStart: `as_of` lies before the last change.
    """
    spent: dict[str, int] = {}
    for entry, after in zip(line.entries, line.entries[1:], strict=False):
        spent[entry.status] = spent.get(entry.status, 0) + calendar.cumulative(after.at) - calendar.cumulative(entry.at)
    if line.entries and as_of is not None:
        last = line.entries[-1]
        spent[last.status] = spent.get(last.status, 0) + calendar.working(last.at, as_of)
    return spent
