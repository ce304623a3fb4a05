"""The practice's kinds as typed data: what the files of a practice say, after composition and schema check.

Slugs are the keys; a `Label` is what people read, by language. Numbers such as A6 or C1 are those of the practice's requirements
(docs/en/reference/practice.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from deskweave.model.value import FieldId, Json

Label: TypeAlias = Mapping[str, str]  #: language -> words: {"en": "Subject", "zh": "标题"}
FieldType: TypeAlias = Literal[
    "text",  # one line
    "long_text",  # several lines
    "email",
    "phone",
    "number",
    "integer",
    "boolean",
    "choice",  # one slug of `choices`
    "choices",  # a tuple of slugs
    "date",
    "datetime",
    "duration",  # seconds
    "person",
    "catalog_item",  # slug of a Catalog item
    "status",  # slug of a StatusModel status
    "messages",  # the exchange; never copied as a value
    "link",
]
Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    slug: str
    label: Label
    code: int | None = None
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the inquiry (A6): what it holds, how it comes to be, who may write it, when it is mandatory."""

    id: FieldId
    label: Label
    type: FieldType
    group: str = "client"
    entry: Literal["system", "filled", "chosen", "dropdown", "typed", "computed"] = "typed"
    source: Label = field(default_factory=dict)
    description: Label = field(default_factory=dict)
    writers: tuple[str, ...] = ()
    required_entering: str | None = None  #: status slug
    choices: Mapping[str, Choice] = field(default_factory=dict)
    pattern: str | None = None
    max_length: int | None = None
    personal: Literal["identity", "contact", "content"] | None = None
    computed: Mapping[str, Json] | None = None  #: {"clock": c}, {"differs": [f, g]} or {"only": {f: [values]}}: how it is derived


class Phase(StrEnum):
    """The closed word under every status, whatever a platform or a client calls it."""

    NEW = "new"
    ACTIVE = "active"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    slug: str
    label: Label
    phase: Phase
    waits_on: Literal["user", "third_party"] | None = None
    counts_as_waiting: bool = False  #: also for a status outside phase `waiting` (C1: resolved, awaiting confirmation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    slug: str
    label: Label
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusModel:
    id: str
    initial: str
    statuses: Mapping[str, Status]
    transitions: Mapping[str, Transition]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogItem:
    """One row of the catalog (B1), flattened: its category and service stand beside it."""

    slug: str
    label: Label
    category: str
    category_label: Label
    service: str
    service_label: Label
    classification: str | None
    served: str
    channels: tuple[str, ...]
    delivery: tuple[str, ...]
    hours: str | None  #: id of a Calendar, or a named way such as by_meeting_time
    stream: str | None
    remarks: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One step of the feedback scale (D1). Platforms map by meaning, never by code (D3)."""

    slug: str
    label: Label
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    slug: str
    label: Label
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    slug: str
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarVersion:
    """The week as it is from `since` on. Windows are local wall clock, [start, end); an end of None is 24:00."""

    since: date
    week: Mapping[Weekday, tuple[tuple[time, time | None], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    id: str
    label: Label
    zone: str
    holidays: str | None
    versions: tuple[CalendarVersion, ...]  #: ascending by `since`; append-only
    from_inquiry: bool = False  #: the window stands in the inquiry itself (by meeting time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """Days off and make-up days (调休) between `since` and `until`, both inclusive. Outside, nothing is known."""

    id: str
    since: date
    until: date
    revision: str
    off: frozenset[date]
    working: Mapping[date, Weekday]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEdge:
    """What starts or stops a clock: an inquiry's submission, or entering a status or a phase."""

    submitted: bool = False
    status: str | None = None
    phase: Phase | None = None
    pick: Literal["first", "last"] = "first"
    require_current: bool = False  #: the inquiry must still be there: a reopened inquiry has no value


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A duration on a calendar: from edge to edge, or a sum over statuses, or a difference of clocks."""

    id: str
    label: Label
    calendar: str | None
    start: ClockEdge | None = None
    stop: ClockEdge | None = None
    goal: timedelta | None = None
    cycles: Literal["first_close", "last_close", "sum_of_cycles", "each_cycle"] = "last_close"
    sum_statuses: tuple[str, ...] = ()  #: statuses whose time is added up (`sum_of`, already resolved from phases)
    within: str | None = None
    minus: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTarget:
    better: Literal["higher", "lower"]
    goal: float | None = None  #: a ratio, a count, or seconds
    warn: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A KPI rule (E). `value` and `where` are trees of the closed grammar; measure compiles them, nothing interprets text."""

    id: str
    label: Label
    factor: str | None
    judges: str | None
    satisfies: tuple[str, ...]
    period_by: FieldId
    every: Literal["day", "week", "month", "quarter", "year"]
    by: tuple[str, ...]
    where: Mapping[str, Json] | None
    value: Mapping[str, Json]
    unit: Literal["ratio", "count", "duration", "number"]
    target: MetricTarget | None
    examples: tuple[Mapping[str, Json], ...] = ()
    description: Label = field(default_factory=dict)
