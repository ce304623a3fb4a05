"""The practice's kinds as typed data: what the files of a practice say, after composition and schema check.

Slugs are the keys; a `Label` is what people read, by language. Numbers such as A6 or C1 are those of the practice's requirements
(docs/en/reference/practice.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Final, Literal, TypeAlias, get_args

from deskweave.model.label import Label
from deskweave.model.value import FieldId, Json

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
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)  #: in the order of the week


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
    was: tuple[str, ...] = ()
    becomes: Mapping[str, str] = field(default_factory=dict)
    """Removed choice (item, status) -> the one that takes its place in inquiries that hold it."""
    pattern: str | None = None
    max_length: int | None = None
    constraints: Mapping[str, Json] = field(default_factory=dict)  #: JSON Schema keywords a value must meet besides its type (A9)
    personal: Literal["identity", "contact", "content"] | None = None
    never_send: tuple[str, ...] = ()  #: connections that are never sent its value
    computed: Mapping[str, Json] | None = None  #: {"clock": c}, {"differs": [f, g]}, {"only": {f: [values]}} or {"linked": {f: g}}


class Phase(StrEnum):
    """The closed word under every status, whatever a platform or a client calls it."""

    NEW = "new"
    ACTIVE = "active"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


def rating_field(fields: Mapping[FieldId, Field], scale: Collection[str]) -> Field | None:
    """The field that says how content the user was: the one whose choices are the feedback scale (D1)."""
    for one in fields.values():
        if one.type == "choice" and one.choices and one.choices.keys() <= set(scale):
            return one
    return fields.get(FieldId("user_satisfaction"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    slug: str
    label: Label
    phase: Phase
    was: tuple[str, ...] = ()
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
class Confirmation:
    """C4, C5: after `status` is entered the user is asked once; silence for `silence` counts as solved and makes `transition`."""

    status: str
    transition: str
    silence: timedelta  #: working time on `calendar`
    calendar: str
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """C6: an open inquiry without movement for `after` is shown to `tells`."""

    after: timedelta  #: working time on `calendar`
    calendar: str
    tells: tuple[str, ...]  #: roles
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusModel:
    id: str
    initial: str
    statuses: Mapping[str, Status]
    transitions: Mapping[str, Transition]
    confirmation: Confirmation | None = None
    stale: Stale | None = None
    becomes: Mapping[str, str] = field(default_factory=dict)  #: removed status -> the one that takes its place


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
    service_level: str | None = None  #: id of a ServiceLevel
    entitled: Mapping[str, Json] | None = None  #: B4: who is offered it, by fields of the person; None: everyone
    stock: bool = False  #: B4: offered only while it is in stock
    asks: tuple[FieldId, ...] = ()  #: F6: fields the form of this item asks besides those every inquiry needs
    remarks: Label = field(default_factory=dict)
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """D2: how feedback is asked for besides the rating of each record."""

    slug: str
    label: Label
    audience: tuple[str, ...]  #: roles
    every: str | None = None  #: ISO period such as P1Y; None: on each record
    by: Literal["desk", "outside"] = "desk"
    asks: Mapping[str, Label] = field(default_factory=dict)  #: question -> words
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One step of the feedback scale (D1). Platforms map by meaning, never by code (D3)."""

    slug: str
    label: Label
    code: int


TRAITS: Final = ("accessible", "assured", "available", "context_aware", "emotionally_aligned", "familiar", "integrated", "usable")
"""P1: the eight traits of a convenient channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """P3: what is hard about a channel, and what helps."""

    slug: str
    label: Label
    remedy: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    slug: str
    label: Label
    description: Label = field(default_factory=dict)
    use: Literal["both", "intake", "delivery"] = "both"
    served_by: Literal["human", "technical"] | None = None  #: P3
    reliability: Literal["ordinary", "assured"] = "ordinary"  #: G4
    traits: Mapping[str, bool] = field(default_factory=dict)  #: P1: trait -> whether the channel has it; unrated ones are absent
    rated_on: date | None = None
    challenges: Mapping[str, Challenge] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    slug: str
    label: Label
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """N1, N2: a word of the field, in our own words; `aliases` by language."""

    slug: str
    label: Label
    description: Label
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    by_person: bool = False  #: C2: a rule or a plugin that makes the change is no edge


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
    examples: tuple[Mapping[str, Json], ...] = ()  #: given events and what must come out; they run in lint


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTarget:
    better: Literal["higher", "lower"]
    goal: float | None = None  #: a ratio, a count, or seconds
    warn: float | None = None


Level: TypeAlias = Literal["info", "warning", "critical"]
"""How much a threshold that is reached wants to be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A test on the value of a metric itself. Of a metric's thresholds the first that matches gives the level."""

    operator: Literal["gt", "gte", "lt", "lte"]
    value: float  #: a ratio, a count, or seconds
    level: Level
    notify: str | None = None  #: a role

    def matches(self, value: float) -> bool:
        """Whether `value` lies beyond it; `gte` and `lte` include the bound."""
        match self.operator:
            case "gt":
                return value > self.value
            case "gte":
                return value >= self.value
            case "lt":
                return value < self.value
            case "lte":
                return value <= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One agreed test of quality (E2, E14), e.g. of the trait `timeliness`; an inquiry fulfils it when `where` holds."""

    slug: str
    label: Label
    where: Mapping[str, Json]
    trait: str | None = None


Grain: TypeAlias = Literal["inquiry", "contact", "response", "channel"]
"""What one row is: an inquiry; a contact (A7: a call, answered or not); an answer to a survey (D2, E13); a channel (E3)."""
GRAINS: Final[tuple[Grain, ...]] = get_args(Grain)


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
    grain: Grain = "inquiry"
    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    formula: Label = field(default_factory=dict)  #: the figure in words, for people
    description: Label = field(default_factory=dict)
    totals: tuple[tuple[str, ...], ...] = ()  #: of `by`, what sub-totals are kept apart by; () is the total of all
    thresholds: tuple[Threshold, ...] = ()
    fill_empty: Literal["zero", "none"] = "zero"  #: what a count is where there is no row

    @property
    def made_of_others(self) -> bool:
        """Whether its value is computed from other metrics, not from records: a composite or derived one."""
        return "composite" in self.value or "derived" in self.value
