"""Rows and a mapping to histories: what became of each inquiry and when, and everything that is doubtful about the rows.

Nothing is dropped without a trouble that counts it. Events of one instant keep the order of the file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from deskweave.findings import Finding, Place, Severity
from deskweave.measure.logs.guess import word_of
from deskweave.measure.logs.instants import blank, instant
from deskweave.measure.logs.mapping import UNCHANGED, FieldColumn, LogMapping, choices_of
from deskweave.measure.logs.table import LogRow, LogTable
from deskweave.measure.sources import Rulebook
from deskweave.model import FieldId, Json, Phase, Value

STATUS = FieldId("status")
SUBMITTED = FieldId("submitted_at")
NUMBER = FieldId("number")
_EXAMPLES = 5
_SKEW = timedelta(days=180)  #: a moment this far from both its neighbours, which agree, was typed in another year
_NEAR = timedelta(days=45)
_LONGEST = 32_767
_RANK = {phase: number for number, phase in enumerate(Phase)}  #: phases in the order of a life

#: Rules of troubles whose rows count for nothing; those of the others are read all the same.
LEFT_OUT = frozenset(
    {"log-no-case", "log-no-time", "log-time-unreadable", "log-row-twice", "log-case-twice", "log-known-elsewhere",
     "log-record-twice", "log-no-answer", "log-record-elsewhere"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that became so. `nth` tells steps of one field and instant apart; `precise` as in events."""

    field: FieldId
    new: Value
    at: datetime
    order: int
    nth: int = 0
    precise: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that a log says of one inquiry, in the order in which it became so. `unknown`: raw values without a word of ours."""

    case: str
    steps: tuple[Step, ...]
    unknown: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One kind of doubt about the rows: how many, what it says, and the first of them. `found` is a word it is about, or empty."""

    rule: str
    found: str
    count: int
    lines: tuple[int, ...]

    def finding(self, source: str) -> Finding:
        """As every other problem of data is shown."""
        where = ", ".join(map(str, self.lines))
        return Finding(
            rule=self.rule,
            severity=Severity.WARNING,
            place=Place(source, "", self.lines[0] if self.lines else None),
            found=self.found[:80],
            message=_SENTENCES[self.rule].format(found=self.found[:80], count=self.count, lines=where),
            values={"count": f"{self.count:,}", "lines": where},
        )


#: What can be doubtful about the rows of a log.
_SENTENCES: Mapping[str, str] = {
    "log-no-case": "{count} rows name no inquiry and are left out (rows {lines})",
    "log-no-time": "{count} rows have no moment and are left out (rows {lines})",
    "log-time-unreadable": "{count} moments cannot be read and are left out (rows {lines}), such as {found}",
    "log-time-ahead": "{count} moments lie in the future (rows {lines})",
    "log-time-astray": "{count} moments lie half a year or more away from the rows before and after (rows {lines})",
    "log-end-before-start": "{count} inquiries have a moment before they were registered (rows {lines})",
    "log-same-instant": "{count} rows share the instant of the row before; they count in the order of the file (rows {lines})",
    "log-row-twice": "{count} rows stand in the file twice and count once (rows {lines})",
    "log-case-twice": "{count} rows repeat an inquiry; its latest row counts (rows {lines})",
    "log-status-unknown": "{count} rows say the status {found}, which no status of ours is named for (rows {lines})",
    "log-status-missing": "{count} rows say no status (rows {lines})",
    "log-value-unknown": "{count} rows say {found}, for which there is no value (rows {lines})",
    "log-record-twice": "{count} rows have the id of a later row, which counts (rows {lines})",
    "log-no-id": "{count} rows have no id; one is made of what they say (rows {lines})",
    "log-no-answer": "{count} rows answer none of the questions and are left out (rows {lines})",
    "log-duration-unreadable": "{count} durations cannot be read and are left empty: {found} (rows {lines})",
    "log-duration-long": "{count} durations in {found} are longer than 12 hours: is the unit right? (rows {lines})",
    "log-talk-unanswered": "{count} calls that nobody answered have a duration (rows {lines})",
    "log-record-elsewhere": "{count} rows are known from {found} already and are left out",
    "log-known-elsewhere": "{count} inquiries are known from {found} already and are left out",
}


class Troubles:
    """Doubts as they are met, counted by kind and word."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lines: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def doubt(self, rule: str, line: int, found: str = "") -> None:
        """One more row that a rule is about."""
        self._counts[rule, found] += 1
        if len(self._lines[rule, found]) < _EXAMPLES:
            self._lines[rule, found].append(line)

    def all(self) -> tuple[Trouble, ...]:
        """What was met, in the order of the rules."""
        ranks = list(_SENTENCES)
        keys = sorted(self._counts, key=lambda key: (ranks.index(key[0]), -self._counts[key], key[1]))
        return tuple(Trouble(rule=key[0], found=key[1], count=self._counts[key], lines=tuple(self._lines[key])) for key in keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """What a log says. `begun_active`: inquiries whose first status shows somebody at work already, where no column says when
    they were registered: nobody can say how long they had waited.
    """

    cases: Mapping[str, History]
    troubles: tuple[Trouble, ...]
    rows: int
    since: datetime | None
    until: datetime | None
    begun_active: int = 0


def histories(table: LogTable, mapping: LogMapping, practice: Rulebook, now: datetime) -> Histories:
    """What became of every inquiry of a log.

    Args:
        table: the log.
        mapping: how it is read; nothing in it is open.
        practice: whose statuses and fields it speaks of.
        now: moments after it are doubtful, aware UTC.

    Raises:
        ValueError: the mapping is open, or names a column the log does not have.
    """
    return _Reading(table, mapping, practice, now).all()


class _Reading:
    def __init__(self, table: LogTable, mapping: LogMapping, practice: Rulebook, now: datetime) -> None:
        if mapping.case is None or mapping.order is None:
            message = "the mapping does not say how the log is read"
            raise ValueError(message)
        self.table, self.mapping, self.practice, self.now = table, mapping, practice, now
        self.order, self.troubles = mapping.order, Troubles()
        self.case = table.columns.index(mapping.case)
        self.at = table.columns.index(mapping.at) if mapping.at else None
        self.fields = [(name, table.columns.index(one.column), one) for name, one in mapping.fields.items() if name != SUBMITTED]
        submitted = mapping.fields.get(SUBMITTED)
        self.submitted = table.columns.index(submitted.column) if submitted else None
        self.entered = [(slug, table.columns.index(name)) for slug, name in mapping.entered.items()]
        phases = practice.statuses.statuses
        self.rank = {slug: _RANK[status.phase] for slug, status in phases.items()}
        self.new = frozenset(slug for slug, status in phases.items() if status.phase is Phase.NEW)
        self.begun_active = 0
        self.words: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.known = {
            name: choices_of(practice.fields[name], practice) is not None for name in mapping.fields if name in practice.fields
        }

    def all(self) -> Histories:
        grouped: defaultdict[str, list[LogRow]] = defaultdict(list)
        seen: set[tuple[str, ...]] = set()
        for row in self.table.rows:
            case = self.cell(row, self.case)
            if blank(case):
                self.troubles.doubt("log-no-case", row.line)
                continue
            if row.cells in seen:
                self.troubles.doubt("log-row-twice", row.line)
                continue
            seen.add(row.cells)
            grouped[case.strip()[:200]].append(row)
        seen.clear()
        tell = self.events if self.mapping.rows == "events" else self.record
        cases = {case: history for case, rows in grouped.items() if (history := tell(case, rows)) is not None}
        moments = [step.at for history in cases.values() for step in history.steps if step.field == STATUS]
        return Histories(
            cases=cases,
            troubles=tuple(self.worded(one) for one in self.troubles.all()),
            rows=len(self.table.rows),
            since=min(moments, default=None),
            until=max(moments, default=None),
            begun_active=self.begun_active,
        )

    def worded(self, trouble: Trouble) -> Trouble:
        """A field's words without a value of ours, the most frequent named."""
        words = self.words.get(trouble.found) if trouble.rule == "log-value-unknown" else None
        if not words:
            return trouble
        named = ", ".join(word for word, _ in words.most_common(3)) + (f" (+{len(words) - 3})" if len(words) > 3 else "")
        return replace(trouble, found=f"{trouble.found}: {named}")

    # ------------------------------------------------------------------------------------------------------------- shapes
    def events(self, case: str, rows: Sequence[LogRow]) -> History | None:
        """Each row says what the inquiry had become at its moment."""
        assert self.at is not None  # read_mapping has seen it
        timed: list[tuple[datetime, LogRow]] = []
        for row in rows:
            text = self.cell(row, self.at)
            if blank(text):
                self.troubles.doubt("log-no-time", row.line)
            elif (at := self.moment(text, row)) is not None:
                timed.append((at, row))
        if not timed:
            return None
        self.astray(timed)
        timed.sort(key=lambda pair: pair[0])  # stable: rows of one instant stay as the file has them
        for (before, _), (after, row) in pairwise(timed):
            if before == after:
                self.troubles.doubt("log-same-instant", row.line)
        made = _Steps(case, timed[0][0])
        self.submission(made, timed)
        first = True
        for at, row in timed:
            slug = self.status(row)
            if slug is not None:
                if first and self.submitted is None and slug not in self.new:
                    self.begun_active += 1
                first = False
                made.add(STATUS, slug, at)
            last = row is timed[-1][1]
            for name, place, one in self.fields:
                value = self.value(name, one, self.cell(row, place), row, made)
                if isinstance(value, datetime) and value > at and not last:
                    continue  # a log that repeats the end on every line knew it at the end only
                if value is not None:
                    made.add(name, value, at)
        return made.history()

    def submission(self, made: _Steps, timed: Sequence[tuple[datetime, LogRow]]) -> None:
        begun = timed[0][0]
        if self.submitted is None:
            made.add(SUBMITTED, begun, begun, precise=False)
            return
        told = next((row for _, row in timed if not blank(self.cell(row, self.submitted))), None)
        at = self.moment(self.cell(told, self.submitted), told) if told is not None else None
        if at is None:
            return  # in no period; the facts say so
        if at > begun:
            self.troubles.doubt("log-end-before-start", timed[0][1].line)
        made.add(SUBMITTED, at, min(at, begun))

    def record(self, case: str, rows: Sequence[LogRow]) -> History | None:
        """The row is the inquiry as it stood; its moments say when it became so."""
        row = rows[-1] if self.at is None else max(rows, key=lambda one: self.touched(one) or datetime.min.replace(tzinfo=UTC))
        for other in rows:
            if other is not row:
                self.troubles.doubt("log-case-twice", other.line)
        submitted = self.moment_at(row, self.submitted)
        entered = [(at, slug) for slug, place in self.entered if (at := self.moment_at(row, place)) is not None]
        touched = self.touched(row)
        known = [at for at in (submitted, *(at for at, _ in entered), touched) if at is not None]
        if not known:
            self.troubles.doubt("log-no-time", row.line)
            return None
        begun = submitted or min(known)
        moments = {slug: at for at, slug in entered}
        crossed = self.crossed(submitted, moments)
        if crossed:
            self.troubles.doubt("log-end-before-start", row.line)
        made = _Steps(case, begun)
        if submitted is not None:
            made.add(SUBMITTED, submitted, submitted)
            made.add(STATUS, self.practice.statuses.initial, submitted, precise=False)
        for at, slug in sorted(entered, key=lambda pair: (crossed or pair[0], self.rank[pair[1]])):
            made.add(STATUS, slug, at)
        latest = max(known)
        now = self.status(row)
        if now is not None and now != made.last.get(STATUS) and not (crossed and now in moments):
            made.add(STATUS, now, latest, precise=False)  # since when, nobody knows; an impossible moment is not made possible
        for name, place, one in self.fields:
            value = self.value(name, one, self.cell(row, place), row, made)
            if value is not None:
                made.add(name, value, latest, precise=False)
        return made.history()

    def crossed(self, submitted: datetime | None, moments: Mapping[str, datetime]) -> bool:
        """Whether a record ended before it began: before it was registered, or before anybody took it on."""
        active = [at for slug, at in moments.items() if self.rank[slug] == _RANK[Phase.ACTIVE]]
        ends = [at for slug, at in moments.items() if self.rank[slug] > _RANK[Phase.ACTIVE]]
        early = any(at < submitted for at in moments.values()) if submitted is not None else False
        return early or any(end < at for end in ends for at in active)

    def touched(self, row: LogRow) -> datetime | None:
        return None if self.at is None else instant(self.cell(row, self.at), self.order, self.mapping.zone)

    # -------------------------------------------------------------------------------------------------------------- cells
    @staticmethod
    def cell(row: LogRow, place: int) -> str:
        return row.cells[place] if place < len(row.cells) else ""

    def moment_at(self, row: LogRow, place: int | None) -> datetime | None:
        text = "" if place is None else self.cell(row, place)
        return None if blank(text) else self.moment(text, row)

    def moment(self, text: str, row: LogRow) -> datetime | None:
        at = instant(text, self.order, self.mapping.zone)
        if at is None:
            self.troubles.doubt("log-time-unreadable", row.line, text.strip()[:40])
        elif at > self.now + timedelta(days=1):
            self.troubles.doubt("log-time-ahead", row.line)
        return at

    def astray(self, timed: Sequence[tuple[datetime, LogRow]]) -> None:
        for (before, _), (at, row), (after, _) in zip(timed, timed[1:], timed[2:], strict=False):
            if abs(after - before) < _NEAR and abs(at - before) > _SKEW and abs(at - after) > _SKEW:
                self.troubles.doubt("log-time-astray", row.line)

    def status(self, row: LogRow) -> str | None:
        """The status a row says; a word without one of ours is a status all the same, so that it is seen wherever figures are."""
        word = word_of(row, self.table, self.mapping.status)
        if word is None:
            if self.mapping.status:
                self.troubles.doubt("log-status-missing", row.line)
            return None
        slug = self.mapping.words.get(word)
        if slug is None:
            self.troubles.doubt("log-status-unknown", row.line, word[:80])
            return word[:80]
        return None if slug == UNCHANGED else slug

    def value(self, name: FieldId, one: FieldColumn, text: str, row: LogRow, made: _Steps) -> Value:
        if blank(text):
            return None
        text, type_ = text.strip()[:_LONGEST], self.practice.fields[name].type
        if self.known[name]:
            found = one.values.get(text)
            if found is None:
                self.unvalued(name, text, row)
                made.unknown[f"{self.mapping.source}/{name}"] = text
            return found
        if type_ == "datetime":
            return self.moment(text, row)
        found_value = plain_value(text, type_)
        if found_value is None:
            self.unvalued(name, text, row)
        return found_value

    def unvalued(self, name: FieldId, text: str, row: LogRow) -> None:
        """One line a field, however many words it has that we have not."""
        self.troubles.doubt("log-value-unknown", row.line, str(name))
        self.words[name][text[:40]] += 1


def plain_value(text: str, type_: str) -> Value:
    """A cell as a value of a type that has no words of its own; None: it is none."""
    try:
        match type_:
            case "integer":
                return int(text.replace(",", ""))
            case "number":
                return float(text.replace(",", ""))
            case "date":
                return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None
    return " ".join(text.split()) if type_ != "long_text" else text


class _Steps:
    """Steps of one inquiry as they are told; what changes nothing is no step."""

    def __init__(self, case: str, begun: datetime) -> None:
        self.case, self.last = case, dict[FieldId, Value]()
        self.unknown: dict[str, Json] = {}
        self._steps: list[Step] = []
        self._nth: Counter[tuple[FieldId, datetime]] = Counter()
        self.add(NUMBER, case, begun, precise=False)

    def add(self, name: FieldId, value: Value, at: datetime, *, precise: bool = True) -> None:
        if name in self.last and self.last[name] == value:
            return
        self.last[name] = value
        nth = self._nth[name, at]
        self._nth[name, at] += 1
        self._steps.append(Step(field=name, new=value, at=at, order=len(self._steps), nth=nth, precise=precise))

    def history(self) -> History:
        return History(case=self.case, steps=tuple(self._steps), unknown=dict(self.unknown))
