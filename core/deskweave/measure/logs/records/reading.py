"""Rows and a mapping to contacts or answers, and everything that is doubtful about the rows. None goes without being counted."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from deskweave.measure.columns import fields_of
from deskweave.measure.logs.history import Trouble, Troubles, plain_value
from deskweave.measure.logs.instants import blank, instant
from deskweave.measure.logs.records.durations import seconds
from deskweave.measure.logs.records.mapping import NOTHING, NUMBERS, Filling, RecordMapping, identity, values_of
from deskweave.measure.logs.table import LogRow, LogTable
from deskweave.measure.record_facts import MOMENTS
from deskweave.measure.sources import Rulebook
from deskweave.model import Field, FieldId, Record, Value

_LONGEST: Final = 32_767
_LONG_CALL: Final = 12 * 3600  #: seconds; a call that took longer was written in another unit
QUESTION, RATING = FieldId("question"), FieldId("rating")
SURVEY = FieldId("survey")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a log says. `made`: rows without an id of their own, whose id was made of what they say."""

    records: tuple[Record, ...]
    troubles: tuple[Trouble, ...]
    rows: int
    made: int
    since: datetime | None
    until: datetime | None


def read_records(table: LogTable, mapping: RecordMapping, practice: Rulebook, now: datetime) -> Read:
    """The contacts or answers of a log.

    Args:
        table: the log.
        mapping: how it is read; nothing in it is open.
        practice: whose fields it speaks of.
        now: moments after it are doubtful, aware UTC.

    Raises:
        ValueError: the mapping is open, or names a column the log does not have.
    """
    return _Reading(table, mapping, practice, now).all()


class _Reading:
    def __init__(self, table: LogTable, mapping: RecordMapping, practice: Rulebook, now: datetime) -> None:
        if mapping.order is None or not mapping.at:
            message = "the mapping does not say how the log is read"
            raise ValueError(message)
        self.table, self.mapping, self.practice, self.now = table, mapping, practice, now
        self.order, self.troubles = mapping.order, Troubles()
        self.fields = fields_of(practice, mapping.grain)
        self.places = {name: at for at, name in enumerate(table.columns)}
        self.limited = {name: values_of(name, one, practice) is not None for name, one in self.fields.items()}
        self.words: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.identity = identity(mapping, practice)
        self.surveys = {ask: slug for slug, one in practice.surveys.items() for ask in one.asks}
        self.made = 0

    def all(self) -> Read:
        found: dict[str, tuple[int, tuple[str, ...], Record]] = {}
        replaced: set[int] = set()  # lines; a row of a form makes several records and is doubted once
        for row in self.table.rows:
            at = self.moment(row)
            if at is None:
                continue
            case = self.case(row)
            for record in self.records(row, case, at):
                before = found.get(record.key)
                if before is not None and before[0] != row.line and before[0] not in replaced:
                    replaced.add(before[0])
                    self.troubles.doubt("log-row-twice" if before[1] == row.cells else "log-record-twice", before[0])
                found[record.key] = (row.line, row.cells, record)
        records = tuple(record for _, _, record in found.values())
        moments = [one.at for one in records]
        return Read(
            records=records,
            troubles=tuple(self.worded(one) for one in self.troubles.all()),
            rows=len(self.table.rows),
            made=self.made,
            since=min(moments, default=None),
            until=max(moments, default=None),
        )

    # ---------------------------------------------------------------------------------------------------------------- rows
    def records(self, row: LogRow, case: str, at: datetime) -> Sequence[Record]:
        """One contact; of a form with a column for each question, an answer for each that was answered."""
        values: dict[FieldId, Value] = {MOMENTS[self.mapping.grain]: at}
        for name, parts in self.mapping.fields.items():
            value = self.value(name, parts, row)
            if value is not None:
                values[name] = value
        if self.mapping.grain == "contact":
            self.contradictions(values, row)
        if not self.mapping.questions:
            question = values.get(QUESTION)
            if question is not None and SURVEY in self.fields and str(question) in self.surveys:
                values.setdefault(SURVEY, self.surveys[str(question)])
            key = f"{case}/{question}" if question is not None else case
            return [self.record(key, at, values)]
        made = []
        for question, filling in self.mapping.questions.items():
            rating = self.value(RATING, (filling,), row)
            if rating is None and blank(self.cell(row, filling.column)):
                continue  # not answered
            answer: dict[FieldId, Value] = {**values, QUESTION: question}
            if rating is not None:
                answer[RATING] = rating
            if SURVEY in self.fields and question in self.surveys:
                answer.setdefault(SURVEY, self.surveys[question])
            made.append(self.record(f"{case}/{question}", at, answer))
        if not made:
            self.troubles.doubt("log-no-answer", row.line)
        return made

    def record(self, key: str, at: datetime, values: dict[FieldId, Value]) -> Record:
        number = NUMBERS.get(self.mapping.grain)
        if number is not None and number in self.fields:
            values = {number: key, **values}
        return Record(grain=self.mapping.grain, source=self.mapping.source, key=key, at=at, values=values)

    def case(self, row: LogRow) -> str:
        own = self.cell(row, self.mapping.case)
        if not blank(own):
            return " ".join(own.split())[:200]
        if self.mapping.case is not None:
            self.troubles.doubt("log-no-id", row.line)
        self.made += 1
        said = "\x1f".join(" ".join(self.cell(row, name).split()) for name in self.identity)
        return "~" + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:12]

    def contradictions(self, values: dict[FieldId, Value], row: LogRow) -> None:
        talk = values.get(FieldId("talk_time"))
        if values.get(FieldId("answered")) is False and isinstance(talk, int) and talk > 0:
            self.troubles.doubt("log-talk-unanswered", row.line)

    # --------------------------------------------------------------------------------------------------------------- cells
    def cell(self, row: LogRow, column: str | None) -> str:
        place = len(row.cells) if column is None else self.places[column]
        return row.cells[place] if place < len(row.cells) else ""

    def moment(self, row: LogRow) -> datetime | None:
        parts = [self.cell(row, name) for name in self.mapping.at]
        if blank(parts[0]):
            self.troubles.doubt("log-no-time", row.line)
            return None
        return self.instant(" ".join(part.strip() for part in parts if not blank(part)), row)

    def instant(self, text: str, row: LogRow) -> datetime | None:
        at = instant(text, self.order, self.mapping.zone)
        if at is None:
            self.troubles.doubt("log-time-unreadable", row.line, text.strip()[:40])
        elif at > self.now + timedelta(days=1):
            self.troubles.doubt("log-time-ahead", row.line)
        return at

    def value(self, name: FieldId, parts: Sequence[Filling], row: LogRow) -> Value:
        """What the first part says that says anything."""
        for part in parts:
            if part.column is None:
                return part.value
            text = self.cell(row, part.column)
            if blank(text):
                continue
            value = self.said(name, self.fields[name], part, text.strip()[:_LONGEST], row)
            if value is not None:
                return value
        return None

    def said(self, name: FieldId, field: Field, part: Filling, text: str, row: LogRow) -> Value:
        if self.limited[name]:
            found = part.values.get(text)
            if found is None:
                self.unvalued(name, text, row)
            return None if found == NOTHING else found
        if field.type == "datetime":
            return self.instant(text, row)
        if field.type == "duration":
            taken = seconds(text, part.unit)
            if taken is None:
                self.troubles.doubt("log-duration-unreadable", row.line, str(name))
                self.words[f"duration:{name}"][text[:40]] += 1
            elif taken > _LONG_CALL:
                self.troubles.doubt("log-duration-long", row.line, str(name))
            return taken
        value = plain_value(text, field.type)
        if value is None:
            self.unvalued(name, text, row)
        return value

    def unvalued(self, name: FieldId, text: str, row: LogRow) -> None:
        self.troubles.doubt("log-value-unknown", row.line, str(name))
        self.words[name][text[:40]] += 1

    def worded(self, trouble: Trouble) -> Trouble:
        """A field's words that cannot be read, the most frequent named."""
        keys = {"log-value-unknown": trouble.found, "log-duration-unreadable": f"duration:{trouble.found}"}
        words = self.words.get(keys.get(trouble.rule, ""))
        if not words:
            return trouble
        named = ", ".join(word for word, _ in words.most_common(3)) + (f" (+{len(words) - 3})" if len(words) > 3 else "")
        return replace(trouble, found=f"{trouble.found}: {named}")
