"""How a log of contacts or answers is read: `logs/<name>.yaml` of kind `Log` with `grain: contact` or `grain: response`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from deskweave.documents import Document, in_order, problem
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.measure.columns import fields_of
from deskweave.measure.logs.instants import ORDERS, Order
from deskweave.measure.logs.mapping import READABLE, choices_of
from deskweave.measure.logs.records.durations import UNITS, Unit
from deskweave.measure.record_facts import MOMENTS
from deskweave.measure.sources import Rulebook
from deskweave.model import Field, FieldId, Grain

_CONSTANT: Final = frozenset({"choice", "catalog_item", "boolean", "text", "long_text", "person", "email", "phone", "link"})
NOTHING: Final = "nothing"  #: what a word may be told to mean: it says nothing of this field
NUMBERS: Final[Mapping[Grain, FieldId]] = {"contact": FieldId("contact_number")}
"""What a record is called, by the field that says so (A14)."""
Meaning = str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What fills a field: a column, or one value for every row.

    Attributes:
        column: of the file; None: `value` is said of every row.
        value: for every row.
        values: words of the column to ours; None: we have none, and it is counted; `nothing`: it says nothing of this field.
        unit: of a duration that is a plain number.
    """

    column: str | None = None
    value: Meaning = None
    values: Mapping[str, Meaning] = field(default_factory=dict)
    unit: Unit = "seconds"

    @property
    def says_anything(self) -> bool:
        """Whether some word of it has a meaning: `nothing` is one. A column whose words need none is as it is."""
        return not self.values or any(one is not None for one in self.values.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMapping:
    """How one log of contacts or answers is read.

    Attributes:
        id: name of the log; its records stand under the source `log:<id>`.
        grain: what a row is.
        case: the column with the record's own id; None: rows have none, and one is made of what they say.
        order: of day, month and year in its moments; None: nobody can tell yet.
        zone: IANA name, for moments that do not say their own offset.
        at: the column of the moment, or two for day and time.
        fields: what fills each field; of several the first that says anything counts.
        questions: of a form with a column for each question: the question to its column and the words of its answers.
    """

    id: str
    grain: Literal["contact", "response"]
    case: str | None
    order: Order | None
    zone: str
    at: tuple[str, ...]
    fields: Mapping[FieldId, tuple[Filling, ...]] = field(default_factory=dict)
    questions: Mapping[str, Filling] = field(default_factory=dict)

    @property
    def says(self) -> tuple[FieldId, ...]:
        """The fields it has a word for: a column that may say one, or a value for every row."""
        moment, number = MOMENTS[self.grain], NUMBERS.get(self.grain)
        said = [moment, *([number] if number is not None else [])]
        said += [name for name, parts in self.fields.items() if any(one.says_anything for one in parts)]
        if any(one.says_anything for one in self.questions.values()):
            said += [FieldId("question"), FieldId("rating")]
        return tuple(dict.fromkeys(said))

    @property
    def source(self) -> str:
        """The source of its records."""
        return f"log:{self.id}"

    @property
    def digest(self) -> str:
        """Changes when it is read otherwise; comments and order do not count."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:16]


def identity(mapping: RecordMapping, practice: Rulebook) -> tuple[str, ...]:
    """The columns that make the id of a row without one: its moment, and what only machine or user said. What the desk may still
    correct is no part of it, so that a corrected row stays the same.
    """
    fields = fields_of(practice, mapping.grain)
    names: dict[str, None] = dict.fromkeys(mapping.at)
    for name, parts in mapping.fields.items():
        if all(role == "user" for role in fields[name].writers):
            names.update(dict.fromkeys(part.column for part in parts if part.column is not None))
    names.update(dict.fromkeys(one.column for one in mapping.questions.values() if one.column is not None))
    return tuple(names)


def fillable(practice: Rulebook, grain: Grain) -> dict[FieldId, Field]:
    """The fields of a record that a column can fill. Its moment and its number are named apart."""
    readable = READABLE | {"duration"}
    apart = {MOMENTS.get(grain), NUMBERS.get(grain)}
    return {
        name: one
        for name, one in fields_of(practice, grain).items()
        if one.type in readable and one.computed is None and name not in apart
    }


def values_of(name: FieldId, one: Field, practice: Rulebook) -> tuple[str | bool, ...] | None:
    """The values a field may have; None: any of its type. What a survey or its question is called has no choices of its own."""
    if name == "survey" and practice.surveys:
        return tuple(practice.surveys)
    if name == "question" and practice.surveys:
        return tuple(dict.fromkeys(ask for survey in practice.surveys.values() for ask in survey.asks))
    return choices_of(one, practice)


def read_record_mapping(document: Document, practice: Rulebook, columns: tuple[str, ...] | None = None) -> RecordMapping:
    """The mapping of a checked document that says `grain: contact` or `grain: response`.

    Args:
        document: of kind `Log`, its shape checked.
        practice: whose fields it may name.
        columns: of the file it is to read; None: they are not held against it.

    Raises:
        DocumentError: it names what is not there, or leaves open what has to be known; all findings at once.
    """
    return _Reading(document, practice, columns).mapping()


class _Reading:
    def __init__(self, document: Document, practice: Rulebook, columns: tuple[str, ...] | None) -> None:
        self.document, self.practice, self.columns = document, practice, columns
        self.body = cast(Mapping[str, Any], document.body)
        self.grain: Literal["contact", "response"] = "response" if self.body.get("grain") == "response" else "contact"
        self.findings: list[Finding] = []

    def mapping(self) -> RecordMapping:
        body, practice = self.body, self.practice
        times = cast(Mapping[str, Any], body.get("times") or {})
        self.fits()
        said = times.get("at")
        at = tuple(str(one) for one in (said if isinstance(said, list) else [said] if said else []))
        order = times.get("order")
        if not at:
            self.find(
                "log-open", "/times/at", "", "no column is known to hold the moment", self.columns or (), "name it: at: <column>"
            )
        if order is None:
            message = "nobody can tell day from month in this log"
            self.find("log-open", "/times/order", "", message, ORDERS, "say which stands first: order: day_first")
        zone = str(times.get("zone") or practice.zone)
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, LookupError):
            self.find("unknown-zone", "/times/zone", zone, f"{zone!r} is no time zone")
        case = body.get("case")
        self.column("/case", case)
        for number, name in enumerate(at):
            self.column(f"/times/at/{number}" if isinstance(said, list) else "/times/at", name)
        fields = self.fields(cast(Mapping[str, Any], body.get("fields") or {}))
        questions = self.questions(cast(Mapping[str, Any], body.get("questions") or {}))
        if self.findings:
            raise DocumentError(in_order(self.findings))
        return RecordMapping(
            id=self.document.id,
            grain=self.grain,
            case=str(case) if case else None,
            order=cast(Order, order),
            zone=zone,
            at=at,
            fields=fields,
            questions=questions,
        )

    def fits(self) -> None:
        """What is said of logs of inquiries only, and a practice without such records."""
        for key in ("rows", "status", "entered", "connection"):
            if key in self.body:
                message = f"{key!r} is said of logs of inquiries only; this one is of grain {self.grain}"
                self.find("log-of-inquiries", f"/{key}", key, message, (), "take it out", key=True)
        if self.grain == "contact" and "questions" in self.body:
            message = "'questions' is said of answers to surveys only; this log is of grain contact"
            self.find("log-of-inquiries", "/questions", "questions", message, (), "take it out", key=True)
        if MOMENTS[self.grain] not in fields_of(self.practice, self.grain):
            message = f"this practice has no record {self.grain!r} with the field {MOMENTS[self.grain]}"
            self.find("unknown-field", "/grain", self.grain, message)

    def find(
        self, rule: str, path: str | Sequence[str | int], found: object, message: str, allowed: Iterable[str] = (),
        remedy: str = "", *, key: bool = False,
    ) -> None:  # fmt: skip
        place = self.document.place(path, key=key)
        self.findings.append(problem(rule, place, str(found), message, allowed=tuple(allowed), remedy=remedy, word=str(found)))

    def column(self, path: str | Sequence[str | int], name: object) -> None:
        if self.columns is not None and isinstance(name, str) and name not in self.columns:
            self.find("unknown-column", path, name, f"the log has no column {name!r}", self.columns)

    def fields(self, said: Mapping[str, Any]) -> dict[FieldId, tuple[Filling, ...]]:
        known = fillable(self.practice, self.grain)
        found: dict[FieldId, tuple[Filling, ...]] = {}
        for name, body in said.items():
            field_ = known.get(FieldId(name))
            if field_ is None:
                message = f"{name!r} is no field of a {self.grain} that a column can fill"
                self.find("unknown-field", ["fields", name], name, message, [str(one) for one in known], key=True)
                continue
            parts = body if isinstance(body, list) else [body]
            values = values_of(FieldId(name), field_, self.practice)
            fillings = []
            for number, part in enumerate(parts):
                path: list[str | int] = ["fields", name, number] if isinstance(body, list) else ["fields", name]
                fillings.append(self.filling(part, path, name, values))
            found[FieldId(name)] = tuple(fillings)
            if field_.type not in _CONSTANT and any(one.column is None for one in fillings):
                message = f"{name!r} holds a {field_.type}, which is read from a column"
                self.find("unknown-choice", ["fields", name], name, message, remedy="name the column", key=True)
        return found

    def questions(self, said: Mapping[str, Any]) -> dict[str, Filling]:
        fields = fields_of(self.practice, self.grain)
        asks, rating = fields.get(FieldId("question")), fields.get(FieldId("rating"))
        if said and (asks is None or rating is None):
            self.find("unknown-field", "/questions", "questions", "this practice's answers have no question and rating", key=True)
            return {}
        if asks is None or rating is None:
            return {}
        known = values_of(FieldId("question"), asks, self.practice)
        found = {}
        for name, body in said.items():
            if known is not None and name not in known:
                message = f"{name!r} is no question of a survey of this practice"
                self.find("unknown-question", ["questions", name], name, message, [str(one) for one in known], key=True)
            values = values_of(FieldId("rating"), rating, self.practice)
            found[name] = self.filling(body, ["questions", name], "rating", values)
        return found

    def filling(self, body: object, path: list[str | int], name: str, known: tuple[Meaning, ...] | None) -> Filling:
        said = cast(Mapping[str, Any], body if isinstance(body, Mapping) else {"column": body})
        words = {str(word): value for word, value in cast(Mapping[str, Any], said.get("values") or {}).items()}
        self.column([*path, "column"], said.get("column"))
        stated = [([*path, "values", word], value) for word, value in words.items() if value not in (None, NOTHING)]
        if "value" in said:
            stated.append(([*path, "value"], said["value"]))
        for where, value in stated:
            if known is not None and value not in known:
                message = f"{value!r} is no value of {name}"
                self.find("unknown-choice", where, value, message, [str(one) for one in known])
        column = said.get("column")
        return Filling(
            column=None if column is None else str(column),
            value=said.get("value"),
            values=words,
            unit=cast(Unit, said.get("unit")) if said.get("unit") in UNITS else "seconds",
        )
