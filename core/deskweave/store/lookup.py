"""What the command line asks of a store: an inquiry by any name people use, its links, events, conflicts, and what is parked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from deskweave.model import Event, FieldId, Inquiry, InquiryId, Json, Value

if TYPE_CHECKING:
    from deskweave.store.database import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One thing on one platform that is joined with an inquiry. `label` is what people call it there."""

    id: str
    connection: str
    collection: str
    rid: str | None
    role: str
    inquiry: InquiryId | None
    kind: Literal["inquiry", "message", "attachment"]
    state: Literal["new", "creating", "live", "unknown", "tombstone", "parked"]
    label: str | None
    url: str | None
    attempts: int
    not_before: datetime | None
    parked_reason: str | None
    corr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    id: str
    visibility: Literal["public", "internal"]
    author: str | None
    at: datetime
    body: str | None  #: None: erased
    connections: tuple[str, ...]  #: where it stands


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryRow:
    """An inquiry with everything that is joined to it; personal values are resolved (None once erased)."""

    id: InquiryId
    number: int
    inquiry: Inquiry
    seq: int
    links: tuple[LinkRow, ...]  #: kind inquiry only
    messages: int
    closed_at: datetime | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRow:
    id: int  #: shown as C-<id>
    inquiry: InquiryId
    number: int
    field: FieldId
    base: Value
    ours: Value
    theirs: Value
    connection: str
    winner: Literal["ours", "theirs"]
    at: datetime
    resolved_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    name: str
    plugin: str
    heartbeat: datetime | None  #: end of the last run that worked with it
    paused_until: datetime | None
    pause_reason: str | None
    live: int  #: records joined
    waiting: int  #: links with something to write
    parked: int
    unknown: int  #: creates whose answer was lost where a machine must not repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    install: str
    epoch: int
    inquiries: int
    open_conflicts: int
    events: int
    connections: tuple[ConnectionStatus, ...]
    practice: str | None  #: digest adopted last


@dataclass(frozen=True, slots=True)
class Nearest:
    """A key nobody knows, with at most three known ones that look like it."""

    key: str
    nearest: tuple[str, ...]


def find_inquiry(store: Store, key: str) -> InquiryRow | Nearest:
    """The inquiry that `key` names: INQ-42, 42, a platform's label, its id there, or the tail of its address."""
    raise NotImplementedError


def inquiry_messages(store: Store, inquiry: InquiryId) -> tuple[MessageRow, ...]:
    """Messages of an inquiry, oldest first."""
    raise NotImplementedError


def explain(store: Store, inquiry: InquiryId, field: FieldId | None = None) -> tuple[Event, ...]:
    """Events of one inquiry (of one field), in the order we learned them; personal values are resolved."""
    raise NotImplementedError


def list_conflicts(store: Store, *, inquiry: InquiryId | None = None, unresolved: bool = True) -> tuple[ConflictRow, ...]:
    """Conflicts, newest first."""
    raise NotImplementedError


def list_parked(store: Store) -> tuple[LinkRow, ...]:
    """Links in state parked or unknown: what waits for a person."""
    raise NotImplementedError


def store_status(store: Store) -> StoreStatus:
    """Counts for `deskweave status`."""
    raise NotImplementedError


def unknown_values(store: Store) -> Mapping[str, Mapping[InquiryId, Json]]:
    """Raw values without a word, by "connection/field"."""
    raise NotImplementedError
