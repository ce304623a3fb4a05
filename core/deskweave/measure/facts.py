"""One row per inquiry, read off its events: its values by the fold, its clocks by (at, order, seq)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from deskweave.clock import (
    WALL,
    ClockError,
    Clocks,
    InquiryHours,
    Measures,
    Targets,
    clock_events,
    compile_calendars,
    folded,
    local_day,
    status_time,
    timeline,
    turns,
)
from deskweave.clock.timeline import STATUS, SUBMITTED, Timeline
from deskweave.measure.columns import OPEN, Columns, Kind, codes, kept, told
from deskweave.measure.sources import Rulebook
from deskweave.model import Event, InquiryId, Json, Value
from deskweave.practice.succession import succession

Row = dict[str, Any]
_LONGEST = 1_000  #: characters of a text that is kept


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row, or one clock of it, cannot be trusted. `rule` is one of `RULES`; `at` names the clock or field."""

    rule: str
    at: str
    found: str
    message: str


#: What can be wrong with the data of an inquiry, or of another record. Each is counted and listed; none makes an inquiry disappear.
RULES = (
    "submission-missing",
    "unknown-status",
    "end-before-start",
    "outside-coverage",
    "window-missing",
    "value-type",
    "status-missing",
    "clock-error",
    "inquiry-unknown",
)


class FactBuilder:
    """Makes fact rows under one practice. Holds compiled calendars and clocks; nothing else is kept between rows."""

    def __init__(self, practice: Rulebook) -> None:
        """Compile what the practice says.

        Raises:
            ClockError: calendars or clocks do not fit together (`deskweave.clock.checks` lists all of it).
        """
        self.practice = practice
        self.columns = Columns(practice)
        self.succession = succession(practice)
        self.zone = ZoneInfo(practice.zone)
        calendars = compile_calendars(practice)
        self.clocks = Clocks(practice.clocks, calendars, Targets(practice))
        used = {clock.calendar for clock in practice.clocks.values() if clock.calendar}
        self.calendars = {name: calendars[name].revision for name in sorted(used) if name in calendars}
        self.stamp = " ".join(f"{name}@{revision}" for name, revision in self.calendars.items())
        #: Time spent in a status is told on the calendar of the clocks that count statuses, else of any clock, else of the wall.
        counting = [c for c in practice.clocks.values() if c.sum_statuses] + list(practice.clocks.values())
        hours = (self.clocks.calendar_of(clock) for clock in counting if clock.calendar in calendars)
        self.status_calendar: Measures = next((one for one in hours if not isinstance(one, InquiryHours)), WALL)
        stated = [field for field in practice.fields.values() if kept(field) and field.computed is None]
        self.stated = [(field.id, field.type, self.columns[field.id].kind) for field in stated]
        self.told = [field.id for field in practice.fields.values() if told(field)]
        self.computed = [(field.id, field.computed) for field in practice.fields.values() if kept(field) and field.computed]
        self.codes = {
            name: codes(practice.fields[name], practice) for name, _, _ in self.stated if self.columns.get(f"{name}_code")
        }

    def row(self, inquiry: InquiryId, events: Sequence[Event], position: int = 0) -> tuple[Row, list[Problem]]:
        """The fact row of one inquiry.

        Args:
            inquiry: whose.
            events: all of them, in any order.
            position: the largest `seq` of the whole log that was known when the row was made.
        """
        problems: list[Problem] = []
        events = self.succession.events(events)  # history keeps the words of its day; a row speaks today's
        values = folded(events)
        row: Row = {"inquiry": inquiry, "_position": position, "_practice": self.practice.digest, "_calendars": self.stamp}
        for name, type_, kind in self.stated:
            value = values.get(name)
            if value is None:
                continue
            cell = cell_of(value, kind)
            if cell is None:
                problems.append(Problem("value-type", name, str(type(value).__name__), f"{name} holds no {type_}"))
                continue
            row[name] = cell
            if type_ == "datetime":
                row[f"{name}_day"] = local_day(_instant(value), self.zone).isoformat()
            if name in self.codes:
                row[f"{name}_code"] = self.codes[name].get(str(cell))
        for name in self.told:  # that there is something, never what
            row[f"{name}_filled"] = values.get(name) not in (None, "", ())
        self._time(row, events, values, problems)
        for name, how in self.computed:
            row[name] = _computed(how, row, events)
        return row, problems

    def line(self, events: Sequence[Event]) -> Timeline:
        """The timeline of one inquiry as this practice reads it; `events`: all of them, in any order."""
        known = self.succession.events(events)
        submitted = folded(event for event in known if event.field == SUBMITTED).get(SUBMITTED)
        statuses = self.practice.statuses.statuses
        return timeline(known, statuses, submitted if isinstance(submitted, datetime) else None, self.clocks.watched)

    def _time(self, row: Row, events: Sequence[Event], values: Mapping[Any, Value], problems: list[Problem]) -> None:
        statuses = self.practice.statuses.statuses
        submitted = values.get(SUBMITTED)
        if SUBMITTED in self.practice.fields and not isinstance(submitted, datetime):
            problems.append(
                Problem("submission-missing", SUBMITTED, "", "nobody knows when it was submitted, so it belongs to no period")
            )
        line = timeline(events, statuses, submitted if isinstance(submitted, datetime) else None, self.clocks.watched)
        if not line.entries:
            problems.append(Problem("status-missing", STATUS, "", "it never had a status, so no clock can run"))
        for status in line.unknown:
            found = status[:80].encode("utf-8", "replace").decode()
            problems.append(Problem("unknown-status", STATUS, found, f"{found} is no status of this practice"))
        if line.entries and line.entries[-1].phase is not None and "phase" in self.columns.all:
            row["phase"] = line.entries[-1].phase.value
        if SUBMITTED in row:  # what belongs to no period is not open in any
            row[OPEN] = [at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ") for at in turns(line)]
        evaluation = self.clocks.evaluate(line)
        for name, fact in evaluation.facts.items():
            row[f"{name}_took"], row[f"{name}_goal"], row[f"{name}_met"] = fact.took, fact.goal, fact.met
        for problem in evaluation.problems:
            found = problem.found[:80].encode("utf-8", "replace").decode()
            problems.append(Problem(problem.rule, problem.clock, found, problem.message))
        try:
            for status, seconds in status_time(line, self.status_calendar).items():
                if status in statuses:
                    row[f"spent_{status}"] = seconds
        except ClockError as error:
            if not evaluation.problems:  # else the clocks have said it
                problems.append(Problem(error.rule, STATUS, "", str(error)))


def cell_of(value: Value, kind: Kind) -> object:
    """`value` as JSON that DuckDB reads as `kind`; None: it is not of that kind."""
    match kind:
        case Kind.TEXT:
            return _text(value)
        case Kind.BOOLEAN:
            return value if isinstance(value, bool) else None
        case Kind.INTEGER | Kind.SECONDS:
            return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None
        case Kind.NUMBER:
            if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e300:
                return None  # nor infinite, nor no number at all
            return float(value)
        case Kind.SLUGS:
            slugs = [_text(item) for item in value] if isinstance(value, tuple) else [None]
            return None if None in slugs else slugs
        case Kind.INSTANTS:
            return None  # derived; no field holds moments
        case Kind.INSTANT:
            if not isinstance(value, datetime) or value.tzinfo is None or not 1900 < value.year < 2200:
                return None  # what platforms write for "never" and "for ever" is no instant
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
        case Kind.DATE:
            if isinstance(value, date) and not isinstance(value, datetime):
                return value.isoformat()
            try:
                return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
            except ValueError:
                return None


def _text(value: Value) -> str | None:
    """Text as a column can hold it; None: it is none, or too long to be what figures are broken down by."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    return value.encode("utf-8", "replace").decode()


def _computed(how: Mapping[str, Json], row: Row, events: Sequence[Event]) -> object:
    """The value of a computed field, None where nobody can know it.

    `{clock: c}`: what the clock took. `{differs: [f, g]}`: whether two fields that are both filled say different things
    (practice A10, E8).
    `{only: {f: [values]}}`: whether, of all the values the field ever had, none was another (E10).
    """
    ((way, what),) = how.items()
    if way == "clock":
        return row.get(f"{what}_took")
    if way == "differs" and isinstance(what, Sequence):
        one, other = (row.get(str(name)) for name in what)
        return None if one is None or other is None else one != other
    if way == "only" and isinstance(what, Mapping):
        said = [_only(name, allowed, events) for name, allowed in what.items()]
        return False if False in said else None if None in said else True
    return None


def _only(name: str, allowed: Json, events: Sequence[Event]) -> bool | None:
    held = {event.new for event in clock_events(event for event in events if event.field == name) if event.new is not None}
    return held <= set(allowed) if held and isinstance(allowed, Sequence) else None


def _instant(value: Value) -> datetime:
    assert isinstance(value, datetime)  # _cell has seen it
    return value
