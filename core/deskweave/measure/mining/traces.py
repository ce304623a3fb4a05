"""One trace per inquiry: its statuses in the order in which they were so, with who held it then."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from deskweave.clock import clock_events, folded, local_day
from deskweave.measure.periods import Period
from deskweave.measure.sources import EventSource, Rulebook
from deskweave.model import Event, FieldId, InquiryId, Value

STATUS: Final = FieldId("status")
AGENT: Final = FieldId("agent_name")
GROUP: Final = FieldId("skill_group")
NUMBER: Final = FieldId("number")
SUBMITTED: Final = FieldId("submitted_at")
CHANGE: Final = FieldId("related_change")
ITEM: Final = FieldId("service_item")


@dataclass(frozen=True, slots=True)
class Codes:
    """What stands for a person where nobody asked for names: the same person, the same code, within one store.

    Attributes:
        salt: of the store; without it a name could be tried out.
        plain: names were asked for.
    """

    salt: str
    plain: bool = False

    def of(self, value: Value) -> str | None:
        """The name, or the code that stands for it; None for nobody."""
        if value is None or value == "":
            return None
        if self.plain:
            return str(value)
        return "agent-" + hashlib.sha256(f"{self.salt}\n{value}".encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Turn:
    """An inquiry entered `status` at `at`, while `agent` and `group` held it."""

    status: str
    at: datetime
    agent: str | None
    group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What became of one inquiry. `groups`: those that held it, one after the other. `values`: as it stands."""

    inquiry: InquiryId
    case: str
    turns: tuple[Turn, ...]
    groups: tuple[str, ...]
    values: Mapping[FieldId, Value] = field(default_factory=dict)


def traces(practice: Rulebook, source: EventSource, codes: Codes, period: Period | None = None) -> Iterator[Trace]:
    """Every inquiry's trace, in the order they were first heard of.

    Args:
        practice: whose zone says which day it was registered.
        source: committed events.
        codes: what stands for people.
        period: only inquiries registered in it; None: all.
    """
    grouped: defaultdict[InquiryId, list[Event]] = defaultdict(list)
    for event in source.events(0):
        grouped[event.inquiry].append(event)
    zone = ZoneInfo(practice.zone)
    for inquiry, events in grouped.items():
        values = folded(events)
        submitted = values.get(SUBMITTED)
        if period is not None and not (
            isinstance(submitted, datetime) and period.since <= local_day(submitted, zone) < period.until
        ):
            continue
        yield _trace(inquiry, events, values, codes)


def _trace(inquiry: InquiryId, events: list[Event], values: Mapping[FieldId, Value], codes: Codes) -> Trace:
    held: dict[FieldId, Value] = {}
    turns: list[Turn] = []
    groups: list[str] = []
    ordered = clock_events(event for event in events if event.field in (STATUS, AGENT, GROUP))
    for number, event in enumerate(ordered):
        if event.field != STATUS:
            held[event.field] = event.new
            if event.field == GROUP and isinstance(event.new, str) and (not groups or groups[-1] != event.new):
                groups.append(event.new)
            continue
        if not isinstance(event.new, str) or (turns and turns[-1].status == event.new):
            continue
        for other in ordered[number + 1 :]:  # who took it at this very instant holds it in this status
            if other.at != event.at or other.field == STATUS:
                break
            held[other.field] = other.new
        group = held.get(GROUP)
        turns.append(Turn(event.new, event.at, codes.of(held.get(AGENT)), str(group) if group is not None else None))
    return Trace(inquiry=inquiry, case=str(values.get(NUMBER) or inquiry), turns=tuple(turns), groups=tuple(groups), values=values)
