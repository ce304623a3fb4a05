"""The inquiry (问询) and the events it is the fold of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deskweave.model.value import FieldId, InquiryId, Json, Value


@dataclass(frozen=True, slots=True)
class Inquiry:
    id: InquiryId
    values: Mapping[FieldId, Value]
    unknown: Mapping[str, Json] = field(default_factory=dict)  #: "connection/field" -> raw, never written back


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that became so. `seq` orders the projection (how we learned it); (`at`, `order`) orders clocks and KPIs."""

    seq: int
    inquiry: InquiryId
    field: FieldId
    old: Value
    new: Value
    at: datetime
    order: int
    recorded_at: datetime
    actor: str | None  #: a person's id, else the account as the platform names it ("snow:li.wei"), else None
    source: str  #: "connection:snow", "rule:<id>", "plugin:<name>", "person:<id>"
    origin_id: str  #: the platform's own change id; (source, origin_id) is unique, so history and observation meet
    precise: bool  #: False: seen by comparing two observations, `at` is the latest moment it can have happened
    refines: int | None  #: seq of an imprecise event that history explained later: the fold skips this one, clocks use it instead
    cause: int | None  #: seq of the event this one follows from; an echo of our own write is no event
    practice: str  #: digest of the practice in force
