"""What measuring is handed: a practice, and events to read. Store and practice satisfy these shapes without knowing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from deskweave.model import (
    Calendar,
    CatalogItem,
    Channel,
    Choice,
    Clock,
    Event,
    Field,
    FieldId,
    Holidays,
    InquiryId,
    Label,
    Metric,
    Rating,
    Role,
    ServiceLevel,
    StatusModel,
    Survey,
)


class Rulebook(Protocol):
    """The composed practice, as far as it decides a figure or names it."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def zone(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def fields(self) -> Mapping[FieldId, Field]: ...
    @property
    def records(self) -> Mapping[str, Mapping[FieldId, Field]]: ...
    @property
    def factors(self) -> Mapping[str, Choice]: ...
    @property
    def statuses(self) -> StatusModel: ...
    @property
    def clocks(self) -> Mapping[str, Clock]: ...
    @property
    def service_levels(self) -> Mapping[str, ServiceLevel]: ...
    @property
    def calendars(self) -> Mapping[str, Calendar]: ...
    @property
    def holidays(self) -> Mapping[str, Holidays]: ...
    @property
    def metrics(self) -> Mapping[str, Metric]: ...
    @property
    def catalog(self) -> Mapping[str, CatalogItem]: ...
    @property
    def channels(self) -> Mapping[str, Channel]: ...
    @property
    def roles(self) -> Mapping[str, Role]: ...
    @property
    def feedback(self) -> Mapping[str, Rating]: ...
    @property
    def surveys(self) -> Mapping[str, Survey]: ...


class EventSource(Protocol):
    """Committed events. A store reads them from its tables; `EventLog` holds them in memory."""

    def events(self, after_seq: int) -> Iterator[Event]:
        """Every event whose `seq` is larger, ascending."""
        ...

    def events_of(self, inquiries: Collection[InquiryId]) -> Iterator[Event]:
        """Every event of these inquiries, in any order."""
        ...


class EventLog:
    """Events in memory: for imports, examples and tests."""

    def __init__(self, events: Iterable[Event] | Mapping[InquiryId, Sequence[Event]] = ()) -> None:
        flat = [event for some in events.values() for event in some] if isinstance(events, Mapping) else list(events)
        self._events = sorted(flat, key=lambda event: event.seq)

    def append(self, events: Iterable[Event]) -> None:
        """Add events with larger `seq` than any here."""
        self._events = sorted([*self._events, *events], key=lambda event: event.seq)

    def events(self, after_seq: int) -> Iterator[Event]:
        """Every event whose `seq` is larger, ascending."""
        return (event for event in self._events if event.seq > after_seq)

    def events_of(self, inquiries: Collection[InquiryId]) -> Iterator[Event]:
        """Every event of these inquiries."""
        wanted = frozenset(inquiries)
        return (event for event in self._events if event.inquiry in wanted)
