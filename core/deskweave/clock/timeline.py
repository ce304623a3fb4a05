"""The statuses of one inquiry in the order in which they were so, and the working time spent in each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

from deskweave.clock.calendar import Due
from deskweave.model import Event, FieldId, Phase, Status, Value

STATUS: Final = FieldId("status")
SUBMITTED: Final = FieldId("submitted_at")
OPENS: Final = FieldId("meeting_starts_at")
CLOSES: Final = FieldId("meeting_ends_at")

_OWN: Final = frozenset((SUBMITTED, OPENS, CLOSES))
_MACHINES: Final = ("rule:", "plugin:")
#: Phases in which an inquiry is over. Resolved is none of them: it awaits the confirmation that closes it (C1, C4, C5).
ENDED: Final = frozenset((Phase.CLOSED, Phase.CANCELLED))
EVER: Final = datetime(1, 1, 1, tzinfo=UTC)  #: since nobody knows when
_in_time = attrgetter("at", "order", "seq")
_as_learned = attrgetter("seq")


class Measures(Protocol):
    """What measures working time: a `CompiledCalendar`, the `Window` of one inquiry, or `WALL`."""

    @property
    def id(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def working(self, start: datetime, end: datetime, *, provisional: bool = False) -> int: ...

    def cumulative(self, at: datetime, *, provisional: bool = False) -> int: ...

    def due(self, start: datetime, seconds: int, *, provisional: bool = False) -> Due: ...


class Entry(NamedTuple):
    """A status began at `at`. It ends where the next entry begins; the last one lasts."""

    status: str
    phase: Phase | None  #: None: the practice has no such status
    at: datetime
    person: bool = True  #: whether a person made it so, not a rule or a plugin


class Change(NamedTuple):
    """A field that a goal depends on took a value."""

    at: datetime
    field: FieldId
    value: Value


class Timeline(NamedTuple):
    """What clocks read of one inquiry.

    Attributes:
        submitted: when it was submitted.
        entries: its statuses by (at, order, seq).
        opens: when its own window begins (by meeting time).
        closes: when that window ends.
        changes: of the fields that goals depend on, by (at, order, seq). What was so when the inquiry was first seen, nobody
            knowing since when, was so from the beginning.
    """

    submitted: datetime | None
    entries: tuple[Entry, ...]
    opens: datetime | None = None
    closes: datetime | None = None
    changes: tuple[Change, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """Statuses that the practice does not have, each once."""
        return tuple(dict.fromkeys(entry.status for entry in self.entries if entry.phase is None))


def by_person(event: Event) -> bool:
    """Whether a person made it so. Rules and plugins name themselves as the source; whatever else says nothing is a person.

    A platform's own robots act under accounts like everybody's: they count as persons, as does an import without any author.
    """
    return not event.source.startswith(_MACHINES)


def clock_events(events: Iterable[Event]) -> list[Event]:
    """The events as clocks see them: by (at, order, seq), history's lines in place of the imprecise event they refine."""
    known = list(events)
    replaced = [event.refines for event in known if event.refines is not None]
    if replaced:
        gone = frozenset(replaced)
        known = [event for event in known if event.seq not in gone]
    known.sort(key=_in_time)
    return known


def folded(events: Iterable[Event]) -> dict[FieldId, Value]:
    """The inquiry's values: the fold of its events by `seq`. Lines that refine an earlier event are skipped."""
    return {event.field: event.new for event in sorted(events, key=_as_learned) if event.refines is None}


def timeline(
    events: Sequence[Event], statuses: Mapping[str, Status], submitted: Value = None, watched: Collection[FieldId] = ()
) -> Timeline:
    """Read the events of one inquiry.

    Args:
        events: all of them, in any order.
        statuses: the practice's.
        submitted: the value of `submitted_at`; None: taken from the events.
        watched: fields that goals depend on: `Clocks.watched`.
    """
    made: list[Event] = []
    own: list[Event] = []
    seen: list[Event] = []
    for event in events:
        field = event.field
        if field == STATUS:
            made.append(event)
        elif field in _OWN and (field != SUBMITTED or submitted is None):
            own.append(event)
        if field in watched:
            seen.append(event)
    values = folded(own) if own else {}
    if submitted is None:
        submitted = values.get(SUBMITTED)
    entries: list[Entry] = []
    before: Value = None
    for event in clock_events(made):
        status = event.new
        if status == before or not isinstance(status, str):
            continue
        known = statuses.get(status)
        entries.append(Entry(status, known.phase if known else None, event.at, not event.source.startswith(_MACHINES)))
        before = status
    opens, closes = (values.get(OPENS), values.get(CLOSES)) if own else (None, None)
    return Timeline(
        submitted if isinstance(submitted, datetime) else None,
        tuple(entries),
        opens if isinstance(opens, datetime) else None,
        closes if isinstance(closes, datetime) else None,
        _changes(seen, events) if seen else (),
    )


def _changes(seen: Sequence[Event], events: Sequence[Event]) -> tuple[Change, ...]:
    told = clock_events(seen)
    if all(event.precise for event in told):
        return tuple([Change(event.at, event.field, event.new) for event in told])
    first = min(event.recorded_at for event in events)
    known: set[FieldId] = set()
    changes: list[Change] = []
    for event in told:
        since = EVER if not event.precise and event.field not in known and event.recorded_at == first else event.at
        known.add(event.field)
        changes.append(Change(since, event.field, event.new))
    changes.sort(key=lambda change: change.at)  # stable: what began nobody knows when comes first, the rest as it was
    return tuple(changes)


def last_movement(events: Iterable[Event]) -> datetime | None:
    """When a person last did anything to an inquiry (practice C6): rules that warn or rise are no movement."""
    return max((event.at for event in events if by_person(event)), default=None)


def turns(line: Timeline) -> tuple[datetime, ...]:
    """When an inquiry was opened and ended by turns: at any moment it is open if an odd number of these lies at or before it.

    It is open from its submission on, in every status of a phase that is not `ENDED`. Changes that one moment undoes are left out.
    Without a submission there is none.
    """
    if line.submitted is None:
        return ()
    found = [line.submitted]
    for entry in line.entries:
        if (entry.phase in ENDED) is (len(found) % 2 == 0):
            continue
        at = max(entry.at, line.submitted)
        if found and found[-1] == at:
            found.pop()
        else:
            found.append(at)
    return tuple(found)


def status_time(line: Timeline, calendar: Measures, as_of: datetime | None = None) -> dict[str, int]:
    """Working seconds spent in each status: the sum of C(left) less the sum of C(entered), which no order can get wrong.

    The status that still lasts counts up to `as_of`, and not at all without it.

    Raises:
        OutsideCoverage: the inquiry changed its status when the calendar knew nothing.
        EndBeforeStart: `as_of` lies before the last change.
    """
    spent: dict[str, int] = {}
    if not line.entries:
        return spent
    status: str | None = None
    entered = 0
    for entry in line.entries if len(line.entries) > 1 else ():
        now = calendar.cumulative(entry.at)
        if status is not None:
            spent[status] = spent.get(status, 0) + now - entered
        status, entered = entry.status, now
    if as_of is not None:
        last = line.entries[-1]
        spent[last.status] = spent.get(last.status, 0) + calendar.working(last.at, as_of)
    return spent
