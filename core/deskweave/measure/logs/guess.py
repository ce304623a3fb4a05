"""A mapping proposed from a log's headings and cells, with what speaks for it. A person has the last word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from deskweave.measure.logs.headings import AT, CASE, ENTERED, FIELDS, STATUS, SUBMITTED, SUBSTATUS, fold
from deskweave.measure.logs.instants import Reading, blank, is_moment, reading
from deskweave.measure.logs.mapping import READABLE, FieldColumn, LogMapping, choices_of
from deskweave.measure.logs.table import LogRow, LogTable
from deskweave.measure.logs.words import choice_words, status_words
from deskweave.measure.sources import Rulebook
from deskweave.model import FieldId, Phase

_SAMPLE = 2_000  #: rows, spread over the log, that columns are told apart by
WORDS = 60  #: different words a column of statuses or choices may have; beyond, the most frequent are listed
_LIFECYCLE = frozenset({"complete", "start", "schedule", "assign", "suspend", "resume", "withdraw", "reassign", "autoskip",
                        "manualskip", "ate_abort", "pi_abort"})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A mapping, and why.

    Attributes:
        mapping: as it is proposed; `order`, `case` or `at` may be open.
        reading: what speaks for the order of day and month.
        counts: words of the status, how many rows say each.
        values: words of each choice, how many rows say each.
        unused: columns that nothing reads.
    """

    mapping: LogMapping
    reading: Reading
    counts: Mapping[str, int]
    values: Mapping[FieldId, Mapping[str, int]]
    unused: tuple[str, ...] = field(default=())


class Sampled:
    """Columns by their headings, each given away once."""

    def __init__(self, table: LogTable) -> None:
        self.table = table
        rows = table.rows[:: max(1, len(table.rows) // _SAMPLE)]
        self.sample = {
            name: [(row.line, row.cells[at]) for row in rows if at < len(row.cells) and not blank(row.cells[at])]
            for at, name in enumerate(table.columns)
        }
        self.folded: defaultdict[str, list[str]] = defaultdict(list)
        for name in table.columns:
            self.folded[fold(name)].append(name)
            if name.startswith("case:"):
                self.folded[fold(name.removeprefix("case:"))].append(name)
        self.moments = {
            name
            for name, cells in self.sample.items()
            if cells
            and sum(is_moment(text) for _, text in cells) >= 0.8 * len(cells)
            and not all(_plain(text) for _, text in cells)
        }
        self.taken: set[str] = set()

    def find(self, headings: Sequence[str], *, moment: bool = False) -> str | None:
        for heading in headings:
            for name in self.folded.get(fold(heading), ()):
                if name not in self.taken and self.sample[name] and (name in self.moments) == moment:
                    return name
        return None

    def take(self, headings: Sequence[str], *, moment: bool = False) -> str | None:
        name = self.find(headings, moment=moment)
        if name is not None:
            self.taken.add(name)
        return name


def _plain(text: str) -> bool:
    return text.strip().isdigit() and len(text.strip()) < 10


def guess(table: LogTable, practice: Rulebook, *, id: str, zone: str) -> Guess:
    """Propose how to read a log.

    Args:
        table: the log.
        practice: whose fields, statuses and choices are proposed.
        id: name of the log.
        zone: IANA name, for moments without an offset.
    """
    columns = Sampled(table)
    case = columns.take(CASE)
    rows = _shape(table, case)
    status = _status(columns, table)
    at = columns.take(AT, moment=True)
    if at is None and rows == "events" and columns.moments:
        at = next((name for name in table.columns if name in columns.moments), None)
        columns.taken.update({at} if at else ())
    submitted = columns.take(SUBMITTED, moment=True)
    entered = _entered(columns, practice) if rows == "records" else {}
    how = reading(cell for name in table.columns if name in columns.moments for cell in every_cell(table, name))
    counts = Counter(word for row in table.rows if (word := word_of(row, table, status)) is not None)
    fields: dict[FieldId, FieldColumn] = {}
    if submitted is not None and "submitted_at" in practice.fields:
        fields[FieldId("submitted_at")] = FieldColumn(column=submitted)
    values: dict[FieldId, Mapping[str, int]] = {}
    for name, field_ in practice.fields.items():
        if field_.type not in READABLE or field_.computed is not None or name in fields or name in ("number", "status"):
            continue
        headings = (*field_.label.values(), name, *FIELDS.get(name, ()))
        column = columns.find(headings, moment=field_.type == "datetime")
        if column is None:
            continue
        if choices_of(field_, practice) is None:
            columns.taken.add(column)
            fields[name] = FieldColumn(column=column)
            continue
        seen = dict(Counter(text.strip() for text in table.texts(column) if not blank(text)).most_common(WORDS))
        ours = choice_words(field_, seen, practice)
        if any(value is not None for value in ours.values()):  # a column without one word of ours is about something else
            columns.taken.add(column)
            values[name], fields[name] = seen, FieldColumn(column=column, values=ours)
    listed = dict(counts.most_common(WORDS))
    return Guess(
        mapping=LogMapping(
            id=id,
            rows=rows,
            case=case,
            order=how.order,
            zone=zone,
            at=at,
            status=status,
            words=status_words(listed, practice.statuses),
            entered=entered,
            fields=fields,
        ),
        reading=how,
        counts=listed,
        values=values,
        unused=tuple(name for name in table.columns if name not in columns.taken),
    )


def word_of(row: LogRow, table: LogTable, status: Sequence[str]) -> str | None:
    """The word a row says its status by; None: it says none."""
    parts = []
    for name in status:
        at = table.columns.index(name)
        text = row.cells[at].strip() if at < len(row.cells) else ""
        parts.append("" if blank(text) else " ".join(text.split()))
    return " + ".join(part for part in parts if part) or None


def _shape(table: LogTable, case: str | None) -> Literal["events", "records"]:
    """A log whose cases come again tells events; one that names each once lists records."""
    if case is None or table.form == "xes":
        return "events"
    named = [text for text in table.texts(case) if not blank(text)]
    return "events" if len(set(named)) < 0.9 * len(named) else "records"


def _status(columns: Sampled, table: LogTable) -> tuple[str, ...]:
    status = columns.take(STATUS)
    if status is None:
        return ()
    below = columns.find(SUBSTATUS)
    if below is None:
        return (status,)
    said = {text.strip().lower() for text in table.texts(below) if not blank(text)}
    if said <= _LIFECYCLE or len(said) < 2 or len(said) > WORDS:
        return (status,)
    columns.taken.add(below)
    return (status, below)


def _entered(columns: Sampled, practice: Rulebook) -> dict[str, str]:
    found: dict[str, str] = {}
    for phase, headings in ENTERED.items():
        status = next((one.slug for one in practice.statuses.statuses.values() if one.phase is Phase(phase)), None)
        column = columns.take(headings, moment=True) if status is not None else None
        if status is not None and column is not None:
            found[status] = column
    return found


def every_cell(table: LogTable, column: str) -> Iterable[tuple[int, str]]:
    at = table.columns.index(column)
    seen: set[str] = set()
    for row in table.rows:
        text = row.cells[at] if at < len(row.cells) else ""
        day = text[:10]
        if day not in seen:  # the hour says nothing about the order of day and month
            seen.add(day)
            yield row.line, text
