"""From a start to its stop: which stretches of an inquiry's life a clock runs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from deskweave.clock.problems import EndBeforeStart
from deskweave.clock.timeline import Entry, Timeline
from deskweave.model import Clock, ClockEdge


class Span(NamedTuple):
    """From a start to the stop that belongs to it; `stopped_at` None: it runs."""

    started_at: datetime
    stopped_at: datetime | None


def spans_of(clock: Clock, line: Timeline) -> tuple[Span, ...]:
    """The spans between the clock's edges: one, or one for each cycle where cycles count.

    A stop is looked for after its start. A clock that starts with the submission has its instant from a field, so that a stop may
    lie before it: that is reported, not skipped.

    Raises:
        EndBeforeStart: the first stop lies before the submission.
    """
    if clock.start is None or clock.stop is None:
        return ()
    entries = line.entries
    stops = _entered(clock.stop, line)
    if clock.start.submitted:
        if line.submitted is None:
            return ()
        if stops and entries[stops[0]].at < line.submitted:
            raise EndBeforeStart(
                f"clock {clock.id} stops at {entries[stops[0]].at.isoformat()}, "
                f"before the inquiry was submitted at {line.submitted.isoformat()}"
            )
        starts = [(-1, line.submitted)]
    else:
        places = _entered(clock.start, line)
        if not places:
            return ()
        if clock.start.pick == "last":
            places = places[-1:]
        starts = [(place, entries[place].at) for place in places]
    current = not clock.stop.require_current or (bool(stops) and _is_at(clock.stop, entries[-1]))

    if clock.cycles in ("sum_of_cycles", "each_cycle"):
        spans: list[Span] = []
        after = -2
        for place, at in starts:
            if place < after:
                continue
            stop = next((candidate for candidate in stops if candidate > place), None)
            spans.append(Span(at, None if stop is None else entries[stop].at))
            if stop is None:
                break
            after = stop
        if not current and spans[-1].stopped_at is not None:
            # Reopened, and the clock's own start not entered again: it runs on from where the inquiry left the stop.
            left = next(entry.at for index, entry in enumerate(entries) if index > after and not _is_at(clock.stop, entry))
            spans.append(Span(left, None))
        return tuple(spans)

    place, at = starts[0]
    usable = [candidate for candidate in stops if candidate > place]
    if not usable or not current:
        return (Span(at, None),)
    last = clock.stop.pick == "last" and clock.cycles != "first_close"
    return (Span(at, entries[usable[-1 if last else 0]].at),)


def _entered(edge: ClockEdge, line: Timeline) -> list[int]:
    """Places in the timeline at which `edge` happens. Moving between two statuses of one phase does not enter the phase again.

    An edge `by: person` does not happen when a rule or a plugin makes the change (practice C2).
    """
    if edge.status is not None:
        found = [index for index, entry in enumerate(line.entries) if entry.status == edge.status]
    else:
        found = []
        before = None
        for index, entry in enumerate(line.entries):
            phase = entry.phase
            if phase == edge.phase and before != phase and phase is not None:
                found.append(index)
            before = phase
    return [index for index in found if line.entries[index].person] if edge.by_person else found


def _is_at(edge: ClockEdge, entry: Entry) -> bool:
    return entry.status == edge.status if edge.status is not None else entry.phase == edge.phase


def spent_in(statuses: Sequence[str], line: Timeline, spans: Iterable[Span]) -> tuple[Span, ...]:
    """The stretches of `spans` in which the inquiry was in one of `statuses`."""
    spans = tuple(spans)
    found: list[Span] = []
    last = len(line.entries) - 1
    for index, entry in enumerate(line.entries):
        if entry.status not in statuses:
            continue
        left = line.entries[index + 1].at if index < last else None
        for started, stopped in spans:
            begin = entry.at if entry.at > started else started
            end = left if stopped is None or (left is not None and left < stopped) else stopped
            if end is None or begin < end:
                found.append(Span(begin, end))
    return tuple(found)


def without(spans: Iterable[Span], taken: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of `spans` when the stretches `taken` are cut out. Both ascend."""
    return tuple(piece for span in spans for piece in _cut(span, taken))


def _cut(span: Span, taken: Sequence[Span]) -> Iterator[Span]:
    begin: datetime | None = span.started_at
    for away in taken:
        if begin is None or (span.stopped_at is not None and away.started_at >= span.stopped_at):
            break
        if away.stopped_at is not None and away.stopped_at <= begin:
            continue
        if away.started_at > begin:
            yield Span(begin, away.started_at)
        begin = away.stopped_at
    if begin is not None and (span.stopped_at is None or begin < span.stopped_at):
        yield Span(begin, span.stopped_at)
