"""A mapping of contacts or answers proposed from a file's headings and cells, with what speaks for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from deskweave.measure.columns import fields_of
from deskweave.measure.logs.guess import WORDS, Sampled, every_cell
from deskweave.measure.logs.headings import FALSE, STATUS, TRUE, fold
from deskweave.measure.logs.instants import Reading, blank, reading
from deskweave.measure.logs.records.durations import Unit, is_duration
from deskweave.measure.logs.records.headings import ANSWERED, AT, CASE, FIELDS, FLAGS, OF_CALLS, OUTCOMES, UNANSWERED
from deskweave.measure.logs.records.mapping import NOTHING, NUMBERS, Filling, Meaning, RecordMapping, fillable, values_of
from deskweave.measure.logs.table import LogTable
from deskweave.measure.logs.words import choice_words
from deskweave.measure.record_facts import MOMENTS
from deskweave.measure.sources import Rulebook
from deskweave.model import Field, FieldId, Grain

_TIME_OF_DAY: Final = re.compile(r"\s*\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp][Mm])?\s*\Z")
_UNITS: Final[Mapping[Unit, tuple[str, ...]]] = {
    "milliseconds": ("ms", "msec", "millis", "milliseconds", "毫秒"),
    "minutes": ("min", "mins", "minutes", "分钟"),
}
RecordGrain = Literal["contact", "response"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGuess:
    """A mapping, and why.

    Attributes:
        mapping: as it is proposed; `at` or `order` may be open.
        reading: what speaks for the order of day and month.
        counts: words of each column, how many rows say each.
        unused: columns that nothing reads.
    """

    mapping: RecordMapping
    reading: Reading
    counts: Mapping[str, Mapping[str, int]]
    unused: tuple[str, ...] = field(default=())


def grain_of(table: LogTable, practice: Rulebook) -> Grain:
    """What the rows of a file are: calls have ring times, survey forms have our questions or a rating and a question."""
    if table.form == "xes":
        return "inquiry"
    columns = Sampled(table)
    if "contact" in practice.records and columns.find(OF_CALLS) is not None:
        return "contact"
    if "response" in practice.records and columns.find(STATUS) is None:
        if any(columns.find(_asked(practice, ask)) is not None for ask in _asks(practice)):
            return "response"
        named = FIELDS["response"]
        if columns.find((*named["rating"], *_labels(practice, "response", "rating"))) is not None and (
            columns.find((*named["question"], *named["survey"], *_labels(practice, "response", "question"))) is not None
        ):
            return "response"
    return "inquiry"


def guess_records(table: LogTable, practice: Rulebook, grain: RecordGrain, *, id: str, zone: str) -> RecordGuess:
    """Propose how to read a log of contacts or answers.

    Args:
        table: the log.
        practice: whose fields, choices and surveys are proposed.
        grain: what its rows are.
        id: name of the log.
        zone: IANA name, for moments without an offset.
    """
    return _Guessing(table, practice, grain).guess(id, zone)


def _asks(practice: Rulebook) -> list[str]:
    return list(dict.fromkeys(ask for survey in practice.surveys.values() for ask in survey.asks))


def _asked(practice: Rulebook, ask: str) -> tuple[str, ...]:
    """How a form's heading may put a question."""
    words = [label for survey in practice.surveys.values() if ask in survey.asks for label in survey.asks[ask].values()]
    return (*words, ask)


def _labels(practice: Rulebook, grain: Grain, name: str) -> tuple[str, ...]:
    one = fields_of(practice, grain).get(FieldId(name))
    return (*one.label.values(), name) if one is not None else ()


class _Guessing:
    def __init__(self, table: LogTable, practice: Rulebook, grain: RecordGrain) -> None:
        self.table, self.practice, self.grain = table, practice, grain
        self.columns = Sampled(table)
        self.counts: dict[str, dict[str, int]] = {}
        self.unanswered: tuple[str, ...] = ()

    def guess(self, id: str, zone: str) -> RecordGuess:
        columns, grain = self.columns, self.grain
        number = NUMBERS.get(grain)
        case = columns.take((*(_labels(self.practice, grain, number) if number else ()), *CASE[grain]))
        at = self.moment()
        how = reading(every_cell(self.table, at[0]) if at else ())
        fields: dict[FieldId, tuple[Filling, ...]] = {}
        questions = self.questions() if grain == "response" else {}
        known = fillable(self.practice, grain)
        self.flags(known, fields)
        for name, one in known.items():
            if questions and name in ("question", "rating"):
                continue
            filling = self.filling(name, one)
            if filling is not None:
                fields[name] = (filling, *fields.get(name, ()))
        self.both(known, fields)
        self.answered(known, fields)
        self.resolved(known, fields)
        self.constant(fields, known)
        ordered = {name: fields[name] for name in known if name in fields}
        return RecordGuess(
            mapping=RecordMapping(
                id=id, grain=grain, case=case, order=how.order, zone=zone, at=at, fields=ordered, questions=questions
            ),
            reading=how,
            counts=self.counts,
            unused=tuple(name for name in self.table.columns if name not in columns.taken),
        )

    def moment(self) -> tuple[str, ...]:
        """The column of the moment; of exports that part day and time, both."""
        columns, headings = self.columns, (*_labels(self.practice, self.grain, MOMENTS[self.grain]), *AT[self.grain])
        at = columns.take(headings, moment=True)
        if at is None:
            at = next((name for name in self.table.columns if name in columns.moments and name not in columns.taken), None)
            columns.taken.update({at} if at else ())
        if at is None:
            return ()
        if any(":" in text or "时" in text or "点" in text for _, text in columns.sample[at]):
            return (at,)
        named = {fold(one) for one in (*headings, "time of day", "时刻")}
        time = next((name for name in self.table.columns if fold(name) in named and self.clock(name)), None)
        columns.taken.update({time} if time else ())
        return (at, time) if time else (at,)

    def clock(self, name: str) -> bool:
        """Whether a column holds times of day, and nobody reads it yet."""
        cells = [text for _, text in self.columns.sample[name]]
        return name not in self.columns.taken and bool(cells) and all(_TIME_OF_DAY.match(text) for text in cells)

    def questions(self) -> dict[str, Filling]:
        """Columns of a form that are questions of a survey."""
        fields = fields_of(self.practice, "response")
        rating = fields.get(FieldId("rating"))
        found: dict[str, Filling] = {}
        if rating is None or "question" not in fields:
            return found
        for ask in _asks(self.practice):
            column = self.columns.take(_asked(self.practice, ask))
            if column is not None:
                found[ask] = Filling(column=column, values=choice_words(rating, self.seen(column), self.practice))
        return found

    def flags(self, known: Mapping[FieldId, Field], fields: dict[FieldId, tuple[Filling, ...]]) -> None:
        """Yes-or-no columns: abandoned and missed are calls that nobody answered, a wrong number is an outcome."""
        if self.grain != "contact":
            return
        outcomes = known.get(FieldId("outcome"))
        unanswered: list[str] = []
        for flag, headings in FLAGS.items():
            column = self.columns.find(headings)
            if column is None or not all(fold(word) in TRUE | FALSE for word in self.seen(column)):
                continue
            self.columns.taken.add(column)
            ours = {"abandoned": "gave_up", "wrong_number": "wrong_number"}.get(flag)
            if outcomes is not None and ours in outcomes.choices:
                values: dict[str, Meaning] = {word: ours if fold(word) in TRUE else NOTHING for word in self.seen(column)}
                fields[FieldId("outcome")] = (*fields.get(FieldId("outcome"), ()), Filling(column=column, values=values))
            if flag != "wrong_number":
                unanswered.append(column)
        self.unanswered = tuple(unanswered)

    def answered(self, known: Mapping[FieldId, Field], fields: dict[FieldId, tuple[Filling, ...]]) -> None:
        """Where no column says that somebody answered: who neither gave up nor was missed was answered."""
        if "answered" not in known or "answered" in fields or not self.unanswered:
            return
        parts: list[Filling] = []
        for column in self.unanswered:
            last = column is self.unanswered[-1]
            no: Meaning = True if last else NOTHING
            parts.append(Filling(column=column, values={word: False if fold(word) in TRUE else no for word in self.seen(column)}))
        fields[FieldId("answered")] = tuple(parts)

    def filling(self, name: FieldId, one: Field) -> Filling | None:
        headings = (*one.label.values(), name, *FIELDS[self.grain].get(name, ()))
        if one.type == "duration":
            return self.duration(headings)
        column = self.columns.find(headings, moment=one.type == "datetime")
        if column is None:
            return None
        if values_of(name, one, self.practice) is None:
            self.columns.taken.add(column)
            return Filling(column=column)
        seen = self.seen(column)
        ours = self.words(name, one, seen)
        if all(value is None for value in ours.values()):  # a column without one word of ours is about something else
            return None
        self.columns.taken.add(column)
        return Filling(column=column, values=ours)

    def duration(self, headings: Sequence[str]) -> Filling | None:
        for heading in headings:
            for name in self.columns.folded.get(fold(heading), ()):
                cells = [text for _, text in self.columns.sample[name]]
                if name in self.columns.taken or name in self.columns.moments or not cells:
                    continue
                if sum(is_duration(text) for text in cells) >= 0.8 * len(cells):
                    self.columns.taken.add(name)
                    return Filling(column=name, unit=_unit(name))
        return None

    def words(self, name: FieldId, one: Field, seen: Mapping[str, int]) -> dict[str, Meaning]:
        """Words of a column to values of a field: those of the trade first, then those like a label."""
        if name in ("survey", "question"):
            labels = (
                {slug: (*survey.label.values(), slug) for slug, survey in self.practice.surveys.items()}
                if name == "survey"
                else {ask: _asked(self.practice, ask) for ask in _asks(self.practice)}
            )
            named = {fold(text): slug for slug, texts in labels.items() for text in texts}
            return {word: named.get(fold(word)) for word in seen}
        known: dict[str, Meaning] = {}
        if name == "answered":
            known = {**{fold(word): True for word in ANSWERED}, **{fold(word): False for word in UNANSWERED}}
        if name == "outcome":
            known = {fold(word): slug for slug, words in OUTCOMES.items() if slug in one.choices for word in words}
        found: dict[str, Meaning] = {**choice_words(one, seen, self.practice)}
        for word in seen:
            if fold(word) in known:
                found[word] = known[fold(word)]
        return found

    def both(self, known: Mapping[FieldId, Field], fields: dict[FieldId, tuple[Filling, ...]]) -> None:
        """A column that says how a call ended may say both: that nobody answered, and that the caller gave up."""
        outcome = known.get(FieldId("outcome"))
        if self.grain != "contact" or outcome is None or "outcome" in fields or "answered" not in fields:
            return
        first = fields[FieldId("answered")][0]
        if first.column is None:
            return
        named = {fold(word): slug for slug, words in OUTCOMES.items() if slug in outcome.choices for word in words}
        values: dict[str, Meaning] = {word: named.get(fold(word), NOTHING) for word in self.seen(first.column)}
        if any(value != NOTHING for value in values.values()):
            fields[FieldId("outcome")] = (Filling(column=first.column, values=values),)

    def resolved(self, known: Mapping[FieldId, Field], fields: dict[FieldId, tuple[Filling, ...]]) -> None:
        """Who dialled a wrong number, or needed nothing further, has nothing open: where nobody noted it, the outcome tells."""
        if "resolved" not in known:
            return
        for part in fields.get(FieldId("outcome"), ()):
            values: dict[str, Meaning] = {
                word: True if slug in ("wrong_number", "nothing_further") else NOTHING for word, slug in part.values.items()
            }
            if True in values.values():
                fields[FieldId("resolved")] = (*fields.get(FieldId("resolved"), ()), Filling(column=part.column, values=values))

    def constant(self, fields: dict[FieldId, tuple[Filling, ...]], known: Mapping[FieldId, Field]) -> None:
        """A telephone system names no channel: its rows came by telephone."""
        channel = known.get(FieldId("channel"))
        if (
            self.grain == "contact"
            and channel is not None
            and "channel" not in fields
            and "ring_time" in fields
            and "phone" in channel.choices
        ):
            fields[FieldId("channel")] = (Filling(value="phone"),)

    def seen(self, column: str) -> dict[str, int]:
        if column not in self.counts:
            texts = (text.strip() for text in self.table.texts(column) if not blank(text))
            self.counts[column] = dict(Counter(texts).most_common(WORDS))
        return self.counts[column]


def _unit(heading: str) -> Unit:
    """The unit a heading names, mostly in brackets, else seconds."""
    words = set(re.findall(r"[a-z]+|毫秒|分钟", heading.lower()))
    return next((unit for unit, names in _UNITS.items() if words & set(names)), "seconds")
