"""What the steps of a desk decide. Each decision carries its reason, which becomes an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from deskweave.model.message import InternalMessage, PublicMessage
from deskweave.model.value import FieldId, PersonId, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    reason: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Decision):
    verdict: Literal["passed", "failed", "needs_person"]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion(Decision):
    item: str
    stream: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prioritisation(Decision):
    priority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Decision):
    group: str
    person: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation(Decision):
    kind: Literal["functional", "hierarchical"]
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition(Decision):
    messages: tuple[PublicMessage | InternalMessage, ...]


@dataclass(frozen=True, slots=True)
class Occasion:
    name: str
    audience: str


@dataclass(frozen=True, slots=True)
class ClockDue:
    clock: str
    moment: Literal["at_risk", "breached"]
    at: datetime


@dataclass(frozen=True, slots=True)
class ObservedChange:
    """What one platform says has become so, before it is merged."""

    connection: str
    values: Mapping[FieldId, Value]


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """What is about to be sent, in the practice's words."""

    connection: str
    values: Mapping[FieldId, Value]


@dataclass(frozen=True, slots=True)
class Amend:
    values: Mapping[FieldId, Value]
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Park it: a person decides. The inquiry waits, others go on."""

    reason: str


@dataclass(frozen=True, slots=True)
class DeskContext:
    """Read-only: practice, now, workloads, shifts, past inquiries like this one. No store, no connection."""

    now: datetime
