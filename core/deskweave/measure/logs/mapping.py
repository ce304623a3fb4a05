"""What says how a log is read: `logs/<name>.yaml`, written by us with guesses and corrected by a person (kind `Log`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from deskweave.documents import Document, in_order, problem
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.measure.logs.instants import ORDERS, Order
from deskweave.measure.sources import Rulebook
from deskweave.model import Field, FieldId, Grain

_ONE: Final = "name one column"
UNCHANGED: Final = "unchanged"  #: what a word of the log may be told to mean: the inquiry stays in the status it had
READABLE: Final = frozenset(
    {"text", "long_text", "email", "phone", "person", "link", "choice", "catalog_item", "boolean", "integer", "number", "datetime",
     "date"}
)  # fmt: skip
"""Types of fields that a column can fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldColumn:
    """The column that fills a field. `values`: words of the log to ours; None: we have none for it, and it is counted."""

    column: str
    values: Mapping[str, str | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMapping:
    """How one log is read.

    Attributes:
        id: name of the log; its events stand under the source `log:<id>`.
        rows: `events`: a row says what an inquiry had become at a moment; `records`: a row is an inquiry as it stood when exported.
        case: the column that names the inquiry.
        order: of day, month and year in its moments; None: nobody can tell yet.
        zone: IANA name, for moments that do not say their own offset.
        at: column of the row's moment: of the event, or of the record's latest change.
        status: the columns whose words, joined by " + ", are a status.
        words: those words to ours; None: we have none; `unchanged`: it changes nothing.
        entered: status to the column that says when a record entered it (`rows: records`).
        fields: our fields to the columns that fill them.
        connection: the connection that reads the same tickets; None: none does.
    """

    id: str
    rows: Literal["events", "records"]
    case: str | None
    order: Order | None
    zone: str
    at: str | None = None
    status: tuple[str, ...] = ()
    words: Mapping[str, str | None] = field(default_factory=dict)
    entered: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[FieldId, FieldColumn] = field(default_factory=dict)
    connection: str | None = None

    @property
    def grain(self) -> Grain:
        """What its rows are about."""
        return "inquiry"

    @property
    def source(self) -> str:
        """The source of its events."""
        return f"log:{self.id}"

    @property
    def digest(self) -> str:
        """Changes when it is read otherwise; comments and order do not count."""
        said = {name: value for name, value in asdict(self).items() if name != "connection"}  # it changes nothing of what is read
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:16]


def read_mapping(document: Document, practice: Rulebook, columns: tuple[str, ...] | None = None) -> LogMapping:
    """The mapping of a checked document.

    Args:
        document: of kind `Log`, its shape checked.
        practice: whose fields and statuses it may name.
        columns: of the file it is to read; None: they are not held against it.

    Raises:
        DocumentError: it names what is not there, or leaves open what has to be known; all findings at once.
    """
    body = cast(Mapping[str, Any], document.body)
    times = cast(Mapping[str, Any], body.get("times") or {})
    status = cast(Mapping[str, Any], body.get("status") or {})
    findings: list[Finding] = []

    def open_end(rule: str, path: str, found: object, message: str, remedy: str, known: tuple[str, ...] = ()) -> None:
        place = document.place(path, key=True)
        findings.append(problem(rule, place, str(found or ""), message, allowed=known, remedy=remedy, word=found))

    def column(path: str, name: object) -> None:
        if columns is not None and isinstance(name, str) and name not in columns:
            place = document.place(path)
            message = f"the log has no column {name!r}"
            findings.append(problem("unknown-column", place, name, message, allowed=columns, word=name))

    case, at, order = body.get("case"), times.get("at"), times.get("order")
    if isinstance(at, list):
        open_end("log-of-records", "/times/at", ", ".join(map(str, at)), "two columns are said of contacts and answers only", _ONE)
        at = at[0]
    if "questions" in body:
        open_end(
            "log-of-records", "/questions", "questions", "'questions' is said of answers to surveys only", "say grain: response"
        )
    rows: Literal["events", "records"] = "records" if body.get("rows") == "records" else "events"
    if not case:
        open_end("log-open", "/case", case, "no column is known to name the inquiry", "name it: case: <column>", columns or ())
    if rows == "events" and not at:
        open_end("log-open", "/times/at", at, "no column is known to hold the moment", "name it: at: <column>", columns or ())
    if order is None:
        message = "nobody can tell day from month in this log"
        open_end("log-open", "/times/order", order, message, "say which stands first: order: day_first", ORDERS)
    zone = str(times.get("zone") or practice.zone)
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        findings.append(problem("unknown-zone", document.place("/times/zone"), zone, f"{zone!r} is no time zone"))
    column("/case", case)
    column("/times/at", at)
    stated = tuple(str(name) for name in status.get("columns") or ())
    for number, name in enumerate(stated):
        column(f"/status/columns/{number}", name)
    statuses = tuple(practice.statuses.statuses)
    words = cast(Mapping[str, Any], status.get("words") or {})
    findings += _statuses(document, "words", words, (*statuses, UNCHANGED))
    entered = cast(Mapping[str, Any], body.get("entered") or {})
    for slug, name in entered.items():
        if slug not in statuses:
            place = document.place(["entered", slug], key=True)
            message = f"{slug!r} is no status of this practice"
            findings.append(problem("unknown-status", place, slug, message, allowed=statuses, word=slug))
        column(f"/entered/{slug}", name)
    fields: dict[FieldId, FieldColumn] = {}
    for name, one in cast(Mapping[str, Any], body.get("fields") or {}).items():
        if isinstance(one, list) or (isinstance(one, Mapping) and not one.get("column")):
            message = "a field of an inquiry is filled by one column; several, or a value, are said of contacts and answers"
            findings.append(problem("log-of-records", document.place(["fields", name], key=True), name, message, remedy=_ONE))
            continue
        fields[FieldId(name)] = _field(one)
    findings += _fields(document, fields, practice, columns)
    if findings:
        raise DocumentError(in_order(findings))
    return LogMapping(
        id=document.id,
        rows=rows,
        case=str(case),
        order=cast(Order, order),
        zone=zone,
        at=str(at) if at else None,
        status=stated,
        words={str(word): None if slug is None else str(slug) for word, slug in words.items()},
        entered={str(slug): str(name) for slug, name in entered.items()},
        fields=fields,
        connection=str(body["connection"]) if body.get("connection") else None,
    )


def _field(body: object) -> FieldColumn:
    said = cast(Mapping[str, Any], body if isinstance(body, Mapping) else {"column": body})
    values = cast(Mapping[str, Any], said.get("values") or {})
    return FieldColumn(column=str(said.get("column")), values={str(word): value for word, value in values.items()})


def _statuses(document: Document, part: str, words: Mapping[str, Any], known: tuple[str, ...]) -> list[Finding]:
    found = []
    for word, slug in words.items():
        if slug is not None and slug not in known:
            place = document.place(["status", part, word])
            message = f"{slug!r} is no status of this practice"
            found.append(problem("unknown-status", place, str(slug), message, allowed=known, word=slug))
    return found


def _fields(
    document: Document, fields: Mapping[FieldId, FieldColumn], practice: Rulebook, columns: tuple[str, ...] | None
) -> list[Finding]:
    findings: list[Finding] = []
    fillable = tuple(name for name, one in practice.fields.items() if one.type in READABLE and one.computed is None)
    for name, one in fields.items():
        if name not in fillable:
            place = document.place(["fields", name], key=True)
            message = f"{name!r} is no field that a column can fill"
            findings.append(problem("unknown-field", place, name, message, allowed=fillable, word=name))
            continue
        if columns is not None and one.column not in columns:
            written = document.place(["fields", name, "column"])
            message = f"the log has no column {one.column!r}"
            findings.append(problem("unknown-column", written, one.column, message, allowed=columns, word=one.column))
        known = choices_of(practice.fields[name], practice)
        if known is None:
            continue
        for word, value in one.values.items():
            if value is not None and value not in known:
                place = document.place(["fields", name, "values", word])
                message = f"{value!r} is no value of {name}"
                allowed = tuple(str(slug) for slug in known)
                findings.append(problem("unknown-choice", place, str(value), message, allowed=allowed, word=str(value)))
    return findings


def choices_of(found: Field, practice: Rulebook) -> tuple[str | bool, ...] | None:
    """The values a field may have; None: any text or number of its type."""
    if found.type == "choice":
        return tuple(found.choices)
    if found.type == "catalog_item":
        return tuple(practice.catalog)
    return (True, False) if found.type == "boolean" else None
